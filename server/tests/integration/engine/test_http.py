"""The HTTP interface as curl, Grafana and other clients use it."""

import gzip
import http.client
import json
import socket
import subprocess
import threading
import time
import uuid
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import brotli
import pytest
import zstandard

from holdfast_server.event_store.engine import EngineSupervisor

LONG = "SELECT sum(sipHash64(number)) FROM numbers(100000000000)"


def curl(
    engine: EngineSupervisor, *arguments: str, query: str = "", data: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    login = ("-u", f"holdfast:{engine.config.password}")
    return subprocess.run(
        ["curl", "-sS", *login, *arguments, f"{engine.url}/{query}"],
        input=data,
        capture_output=True,
        timeout=30,
        check=True,
    )


def wait_until(ready: Callable[[], bool], timeout_s: float = 10) -> bool:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(0.02)
    return False


def running(http_client: Any, query_id: str) -> bool:
    asked = f"SELECT count() FROM system.processes WHERE Settings['log_comment'] LIKE '%{query_id}'"
    return bool(http_client.text(asked) != "0")


def test_ping_and_root_need_no_password(engine: EngineSupervisor) -> None:
    """Health probes get "Ok." without credentials."""
    for path in ("ping", "", "replicas_status"):
        done = subprocess.run(
            ["curl", "-sS", f"{engine.url}/{path}"], capture_output=True, timeout=10, check=True
        )
        assert done.stdout == b"Ok.\n"


def test_unknown_path_is_404(http_client: Any) -> None:
    """A path that is not ClickHouse's is told so."""
    assert http_client("", "GET", path="/nope").status == 404


def test_curl_get_and_post(engine: EngineSupervisor) -> None:
    """The query may be in the URL or in the body; the default format is TabSeparated."""
    assert curl(engine, query="?query=SELECT%201%2C%27a%27").stdout == b"1\ta\n"
    assert (
        curl(engine, "--data-binary", "@-", data=b"SELECT 2 AS x FORMAT JSONEachRow").stdout == b'{"x":2}\n'
    )


def test_curl_inserts_a_file(engine: EngineSupervisor, http_client: Any, table: str, tmp_path: Path) -> None:
    """INSERT in the URL and a packed file as the body, the way backups are loaded by hand."""
    file = tmp_path / "rows.csv.gz"
    file.write_bytes(gzip.compress(b"1,a\n2,b\n"))
    curl(
        engine,
        "-H",
        "Content-Encoding: gzip",
        "--data-binary",
        f"@{file}",
        query=f"?query=INSERT%20INTO%20{table}%20(id,name)%20FORMAT%20CSV",
    )
    assert (
        http_client.text(f"SELECT groupArray((id, name)) FROM (SELECT id, name FROM {table} ORDER BY id)")
        == "[(1,'a'),(2,'b')]"
    )


def test_insert_values_in_the_body(http_client: Any, table: str) -> None:
    """A whole INSERT … VALUES statement in the body, semicolons in the texts included."""
    http_client.text(f"INSERT INTO {table} (id, name) VALUES (1, 'a;b'), (2, 'c')")
    assert http_client.text(f"SELECT name FROM {table} ORDER BY id") == "a;b\nc"


def test_insert_statement_split_over_url_and_body(http_client: Any, table: str) -> None:
    """ClickHouse joins URL and body; so does the engine."""
    assert http_client(f"INTO {table} (id, name) FORMAT TSV\n7\tx\n", query="INSERT").status == 200
    assert http_client.text(f"SELECT id, name FROM {table}") == "7\tx"


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
    ],
)
def test_packed_bodies(http_client: Any, table: str, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """A packed body is unpacked; a cut one is refused and leaves nothing behind."""
    rows = b"".join(b"%d\tname %d\n" % (number, number) for number in range(50_000))
    packed = pack(rows)
    query = f"INSERT INTO {table} (id, name) FORMAT TSV"
    cut = http_client(packed[: len(packed) // 2], headers={"Content-Encoding": encoding}, query=query)
    assert cut.status == 400
    assert http_client.text(f"SELECT count() FROM {table}") == "0"
    assert http_client(packed, headers={"Content-Encoding": encoding}, query=query).status == 200
    assert http_client.text(f"SELECT count(), sum(id) FROM {table}") == f"50000\t{sum(range(50_000))}"


@pytest.mark.parametrize(
    ("encoding", "unpack"),
    [("gzip", gzip.decompress), ("deflate", zlib.decompress), ("br", brotli.decompress)],
)
def test_packed_answers(http_client: Any, encoding: str, unpack: Callable[[bytes], bytes]) -> None:
    """Answers are packed only when the client asks with both the header and enable_http_compression=1."""
    asked = "SELECT number FROM numbers(1000)"
    plain = http_client(asked, headers={"Accept-Encoding": encoding})
    packed = http_client(asked, headers={"Accept-Encoding": encoding}, enable_http_compression=1)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == encoding
    assert unpack(packed.body) == plain.body


def test_get_may_not_write(http_client: Any, table: str) -> None:
    """GET reads only, so that a link can't change anything."""
    for sql in (f"INSERT INTO {table} (id) VALUES (1)", f"DROP TABLE {table}", f"TRUNCATE TABLE {table}"):
        answer = http_client(method="GET", query=sql)
        assert (answer.status, answer.headers["x-clickhouse-exception-code"]) == (403, "164")
    assert http_client.text(f"SELECT count() FROM {table}") == "0"


@pytest.mark.parametrize(
    ("sql", "status", "number"),
    [
        ("SELECT * FROM nonesuch", 404, 60),
        ("SELECT nonesuch", 404, 47),
        ("SELCT 1", 400, 62),
        ("1 + 1", 400, 62),
        ("", 400, 62),
        ("-- nothing", 400, 62),
        ("\x04\x05 binary", 400, 62),
        ("SELECT toUInt8('x')", 400, 6),
        ("SELECT 1; SELECT 2", 400, 62),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", 400, 36),
        ("INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV", 501, 48),
        ("SELECT 1 FORMAT Nonesuch", 404, 73),
        ("SELECT {x:UInt8}", 400, 456),
    ],
)
def test_errors_have_status_number_and_sentence(http_client: Any, sql: str, status: int, number: int) -> None:
    """Every failure is ClickHouse's: status, X-ClickHouse-Exception-Code and the text."""
    answer = http_client(sql)
    assert (answer.status, answer.headers["x-clickhouse-exception-code"]) == (status, str(number))
    assert answer.body.startswith(b"Code: %d. DB::Exception: " % number)


def test_unknown_setting_and_database(http_client: Any) -> None:
    """A misspelt setting is told, never ignored."""
    assert http_client("SELECT 1", max_thread=1).headers["x-clickhouse-exception-code"] == "115"
    assert http_client("SELECT 1", **{"a'; DROP": 1}).headers["x-clickhouse-exception-code"] == "115"
    assert http_client("SELECT 1", database="no such `db`").headers["x-clickhouse-exception-code"] == "81"


def test_headers_of_a_good_answer(http_client: Any) -> None:
    """Query id, format, zone, summary and progress are there, with real numbers."""
    answer = http_client(
        "SELECT sum(number) FROM numbers(1000) FORMAT JSON",
        query_id="abc",
        send_progress_in_http_headers=1,
        wait_end_of_query=1,
    )
    assert answer.headers["x-clickhouse-query-id"] == "abc"
    assert answer.headers["x-clickhouse-format"] == "JSON"
    assert answer.headers["x-clickhouse-timezone"] == "UTC"
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    assert json.loads(answer.headers["x-clickhouse-summary"])["read_rows"] == "1000"
    assert json.loads(answer.headers["x-clickhouse-progress"])["total_rows_to_read"] == "1000"


def test_format_by_parameter_header_and_clause(http_client: Any) -> None:
    """The clause wins over the parameter, the parameter over the header."""
    header = {"X-ClickHouse-Format": "CSV"}
    assert http_client("SELECT 1 AS a", headers=header).body == b"1\n"
    assert http_client("SELECT 1 AS a", headers=header, default_format="JSONEachRow").body == b'{"a":1}\n'
    assert (
        http_client("SELECT 1 AS a FORMAT Values", headers=header, default_format="JSONEachRow").body
        == b"(1)"
    )
    assert http_client("SELECT 1 AS format, 2 AS settings ORDER BY format", headers=header).body == b"1,2\n"


@pytest.mark.parametrize("login", ["holdfast", "reader"])
def test_login_in_the_url(engine: EngineSupervisor, login: str) -> None:
    """user= and password= in the URL, as ClickHouse's own examples have it."""
    password = engine.config.password if login == "holdfast" else engine.config.reader_password
    url = f"{engine.url}/?{urlencode({'user': login, 'password': password, 'query': 'SELECT 1'})}"
    assert subprocess.run(["curl", "-sS", url], capture_output=True, timeout=10, check=True).stdout == b"1\n"


def test_login_in_clickhouse_headers(engine: EngineSupervisor) -> None:
    """X-ClickHouse-User and X-ClickHouse-Key, as Grafana sends them."""
    headers = ["-H", "X-ClickHouse-User: reader", "-H", f"X-ClickHouse-Key: {engine.config.reader_password}"]
    done = subprocess.run(
        ["curl", "-sS", *headers, f"{engine.url}/?query=SELECT%201"],
        capture_output=True,
        timeout=10,
        check=True,
    )
    assert done.stdout == b"1\n"


def test_limits_of_reads_are_there_unless_named(http_client: Any) -> None:
    """A SELECT has limits by default; the writer's login may set others."""
    asked = "SELECT getSetting('max_execution_time'), getSetting('max_memory_usage') > 0, getSetting('max_result_rows') > 0"
    assert http_client.text(asked) == "120\t1\t1"
    assert http_client.text("SELECT getSetting('max_execution_time')", max_execution_time=7) == "7"
    answer = http_client(LONG, max_execution_time=1)
    assert (answer.status, answer.headers["x-clickhouse-exception-code"]) == (408, "159")


def test_kill_query_by_the_clients_id(http_client: Any) -> None:
    """KILL QUERY stops a running query by the id that its client gave, and tells what it stopped."""
    query_id = f"long {uuid.uuid4().hex}"
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(http_client(LONG, query_id=query_id)))
    thread.start()
    assert wait_until(lambda: running(http_client, query_id))
    killed = http_client.text(f"KILL QUERY WHERE query_id = '{query_id}' SYNC FORMAT JSONEachRow")
    thread.join(10)
    assert answers[0].headers["x-clickhouse-exception-code"] == "394"
    assert json.loads(killed)["query_id"] == query_id


def test_a_query_ends_when_its_client_leaves(engine: EngineSupervisor, http_client: Any) -> None:
    """Nobody waits for the answer: the query is stopped, and its place is free again."""
    query_id = f"left {uuid.uuid4().hex}"
    command = [
        "curl",
        "-sS",
        "-u",
        f"holdfast:{engine.config.password}",
        "-d",
        LONG,
        f"{engine.url}/?query_id={query_id.replace(' ', '%20')}",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert wait_until(lambda: running(http_client, query_id))
    process.kill()
    process.wait()
    assert wait_until(lambda: not running(http_client, query_id))


def test_reads_go_on_during_a_long_write(http_client: Any, table: str) -> None:
    """A write that takes long does not make reads wait, nor a small insert behind a long command."""
    long_write = f"INSERT INTO {table} (id, name) SELECT number, toString(sleepEachRow(0.5)) FROM numbers(4) SETTINGS max_block_size = 1"
    thread = threading.Thread(target=lambda: http_client(long_write))
    thread.start()
    assert wait_until(
        lambda: (
            http_client.text("SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%'") == "2"
        )
    )
    assert http_client.text("SELECT 42") == "42"
    http_client.text(f"INSERT INTO {table} (id, name) VALUES (100, 'quick')")
    assert http_client.text(f"SELECT count() FROM {table} WHERE id = 100") == "1"
    assert thread.is_alive()
    thread.join()


def test_slow_readers_do_not_block_a_kill(engine: EngineSupervisor, http_client: Any) -> None:
    """With every reader's place taken, KILL QUERY still gets through."""
    ids = [f"full {uuid.uuid4().hex}" for _ in range(engine.config.reader_handles)]
    threads = [threading.Thread(target=http_client, args=(LONG,), kwargs={"query_id": each}) for each in ids]
    for thread in threads:
        thread.start()
    assert wait_until(
        lambda: (
            http_client("KILL QUERY WHERE query_id LIKE 'full %' TEST FORMAT TSV").body.count(b"full ")
            == len(ids)
        )
    )
    http_client("KILL QUERY WHERE query_id LIKE 'full %' SYNC")
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


def resident_mb(pid: int) -> int:
    line = next(
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
    )
    return int(line.split()[1]) // 1024


@pytest.mark.parametrize(("form", "waits"), [("TSV", 0), ("Native", 1), ("JSONCompact", 0)])
def test_a_large_answer_does_not_live_in_memory(engine: EngineSupervisor, form: str, waits: int) -> None:
    """A 200 MB answer to a client that reads slowly does not raise the engine's memory by as much."""
    login = b64encode(f"holdfast:{engine.config.password}".encode()).decode()
    assert engine.pid is not None
    before_mb = resident_mb(engine.pid)
    sql = f"SELECT number, materialize(repeat('x', 100)) FROM numbers(1900000) FORMAT {form}"
    connection = http.client.HTTPConnection("127.0.0.1", engine.config.port, timeout=60)
    connection.request("POST", f"/?wait_end_of_query={waits}", sql, {"Authorization": f"Basic {login}"})
    response = connection.getresponse()
    size = len(response.read(1 << 20))
    time.sleep(0.5)  # what the engine would take in advance, it takes now
    most_mb = resident_mb(engine.pid)
    while chunk := response.read(1 << 20):
        size += len(chunk)
    connection.close()
    assert size > 200_000_000
    assert max(most_mb, resident_mb(engine.pid)) - before_mb < 150
    assert not list(engine.config.tmp_dir.glob("answer-*"))


def test_concurrent_clients(http_client: Any, table: str) -> None:
    """Many clients at once, each with its own settings and parameters, each with its own answer."""
    wrong: list[str] = []

    def ask(worker: int) -> None:
        for turn in range(15):
            got = http_client.text(
                "SELECT {a:UInt32} + getSetting('max_block_size')", param_a=turn, max_block_size=1000 + worker
            )
            if got != str(turn + 1000 + worker):
                wrong.append(got)

    threads = [threading.Thread(target=ask, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_stranger_sends_no_body(engine: EngineSupervisor) -> None:
    """Without a login nothing is read: the refusal comes before the body does."""
    with socket.create_connection(("127.0.0.1", engine.config.port), timeout=10) as raw:
        raw.sendall(
            b"POST /?query=INSERT%20INTO%20t%20FORMAT%20TSV HTTP/1.1\r\nHost: x\r\nContent-Length: 400000000\r\n\r\n"
        )
        assert raw.recv(12) == b"HTTP/1.1 403"


def test_a_body_without_length(engine: EngineSupervisor, http_client: Any, table: str) -> None:
    """Chunked bodies, as curl sends them from a pipe."""
    rows = b"".join(b"%d\tx\n" % number for number in range(100_000))
    query = f"?query=INSERT%20INTO%20{table}%20(id,name)%20FORMAT%20TSV"
    curl(engine, "-H", "Transfer-Encoding: chunked", "--data-binary", "@-", query=query, data=rows)
    assert http_client.text(f"SELECT count() FROM {table}") == "100000"


def test_a_long_query_in_the_url(http_client: Any) -> None:
    """Query editors put long texts into the URL."""
    words = ",".join(f"'{number:05d}'" for number in range(4000))
    assert http_client(method="GET", query=f"SELECT length([{words}])").body == b"4000\n"


def test_people_never_take_the_pages_places(
    engine: EngineSupervisor, http_client: Any, reader: Any, table: str
) -> None:
    """Questions by the reader's login have places of their own: the server's reads do not wait behind them."""
    http_client.text(f"INSERT INTO {table} (id) SELECT number FROM numbers(3000)")
    slow = f"SELECT sum(length(repeat(toString(a.id), 500))) FROM {table} a CROSS JOIN {table} b CROSS JOIN {table} c"
    threads = [
        threading.Thread(target=reader, args=(slow,), kwargs={"max_execution_time": 2}) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    assert wait_until(
        lambda: (
            http_client.text("SELECT count() FROM system.processes WHERE query LIKE '%CROSS JOIN%'") != "1"
        )
    )
    assert http_client.text("SELECT 1") == "1"
    assert any(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()


def test_backup_goes_where_it_is_allowed(engine: EngineSupervisor, http_client: Any, table: str) -> None:
    """BACKUP writes under the data folder, and nowhere else; RESTORE brings the rows back."""
    http_client.text(f"INSERT INTO {table} (id, name) VALUES (1, 'kept')")
    copy = engine.config.backups_dir / table
    assert "BACKUP_CREATED" in http_client.text(f"BACKUP TABLE {table} TO File('{copy}')")
    http_client.text(f"TRUNCATE TABLE {table}")
    http_client.text(f"RESTORE TABLE {table} FROM File('{copy}') SETTINGS allow_non_empty_tables = 1")
    assert http_client.text(f"SELECT id, name FROM {table}") == "1\tkept"
    assert (
        http_client(f"BACKUP TABLE {table} TO File('{engine.config.data_dir.parent / 'elsewhere'}')").status
        >= 400
    )
