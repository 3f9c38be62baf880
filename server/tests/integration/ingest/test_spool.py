"""The spool: acknowledged means on disk, once; full means a clear refusal that passes."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from holdfast_server.errors import CannotStart, SpoolFull, StoreAway
from holdfast_server.ingest.outlet import Outlet
from holdfast_server.ingest.spool import SEEN_MS, Entry, Receipt, Spool
from holdfast_server.model.clock import ManualClock

PLENTY = 1 << 40
WAIT_S = 10


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def open_spool(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[..., Spool]]:
    """Opens the one spool of this test, again and again."""
    opened: list[Spool] = []

    def make(quota_bytes: int = PLENTY, reserve_bytes: int = 0) -> Spool:
        spool = Spool(tmp_path / "spool", clock, quota_bytes=quota_bytes, reserve_bytes=reserve_bytes)
        opened.append(spool)
        return spool

    yield make
    for spool in opened:
        if not spool.closing:
            spool.close()


@pytest.fixture
def spool(open_spool: Callable[..., Spool]) -> Spool:
    return open_spool()


def entry(count: int = 1, body: bytes = b"body", project_id: int = 1) -> Entry:
    return Entry("events", project_id, 1_767_225_600_000, count, body=body)


def rows(spool: Spool) -> int:
    with closing(sqlite3.connect(spool.path)) as db:
        return int(db.execute("SELECT count(*) FROM entries").fetchone()[0])


def test_an_acknowledged_entry_is_in_the_file(spool: Spool) -> None:
    """When the future resolves, another connection reads the entry back whole."""
    assert spool.put(entry(3, b"whole"), failed=2).result(WAIT_S) == Receipt(3, 2, False)
    with closing(sqlite3.connect(spool.path)) as db:
        assert db.execute("SELECT kind, project_id, count, body FROM entries").fetchall() == [
            ("events", 1, 3, b"whole")
        ]


def test_the_file_is_synced_at_each_commit(spool: Spool) -> None:
    """WAL with synchronous=FULL (2): a commit is on the disk, not in the kernel's memory. https://sqlite.org/pragma.html#pragma_synchronous"""
    assert spool.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert spool.db.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_those_who_wait_share_a_commit(spool: Spool) -> None:
    """What queues up while one commit is under way goes into the next one together."""
    commits: list[str] = []
    spool.db.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    with closing(sqlite3.connect(spool.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # holds the writer up
        waiting = [spool.put(entry()) for _ in range(200)]
        other.execute("COMMIT")
    assert all(each.result(WAIT_S).recorded == 1 for each in waiting)
    assert rows(spool) == 200
    assert len(commits) <= 3


def test_a_batch_id_counts_once(spool: Spool) -> None:
    """The second time answers the numbers of the first, and stores nothing."""
    assert spool.put(entry(5), "same", failed=1).result(WAIT_S) == Receipt(5, 1, False)
    assert spool.put(entry(7), "same").result(WAIT_S) == Receipt(5, 1, True)
    assert rows(spool) == 1
    assert spool.pending == 5


def test_a_batch_id_counts_once_within_one_commit(spool: Spool) -> None:
    with closing(sqlite3.connect(spool.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [spool.put(entry(), "same") for _ in range(10)]
        other.execute("COMMIT")
    assert sum(not each.result(WAIT_S).duplicate for each in waiting) == 1
    assert rows(spool) == 1


def test_a_batch_id_belongs_to_its_project(spool: Spool) -> None:
    spool.put(entry(project_id=1), "same").result(WAIT_S)
    assert not spool.put(entry(project_id=2), "same").result(WAIT_S).duplicate


def test_a_batch_id_is_known_after_a_restart(open_spool: Callable[..., Spool]) -> None:
    """A client that got no answer repeats its batch to the next server."""
    first = open_spool()
    first.put(entry(5), "same").result(WAIT_S)
    first.close()
    assert open_spool().put(entry(5), "same").result(WAIT_S).duplicate


def test_a_batch_id_is_forgotten_after_three_days(spool: Spool, clock: ManualClock) -> None:
    """Nobody retries for so long, and the table must not grow for ever."""
    spool.put(entry()._replace(received_ms=clock.now_ms()), "same").result(WAIT_S)
    clock.advance_s(SEEN_MS / 1000 + 61)
    spool.put(entry()).result(WAIT_S)
    assert not spool.put(entry(), "same").result(WAIT_S).duplicate


def test_a_spool_remembers_what_it_holds(open_spool: Callable[..., Spool]) -> None:
    """Opened again, it counts what waits, and what was moved stays moved."""
    first = open_spool()
    for _ in range(3):
        first.put(entry(2, b"1234")).result(WAIT_S)
    with closing(Outlet(first.path.parent)) as outlet:
        span = outlet.next_range(2, PLENTY)
        assert span is not None
        outlet.remove(span[0], span[1])
    assert (first.pending, first.bytes) == (4, 8)
    first.close()
    again = open_spool()
    assert (again.pending, again.bytes) == (4, 8)


def test_a_spool_at_its_quota_refuses_until_it_is_drained(
    open_spool: Callable[..., Spool], clock: ManualClock
) -> None:
    """SpoolFull is temporary and says when to come back; nothing of the refused entry is kept, its batch id neither."""
    spool = open_spool(quota_bytes=10)
    spool.put(entry(1, b"x" * 11)).result(WAIT_S)
    with pytest.raises(SpoolFull) as refused:
        spool.put(entry(), "kept").result(WAIT_S)
    assert refused.value.temporary
    assert refused.value.retry_after_s > 0
    assert rows(spool) == 1
    with closing(Outlet(spool.path.parent)) as outlet:
        span = outlet.next_range(100, PLENTY)
        assert span is not None
        outlet.remove(span[0], span[1])
    clock.advance_s(1)
    assert spool.put(entry(), "kept").result(WAIT_S) == Receipt(1, 0, False)


def test_a_disk_below_its_reserve_refuses_until_there_is_space(
    open_spool: Callable[..., Spool], clock: ManualClock
) -> None:
    spool = open_spool(reserve_bytes=1 << 60)
    with pytest.raises(SpoolFull, match="disk is full"):
        spool.put(entry()).result(WAIT_S)
    spool.reserve_bytes = 0
    clock.advance_s(1)
    assert spool.put(entry()).result(WAIT_S).recorded == 1


def test_a_commit_that_fails_acknowledges_nobody_and_passes(spool: Spool) -> None:
    """SQLite's "disk is full" in the middle of a group: all of it is refused, nothing is half-written, the next one works."""
    spool.put(entry()).result(WAIT_S)
    pages = spool.db.execute("PRAGMA page_count").fetchone()[0]
    spool.db.execute(f"PRAGMA max_page_count = {pages + 2}")
    waiting = [spool.put(entry(1, b"x" * 500_000), "b") for _ in range(1)]
    for each in waiting:
        with pytest.raises(SpoolFull, match="can't be written"):
            each.result(WAIT_S)
    assert rows(spool) == 1
    spool.db.execute("PRAGMA max_page_count = 1000000")
    assert spool.put(entry(1, b"x" * 500_000), "b").result(WAIT_S) == Receipt(1, 0, False)


def test_a_folder_that_is_gone_is_a_full_spool(spool: Spool, clock: ManualClock) -> None:
    """Whoever deletes the folder under the server makes clients wait, not fail."""
    spool.put(entry()).result(WAIT_S)
    shutil.rmtree(spool.path.parent)
    clock.advance_s(2)
    with pytest.raises(SpoolFull):
        spool.put(entry()).result(WAIT_S)


async def test_a_waiter_that_goes_away_harms_nobody(spool: Spool) -> None:
    """A client that hangs up cancels its own waiting only; the entry is kept."""
    with closing(sqlite3.connect(spool.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        gone = asyncio.ensure_future(spool.put_async(entry()))
        stays = asyncio.ensure_future(spool.put_async(entry()))
        await asyncio.sleep(0)
        gone.cancel()
        other.execute("COMMIT")
    assert (await stays).recorded == 1
    assert rows(spool) == 2


def test_a_closed_spool_has_written_what_was_queued(open_spool: Callable[..., Spool]) -> None:
    """Closing keeps what was taken, and refuses what comes after."""
    spool = open_spool()
    waiting = [spool.put(entry()) for _ in range(50)]
    spool.close()
    assert all(each.result(0).recorded == 1 for each in waiting)
    with pytest.raises(SpoolFull, match="stopping"):
        spool.put(entry())
    assert rows(spool) == 50


def test_a_spool_of_a_newer_format_is_refused(open_spool: Callable[..., Spool]) -> None:
    spool = open_spool()
    spool.close()
    with closing(sqlite3.connect(spool.path)) as db, db:
        db.execute("UPDATE about SET value = '2' WHERE key = 'format'")
    with pytest.raises(CannotStart, match="newer version"):
        open_spool()


def test_sequence_numbers_never_come_twice(
    open_spool: Callable[..., Spool], clock: ManualClock, tmp_path: Path
) -> None:
    """Event ids are made of them: an emptied spool goes on, and a new one begins above what an old one has given."""
    spool = open_spool()
    spool.put(entry()).result(WAIT_S)
    with closing(Outlet(spool.path.parent)) as outlet:
        first = outlet.next_range(1, PLENTY)
        assert first is not None
        outlet.remove(first[0], first[1])
        spool.put(entry()).result(WAIT_S)
        second = outlet.next_range(1, PLENTY)
    assert second is not None
    assert second[0] > first[1]
    clock.advance_s(1)
    with closing(Spool(tmp_path / "new", clock, quota_bytes=PLENTY, reserve_bytes=0)) as fresh:
        fresh.put(entry()).result(WAIT_S)
        with closing(Outlet(fresh.path.parent)) as outlet:
            begun = outlet.next_range(1, PLENTY)
    assert begun is not None
    assert begun[0] > second[1]


def test_only_one_drainer_may_move(spool: Spool) -> None:
    """The drainer of a killed server may still be at its last block when the next one comes."""
    first = Outlet(spool.path.parent)
    with pytest.raises(StoreAway, match="another drainer"):
        Outlet(spool.path.parent)
    first.close()
    Outlet(spool.path.parent).close()


def test_a_pin_goes_with_its_own_range_only(spool: Spool) -> None:
    for _ in range(4):
        spool.put(entry()).result(WAIT_S)
    with closing(Outlet(spool.path.parent)) as outlet:
        span = outlet.next_range(2, PLENTY)
        assert span is not None
        outlet.pin(span[0], span[1])
        outlet.remove(span[0] - 10, span[0] - 1)
        assert outlet.pinned() == span[:2]
        outlet.remove(span[0], span[1])
        assert outlet.pinned() is None
