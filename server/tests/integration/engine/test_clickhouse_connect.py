"""clickhouse-connect, the client that the server itself uses, on the engine."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError

from holdfast_server.event_store.engine import EngineSupervisor

PASSWORD = "writer's pass: wörd"


@pytest.fixture
def connect(engine: EngineSupervisor) -> Callable[..., Client]:
    def open_client(**options: Any) -> Client:
        given = {"username": "holdfast", "password": PASSWORD, "database": "holdfast", **options}
        return clickhouse_connect.get_client(host="127.0.0.1", port=engine.config.port, **given)

    return open_client


def test_it_connects_and_knows_version_and_zone(client: Client) -> None:
    """Creating a client needs nothing that a server has and the engine lacks."""
    assert client.server_version
    assert client.server_version.startswith("2")
    assert str(client.server_tz) == "UTC"
    assert client.ping()


def test_query_types(client: Client) -> None:
    """Values come back as the Python types that a real server gives."""
    row = client.query(
        "SELECT toUInt8(1), -5, 1.5, 'ü', toDate('2026-11-20'), toDateTime('2026-11-20 10:00:00', 'UTC'), "
        "toDateTime64('2026-11-20 10:00:00.125', 3, 'UTC'), [1, 2], map('a', 1), toLowCardinality('x'), NULL, true, (1, 'b')"
    ).first_row
    at = dt.datetime(2026, 11, 20, 10)  # noqa: DTZ001 - the client gives naive times for UTC
    assert row == (
        1,
        -5,
        1.5,
        "ü",
        dt.date(2026, 11, 20),
        at,
        at.replace(microsecond=125000),
        [1, 2],
        {"a": 1},
        "x",
        None,
        True,
        (1, "b"),
    )


def test_server_side_parameters(client: Client) -> None:
    """{name:Type} is bound by the engine, so that no value can become SQL."""
    given = {
        "text": "it's \\ a\n\t'; DROP TABLE x --",
        "many": [1, 2, 3],
        "when": dt.datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 - likewise
    }
    row = client.query(
        "SELECT {text:String}, {many:Array(UInt8)}, {when:DateTime('UTC')}", parameters=given
    ).first_row
    assert row == (given["text"], [1, 2, 3], given["when"])


def test_long_parameters_travel_as_a_form(client: Client) -> None:
    """Parameters that are too long for a URL come in a multipart body."""
    text = "x" * 200_000
    assert client.query("SELECT length({text:String})", parameters={"text": text}).first_row == (200_000,)


def test_insert_rows_and_read_them(client: Client, table: str) -> None:
    """insert() sends Native blocks, compressed, with the statement inside the body."""
    rows = [(number, f"name {number}") for number in range(1000)]
    summary = client.insert(table, rows, column_names=["id", "name"])
    assert summary.written_rows == 1000
    assert client.query(f"SELECT id, name FROM {table} ORDER BY id").result_rows == rows


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", "br", False])
def test_compression_both_ways(connect: Callable[..., Client], table: str, compression: str | bool) -> None:
    """Requests and answers may be packed in every way that the client knows."""
    client = connect(compress=compression)
    client.insert(table, [(1, "a" * 5000), (2, "b")], column_names=["id", "name"])
    assert client.query(f"SELECT sum(length(name)) FROM {table}").first_row == (5001,)
    assert len(client.query("SELECT number, toString(number) FROM numbers(100000)").result_rows) == 100_000


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", None])
def test_raw_insert_of_json_rows(client: Client, table: str, compression: str | None) -> None:
    """The drainer's way: encoded rows, a deduplication token as a setting of this one insert."""
    import gzip

    import lz4.frame
    import zstandard

    body = b'[1, "a"]\n[2, "b"]\n'
    packed = {"lz4": lz4.frame.compress, "zstd": zstandard.compress, "gzip": gzip.compress, None: bytes}[
        compression
    ](body)
    for _ in range(2):
        client.raw_insert(
            table,
            ["id", "name"],
            packed,
            fmt="JSONCompactEachRow",
            compression=compression,
            settings={"insert_deduplication_token": "one"},
        )
    assert client.query(f"SELECT id, name FROM {table} ORDER BY id").result_rows == [(1, "a"), (2, "b")]


def test_settings_end_with_their_query(client: Client) -> None:
    """A setting of one query is in force there and gone afterwards, readonly included."""
    asked = "SELECT getSetting('max_block_size')"
    usual = client.query(asked).first_row
    assert client.query(asked, settings={"max_block_size": 77, "readonly": 1}).first_row == (77,)
    assert client.query(asked).first_row == usual
    client.command("CREATE TABLE IF NOT EXISTS still_writable (a UInt8) ENGINE = Memory")


