"""An exception that both its span and a log record tell of is one occurrence, though they come in different requests.

Remembered for a while in memory, by trace and what was thrown: a repetition by the same teller counts (a loop that fails
a thousand times fails a thousand times), one by the other teller does not. After a restart such a pair may count twice.
"""

from typing import Literal

from .decode.errors import Report

Teller = Literal["spans", "logs"]
LIMIT = 50_000


class ToldTwice:
    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.told: dict[tuple[int, str, str, str], dict[str, int]] = {}

    def new_ones(self, project_id: int, teller: Teller, reports: list[Report]) -> list[Report]:
        """Those that the other teller has not told of yet. Without a trace nothing can be said: they are all new."""
        return [
            report
            for report in reports
            if not report.trace_id or self._is_new((project_id, report.trace_id, *what_of(report)), teller)
        ]

    def _is_new(self, key: tuple[int, str, str, str], teller: Teller) -> bool:
        counts = self.told.pop(key, None) or {"spans": 0, "logs": 0}
        self.told[key] = counts
        while len(self.told) > self.limit:
            del self.told[next(iter(self.told))]
        counts[teller] += 1
        other = counts["logs" if teller == "spans" else "spans"]
        return counts[teller] > other


def what_of(report: Report) -> tuple[str, str]:
    """Python's span says `shop.OrderError` and `'x'` where its log record says `OrderError` and `x`."""
    return report.error_type.rpartition(".")[2], report.message.strip("'\"")
