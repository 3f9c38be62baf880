"""A step of the drainer: in a burst every occurrence is counted, and a sample of them keeps its body.

The first occurrences of an issue in a minute are whole, of the rest every 2nd, every 4th, every 8th … as they become more, so
the newest are always among them. Issues that nobody saw before have a bound together. Memory is bounded: the issues seen
longest ago are forgotten first.
"""

from collections import OrderedDict

from .decode.errors import Report
from .enrich import Arrival

REMEMBERED = 20_000
"""Issues whose counts are held: 3 MB."""
BODY_TAG, BODY_WORD = "holdfast.body", "burst"
"""Stands on occurrences without a body, so that a page can say why."""
MINUTE_MS = 60_000


class SpikeProtection:
    """`per_issue` bodies a minute and issue, `new_issues` bodies a minute and project for issues that are new here; 0 is no
    limit. Minutes are those of arrival, so that a repeated block is judged like the first time."""

    def __init__(self, *, per_issue: int, new_issues: int, remembered: int = REMEMBERED) -> None:
        self.per_issue = per_issue
        self.new_issues = new_issues
        self.remembered = remembered
        self.seen: OrderedDict[tuple[int, str], tuple[int, int]] = OrderedDict()
        self.fresh: dict[int, tuple[int, int]] = {}

    def __call__(self, arrival: Arrival, report: Report) -> str:
        if "feedbackId" not in report.tags and not self._keeps(arrival, report.issue_id):
            strip(report)
        return ""

    def _keeps(self, arrival: Arrival, issue_id: str) -> bool:
        minute = arrival.received_ms // MINUTE_MS
        key = (arrival.project_id, issue_id)
        is_new = key not in self.seen
        before, count = self.seen.pop(key, (minute, 0))
        count = count + 1 if before == minute else 1
        self.seen[key] = (minute, count)
        if len(self.seen) > self.remembered:
            self.seen.popitem(last=False)
        if is_new and self.new_issues and self._count_new(arrival.project_id, minute) > self.new_issues:
            return False
        return not self.per_issue or in_sample(count, self.per_issue)

    def _count_new(self, project_id: int, minute: int) -> int:
        before, count = self.fresh.get(project_id, (minute, 0))
        count = count + 1 if before == minute else 1
        self.fresh[project_id] = (minute, count)
        return count


def in_sample(number: int, whole: int) -> bool:
    """Whether the `number`th (from 1) keeps its body: the first `whole` do, then every 2nd up to twice as many, every 4th up
    to four times as many, and so on."""
    if number <= whole:
        return True
    stride = 1 << ((number - 1) // whole).bit_length()
    return number % stride == 0


def strip(report: Report) -> None:
    """Take away what is large; what is counted, filtered and listed by stays."""
    report.stack = ""
    report.frames, report.exceptions, report.debug_images, report.breadcrumbs = [], [], [], []
    report.context = {}
    report.tags = report.tags | {BODY_TAG: BODY_WORD}
