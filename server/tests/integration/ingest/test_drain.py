"""The drainer: what is in the spool reaches the event store and the issues exactly once, wherever it dies."""

import itertools
from collections.abc import Callable
from typing import Any

import lz4.frame
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server.tests.integration.ingest.rig import DAY_MS, NOW_MS, Crash, Rig

from holdfast_server.errors import BadInput, QueryFailed
from holdfast_server.state_store import issues

ROLLUPS = ("activity_5m", "activity_1h", "activity_1d")
MEASURES = ("measures_5m", "measures_1h", "measures_1d")
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def event(number: int, days_ago: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "type": "page_view",
        "timestamp": NOW_MS - days_ago * DAY_MS,
        "sessionId": f"s{number}",
        "name": "n",
        "value": number,
        **fields,
    }


def check(rig: Rig, numbers: list[int], errors: int) -> None:
    """Every event once; rollups, issues and ledger in step."""
    stored = rig.ask("SELECT toUInt64(value) AS number FROM events WHERE {mine} ORDER BY number")
    assert [row[0] for row in stored] == sorted(numbers)
    assert rig.number("SELECT count() FROM errors WHERE {mine}") == errors
    for table in ROLLUPS:
        assert rig.number(f"SELECT sum(n) FROM {table} WHERE {{mine}}") == len(numbers) + errors, table
    for table in MEASURES:
        assert rig.ask(f"SELECT sum(n), sum(total) FROM {table} WHERE {{mine}}") == [
            (len(numbers), sum(numbers))
        ], table
    counted = dict(rig.ask("SELECT issue_id, count() FROM errors WHERE {mine} GROUP BY issue_id"))
    known = {issue: issues.get(rig.state, rig.project_id, issue) for issue in counted}
    assert {issue: found.frequency for issue, found in known.items() if found} == counted
    ledger = rig.number("SELECT sum(quantity) FROM outcomes WHERE {mine} AND outcome = 'accepted'")
    assert ledger == len(numbers) + errors


def test_what_was_put_arrives_once(rig: Rig) -> None:
    """Events of several days and errors arrive, and the spool is empty afterwards."""
    rig.put(*(event(number, number % 3) for number in range(50)))
    rig.put_error(sessionId="e1")
    rig.drain()
    check(rig, list(range(50)), 1)
    assert rig.spool.pending == 0
    assert rig.spool.bytes == 0
    assert rig.outlet.pinned() is None


def test_a_death_at_any_step_changes_nothing(new_rig: Callable[..., Rig]) -> None:
    """After every single thing that the drainer does to the outside: the next drainer makes it whole."""
    for step in itertools.count():
        rig = new_rig()
        rig.put(*(event(number, number % 2) for number in range(10)))
        rig.put_error(sessionId="e")
        rig.steps.aim(step, before=False)
        try:
            rig.drain()
        except Crash:
            rig.restart()
            rig.drain()
        else:
            assert step >= 6, "pin, four inserts, issues, removal: the test meant to die after each"
            return
        check(rig, list(range(10)), 1)


def test_a_power_cut_at_any_step_changes_nothing(new_rig: Callable[..., Rig]) -> None:
    """The engine syncs its rows but not its list of tokens: after a cut the drainer looks for what is there, and doubles nothing."""
    for step in itertools.count():
        rig = new_rig()
        rig.put(*(event(number, number % 2) for number in range(10)))
        rig.put_error(sessionId="e")
        rig.steps.aim(step, before=False)
        try:
            rig.drain()
        except Crash:
            rig.cut_power()
            rig.drain()
        else:
            assert step >= 6
            return
        check(rig, list(range(10)), 1)


def test_a_cut_before_the_views_leaves_no_gap(rig: Rig) -> None:
    """Rows that reached the table but not the rollups behind it are counted there after the cut."""
    rig.put(*(event(number) for number in range(5)))
    rig.steps.aim(1, before=False)
    with pytest.raises(Crash):
        rig.drain()
    for table in ROLLUPS + MEASURES:
        rig.store.command(
            f"ALTER TABLE {table} DELETE WHERE project_id = {rig.project_id}", {"mutations_sync": 2}
        )
    rig.cut_power()
    rig.drain()
    check(rig, list(range(5)), 0)


def test_a_repeated_range_keeps_its_bounds(rig: Rig) -> None:
    """What arrives after a crash does not join the range that is repeated: its tokens would not be the same."""
    rig.put(*(event(number) for number in range(5)))
    rig.steps.aim(1, before=False)
    with pytest.raises(Crash):
        rig.drain()
    pinned = rig.outlet.pinned()
    rig.put(*(event(number) for number in range(5, 9)))
    rig.restart()
    assert rig.outlet.pinned() == pinned
    rig.drain()
    check(rig, list(range(9)), 0)


def test_a_block_holds_whole_entries_up_to_its_size(new_rig: Callable[..., Rig]) -> None:
    """Entries are not cut; one larger than a block is a block."""
    rig = new_rig(block_rows=10)
    for start in range(0, 40, 8):
        rig.put(*(event(number) for number in range(start, start + 8)))
    rig.put(*(event(number) for number in range(40, 70)))
    moved = []
    while rows := rig.drainer.drain_once():
        moved.append(rows)
    assert moved == [8, 8, 8, 8, 8, 30]
    check(rig, list(range(70)), 0)


