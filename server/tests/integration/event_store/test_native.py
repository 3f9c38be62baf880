"""Blocks that we write by hand are what ClickHouse reads back; a block sent twice counts once, rollups included."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast_server.event_store import native, people, write
from holdfast_server.event_store.connect import EventStore
from holdfast_server.event_store.migrate import migrate
from holdfast_server.event_store.queries import activity, measures
from holdfast_server.event_store.queries.scope import Scope
from holdfast_server.insight.histogram import quantile
from holdfast_server.model.window import Window

KINDS = {
    "s": "String",
    "u8": "UInt8",
    "u16": "UInt16",
    "u32": "UInt32",
    "u64": "UInt64",
    "b": "Bool",
    "t": "DateTime('UTC')",
    "m": "DateTime64(3, 'UTC')",
    "f": "Nullable(Float32)",
    "d": "Nullable(Float64)",
}
STRINGS = st.text(max_size=12) | st.sampled_from(
    ["", "ä" * 70, "x" * 127, "x" * 128, "y" * 300, "z" * 20_000, "😀\t\n\\'\"", "\x00mid\x00"]
)
ROWS = st.fixed_dictionaries(
    {
        "s": STRINGS,
        "u8": st.integers(0, 255),
        "u16": st.none() | st.integers(0, 65_535),
        "u32": st.integers(0, 2**32 - 1),
        "u64": st.integers(0, 2**64 - 1),
        "b": st.booleans(),
        "t": st.integers(0, 2**32 - 1),
        "m": st.integers(0, 4_000_000_000_000),
        "f": st.none() | st.floats(width=32, allow_nan=False, allow_infinity=False),
        "d": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    }
)
ASKED = (
    "SELECT base64Encode(s) AS s, u8, u16, toString(u32) AS u32, toString(u64) AS u64, b, toUnixTimestamp(t) AS t, "
    "toString(toUnixTimestamp64Milli(m)) AS m, isNull(f) AS f_null, reinterpretAsUInt32(ifNull(f, 0)) AS f_bits, isNull(d) AS d_null, toString(reinterpretAsUInt64(ifNull(d, 0))) AS d_bits "
    "FROM {table} ORDER BY n"
)
START_MS = 1_790_000_000_000 // 86_400_000 * 86_400_000


@pytest.fixture(scope="module")
def typed(new_store: Callable[..., EventStore]) -> EventStore:
    store = new_store()
    store.create_database()
    columns = ", ".join(f"{name} {kind}" for name, kind in KINDS.items())
    store.command(f"CREATE TABLE {store.database}.typed (n UInt32, {columns}) ENGINE = MergeTree ORDER BY n")
    return store


@given(
    st.lists(ROWS, min_size=1, max_size=30)
    | st.builds(lambda row, count: [row] * count, ROWS, st.integers(1, 30))
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_clickhouse_reads_what_we_write(typed: EventStore, rows: list[dict[str, Any]]) -> None:
    """Any strings, numbers, times and missing values come back bit by bit."""
    import base64
    import struct

    kinds = {"n": "UInt32"} | KINDS
    columns = {"n": list(range(len(rows)))} | {name: [row[name] for row in rows] for name in KINDS}
    typed.command(f"TRUNCATE TABLE {typed.database}.typed")
    typed.insert("typed", list(kinds), native.block(kinds, columns), fmt="Native", settings={})
    found = typed.rows(ASKED.replace("{table}", f"{typed.database}.typed"))
    for sent, row in zip(rows, found, strict=True):
        assert base64.b64decode(row["s"]).decode() == sent["s"]
        assert (row["u8"], row["u16"], row["u32"], row["u64"]) == (
            sent["u8"],
            sent["u16"] or 0,
            str(sent["u32"]),
            str(sent["u64"]),
        )
        assert (row["b"], row["t"], row["m"]) == (sent["b"], sent["t"], str(sent["m"]))
        assert (bool(row["f_null"]), bool(row["d_null"])) == (sent["f"] is None, sent["d"] is None)
        assert row["f_bits"] == int.from_bytes(struct.pack("<f", sent["f"] or 0.0), "little")
        assert row["d_bits"] == str(int.from_bytes(struct.pack("<d", sent["d"] or 0.0), "little"))


@given(st.lists(st.none() | STRINGS | st.binary(max_size=200), min_size=1, max_size=60))
def test_every_way_of_writing_text_is_the_same(values: list[Any]) -> None:
    """The short cuts for repeated and for short ASCII columns write the same bytes as the plain way."""
    assert native.text(values) == b"".join(map(native.packed, values))


@given(st.integers(0, 2**40))
def test_lengths_are_leb128(length: int) -> None:
    """A length reads back as the varint that Native uses."""
    value = shift = 0
    for byte in native.Lengths()[length]:
        value |= (byte & 0x7F) << shift
        shift += 7
    assert value == length


def event_block(project: int, events: list[dict[str, Any]]) -> bytes:
    empty: dict[str, Any] = {
        name: "" if kind == "String" else None if kind.startswith("Nullable") else 0
        for name, kind in write.EVENT_COLUMNS.items()
    }
    rows = [
        empty
        | {
            "id": index + 1,
            "project_id": project,
            "at": START_MS,
            "received_at": START_MS,
            "attributes": "{}",
        }
        | event
        for index, event in enumerate(events)
    ]
    return native.block(
        write.EVENT_COLUMNS, {name: [row[name] for row in rows] for name in write.EVENT_COLUMNS}
    )


def scope(project: int, days: float = 1) -> Scope:
    return Scope(project, Window(START_MS, START_MS + round(days * 86_400_000)))


@pytest.mark.parametrize("days", [1, 30, 300])
def test_block_sent_twice_counts_once(store: EventStore, days: float) -> None:
    """The same token again adds nothing: not to the table, nor to any rollup, whichever resolution is asked."""
    project = int(1000 + days)
    block = event_block(
        project,
        [
            {
                "type": "page_view",
                "name": "/",
                "user_id": f"u{n % 3}",
                "session_id": f"s{n}",
                "duration_ms": 10.0,
            }
            for n in range(10)
        ],
    )
    for _ in range(2):
        write.insert_block(store, "events", block, f"token-{project}")
    total = activity.total(store, scope(project, days))
    assert (total.n, total.users, total.sessions) == (10, 3, 10)
    measured = measures.by_name(store, scope(project, days), ("page_view",))["/"]
    assert (measured.n, measured.timed, measured.total, measured.longest, measured.users) == (
        10,
        10,
        100.0,
        10.0,
        3,
    )
    assert store.value("SELECT count() AS n FROM events WHERE project_id = {p:UInt32}", {"p": project}) == 10


PROJECTS = iter(range(2000, 3000))


@given(
    st.lists(st.floats(0.0625, 1e6, width=32), min_size=1, max_size=60), st.sampled_from([0.5, 0.95, 0.99])
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_quantiles_of_the_rollups_are_within_five_percent(
    store: EventStore, durations: list[float], q: float
) -> None:
    """DESIGN, decision 5: quantiles from the rollups' histogram are within 5 % of the exact ones."""
    project = next(PROJECTS)
    write.insert_block(
        store,
        "events",
        event_block(project, [{"type": "api_call", "name": "e", "duration_ms": ms} for ms in durations]),
        f"q-{project}",
    )
    found = quantile(measures.total(store, scope(project), ("api_call",)).histogram, q)
    exact = sorted(durations)[max(0, math.ceil(q * len(durations)) - 1)]
    assert found == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("table", list(people.TABLES))
def test_what_people_may_ask_runs(store: EventStore, table: str) -> None:
    """Each table that people's SQL may name can be read, B's names for the same facts among them."""
    assert store.raw(people.for_project(f"SELECT * FROM {table} LIMIT 1", 1), fmt="JSONCompact")


def test_one_server_migrates_beside_another(new_store: Callable[..., EventStore]) -> None:
    """Two databases on one ClickHouse do not touch each other."""
    first, second = new_store(), new_store()
    migrate(first)
    migrate(second)
    write.insert_block(first, "events", event_block(1, [{"type": "t"}]), "x")
    assert second.value("SELECT count() AS n FROM events") == 0
