"""People's SQL: attacks are refused, honest questions pass, and what passes is rebuilt with limits and filters."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast_server.errors import QueryRefused
from holdfast_server.event_store.sql_functions import SCALARS, canonical
from holdfast_server.event_store.sql_guard import guard

TABLES = {"events", "errors"}
ATTACKS = {
    each["name"]: each["sql"]
    for each in json.loads((Path(__file__).parent / "sql_guard_attacks.json").read_text())
}
HONEST = json.loads((Path(__file__).parent / "sql_guard_honest.json").read_text())


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused_with_a_sentence(name: str) -> None:
    """Nothing that reads files, other tables, settings or the machine, and nothing that writes, comes through."""
    with pytest.raises(QueryRefused) as caught:
        guard(ATTACKS[name], tables=TABLES)
    assert caught.value.message
    assert caught.value.hint or "NUL" in caught.value.message


@pytest.mark.parametrize("sql", HONEST)
def test_honest_question_passes_and_is_stable(sql: str) -> None:
    """An honest question is rebuilt, and what was rebuilt passes again unchanged."""
    rebuilt = guard(sql, tables=TABLES)
    assert guard(rebuilt, tables=TABLES) == rebuilt


def test_a_limit_is_added_and_capped() -> None:
    """No LIMIT means 1,000 rows, a larger one 10,000, a smaller one stays."""
    assert guard("SELECT 1", tables=TABLES) == "SELECT 1 LIMIT 1000"
    assert guard("SELECT 1 LIMIT 7", tables=TABLES) == "SELECT 1 LIMIT 7"
    assert guard("SELECT 1 LIMIT 99999999", tables=TABLES) == "SELECT 1 LIMIT 10000"
    assert guard("SELECT 1 LIMIT 50 OFFSET 5", tables=TABLES, max_rows=10) == "SELECT 1 LIMIT 10 OFFSET 5"


def test_a_union_gets_its_limit_around_it() -> None:
    """LIMIT behind a UNION binds to its last SELECT, so that the whole gets one of its own."""
    rebuilt = guard("SELECT 1 UNION ALL SELECT 2 LIMIT 99999", tables=TABLES)
    assert rebuilt == "SELECT * FROM ((SELECT 1) UNION ALL (SELECT 2 LIMIT 99999)) LIMIT 1000"


def test_comments_are_dropped() -> None:
    """Comments and spacing do not reach the engine."""
    assert guard("SELECT/* a */ 1 -- b\n, # c\n 2", tables=TABLES) == "SELECT 1, 2 LIMIT 1000"


def test_every_table_is_filtered_to_the_project() -> None:
    """With a project, each place where a table stands shows that project's rows alone."""
    rebuilt = guard(
        "WITH a AS (SELECT id FROM events) SELECT * FROM a JOIN errors AS e ON a.id = e.id WHERE e.id IN (SELECT id FROM holdfast.events)",
        tables=TABLES,
        project_id=7,
    )
    assert rebuilt.count("WHERE project_id = 7") == 3
    assert "(SELECT * FROM `holdfast`.`errors` WHERE project_id = 7) AS `e`" in rebuilt


def test_a_name_may_stand_for_sql() -> None:
    """A name of the documents is a question of ours; the project's condition goes where the mark is."""
    tables = {
        "events": None,
        "signals": "SELECT id, at AS ts FROM holdfast.events WHERE {project} AND type = 's'",
    }
    inner = "SELECT id, at AS ts FROM holdfast.events WHERE {} AND type = 's'"
    assert (
        guard("SELECT ts FROM signals", tables=tables)
        == f"SELECT `ts` FROM ({inner.format(1)}) AS `signals` LIMIT 1000"
    )
    assert f"({inner.format('project_id = 3')}) AS `s`" in guard(
        "SELECT s.ts FROM signals AS s", tables=tables, project_id=3
    )


def test_sql_without_the_projects_mark_is_refused_for_one_project() -> None:
    """A stand-in that can't be filtered is never shown unfiltered."""
    with pytest.raises(QueryRefused, match="one project"):
        guard("SELECT * FROM names", tables={"names": "SELECT 1"}, project_id=1)


def test_a_qualified_stand_in_does_not_open_its_database() -> None:
    """Allowing one table of system allows no other."""
    tables = {"system.settings": "SELECT 1 AS name"}
    assert "(SELECT 1 AS name) AS `settings`" in guard("SELECT name FROM system.settings", tables=tables)
    for sql in ("SELECT * FROM system.users", "SELECT * FROM settings", "SELECT * FROM holdfast.settings"):
        with pytest.raises(QueryRefused):
            guard(sql, tables=tables)


