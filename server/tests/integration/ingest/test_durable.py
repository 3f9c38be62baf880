"""What keeps an acknowledged block through a power cut is on every table that we make (DESIGN, decision 13)."""

import pytest

from holdfast_server.event_store.connect import EventStore

NEEDED = {
    "fsync_after_insert": "1",
    "fsync_part_directory": "1",
    "min_rows_to_fsync_after_merge": "1",
    "min_compressed_bytes_to_fsync_after_merge": "1",
}
"""Each alone lost rows or the whole folder in trials; together none. https://clickhouse.com/docs/operations/settings/merge-tree-settings"""


@pytest.fixture(scope="module")
def tables(facts: EventStore) -> dict[str, str]:
    """Every table of ours that keeps rows, and its engine with its settings."""
    sql = (
        "SELECT name, engine_full FROM system.tables WHERE database = 'holdfast' AND engine LIKE '%MergeTree'"
    )
    return {row["name"]: row["engine_full"] for row in facts.rows(sql)}


def settings_of(engine: str) -> dict[str, str]:
    _, _, text = engine.partition("SETTINGS ")
    return {name: value for name, _, value in (each.partition(" = ") for each in text.split(", "))}


def test_every_table_syncs_what_it_writes_and_merges(tables: dict[str, str]) -> None:
    """Inserts, the parts that merges write, and their folders are on the disk before the old ones may go."""
    assert {"events", "errors", "outcomes", "activity_5m", "schema_versions"} <= tables.keys()
    lacking = {name: NEEDED.items() - settings_of(engine).items() for name, engine in tables.items()}
    assert {name: what for name, what in lacking.items() if what} == {}


def test_every_table_keeps_merged_parts_for_a_while(tables: dict[str, str]) -> None:
    """chDB's default deletes the sources of a merge at once; a cut in between would take both."""
    assert {
        name for name, engine in tables.items() if int(settings_of(engine)["old_parts_lifetime"]) < 10
    } == set()


def test_every_table_remembers_what_was_inserted(tables: dict[str, str]) -> None:
    """Without the window a block that is sent twice counts twice."""
    small = {
        name
        for name, engine in tables.items()
        if int(settings_of(engine)["non_replicated_deduplication_window"]) < 1000
    }
    assert small == set()


def test_every_table_opens_with_broken_parts(tables: dict[str, str]) -> None:
    """Parts that a cut left half-written are put aside; with the default limit the whole folder refuses to open."""
    for engine in tables.values():
        found = settings_of(engine)
        assert int(found["max_suspicious_broken_parts"]) >= 10_000
        assert int(found["max_suspicious_broken_parts_bytes"]) >= 10**12
