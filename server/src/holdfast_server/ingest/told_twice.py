"""An exception that both its span and a log record tell of is one occurrence, though they come in different requests.

Remembered for a while in memory, by trace and what was thrown: a repetition by the same teller counts (a loop that fails
a thousand times fails a thousand times), one by the other teller does not. A request that is sent again hears the same as
before. After a restart such a pair may count twice.
"""

from dataclasses import dataclass, field
from typing import Literal

from .decode.errors import Report

Teller = Literal["spans", "logs"]
LIMIT = 50_000
REMEMBERED = 50
"""Answers for each exception: more than one request brings of the same, but for loops."""


@dataclass
class Told:
    """How often each has told of one exception, and what the last reports were answered."""

    counts: dict[str, int] = field(default_factory=lambda: {"spans": 0, "logs": 0})
    answers: dict[str, bool] = field(default_factory=dict)

    def is_new(self, event_id: str, teller: Teller) -> bool:
        if event_id in self.answers:
            return self.answers[event_id]
        self.counts[teller] += 1
        answer = self.counts[teller] > self.counts["logs" if teller == "spans" else "spans"]
        self.answers[event_id] = answer
        if len(self.answers) > REMEMBERED:
            del self.answers[next(iter(self.answers))]
        return answer


class ToldTwice:
    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.told: dict[tuple[int, str, str, str], Told] = {}

    def new_ones(self, project_id: int, teller: Teller, reports: list[Report]) -> list[Report]:
        """Those that the other teller has not told of yet. Without a trace nothing can be said: they are all new."""
        return [
            report
            for report in reports
            if not report.trace_id or self._told(project_id, report).is_new(report.event_id, teller)
        ]

    def _told(self, project_id: int, report: Report) -> Told:
        key = (project_id, report.trace_id, *what_of(report))
        found = self.told.pop(key, None) or Told()
        self.told[key] = found
        while len(self.told) > self.limit:
            del self.told[next(iter(self.told))]
        return found


def what_of(report: Report) -> tuple[str, str]:
    """Python's span says `shop.OrderError` and `'x'` where its log record says `OrderError` and `x`."""
    return report.error_type.rpartition(".")[2], report.message.strip("'\"")
