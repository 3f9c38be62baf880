"""Forwarding to Sentry (P9): what the drainer moves is also sent on, anonymised, by a queue and a thread of its own.

The drainer only appends. Environments, rates and the DSN are settings; off is `Nothing`.
"""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ...model.outcome import Outcome, OutcomeCount
from ..decode.errors import Report
from ..decode.native import WireEvent
from ..decode.records import Span
from ..enrich import Arrival
from .anonymous import Anonymous
from .events import error_event, is_ours, is_timing, span_transaction, timing_transaction
from .queue import Item, Queue

CATEGORY = "forward"


class Tap(Protocol):
    """Looks at what the drainer moves. `begin` starts a block, also a repeated one; `commit` ends it, before the block leaves
    the spool, and never raises."""

    def begin(self) -> None: ...

    def events(self, arrival: Arrival, events: Sequence[WireEvent]) -> None: ...

    def spans(self, arrival: Arrival, spans: Sequence[Span]) -> None: ...

    def outcomes(self, minute_ms: int) -> list[OutcomeCount]: ...

    def commit(self) -> None: ...


class Nothing:
    """Nothing is forwarded."""

    def begin(self) -> None:
        """No block is followed."""

    def events(self, arrival: Arrival, events: Sequence[WireEvent]) -> None:
        """They are not looked at."""

    def spans(self, arrival: Arrival, spans: Sequence[Span]) -> None:
        """They are not looked at."""

    def outcomes(self, minute_ms: int) -> list[OutcomeCount]:  # noqa: ARG002 - the protocol's
        return []

    def commit(self) -> None:
        """There is nothing to keep."""


@dataclass(frozen=True)
class Choice:
    """What is forwarded: `*` among the environments means all, rates are 0–1."""

    environments: frozenset[str]
    error_rate: float
    performance_rate: float

    def has(self, environment: str) -> bool:
        return "*" in self.environments or environment in self.environments


class Forwarder:
    """A step of the drainer for errors, and its tap for timings. The same block again makes the same items."""

    def __init__(self, queue: Queue, choice: Choice, anonymous: Anonymous) -> None:
        self.queue = queue
        self.choice = choice
        self.anonymous = anonymous
        self.pending: dict[str, Item] = {}
        self.numbers: Counter[int] = Counter()
        self.reported: dict[tuple[int, str], int] = {}

    def __call__(self, arrival: Arrival, report: Report) -> str:
        wanted = self.choice.has(report.environment) and not is_ours(report.sdk)
        if wanted and "feedbackId" not in report.tags:  # what people wrote stays here
            self.numbers[arrival.seq] += 1
            event_id, body = error_event(self.anonymous, arrival, report, self.numbers[arrival.seq])
            self._add(event_id, "error", arrival, body, self.choice.error_rate, event_id)
        return ""

    def begin(self) -> None:
        self.pending.clear()
        self.numbers.clear()

    def events(self, arrival: Arrival, events: Sequence[WireEvent]) -> None:
        if not self.choice.performance_rate:
            return
        for index, event in enumerate(events):
            if is_timing(event) and self.choice.has(event.environment or ""):
                event_id, body = timing_transaction(self.anonymous, arrival, event, index)
                self._add(event_id, "transaction", arrival, body, self.choice.performance_rate, event_id)

    def spans(self, arrival: Arrival, spans: Sequence[Span]) -> None:
        if not self.choice.performance_rate:
            return
        for span in spans:
            if span.is_segment and self.choice.has(span.environment) and not is_ours(span.sdk):
                inner = [each for each in spans if each.trace_id == span.trace_id and each is not span]
                event_id, body = span_transaction(self.anonymous, arrival, span, inner)
                self._add(event_id, "transaction", arrival, body, self.choice.performance_rate, span.trace_id)

    def outcomes(self, minute_ms: int) -> list[OutcomeCount]:
        """What was lost since the last commit; a repeated block says the same once more."""
        self.reported = self.queue.lost()
        return [
            OutcomeCount(project_id, minute_ms, Outcome.LIMITED, reason, CATEGORY, number)
            for (project_id, reason), number in self.reported.items()
        ]

    def commit(self) -> None:
        self.queue.append(list(self.pending.values()))
        self.queue.forget_lost(self.reported)
        self.pending, self.reported = {}, {}

    def _add(
        self, event_id: str, category: str, arrival: Arrival, body: bytes, rate: float, key: str
    ) -> None:
        if in_sample(key, rate):
            item = Item(event_id, category, arrival.project_id, arrival.received_ms, body, arrival.seq)
            self.pending[event_id] = item


def in_sample(key: str, rate: float) -> bool:
    """The same for the same key, so that a trace is whole or absent, and a repeated block sends nothing new."""
    return zlib.crc32(key.encode("utf-8", "replace")) < rate * 2**32
