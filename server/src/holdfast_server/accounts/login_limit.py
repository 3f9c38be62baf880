"""Slows down guessing of passwords: attempts by e-mail and address, in memory, with a growing pause.

Each server process counts for itself and forgets at a restart; that is enough to make guessing hopeless.
"""

import threading

from holdfast_server.errors import TooMany
from holdfast_server.model.clock import Clock

FREE = 5
PAUSE_MAX_S = 900.0
FORGOTTEN_AFTER_S = 3600.0
ENTRIES_MAX = 10_000


class LoginLimit:
    """The first attempts are free; each one after them doubles the pause before the next, up to 15 minutes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.tried: dict[tuple[str, str], tuple[int, float]] = {}

    def take(self, email: str, address: str) -> None:
        """Counts an attempt before it is made, so that many at once gain nothing; raises TooMany in a pause."""
        who, now_s = _who(email, address), self.clock.monotonic_s()
        with self.lock:
            count, last_s = self.tried.pop(who, (0, now_s))
            if now_s - last_s >= FORGOTTEN_AFTER_S:
                count = 0
            wait_s = last_s + _pause_s(count) - now_s
            if wait_s > 0:
                self.tried[who] = (count, last_s)
                raise TooMany(
                    "too many attempts to log in", retry_after_s=int(wait_s) + 1, hint="wait, then try again"
                )
            while len(self.tried) >= ENTRIES_MAX:
                del self.tried[next(iter(self.tried))]
            self.tried[who] = (count + 1, now_s)

    def clear(self, email: str, address: str) -> None:
        """After a login that worked."""
        with self.lock:
            self.tried.pop(_who(email, address), None)


def _who(email: str, address: str) -> tuple[str, str]:
    return email.lower()[:254], address[:64]


def _pause_s(count: int) -> float:
    """How long after the `count`-th attempt the next one may come."""
    return 0.0 if count < FREE else min(2.0 ** min(count - FREE, 20), PAUSE_MAX_S)