def test_an_entry_that_can_not_be_read_is_set_aside(rig: Rig) -> None:
    """It is kept in a file and counted as invalid, and what is before and behind it arrives."""
    rig.put(event(1))
    rig.spool.put(rig.entry("events", 3, b"no JSON at all")).result(10)
    rig.spool.put(rig.entry("error", 1, b"{}")).result(10)
    rig.put(event(2))
    rig.drain()
    check(rig, [1, 2], 0)
    assert rig.ask(
        "SELECT category, sum(quantity) AS lost FROM outcomes WHERE {mine} AND outcome = 'invalid' AND reason = 'set_aside' GROUP BY category ORDER BY category"
    ) == [("error", 1), ("event", 3)]
    kept = {
        path.suffix: path.read_bytes() for path in (rig.folder / "set-aside").iterdir() if path.read_bytes()
    }
    assert lz4.frame.decompress(kept[".lz4"]) in (b"no JSON at all", b"{}")


def test_an_entry_that_breaks_a_block_unforeseen_is_set_aside(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the reason, one entry never stops the queue: the block is made anew without it."""
    columns = rig.drainer.enricher.columns

    def break_on_poison(arrivals: list[Any]) -> Any:
        if any(event.sessionId == "poison" for _, events in arrivals for event in events):
            raise ZeroDivisionError
        return columns(arrivals)

    monkeypatch.setattr(rig.drainer.enricher, "columns", break_on_poison)
    rig.put(event(1))
    rig.put(event(9, sessionId="poison"), event(8))
    rig.put(event(2))
    rig.put_error()
    rig.drain()
    check(rig, [1, 2], 1)
    assert rig.number("SELECT sum(quantity) FROM outcomes WHERE {mine} AND reason = 'set_aside'") == 2


def test_an_insert_whose_view_fails_is_refused(rig: Rig) -> None:
    """An insert is answered with success only when the views behind the table have their rows too."""
    rig.store.command("CREATE TABLE told (id UInt64) ENGINE = MergeTree ORDER BY id")
    rig.store.command(
        f"CREATE MATERIALIZED VIEW telling TO told AS SELECT throwIf(project_id = {rig.project_id}, 'this view throws') AS id FROM events"
    )
    try:
        rig.put(event(1))
        with pytest.raises(QueryFailed, match="this view throws"):
            rig.drain()
    finally:
        rig.store.command("DROP TABLE telling")
        rig.store.command("DROP TABLE told")
    rig.drain()
    check(rig, [1], 0)


def test_a_block_moved_twice_counts_once(rig: Rig) -> None:
    """The same range under the same tokens is one block, however often it is sent."""
    rig.put(*(event(number, number % 2) for number in range(6)))
    rig.put_error()
    span = rig.outlet.next_range(100, 1 << 20)
    assert span is not None
    for _ in range(3):
        rig.drainer.move(span[0], span[1])
    rig.drain()
    check(rig, list(range(6)), 1)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["\0", "1e400", "9999-12-31", "-0001"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "status",
                    "duration_ms",
                    "endpoint",
                    "method",
                    "stack",
                    "frames",
                    "lineno",
                    "errorType",
                    "message",
                    "severity",
                    "timestamp",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
FIELDS = (
    "timestamp",
    "createdAt",
    "ts",
    "page",
    "name",
    "endpoint",
    "method",
    "status",
    "duration",
    "value",
    "sessionId",
    "userAgent",
    "release",
    "metadata",
    "data",
    "unknown",
)
EVENTS = st.builds(
    lambda kind, fields: {**fields, "type": kind},
    st.sampled_from(["error", "api_latency", "page_view", "performance"]),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5),
)


@FEW
@given(events=st.lists(EVENTS, min_size=1, max_size=20))
def test_whatever_is_taken_in_can_be_moved(events: list[dict[str, Any]], new_rig: Callable[..., Rig]) -> None:
    """No event that ingest accepts is refused by the event store or set aside by the drainer."""
    rig = new_rig()
    accepted = 0
    for each in events:
        try:
            accepted += rig.put(each).recorded
        except (AssertionError, BadInput):  # refused, as a whole or as an event
            continue
    rig.drain()
    assert (
        rig.number("SELECT count() FROM events WHERE {mine}")
        + rig.number("SELECT count() FROM errors WHERE {mine}")
        == accepted
    )
    assert not (rig.folder / "set-aside").exists()


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 6), st.integers(0, 2)),
        st.tuples(st.just("again"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("error"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("drain"), st.integers(-1, 9), st.integers(0, 1)),
    ),
    min_size=2,
    max_size=12,
)


@FEW
@given(actions=ACTIONS)
def test_any_interleaving_of_deaths_is_exactly_once(
    actions: list[tuple[str, int, int]], new_rig: Callable[..., Rig]
) -> None:
    """Batches, repeated batches, errors and drainers that die anywhere, in any order: in the end everything is there once."""
    rig = new_rig(block_rows=8)
    batches: list[list[int]] = []
    errors = 0
    for action, first, second in actions:
        if action == "put":
            start = sum(map(len, batches))
            batches.append(list(range(start, start + first)))
            rig.put(
                *(event(number, number % (second + 1)) for number in batches[-1]),
                batch_id=f"b{len(batches) - 1}",
            )
        elif action == "again" and batches:
            which = first % len(batches)
            assert rig.put(*(event(number) for number in batches[which]), batch_id=f"b{which}") == (
                len(batches[which]),
                0,
                True,
            )
        elif action == "error":
            rig.put_error(errorType=("TypeError", "ValueError")[first])
            errors += 1
        elif action == "drain":
            rig.steps.aim(first, before=bool(second))
            try:
                rig.drain()
            except Crash:
                rig.restart()
    rig.steps.aim(-1, before=False)
    rig.drain()
    check(rig, [number for batch in batches for number in batch], errors)
