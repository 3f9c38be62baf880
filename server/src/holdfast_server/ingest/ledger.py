"""The ledger's front end: counts what was not accepted, and hands the counts to the spool once a second.

Refusals inside an acknowledged batch travel with that batch instead (same transaction), so those are exact over a crash;
what is counted here may lose its last second. Accepted events are counted by the drainer from what it moves.
"""

import re
import threading
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future

import msgspec

from ..model.clock import Clock
from ..model.outcome import Outcome, OutcomeCount
from .decode.native import ClientDrop, Refusal
from .scrub.patterns import scrub_text
from .spool import Entry, Receipt, Spool

Key = tuple[int, Outcome, str, str]
STABLE_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
CLIENT_OUTCOMES = {
    "sample": Outcome.SAMPLED,
    "rate": Outcome.LIMITED,
    "buffer": Outcome.LIMITED,
    "queue": Outcome.LIMITED,
    "before_send": Outcome.FILTERED,
    "consent": Outcome.FILTERED,
    "invalid": Outcome.INVALID,
}


class Ledger:
    def __init__(self, spool: Spool, clock: Clock) -> None:
        self.spool = spool
        self.clock = clock
        self.lock = threading.Lock()
        self.counts: Counter[tuple[int, Key]] = Counter()
        self.totals: Counter[tuple[Outcome, str]] = Counter()

    def count(
        self, project_id: int, outcome: Outcome, reason: str, quantity: int = 1, category: str = "event"
    ) -> None:
        """Count what happened just now. Cheap and never raises."""
        minute = self.clock.now_ms() // 60_000 * 60_000
        with self.lock:
            self.counts[minute, (project_id, outcome, reason, category)] += quantity
            self.totals[outcome, reason] += quantity

    def note(self, rows: Iterable[OutcomeCount]) -> None:
        """Remember for /metrics what went into the spool with its batch; what clients report is theirs to show."""
        with self.lock:
            for row in rows:
                if row.source == "server":
                    self.totals[row.outcome, row.reason] += row.quantity

    def flush(self) -> "Future[Receipt] | None":
        """Give the counts to the spool; when it refuses, they wait for the next time."""
        with self.lock:
            taken, self.counts = self.counts, Counter()
        if not taken:
            return None
        rows = [
            OutcomeCount(project, minute, outcome, reason, category, n)
            for (minute, (project, outcome, reason, category)), n in taken.items()
        ]
        done = self.spool.put(Entry("outcomes", 0, self.clock.now_ms(), 0, outcomes=encode(rows)))
        done.add_done_callback(lambda future: self._put_back(taken) if future.exception() else None)
        return done

    def _put_back(self, taken: Counter[tuple[int, Key]]) -> None:
        with self.lock:
            self.counts.update(taken)


def encode(rows: list[OutcomeCount]) -> bytes:
    return msgspec.json.encode(rows)


def decode(text: bytes) -> list[OutcomeCount]:
    return msgspec.json.decode(text, type=list[OutcomeCount])


def of_batch(
    project_id: int,
    received_ms: int,
    refused: Iterable[Refusal],
    dropped: Iterable[ClientDrop],
    *,
    filtered: int = 0,
) -> list[OutcomeCount]:
    """What a batch brings to the ledger beside its accepted events: refusals, what the settings filtered, and what the
    client says it dropped.
    """
    minute = received_ms // 60_000 * 60_000
    counts: Counter[tuple[Outcome, str, str, str]] = Counter()
    if filtered:
        counts[Outcome.FILTERED, "analytics_off", "event", "server"] = filtered
    for refusal in refused:
        counts[Outcome.INVALID, refusal.reason, "event", "server"] += 1
    for drop in dropped:
        if drop.quantity:
            reason, category = stable_word(drop.reason, "other"), stable_word(drop.category, "event")
            counts[client_outcome(reason), reason, category, "client"] += drop.quantity
    return [
        OutcomeCount(project_id, minute, outcome, reason, category, n, source)
        for (outcome, reason, category, source), n in counts.items()
    ]


def stable_word(text: str, instead: str) -> str:
    """A client's own word, when it is one: a number with dots or dashes may be somebody's."""
    return text if STABLE_WORD.fullmatch(text) and scrub_text(text) == text else instead


def client_outcome(reason: str) -> Outcome:
    return next((outcome for word, outcome in CLIENT_OUTCOMES.items() if word in reason), Outcome.LIMITED)
