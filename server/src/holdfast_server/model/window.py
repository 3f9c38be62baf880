"""A span of time that a question is about, and the choice of the rollup that answers it: made here and nowhere else."""

from dataclasses import dataclass
from typing import Literal

from ..errors import BadInput

Resolution = Literal["5m", "1h", "1d"]
STEP_S: dict[Resolution, int] = {"5m": 300, "1h": 3600, "1d": 86_400}
FINE_UP_TO_S = 2 * 86_400
HOURLY_UP_TO_S = 45 * 86_400
"""Two days of 5-minute rows and 45 days of hourly ones are about as many groups as a panel reads in a few ms
(bench/load/query); beyond, days."""
MAX_POINTS = 400
"""More points than this on a chart are noise: the step grows instead."""


@dataclass(frozen=True)
class Window:
    """`from_ms` (included) to `to_ms` (excluded), epoch ms. Answers from rollups begin at the row that holds `from_ms`."""

    from_ms: int
    to_ms: int

    def __post_init__(self) -> None:
        if self.to_ms <= self.from_ms:
            raise BadInput("the time range is empty: its end must be after its start", path="to")
        if self.from_ms < 0 or self.to_ms > 253_402_300_799_000:
            raise BadInput(
                "the time range is outside of what can be stored",
                path="from",
                hint="use epoch milliseconds or ISO 8601",
            )

    @classmethod
    def last(cls, seconds: float, now_ms: int) -> "Window":
        return cls(now_ms - round(seconds * 1000), now_ms)

    @property
    def span_s(self) -> float:
        return (self.to_ms - self.from_ms) / 1000

    @property
    def before(self) -> "Window":
        """The span of the same length just before, for comparisons."""
        return Window(max(0, 2 * self.from_ms - self.to_ms), max(1, self.from_ms))

    @property
    def resolution(self) -> Resolution:
        if self.span_s <= FINE_UP_TO_S:
            return "5m"
        return "1h" if self.span_s <= HOURLY_UP_TO_S else "1d"

    @property
    def from_row_s(self) -> int:
        """The start of the rollup row that holds `from_ms`, in epoch seconds."""
        step = STEP_S[self.resolution]
        return self.from_ms // 1000 // step * step

    @property
    def to_s(self) -> int:
        return -(-self.to_ms // 1000)

    def step_s(self, wanted_s: int | None = None) -> int:
        """The width of a chart's buckets: a multiple of the rollup's, so that there are at most MAX_POINTS."""
        base = STEP_S[self.resolution]
        least = max(wanted_s or base, self.span_s / MAX_POINTS, base)
        return next(
            (step for step in NICE_STEPS_S if step >= least and step % base == 0),
            -(-int(least) // base) * base,
        )

    def buckets(self, step_s: int) -> list[int]:
        """The starts of all buckets in epoch seconds."""
        return list(range(self.from_row_s // step_s * step_s, self.to_s, step_s))


NICE_STEPS_S = (300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
