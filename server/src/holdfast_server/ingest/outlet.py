"""The spool's other end, in the drainer's process: what is oldest, a pin on what is being moved, and its removal.

Its own connection to the spool's file; SQLite keeps the two processes apart. Everything here may be repeated after a crash.
"""

import fcntl
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ..errors import StoreAway
from .spool import FILE, REMOVED_BYTES, REMOVED_EVENTS, Stored

LOCK = "outlet.lock"
PINNED_IN, LEDGER_BLOCK = "pinned_in_boot", "ledger_block"


class Outlet:
    """One per spool. Raises StoreAway when the file can't be read or written: it holds what is acknowledged, so wait.

    Only one may be open: the drainer of a server that was killed finishes its block while the next server starts, and two
    that move at once would double. The second raises StoreAway until the first has let go.
    """

    def __init__(self, folder: Path, boot_id: str = "") -> None:
        self.folder = folder
        self.boot_id = boot_id
        self.held = (folder / LOCK).open("a")
        try:
            fcntl.flock(self.held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.held.close()
            raise StoreAway("spool", "another drainer still moves its last block") from None
        self.db = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False, timeout=30)
        self.db.execute("PRAGMA synchronous = FULL")
        self.spool_id = str(self._one("SELECT value FROM about WHERE key = 'spool_id'")[0])

    def close(self) -> None:
        self.db.close()
        self.held.close()

    def pinned(self) -> tuple[int, int] | None:
        """The range that was being moved when the process died, if any."""
        row = self._one("SELECT first_seq, last_seq FROM pinned")
        return (row[0], row[1]) if row else None

    def next_range(self, max_rows: int, max_bytes: int) -> tuple[int, int, int] | None:
        """The oldest entries up to `max_rows` events: first and last sequence number, and how many events."""
        first = last = rows = size = 0
        with (
            translated(),
            closing(
                self.db.execute("SELECT seq, count, coalesce(length(body), 0) FROM entries ORDER BY seq")
            ) as entries,
        ):
            for seq, count, length in entries:
                if first and (rows + count > max_rows or size + length > max_bytes):
                    break
                first, last, rows, size = first or seq, seq, rows + count, size + length
        return (first, last, rows) if first else None

    def pin(self, first: int, last: int, ledger_block: int = 0) -> None:
        """Remember the range that is being moved, in which boot, and the ledger's newest block before it."""
        with self._transaction():
            self.db.execute("INSERT OR REPLACE INTO pinned VALUES (1, ?, ?)", (first, last))
            for key, value in ((PINNED_IN, self.boot_id), (LEDGER_BLOCK, str(ledger_block))):
                self.db.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (key, value))

    def power_failed(self) -> bool:
        """Whether the machine was started anew since the range was pinned."""
        row = self._one("SELECT value FROM about WHERE key = ?", (PINNED_IN,))
        return row is not None and str(row[0]) != self.boot_id

    def ledger_block(self) -> int:
        row = self._one("SELECT value FROM about WHERE key = ?", (LEDGER_BLOCK,))
        return int(row[0]) if row else 0

    def read(self, first: int, last: int) -> Generator[Stored]:
        with (
            translated(),
            closing(
                self.db.execute("SELECT * FROM entries WHERE seq BETWEEN ? AND ? ORDER BY seq", (first, last))
            ) as entries,
        ):
            for row in entries:
                yield Stored(*row)

    def remove(self, first: int, last: int) -> None:
        """Forget what the event store has; the pin goes in the same transaction, and the writer's side learns how much went."""
        span = (first, last)
        with self._transaction():
            size, count = self._one(
                "SELECT coalesce(sum(length(body)), 0), coalesce(sum(count), 0) FROM entries WHERE seq BETWEEN ? AND ?",
                span,
            )
            self.db.execute("DELETE FROM entries WHERE seq BETWEEN ? AND ?", span)
            self.db.execute("DELETE FROM pinned WHERE first_seq = ? AND last_seq = ?", span)
            for key, amount in ((REMOVED_BYTES, size), (REMOVED_EVENTS, count)):
                self.db.execute(
                    "UPDATE about SET value = CAST(value AS INTEGER) + ? WHERE key = ?", (amount, key)
                )

    def set_aside(self, seq: int, reason: str) -> None:
        """Copy one poisonous entry out of the queue's way, into a file beside it that people can look at."""
        row = self._one("SELECT body FROM entries WHERE seq = ?", (seq,))
        folder = self.folder / "set-aside"
        folder.mkdir(exist_ok=True, mode=0o700)
        (folder / f"{seq}.txt").write_text(reason, "utf-8")
        (folder / f"{seq}.lz4").write_bytes((row[0] if row else None) or b"")

    def _one(self, sql: str, parameters: tuple[Any, ...] = ()) -> Any:
        with translated():
            return self.db.execute(sql, parameters).fetchone()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with translated():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        raise StoreAway("spool", str(exc)) from exc
