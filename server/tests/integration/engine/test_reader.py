"""The reader's login: honest questions give what the writer's login gives, attacks read nothing and change nothing."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast_server.event_store.engine import EngineSupervisor

from .conftest import DURABLE, Http

CASES = Path(__file__).parents[2] / "unit" / "event_store"
ATTACKS = {each["name"]: each["sql"] for each in json.loads((CASES / "sql_guard_attacks.json").read_text())}
HONEST = json.loads((CASES / "sql_guard_honest.json").read_text())

EVENTS = """
SELECT number AS id, 1 + number % 2 AS project_id, ['api_call', 'page_view', 'action'][1 + number % 3] AS type,
  toDateTime64('2026-11-01 00:00:00', 3, 'UTC') + number * 37 AS at, concat('/orders/', toString(number % 7)) AS route,
  concat('comp-', toString(number % 5)) AS component, [200, 200, 404, 500][1 + number % 4] AS status,
  toFloat64(number % 83) AS duration_ms, (number % 10) / 10 AS value, concat('u', toString(number % 11)) AS user_id,
  concat('{"plan":"', ['free', 'team'][1 + number % 2], '","n":', toString(number), '}') AS attributes
FROM numbers(600)
"""
COLUMNS = (
    "id UInt64, project_id UInt32, type LowCardinality(String), at DateTime64(3, 'UTC'), route LowCardinality(String), component String, "
    "status UInt16, duration_ms Float64, value Float64, user_id String, attributes String"
)


@pytest.fixture(scope="module")
def facts(engine: EngineSupervisor) -> Iterator[Http]:
    """Two tables of facts in the engine's own database, seen by the writer."""
    writer = Http(engine.config.port)
    writer.text(f"CREATE TABLE events ({COLUMNS}) ENGINE = MergeTree ORDER BY (type, at) SETTINGS {DURABLE}")
    writer.text(f"INSERT INTO events {EVENTS}")
    writer.text("CREATE TABLE errors (id UInt64, message String) ENGINE = MergeTree ORDER BY id")
    writer.text(
        "INSERT INTO errors SELECT number * 5, concat('boom ', toString(number % 3)) FROM numbers(60)"
    )
    yield writer
    writer.text("DROP TABLE events")
    writer.text("DROP TABLE errors")


@pytest.mark.parametrize("sql", HONEST)
def test_honest_question_gives_the_same_answer(facts: Http, reader: Http, sql: str) -> None:
    """Rebuilding a question changes neither its rows nor its columns' order."""
    expected = facts(sql, default_format="JSONCompactEachRow", wait_end_of_query=1)
    got = reader(sql, default_format="JSONCompactEachRow", wait_end_of_query=1)
    assert expected.status == 200, expected.body
    assert got.status == 200, got.body
    assert got.body == expected.body
    assert got.body


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_reads_and_changes_nothing(facts: Http, reader: Http, tmp_path: Path, name: str) -> None:
    """An attack is answered with an error that holds no file's content, and leaves neither file nor change behind."""
    state = "SELECT (SELECT count() FROM events), (SELECT count() FROM errors), (SELECT count() FROM system.tables WHERE database = 'holdfast')"
    before = facts.text(state)
    answer = reader(ATTACKS[name].replace("{tmp}", str(tmp_path)).encode())
    assert answer.status in (400, 403, 404, 501), answer.body
    assert b"root:" not in answer.body
    assert socket.gethostname().encode() not in answer.body or socket.gethostname() in ATTACKS[name]
    assert list(tmp_path.iterdir()) == []
    assert facts.text(state) == before


def test_formats_belong_to_the_caller(facts: Http, reader: Http) -> None:
    """A trailing FORMAT of the client is taken off before the guard and honoured by the engine, as clients send it."""
    assert reader("SELECT count() AS n FROM events FORMAT JSONEachRow").body == b'{"n":600}\n'
    assert (
        reader("SELECT count() AS n FROM events\n FORMAT Native").headers["x-clickhouse-format"] == "Native"
    )


