"""The migrations on the real engine: they run, once, forward only, and leave the columns that are written."""

from collections.abc import Callable

import pytest

from holdfast_server.errors import CannotStart
from holdfast_server.event_store.connect import EventStore
from holdfast_server.event_store.migrate import (
    VERSIONS,
    current_ttl_days,
    migrate,
    migrations,
    render,
    set_retention,
)
from holdfast_server.event_store.write import TABLES

NAMES = [item.name for item in migrations()]


def test_second_run_is_nothing(new_store: Callable[..., EventStore]) -> None:
    """The first run makes everything, the second nothing."""
    store = new_store()
    assert migrate(store) == NAMES
    before = store.rows(
        "SELECT name, create_table_query AS ddl FROM system.tables WHERE database = {db:String} ORDER BY name",
        {"db": store.database},
    )
    assert migrate(store) == []
    assert before == store.rows(
        "SELECT name, create_table_query AS ddl FROM system.tables WHERE database = {db:String} ORDER BY name",
        {"db": store.database},
    )


def test_half_done_migration_is_finished(new_store: Callable[..., EventStore]) -> None:
    """A crash in the middle of a file is mended by running it again."""
    store = new_store()
    store.create_database()
    for statement in [*render(VERSIONS, store.database), *render(migrations()[0].text, store.database)[:1]]:
        store.command(statement)
    assert migrate(store) == NAMES


def test_newer_store_is_refused(new_store: Callable[..., EventStore]) -> None:
    """A store written by a newer version is refused with what to do, and left as it is."""
    store = new_store()
    migrate(store)
    store.command(f"INSERT INTO {store.database}.schema_versions (number, name) VALUES (9999, 'tomorrow')")
    with pytest.raises(CannotStart) as caught:
        migrate(store)
    assert "9999" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("table", list(TABLES))
def test_written_columns_have_the_tables_types(store: EventStore, table: str) -> None:
    """Each column that is written is in the table with the type it is written as (LowCardinality is the table's own matter)."""
    rows = store.rows(
        "SELECT name, type FROM system.columns WHERE database = {db:String} AND table = {table:String}",
        {"db": store.database, "table": table},
    )
    found = {row["name"]: row["type"].replace("LowCardinality(String)", "String") for row in rows}
    assert found == TABLES[table]


@pytest.mark.parametrize("cluster", ["", "main"])
def test_engines_own_parser_reads_every_statement(store: EventStore, cluster: str) -> None:
    """ClickHouse's parser accepts each statement, those for a cluster among them."""
    for text in (*[item.text for item in migrations()], VERSIONS):
        for statement in render(text, "holdfast", cluster):
            assert store.raw(f"EXPLAIN AST {statement}", fmt="TabSeparated")


def test_retention(new_store: Callable[..., EventStore]) -> None:
    """P11: the settings become the tables' TTL, may be changed, and 0 keeps for ever."""
    store = new_store()
    migrate(store)
    for events, errors, aggregates in ((30, 90, 0), (7, 14, 365), (30, 90, 0)):
        set_retention(store, events_days=events, errors_days=errors, aggregates_days=aggregates)
        found = [current_ttl_days(store, table) for table in ("events", "errors", "activity_1h", "outcomes")]
        assert found == [events, errors, aggregates, aggregates]