def test_a_name_of_with_ends_with_its_query() -> None:
    """A name given inside a subquery does not reach outside, in either order."""
    for sql in (
        "SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x) AS a JOIN x ON 1 = 1",
        "SELECT * FROM x JOIN (WITH x AS (SELECT 1) SELECT * FROM x) AS a ON 1 = 1",
        "WITH x AS (SELECT * FROM x) SELECT 1",
        "WITH x AS (SELECT * FROM y), y AS (SELECT 1) SELECT 1",
        "SELECT 1 AS x UNION ALL (WITH y AS (SELECT 1) SELECT * FROM y) UNION ALL SELECT * FROM y",
    ):
        with pytest.raises(QueryRefused, match="no table"):
            guard(sql, tables=TABLES)
    assert guard("WITH x AS (SELECT 1 AS a) SELECT * FROM (SELECT * FROM x) AS b", tables=TABLES)


@pytest.mark.parametrize(
    ("sql", "says", "hints"),
    [
        ("SELECT cuont() FROM events", "cuont", "did you mean count?"),
        ("SELECT * FROM evnts", "no table 'evnts'", "name one of: errors, events"),
        ("DELETE FROM events WHERE 1", "only SELECT", "begin with SELECT"),
        ("SELECT * FROM events FORMAT CSV", "FORMAT is not allowed", "leave it out"),
        ("SELECT * FROM events FINAL", "FINAL is not allowed", "leave it out"),
        ("SELECT FROM WHERE", "can't be understood", "ClickHouse SQL"),
        ("SELECT 1 " + "+ 1" * 7000, "characters", "ask in steps"),
    ],
)
def test_a_refusal_helps(sql: str, says: str, hints: str) -> None:
    """A refusal says what is wrong and what to do instead."""
    with pytest.raises(QueryRefused) as caught:
        guard(sql, tables=TABLES)
    assert says in caught.value.message
    assert hints in caught.value.hint


@pytest.mark.parametrize(
    "nested",
    [
        "(" * 300 + "1" + ")" * 300,
        "abs(" * 300 + "1" + ")" * 300,
        "NOT " * 2000 + "1",
        "- " * 2000 + "1",
        "[" * 300 + "]" * 300,
    ],
)
def test_deep_nesting_is_refused_quietly(nested: str) -> None:
    """Depth neither overflows the stack nor takes long."""
    with pytest.raises(QueryRefused, match="nested too deeply"):
        guard(f"SELECT {nested}", tables=TABLES)


def test_long_conditions_are_not_depth() -> None:
    """A long list of conditions, or of IN values, is an honest question."""
    assert guard(
        "SELECT 1 FROM events WHERE " + " OR ".join(f"id = {number}" for number in range(500)), tables=TABLES
    )
    assert guard(f"SELECT 1 FROM events WHERE id IN ({', '.join(map(str, range(1500)))})", tables=TABLES)


def test_no_dangerous_function_is_on_the_list() -> None:
    """The list holds nothing that reads files, dictionaries, settings, the machine, or that waits."""
    parts = (
        "file",
        "dict",
        "setting",
        "macro",
        "sleep",
        "throw",
        "host",
        "user",
        "catboost",
        "certificate",
        "tcpport",
        "address",
    )
    assert not [name for name in SCALARS if any(part in name.lower() for part in parts)]
    assert canonical("joinGet") is None
    assert canonical("quantilesTDigestMergeOrNull") == "quantilesTDigestMergeOrNull"
    assert canonical("COUNT") == "count"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_inside_a_literal_stays_one_literal(text: str) -> None:
    """Whatever a text literal holds, it comes out as the same one literal: nothing in it becomes SQL."""
    literal = "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    try:
        rebuilt = guard(f"SELECT {literal}", tables=TABLES)
    except QueryRefused:
        assert any(ord(letter) < 32 for letter in text)
        return
    inside = rebuilt.removeprefix("SELECT '").removesuffix("' LIMIT 1000")
    assert inside.replace("\\\\", "\0").replace("\\'", "\1").count("'") == 0
    assert inside.replace("\\\\", "\0").replace("\\'", "'").replace("\0", "\\") == text


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["SELECT", "FROM", "events", "file", "(", ")", "'/etc/passwd'", "`/etc/passwd`", ",", "IN", "JOIN", "default", ".", "WITH", "AS",
             "x", "UNION ALL", "*", "1", "SETTINGS", "=", "WHERE", "system", "one", ";", "FORMAT", "CSV", "INTO OUTFILE", "--\n", "/**/", "$$"]
        ),
        max_size=14,
    )
)  # fmt: skip
def test_random_words_never_name_a_foreign_table(words: list[str]) -> None:
    """Whatever is put together from dangerous words, what comes out names our tables alone."""
    try:
        rebuilt = guard("SELECT " + " ".join(words), tables=TABLES)
    except QueryRefused:
        return
    tables = re.findall(
        r"(?:FROM|JOIN|IN) (\(*)(`[^`]*`)?(\.`[^`]*`)?", re.sub(r"'(?:[^'\\]|\\.)*'", "''", rebuilt)
    )
    assert {name + rest for _, name, rest in tables} <= {"", "`holdfast`.`events`", "`x`"}
    bare = re.sub(r"`[^`]*`|'(?:[^'\\]|\\.)*'", "", rebuilt)
    assert not re.search(r"file|SETTINGS|FORMAT|OUTFILE|;", bare)
