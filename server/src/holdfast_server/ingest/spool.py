"""The durable queue between the network and the event store: one SQLite file, written by one thread in group commits.

`put` returns when the entry is on disk (`synchronous=FULL`), so an acknowledgement is a promise. The other end is
outlet.py, in the drainer's process.
When the disk or the quota is full `put` raises SpoolFull and nothing is half-written; it recovers by itself.
"""

import asyncio
import os
import shutil
import sqlite3
import threading
import uuid
from collections import deque
from concurrent.futures import Future
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from ..errors import CannotStart, SpoolFull
from ..model.clock import Clock

log = structlog.get_logger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, project_id INTEGER NOT NULL, received_ms INTEGER NOT NULL,
  count INTEGER NOT NULL, agent TEXT NOT NULL, region TEXT NOT NULL, outcomes BLOB, body BLOB);
CREATE TABLE IF NOT EXISTS seen (
  project_id INTEGER NOT NULL, batch_id TEXT NOT NULL, recorded INTEGER NOT NULL, failed INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (project_id, batch_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_at ON seen (at_ms);
CREATE TABLE IF NOT EXISTS pinned (only INTEGER PRIMARY KEY CHECK (only = 1), first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
FORMAT = "1"
FILE = "spool.db"
REMOVED_BYTES, REMOVED_EVENTS = "removed_bytes", "removed_events"
GROUP = 500
"""Entries in one commit at the most: beyond, the wait of the first grows faster than the cost of each shrinks."""
SEEN_MS = 3 * 86_400_000
"""How long a batch id is remembered: longer than any client goes on retrying."""


class Entry(NamedTuple):
    """One acknowledged request. `body` is compressed by the caller; `outcomes` is JSON for the ledger."""

    kind: str
    project_id: int
    received_ms: int
    count: int  # type: ignore[assignment]  # hides a tuple's method, of no use here
    agent: str = ""
    region: str = ""
    outcomes: bytes | None = None
    body: bytes | None = None


class Receipt(NamedTuple):
    """What became of a `put`: for a repeated batch id the numbers of its first time."""

    recorded: int
    failed: int
    duplicate: bool


class Stored(NamedTuple):
    """An entry as the drainer reads it back."""

    seq: int
    kind: str
    project_id: int
    received_ms: int
    count: int  # type: ignore[assignment]
    agent: str
    region: str
    outcomes: bytes | None
    body: bytes | None


class Pending(NamedTuple):
    """`done` belongs to `loop` when there is one: its waiters are then woken once a commit, not once a request."""

    entry: Entry
    batch_id: str | None
    failed: int
    done: Any
    loop: asyncio.AbstractEventLoop | None


class Spool:
    """One folder, one process: the file is held by the caller's data-folder lock."""

    def __init__(self, folder: Path, clock: Clock, *, quota_bytes: int, reserve_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE
        self.clock = clock
        self.quota_bytes = quota_bytes
        self.reserve_bytes = reserve_bytes
        self.queue: deque[Pending] = deque()
        self.wake = threading.Condition()
        self.closing = False
        self.free_checked_at = float("-inf")
        self.full_reason = ""
        self.forgotten_at = 0.0
        self.db = self._open()
        self.spool_id = self._about("spool_id")
        self.removed = self._removed()
        held = self.db.execute(
            "SELECT coalesce(sum(length(body)), 0), coalesce(sum(count), 0) FROM entries"
        ).fetchone()
        self.put_bytes: int = held[0] + self.removed[0]
        self.put_events: int = held[1] + self.removed[1]
        self.thread = threading.Thread(target=self._write_forever, name="spool", daemon=True)
        self.thread.start()

    def put(self, entry: Entry, batch_id: str | None = None, failed: int = 0) -> "Future[Receipt]":
        """Queue an entry; the future resolves when it is on disk, or raises SpoolFull."""
        done: Future[Receipt] = Future()
        self._enqueue(Pending(entry, batch_id, failed, done, None))
        return done

    async def put_async(self, entry: Entry, batch_id: str | None = None, failed: int = 0) -> Receipt:
        """The same for a coroutine."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Receipt] = loop.create_future()
        self._enqueue(Pending(entry, batch_id, failed, done, loop))
        return await done

    @property
    def bytes(self) -> int:
        """Compressed bytes that wait for the drainer, as of the last look at what it removed."""
        return self.put_bytes - self.removed[0]

    @property
    def pending(self) -> int:
        """Events that wait for the drainer; asks the file, so that the answer is right now."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)) as db:
            self.removed = self._removed(db)
        return self.put_events - self.removed[1]

    def close(self) -> None:
        """Write what is queued, then let go of the file."""
        with self.wake:
            self.closing = True
            self.wake.notify()
        self.thread.join()
        self.db.close()

    def _enqueue(self, item: Pending) -> None:
        with self.wake:
            if self.closing:
                raise SpoolFull("the server is stopping", hint="send it again to the next one")
            self.queue.append(item)
            self.wake.notify()

    def _write_forever(self) -> None:
        while True:
            with self.wake:
                while not self.queue and not self.closing:
                    self.wake.wait()
                if not self.queue:
                    return
                group = [self.queue.popleft() for _ in range(min(GROUP, len(self.queue)))]
            self._commit(group)

    def _commit(self, group: list[Pending]) -> None:
        """One transaction for the group: all of it is on disk afterwards, or none of it was acknowledged."""
        results: list[Any] = []
        grown = added = 0
        try:
            full = self._full()
            self.db.execute("BEGIN IMMEDIATE")
            for item in group:
                if full:
                    results.append(SpoolFull(full))
                    continue
                receipt = self._store(item)
                results.append(receipt)
                if not receipt.duplicate:
                    grown += len(item.entry.body or b"")
                    added += item.entry.count
            self.db.execute("COMMIT")
        except Exception as exc:  # noqa: BLE001 - whatever failed, every waiter must hear of it
            results = [self._failure(exc)] * len(group)
            grown = added = 0
        self.put_bytes += grown
        self.put_events += added
        _tell(group, results)

    def _store(self, item: Pending) -> Receipt:
        entry = item.entry
        if item.batch_id is not None:
            made = self.db.execute(
                "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?, ?)",
                (entry.project_id, item.batch_id, entry.count, item.failed, entry.received_ms),
            )
            if made.rowcount == 0:
                first = self.db.execute(
                    "SELECT recorded, failed FROM seen WHERE project_id = ? AND batch_id = ?",
                    (entry.project_id, item.batch_id),
                ).fetchone()
                return Receipt(first[0], first[1], True)
        if entry.count or entry.outcomes or entry.body:
            self.db.execute(
                "INSERT INTO entries (kind, project_id, received_ms, count, agent, region, outcomes, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                entry,
            )
        return Receipt(entry.count, item.failed, False)

    def _failure(self, exc: Exception) -> Exception:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")
        log.error("spool.commit_failed", error=str(exc))
        self.free_checked_at = float("-inf")
        if isinstance(exc, sqlite3.Error | OSError):
            return SpoolFull(f"the spool can't be written: {exc}", hint="free space on the data disk")
        return exc

    def _full(self) -> str:
        """Why nothing more can be taken in, or "". The disk is asked at most once a second; old batch ids go once a minute."""
        now = self.clock.monotonic_s()
        if now - self.free_checked_at >= 1:
            self.free_checked_at = now
            self.removed = self._removed()
            free = shutil.disk_usage(self.path.parent).free
            self.full_reason = "the data disk is full" if free < self.reserve_bytes else ""
        if now - self.forgotten_at >= 60 and not self.full_reason:
            self.forgotten_at = now
            self.db.execute("DELETE FROM seen WHERE at_ms < ?", (self.clock.now_ms() - SEEN_MS,))
        if self.bytes > self.quota_bytes:
            return "the spool has reached its quota because the event store is away or too slow"
        return self.full_reason

    def _open(self) -> sqlite3.Connection:
        try:
            db = self._connected()
            db.execute("PRAGMA page_size = 16384")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA wal_autocheckpoint = 2000")
            db.executescript(SCHEMA)
            self._begin_about(db)
        except sqlite3.DatabaseError as exc:
            raise CannotStart(
                f"the spool {self.path} can't be opened: {exc}",
                hint="move the file away and keep it: it may hold acknowledged events",
            ) from exc
        return db

    def _begin_about(self, db: sqlite3.Connection) -> None:
        if db.execute("SELECT 1 FROM about WHERE key = 'spool_id'").fetchone():
            found = db.execute("SELECT value FROM about WHERE key = 'format'").fetchone()[0]
            if found != FORMAT:
                raise CannotStart(
                    f"the spool has format {found}, this Holdfast knows {FORMAT}: it was written by a newer version",
                    hint="start that version again until the spool is empty",
                )
            return
        db.execute(
            "INSERT INTO about VALUES ('spool_id', ?), ('format', ?), (?, '0'), (?, '0')",
            (uuid.uuid4().hex, FORMAT, REMOVED_BYTES, REMOVED_EVENTS),
        )
        # Event ids derive from sequence numbers; starting from the clock keeps those of a new spool clear of an old one's.
        db.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('entries', ?)",
            (self.clock.now_ms() // 1000 * 4096,),
        )

    def _connected(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        os.chmod(self.path, 0o600)  # noqa: PTH101 - the file may hold what was sent, and only we read it
        return db

    def _removed(self, db: sqlite3.Connection | None = None) -> tuple[int, int]:
        """Bytes and events that the drainer has ever taken out."""
        found = dict(
            (db or self.db)
            .execute(
                "SELECT key, CAST(value AS INTEGER) FROM about WHERE key IN (?, ?)",
                (REMOVED_BYTES, REMOVED_EVENTS),
            )
            .fetchall()
        )
        return int(found[REMOVED_BYTES]), int(found[REMOVED_EVENTS])

    def _about(self, key: str) -> str:
        return str(self.db.execute("SELECT value FROM about WHERE key = ?", (key,)).fetchone()[0])


def _tell(group: list[Pending], results: list[Any]) -> None:
    """Wake everybody who waited for this commit, each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Any, Any]]] = {}
    for item, result in zip(group, results, strict=True):
        if item.loop is None:
            _settle(item.done, result)
        else:
            by_loop.setdefault(item.loop, []).append((item.done, result))
    for loop, pairs in by_loop.items():
        with suppress(
            RuntimeError
        ):  # the loop has ended: nobody waits any more, and what is on disk stays there
            loop.call_soon_threadsafe(_settle_all, pairs)


def _settle_all(pairs: list[tuple[Any, Any]]) -> None:
    for done, result in pairs:
        if not done.done():
            _settle(done, result)


def _settle(done: Any, result: Any) -> None:
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
