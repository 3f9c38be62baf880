"""Reading a SQL text: its kind, its format, where INSERT data begin, and what is refused."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast_server.event_store.engine.faults import Fault
from holdfast_server.event_store.engine.statement import Kind, read

FORMATS = frozenset({"JSON", "TSV", "Native", "CSV", "Values"})


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1", Kind.QUERY),
        ("-- note\n /* more */ select 1", Kind.QUERY),
        ("WITH x AS (SELECT 1) SELECT * FROM x", Kind.QUERY),
        ("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", Kind.COMMAND),
        ("(SELECT 1) UNION ALL (SELECT 2)", Kind.QUERY),
        ("; ;SELECT 1;", Kind.QUERY),
        ("SHOW TABLES", Kind.SHOW),
        ("DESCRIBE TABLE t", Kind.SHOW),
        ("EXPLAIN SELECT 1", Kind.SHOW),
        ("KILL QUERY WHERE 1", Kind.KILL),
        ("KILL MUTATION WHERE 1", Kind.COMMAND),
        ("SET a = 1", Kind.SET),
        ("USE db", Kind.USE),
        ("INSERT INTO t SELECT 1", Kind.COMMAND),
        ("INSERT INTO t (a) WITH x AS (SELECT 1) SELECT * FROM x", Kind.COMMAND),
        ("INSERT INTO t FROM SELECT 1", Kind.COMMAND),
        ("ALTER TABLE t DELETE WHERE 1", Kind.COMMAND),
    ],
)
def test_kind(sql: str, kind: Kind) -> None:
    """The first words tell what a statement is, behind comments and in any case."""
    assert read(sql.encode(), FORMATS).kind is kind


@pytest.mark.parametrize(
    ("sql", "head", "name", "data"),
    [
        (b"INSERT INTO t FORMAT Native\n\x01\x02", b"INSERT INTO t ", "Native", b"\x01\x02"),
        (
            b"INSERT INTO t (a, `format`) FORMAT TSV\r\n1\t2\n",
            b"INSERT INTO t (a, `format`) ",
            "TSV",
            b"1\t2\n",
        ),
        (
            b"insert into t settings a=1, b='FORMAT x' format JSON {}",
            b"insert into t settings a=1, b='FORMAT x' ",
            "JSON",
            b"{}",
        ),
        (b"INSERT INTO t VALUES (1, ';'), (2, 'x')", b"INSERT INTO t ", "Values", b" (1, ';'), (2, 'x')"),
        (
            b"INSERT INTO FUNCTION remote('a', values) FORMAT CSV \n\n1",
            b"INSERT INTO FUNCTION remote('a', values) ",
            "CSV",
            b"\n1",
        ),
        (b"INSERT INTO t FORMAT TSV", b"INSERT INTO t ", "TSV", b""),
    ],
)
def test_insert_data_begin_behind_the_format(sql: bytes, head: bytes, name: str, data: bytes) -> None:
    """Statement, format and data are told apart, byte by byte."""
    statement = read(sql, FORMATS)
    assert statement.kind is Kind.INSERT_DATA
    assert (statement.sql, statement.format, sql[statement.data_at :]) == (head, name, data)


@pytest.mark.parametrize(
    ("sql", "name", "before"),
    [
        ("SELECT 1 FORMAT JSON", "JSON", "SELECT 1 "),
        ("SELECT 1 FORMAT JSON SETTINGS max_threads = 1", "JSON", "SELECT 1 "),
        ("SELECT 1 FORMAT JSON;", "JSON", "SELECT 1 "),
        ("SELECT 1 format CSV -- end", "CSV", "SELECT 1 "),
        ("SELECT format FROM t", "", ""),
        ("SELECT 1 AS format", "", ""),
        ("SELECT a FROM t ORDER BY format DESC", "", ""),
        ("SELECT 'FORMAT JSON'", "", ""),
        ("SELECT (SELECT 1 FORMAT JSON)", "", ""),
        ("SELECT $$ FORMAT JSON", "JSON", "SELECT $$ "),
        ("SELECT $x$ FORMAT JSON $x$", "", ""),
        ("SELECT `FORMAT JSON`", "", ""),
        ("SELECT 'it''s \\' FORMAT JSON'", "", ""),
    ],
)
def test_format_clause(sql: str, name: str, before: str) -> None:
    """Only a FORMAT clause at the end counts: not in texts, names, comments or subqueries."""
    statement = read(sql.encode(), FORMATS)
    assert statement.format == name
    assert (statement.sql[: statement.format_at].decode() if name else "") == before


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("", 62),
        (" -- only\n", 62),
        (";", 62),
        ("\x00garbage", 62),
        ("'text'", 62),
        ("1", 62),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT 1;; DROP TABLE t", 62),
        ("SELECT 1 INTO OUTFILE 'x'", 36),
        ("SELECT 1 into\n/* x */ outfile 'x'", 36),
        ("INSERT INTO t FROM INFILE 'x' FORMAT CSV", 48),
    ],
)
def test_refused(sql: str, number: int) -> None:
    """Nothing, several statements, and the client's file clauses are refused with ClickHouse's number."""
    with pytest.raises(Fault) as caught:
        read(sql.encode(), FORMATS)
    assert caught.value.number == number


def test_a_semicolon_inside_a_text_is_no_end() -> None:
    """Semicolons in texts, names and comments do not make several statements."""
    sql = b"SELECT ';', `a;b`, \";\" /* ; */ -- ;\n, $$;$$;"
    assert read(sql, FORMATS).sql == sql[:-1]


def test_large_insert_is_not_read_through() -> None:
    """However many rows follow, only the statement in front is looked at."""
    rows = b"'\"`$$ /* ; SELECT \n" * 500_000
    statement = read(b"INSERT INTO t FORMAT TSV\n" + rows, FORMATS)
    assert statement.data_at == len(b"INSERT INTO t FORMAT TSV\n")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(sql: bytes) -> None:
    """No input breaks the reader."""
    with contextlib.suppress(Fault):
        assert read(sql, FORMATS).sql in sql
