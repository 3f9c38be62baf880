"""The migrations render for one server and for a cluster (issue 2, acceptance 3), and every statement parses.

No real cluster was at hand: what is checked is that the DDL parses, and that a part of it follows the rules for clusters.
"""

import re
from typing import Any

import pytest
import sqlglot

from holdfast_server.event_store import people
from holdfast_server.event_store.migrate import (
    DURABLE,
    LIKE_EVENTS,
    ROLLUPS,
    SHARD_KEYS,
    VERSIONS,
    migrations,
    render,
)
from holdfast_server.event_store.write import TABLES

FILES = [pytest.param(item.text, id=item.name) for item in migrations()] + [
    pytest.param(VERSIONS, id="versions")
]
CREATE = re.compile(r"CREATE TABLE IF NOT EXISTS (\S+) ")
DURABLE_SETTINGS = (
    "fsync_after_insert = 1",
    "fsync_part_directory = 1",
    "min_rows_to_fsync_after_merge = 1",
    "min_compressed_bytes_to_fsync_after_merge = 1",
    "old_parts_lifetime = 30",
    "max_suspicious_broken_parts",
)


def tables_of(statements: list[str]) -> dict[str, str]:
    return {found[1]: text for text in statements if (found := CREATE.match(text))}


@pytest.mark.parametrize("cluster", ["", "main", "a b-c"])
@pytest.mark.parametrize("text", FILES)
def test_statements_parse(text: str, cluster: str) -> None:
    """Nothing is left unfilled, and sqlglot's ClickHouse dialect reads each statement."""
    for statement in render(text, "holdfast", cluster):
        assert "$" not in statement
        parsed = sqlglot.parse(statement, dialect="clickhouse")
        assert [type(item).__name__ for item in parsed] == ["Create"], statement


@pytest.mark.parametrize("text", FILES)
def test_every_table_is_durable(text: str) -> None:
    """DESIGN, decision 13: the settings that survive a power cut stand on every table, on one server and on a cluster."""
    for cluster, window in (
        ("", "non_replicated_deduplication_window = 10000"),
        ("main", "replicated_deduplication_window = 10000"),
    ):
        for name, ddl in tables_of(render(text, "holdfast", cluster)).items():
            if "Distributed(" in ddl:
                continue
            for setting in (*DURABLE_SETTINGS, window):
                assert setting in ddl, (name, setting)
            assert cluster == "" or "non_replicated" not in ddl
    assert "{window}" in DURABLE


@pytest.mark.parametrize("text", FILES)
def test_cluster_tables(text: str) -> None:
    """On a cluster every statement says ON CLUSTER, every local table is replicated, and has one distributed table in front."""
    statements = render(text, "holdfast", "main")
    tables = tables_of(statements)
    for statement in statements:
        assert "ON CLUSTER `main`" in statement
    local = {name for name in tables if name.endswith("_local")}
    assert all("ENGINE = Replicated" in tables[name] for name in local)
    assert {name for name in tables if "Distributed(" in tables[name]} == {
        name.removesuffix("_local") for name in local
    }


@pytest.mark.parametrize("text", FILES)
def test_sharding_is_by_value(text: str) -> None:
    """A row's shard follows from the row: a block sent twice meets its first copy."""
    for name, ddl in tables_of(render(text, "holdfast", "main")).items():
        if "Distributed(" in ddl:
            key = ddl.rpartition("_local, ")[2]
            assert "rand" not in key
            assert key == SHARD_KEYS.get(name.partition(".")[2], "cityHash64(project_id, at)") + ")"


@pytest.mark.parametrize("text", FILES)
def test_views_stay_on_their_shard(text: str) -> None:
    """On a cluster a view reads a local table and writes a local table."""
    for statement in render(text, "holdfast", "main"):
        if "MATERIALIZED VIEW" in statement:
            named = re.findall(r"holdfast\.(\w+)", statement)[1:]
            assert named
            assert all(name.endswith("_local") for name in named), named


def test_one_server_has_no_cluster_words() -> None:
    """Without a cluster nothing is replicated, distributed, or called local."""
    for item in migrations():
        text = "\n".join(render(item.text, "holdfast"))
        assert not re.search(r"Replicated|Distributed|ON CLUSTER|_local", text)


def test_numbers_are_in_order() -> None:
    """Files are numbered from 1 without gaps."""
    assert [item.number for item in migrations()] == list(range(1, len(migrations()) + 1))


def test_everything_can_be_repeated() -> None:
    """Each statement may run again after a crash between it and the next."""
    for item in migrations():
        for statement in render(item.text, "holdfast"):
            assert "IF NOT EXISTS" in statement or "IF EXISTS" in statement


def columns_of(ddl: str) -> dict[str, Any]:
    body = ddl.partition("(\n")[2].partition("\n) ENGINE")[0]
    return {
        line.strip().split(" ", 1)[0]: line
        for line in body.splitlines()
        if not line.strip().startswith("INDEX")
    }


@pytest.mark.parametrize("table", list(TABLES))
def test_written_columns_are_the_tables(table: str) -> None:
    """What write.py writes is exactly what the table has."""
    ddl = {
        name: text for item in migrations() for name, text in tables_of(render(item.text, "holdfast")).items()
    }[f"holdfast.{table}"]
    assert set(columns_of(ddl)) == set(TABLES[table])


def test_retention_and_people_know_every_table() -> None:
    """Each table has a retention, and may be asked for by people."""
    made = {
        name.partition(".")[2] for item in migrations() for name in tables_of(render(item.text, "holdfast"))
    }
    assert made == {*LIKE_EVENTS, "errors", *ROLLUPS}
    assert made == set(people.OWN)