def test_session_remembers_set(connect: Callable[..., Client]) -> None:
    """SET holds for later queries of the same session, and for no other client."""
    mine, other = connect(), connect()
    mine.command("SET max_block_size = 78")
    assert mine.command("SELECT getSetting('max_block_size')") == 78
    assert other.command("SELECT getSetting('max_block_size')") != 78


def test_errors_carry_number_and_name(client: Client) -> None:
    """A failure is ClickHouse's own: number, name and sentence."""
    with pytest.raises(DatabaseError) as caught:
        client.query("SELECT * FROM no_such_table")
    assert caught.value.code == 60
    assert caught.value.name == "UNKNOWN_TABLE"
    assert "no_such_table" in str(caught.value)


def test_error_behind_a_begun_stream(client: Client) -> None:
    """An error after the first rows were sent still reaches the client as an error."""
    with (
        pytest.raises(StreamFailureError, match="too far"),
        client.query_row_block_stream(
            "SELECT throwIf(number = 900000, 'too far') FROM numbers(1000000)", settings={"max_threads": 1}
        ) as stream,
    ):
        for _ in stream:
            pass


def test_empty_answer_and_columns_only(client: Client, table: str) -> None:
    """No rows is an answer; LIMIT 0 tells the columns."""
    assert client.query(f"SELECT id FROM {table}").result_rows == []
    probe = client.query(f"SELECT id, name FROM {table} LIMIT 0")
    assert probe.column_names == ("id", "name")
    assert [each.name for each in probe.column_types] == ["UInt64", "String"]


def test_query_context_is_used_again(client: Client, table: str) -> None:
    """A prepared context runs with other parameters."""
    client.insert(table, [(1, "a"), (2, "b")], column_names=["id", "name"])
    context = client.create_query_context(
        f"SELECT name FROM {table} WHERE id = {{id:UInt64}}", parameters={"id": 1}
    )
    assert client.query(context=context).first_row == ("a",)
    context.set_parameter("id", 2)
    assert client.query(context=context).first_row == ("b",)


def test_arrow_both_ways(client: Client, table: str) -> None:
    """Arrow tables go in and come out."""
    pyarrow = pytest.importorskip("pyarrow")
    rows = pyarrow.table({"id": pyarrow.array([1, 2], pyarrow.uint64()), "name": ["a", "b"]})
    client.insert_arrow(table, rows)
    assert client.query_arrow(f"SELECT id, name FROM {table} ORDER BY id").to_pydict()["id"] == [1, 2]


def test_raw_query_in_named_formats(client: Client) -> None:
    """raw_query answers in the format that was asked for."""
    assert client.raw_query("SELECT 1 AS a, 'x' AS b", fmt="JSONEachRow") == b'{"a":1,"b":"x"}\n'
    assert client.raw_query("SELECT 1 AS a", fmt="CSVWithNames") == b'"a"\n1\n'


def test_summary_tells_what_was_read(client: Client, table: str) -> None:
    """The summary holds real numbers and the query's id."""
    client.insert(table, [(number, "x") for number in range(500)], column_names=["id", "name"])
    result = client.query(
        f"SELECT count() FROM {table} WHERE id >= 0 AND name != ''", settings={"query_id": "my own id"}
    )
    assert result.summary["read_rows"] == "500"
    assert result.summary["query_id"] == "my own id"


def test_wrong_password_is_refused(connect: Callable[..., Client]) -> None:
    """Neither a wrong password nor an unknown login gets in."""
    for login, password in (("holdfast", "wrong"), ("reader", PASSWORD), ("default", "")):
        with pytest.raises(DatabaseError) as caught:
            connect(username=login, password=password)
        assert caught.value.code == 516


def test_a_reader_connects_and_asks(connect: Callable[..., Client], http_client: Any, table: str) -> None:
    """The reader's login works with the same client, and the session's settings do not lock it out."""
    http_client.text(f"INSERT INTO {table} (id, name) VALUES (1, 'a')")
    client = connect(username="reader", password="only reads")
    assert client.query(f"SELECT id, name FROM {table}").result_rows == [(1, "a")]
    with pytest.raises(DatabaseError) as caught:
        client.insert(table, [(2, "b")], column_names=["id", "name"], column_type_names=["UInt64", "String"])
    assert caught.value.code == 497
