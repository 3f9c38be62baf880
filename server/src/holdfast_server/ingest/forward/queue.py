"""What waits for Sentry, on disk: a SQLite file of its own, bounded; beyond the bound the oldest goes, and is counted.

The drainer appends, a thread sends and removes. The server's process reads the state for the health report.
"""

import sqlite3
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import lz4.frame
import structlog

from ...model.clock import Clock

log = structlog.get_logger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, category TEXT NOT NULL, project_id INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
FILE = "forward.db"
BEHIND_MS = 60_000
OVERFLOW, REFUSED, UNWRITTEN = "forward_queue_full", "forward_refused", "forward_not_written"


class Item(NamedTuple):
    """One envelope. `seq` is its spool entry's."""

    id: str
    category: str
    project_id: int
    at_ms: int
    body: bytes
    seq: int = 0


@dataclass(frozen=True)
class ForwardState:
    """For people: `state` is off, ok, behind (something waits for more than a minute) or failing (the last try did not work)."""

    state: str
    queued: int = 0
    bytes: int = 0
    oldest_ms: int | None = None
    sent_at_ms: int | None = None
    error: str = ""


class Queue:
    """One per data folder. Appending never raises: what can't be written is counted as lost."""

    def __init__(self, folder: Path, clock: Clock, *, quota_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / FILE
        self.clock = clock
        self.quota_bytes = quota_bytes
        self.lock = threading.Lock()
        self.filled = threading.Event()
        self.losses: Counter[tuple[int, str]] = Counter()
        self.db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        self.path.chmod(0o600)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.executescript(SCHEMA)
        self.bytes: int = self.db.execute("SELECT coalesce(sum(size), 0) FROM items").fetchone()[0]

    def append(self, items: list[Item]) -> None:
        """Keep them, in one transaction; an id that waits already is not kept twice."""
        if not items:
            return
        try:
            with self.lock, self.db:
                self.db.execute("BEGIN IMMEDIATE")
                for item in items:
                    self._insert(item)
                self._make_room()
        except sqlite3.Error as exc:
            log.error("forward.not_written", error=str(exc), items=len(items))
            self._lose(UNWRITTEN, [item.project_id for item in items])
            with self.lock:
                self.bytes = self.db.execute("SELECT coalesce(sum(size), 0) FROM items").fetchone()[0]
        self.filled.set()

    def oldest(self, limit: int, without: frozenset[str] = frozenset()) -> list[Item]:
        """What waits longest, but for some categories."""
        places = ", ".join("?" * len(without))
        with self.lock:
            rows = self.db.execute(
                f"SELECT id, category, project_id, at_ms, body, seq FROM items WHERE category NOT IN ({places})"  # noqa: S608
                " ORDER BY seq LIMIT ?",
                (*without, limit),
            ).fetchall()
        return [Item(row[0], row[1], row[2], row[3], lz4.frame.decompress(row[4]), row[5]) for row in rows]

    def sent(self, ids: list[str]) -> None:
        self._remove(ids)
        self.note(sent_at_ms=str(self.clock.now_ms()), error="")

    def refused(self, item: Item, why: str) -> None:
        """Sentry will not have it, now or later."""
        self._remove([item.id])
        self._lose(REFUSED, [item.project_id])
        self.note(error=why)

    def note(self, **values: str) -> None:
        with self.lock, self.db:
            self.db.executemany(
                "INSERT INTO about VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                list(values.items()),
            )

    def lost(self) -> dict[tuple[int, str], int]:
        """What will never reach Sentry, by project and reason, until `forget_lost` is told that it is written down."""
        with self.lock:
            return dict(self.losses)

    def forget_lost(self, written: dict[tuple[int, str], int]) -> None:
        with self.lock:
            self.losses.subtract(written)
            self.losses = +self.losses

    def close(self) -> None:
        with self.lock:
            self.db.close()

    def _insert(self, item: Item) -> None:
        body = lz4.frame.compress(item.body)
        made = self.db.execute(
            "INSERT OR IGNORE INTO items (id, category, project_id, at_ms, size, body) VALUES (?, ?, ?, ?, ?, ?)",
            (item.id, item.category, item.project_id, item.at_ms, len(body), body),
        )
        self.bytes += len(body) * made.rowcount

    def _make_room(self) -> None:
        while self.bytes > self.quota_bytes:
            rows = self.db.execute(
                "SELECT seq, project_id, size FROM items ORDER BY seq LIMIT 100"
            ).fetchall()
            for seq, project_id, size in rows:
                self.db.execute("DELETE FROM items WHERE seq = ?", (seq,))
                self.bytes -= size
                self.losses[project_id, OVERFLOW] += 1
                if self.bytes <= self.quota_bytes:
                    break

    def _remove(self, ids: list[str]) -> None:
        with self.lock, self.db:
            self.db.execute("BEGIN IMMEDIATE")
            for each in ids:
                gone = self.db.execute("DELETE FROM items WHERE id = ? RETURNING size", (each,)).fetchone()
                self.bytes -= gone[0] if gone else 0

    def _lose(self, reason: str, project_ids: list[int]) -> None:
        with self.lock:
            for project_id in project_ids:
                self.losses[project_id, reason] += 1


def state_of(folder: Path, now_ms: int) -> ForwardState:
    """Read by the server's process; what can't be read is failing."""
    path = folder / FILE
    if not path.exists():
        return ForwardState("ok")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as db:
            queued, size, oldest = db.execute(
                "SELECT count(*), coalesce(sum(size), 0), min(at_ms) FROM items"
            ).fetchone()
            about = dict(db.execute("SELECT key, value FROM about").fetchall())
    except sqlite3.Error as exc:
        return ForwardState("failing", error=f"its queue can't be read: {exc}")
    error = about.get("error", "")
    behind = oldest is not None and now_ms - oldest > BEHIND_MS
    sent = about.get("sent_at_ms")
    state = "failing" if error else "behind" if behind else "ok"
    return ForwardState(state, queued, size, oldest, int(sent) if sent else None, error)
