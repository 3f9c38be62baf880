"""Durations as a logarithmic histogram: any number of values in bounded memory, mergeable, error at most 4.5 %.

Eight buckets an octave, like the server's rollups, so a summary here and a page there tell the same story.
"""

from __future__ import annotations

from math import floor, log2

from msgspec import Struct

BUCKETS_AN_OCTAVE = 8
_SMALLEST = 2.0**-10  # a microsecond, in ms


class Summary(Struct, frozen=True):
    """Of `count` values; the percentiles are None while there are none."""

    count: int
    mean: float | None
    min: float | None
    max: float | None
    p50: float | None
    p95: float | None
    p99: float | None


class Sketch:
    """Counts of values by bucket. Negative values and what is below a microsecond count as the smallest."""

    def __init__(self) -> None:
        self.buckets: dict[int, int] = {}
        self.count = 0
        self.total = 0.0
        self.min = float("inf")
        self.max = float("-inf")

    def add(self, value: float) -> None:
        if value - value != 0.0:  # NaN and infinities say nothing about a distribution
            return
        place = floor(log2(max(value, _SMALLEST)) * BUCKETS_AN_OCTAVE)
        self.buckets[place] = self.buckets.get(place, 0) + 1
        self.count += 1
        self.total += value
        self.min = min(self.min, value)
        self.max = max(self.max, value)

    def merge(self, other: Sketch) -> None:
        """Take in what another process or window saw."""
        for place, count in other.buckets.items():
            self.buckets[place] = self.buckets.get(place, 0) + count
        self.count += other.count
        self.total += other.total
        self.min = min(self.min, other.min)
        self.max = max(self.max, other.max)

    def quantile(self, share: float) -> float | None:
        """The value that `share` (0 to 1) of all values do not exceed: its bucket's middle, within what was seen."""
        if not self.count:
            return None
        rank = max(1, -(-share * self.count // 1))
        seen = 0
        for place in sorted(self.buckets):
            seen += self.buckets[place]
            if seen >= rank:
                middle = 2.0 ** ((place + 0.5) / BUCKETS_AN_OCTAVE)
                return float(min(max(middle, self.min), self.max))
        return self.max

    def summary(self) -> Summary:
        if not self.count:
            return Summary(0, None, None, None, None, None, None)
        return Summary(
            self.count,
            self.total / self.count,
            self.min,
            self.max,
            self.quantile(0.50),
            self.quantile(0.95),
            self.quantile(0.99),
        )
