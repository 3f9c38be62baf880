"""What was lost on this side, by reason and kind, until a batch carries the counts to the server's ledger.

Counted from any thread, signal handlers and destructors included, hence the reentrant lock.
"""

from __future__ import annotations

from threading import RLock

OVERFLOW = "buffer_overflow"
SAMPLED = "sampled"
THROTTLED = "throttled"
FILTERED = "before_send"
NETWORK = "network_error"
REFUSED = "refused"
TOO_LARGE = "too_large"
UNREADABLE = "unreadable"
SPOOL_FULL = "spool_full"
SHUTDOWN = "shutdown"

Counts = dict[tuple[str, str], int]


class DropCounts:
    """Pending counts by (reason, category); `total` counts since the start and never falls."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._pending: Counts = {}
        self.total = 0

    def add(self, reason: str, category: str = "event", quantity: int = 1) -> None:
        with self._lock:
            key = (reason, category)
            self._pending[key] = self._pending.get(key, 0) + quantity
            self.total += quantity

    def take(self) -> Counts:
        """The pending counts, which are now the caller's to report or to give back."""
        with self._lock:
            taken, self._pending = self._pending, {}
        return taken

    def give_back(self, counts: Counts) -> None:
        """Counts whose batch never arrived; already part of `total`."""
        with self._lock:
            for key, quantity in counts.items():
                self._pending[key] = self._pending.get(key, 0) + quantity

    def clear(self) -> None:
        with self._lock:
            self._pending = {}


def as_wire(counts: Counts) -> list[dict[str, str | int]]:
    """The `dropped` list of a batch."""
    return [{"reason": r, "category": c, "quantity": n} for (r, c), n in sorted(counts.items())]