@pytest.mark.parametrize(
    ("setting", "value"),
    [("readonly", "0"), ("max_execution_time", "0"), ("max_execution_time", "9999"), ("max_threads", "64"), ("max_memory_usage", "0"),
     ("max_result_rows", "0"), ("log_comment", "x"), ("allow_introspection_functions", "1"), ("format_schema", "/etc/passwd")],
)  # fmt: skip
def test_limits_can_not_be_lifted(facts: Http, reader: Http, setting: str, value: str) -> None:
    """Settings of the request do not widen what a reader may spend: they are refused or have no effect."""
    given: dict[str, Any] = {setting: value}
    answer = reader("SELECT count() FROM events", **given)
    assert answer.status in (200, 403)
    if answer.status == 403:
        assert answer.headers["x-clickhouse-exception-code"] == "452"
    else:
        assert setting in ("readonly", "log_comment")


def test_time_and_rows_are_limited(facts: Http, reader: Http) -> None:
    """A question that would take long, or give very much, ends with an error of its own."""
    heavy = "SELECT sum(length(repeat(toString(a.id), 1000))) FROM events a CROSS JOIN events b CROSS JOIN events c CROSS JOIN events d"
    answer = reader(heavy, max_execution_time=1)
    assert answer.headers["x-clickhouse-exception-code"] in ("159", "241", "158")
    rows = reader("SELECT a.id FROM events a CROSS JOIN events b LIMIT 20000").body.count(b"\n")
    assert rows == 10_000


def test_sessions_and_parameters_are_no_way_round(facts: Http, reader: Http) -> None:
    """What another login SET in a session, or a query parameter, does not reach a reader's question."""
    facts("SET max_threads = 64", session_id="shared")
    assert reader("SELECT count() FROM events", session_id="shared").status == 200
    assert reader("SET readonly = 0", session_id="shared").status == 403
    assert reader("SELECT * FROM {t:Identifier}", param_t="events").status == 403


def test_other_statements_hidden_in_the_transport(facts: Http, reader: Http, tmp_path: Path) -> None:
    """Split over URL and body, packed, or as a form: the guard sees the statement as it will run."""
    file = "SELECT * FROM file('/etc/passwd', 'LineAsString')"
    assert reader(" FROM file('/etc/passwd', 'LineAsString')", query="SELECT *").status == 403
    assert reader(file, query="SELECT 1 UNION ALL").status == 403
    boundary = "x"
    form = f'--{boundary}\r\nContent-Disposition: form-data; name="query"\r\n\r\n{file}\r\n--{boundary}--\r\n'
    assert reader(form, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}).status == 403
    import gzip

    assert reader(gzip.compress(file.encode()), headers={"Content-Encoding": "gzip"}).status == 403
    assert reader(file, method="GET", query=file).status == 403
    assert reader(file, database="system").status == 403


def test_readers_see_the_schema_and_no_more(facts: Http, reader: Http) -> None:
    """Tables and columns of our database can be listed, as query editors want; those of others can't."""
    assert (
        reader.text("SELECT name FROM system.tables WHERE name IN ('events', 'errors') ORDER BY name")
        == "errors\nevents"
    )
    assert (
        reader.text("SELECT name FROM system.columns WHERE table = 'errors' ORDER BY position")
        == "id\nmessage"
    )
    assert reader.text("SELECT DISTINCT database FROM system.tables") == "holdfast"
    assert reader("SELECT * FROM system.parts").status == 403


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM file('/etc/passwd', 'LineAsString')", "SELECT * FROM default.`/etc/hostname`", "SELECT 1 IN default.`/etc/hostname`",
     "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", "CREATE TABLE x (a Int8) ENGINE = Memory", "DROP TABLE events"],
)  # fmt: skip
def test_the_second_wall(facts: Http, sql: str) -> None:
    """Behind the parser stands readonly=1, under which this version of the engine refuses files as well."""
    answer = facts(sql, readonly=1)
    assert answer.status in (403, 404, 500)
    assert b"root:" not in answer.body
