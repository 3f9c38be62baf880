"""Sends the queue to Sentry, in a thread of its own: one envelope after the other, with back-off, and as slowly as Sentry asks.

At least once, under ids that stay the same: what was sent but not yet removed at a crash is sent again, and Sentry sees that.
"""

import gzip
import random
import threading

import structlog
import urllib3

from ... import __version__
from ...model.clock import Clock
from .dsn import Dsn
from .events import SDK
from .queue import Item, Queue

log = structlog.get_logger(__name__)

BATCH = 20
FIRST_BACKOFF_S, MAX_BACKOFF_S = 1.0, 300.0
USUAL_WAIT_S = 60.0
LONGEST_WAIT_S = 3_600.0
NEVER_TAKEN = frozenset({400, 413, 415, 422})
CATEGORIES = ("error", "transaction")


class Sender:
    """`send_some` does one round; `run` goes on until `stopping` is set."""

    def __init__(self, queue: Queue, dsn: Dsn, clock: Clock) -> None:
        self.queue = queue
        self.dsn = dsn
        self.clock = clock
        self.stopping = threading.Event()
        self.limited_until: dict[str, float] = {}
        self.backoff_s = FIRST_BACKOFF_S
        self.pool = urllib3.PoolManager(
            num_pools=1, retries=False, timeout=urllib3.Timeout(connect=5, read=15)
        )
        self.thread = threading.Thread(target=self.run, name="forward", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """What is not sent yet stays in the queue."""
        self.stopping.set()
        self.queue.filled.set()
        self.thread.join(20)

    def run(self) -> None:
        while not self.stopping.is_set():
            self.queue.filled.clear()
            try:
                wait_s = self.send_some()
            except Exception as exc:
                log.error("forward.failed", exc_info=exc)
                wait_s = self._back_off("an error of our own; it is in the server's log")
            if wait_s is None:
                self.queue.filled.wait(30)
            elif wait_s:
                self.stopping.wait(wait_s)

    def send_some(self) -> float | None:
        """Send what may be sent now. Answers how many seconds to wait, None when nothing is there."""
        now = self.clock.monotonic_s()
        held = frozenset(category for category in CATEGORIES if self.limited_until.get(category, now) > now)
        items = self.queue.oldest(BATCH, held)
        if not items:
            return min(self.limited_until[name] for name in held) - now if held else None
        done: list[str] = []
        try:
            for item in items:
                if self.stopping.is_set():
                    break
                wait_s = self._send(item, done)
                if wait_s is not None:
                    return wait_s
        finally:
            if done:
                self.queue.sent(done)
        return 0.0

    def _send(self, item: Item, done: list[str]) -> float | None:
        """Seconds to wait before the next, None to go on."""
        try:
            answer = self.pool.request(
                "POST",
                self.dsn.url,
                body=gzip.compress(item.body, 1),
                headers={
                    "Content-Type": "application/x-sentry-envelope",
                    "Content-Encoding": "gzip",
                    "User-Agent": f"{SDK}/{__version__}",
                    "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client={SDK}/{__version__}, sentry_key={self.dsn.key}",
                },
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as exc:
            return self._back_off(f"Sentry can't be reached: {type(exc).__name__}")
        limits = self._limits(answer)
        if answer.status < 300:
            done.append(item.id)
            self.backoff_s = FIRST_BACKOFF_S
            return 0.0 if limits else None
        if answer.status in NEVER_TAKEN:
            self.queue.refused(item, f"Sentry refused an event with {answer.status}")
            return None
        if answer.status == 429 and limits:
            self.queue.note(error="")
            return 0.0
        asked = seconds(answer.headers.get("retry-after"))
        return self._back_off(f"Sentry answered {answer.status}", asked)

    def _limits(self, answer: urllib3.BaseHTTPResponse) -> bool:
        """Note X-Sentry-Rate-Limits (`60:error;transaction:organization, …`), or Retry-After of a 429: whether there was one."""
        header = answer.headers.get("x-sentry-rate-limits", "")
        if not header and answer.status == 429:
            header = f"{seconds(answer.headers.get('retry-after')) or USUAL_WAIT_S}::"
        now, found = self.clock.monotonic_s(), False
        for part in header.split(",")[:50]:
            wait, _, rest = part.strip().partition(":")
            wait_s = seconds(wait)
            if wait_s is None:
                continue
            named = rest.partition(":")[0].split(";")
            for category in CATEGORIES if named == [""] else named:
                if category in CATEGORIES:
                    found = True
                    self.limited_until[category] = max(self.limited_until.get(category, 0.0), now + wait_s)
        return found

    def _back_off(self, why: str, asked_s: float | None = None) -> float:
        self.queue.note(error=why)
        wait_s = asked_s if asked_s is not None else self.backoff_s * random.uniform(0.75, 1.25)
        self.backoff_s = min(self.backoff_s * 2, MAX_BACKOFF_S)
        log.warning("forward.waiting", reason=why, again_in_s=round(wait_s, 1))
        return wait_s


def seconds(text: str | None) -> float | None:
    """A header's number of seconds, bounded; None when it is none (a date, for example)."""
    try:
        found = float(text or "")
    except ValueError:
        return None
    return min(found, LONGEST_WAIT_S) if found >= 0 else None
