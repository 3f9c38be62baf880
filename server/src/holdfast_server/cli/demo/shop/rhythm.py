"""When people come: the day and the week of each region, and how the shop has grown. Shares of a level, no randomness.

History is thinner than the present (a sale has drawn more and more people): so that it loads quickly, and so that the
live part of the demo continues the curve instead of jumping off it.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import exp

from .world import REGIONS, Region

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
SLOT_MS = 600_000
"""Visits are dealt in slots of ten minutes, each with its own seed: any slot can be made again alone."""
VISITS_PER_SLOT = 24.0
"""On average over the week, at the present level."""
QUIET_LEVEL = 0.14
GROWTH_MS = 0.55 * DAY_MS
WEEK = (1.0, 0.97, 0.98, 1.0, 0.94, 0.98, 1.13)
"""Monday first: Sunday evening is the busiest, Friday evening people are out."""


@lru_cache(maxsize=24 * 6)
def hour_share(hour: float) -> float:
    """The day of a region by its own clock: a little in the morning, a lunch break, a long evening, and a quiet night."""
    peaks = ((8.0, 1.6, 0.35), (12.7, 2.4, 0.75), (20.3, 2.8, 1.15), (-3.7, 2.8, 1.15))
    return (0.38 + sum(height * exp(-(((hour - at) / width) ** 2)) for at, width, height in peaks)) / 0.792


def demand(region: Region, at_ms: int) -> float:
    """How many of this region come, as a share of the shop's average."""
    local_ms = at_ms + region.utc_offset_h * HOUR_MS
    weekday = (local_ms // DAY_MS + 3) % 7  # 1 January 1970 was a Thursday
    return region.share * WEEK[weekday] * hour_share(local_ms % DAY_MS // SLOT_MS * SLOT_MS / HOUR_MS)


@dataclass(frozen=True, slots=True)
class Growth:
    """How full the shop is at a time. Up to `stopped_ms` everything was told already (in an earlier run, or nothing yet);
    what lies between then and `started_ms` is made up for, and thinner when it is long ago.
    """

    born_ms: int
    stopped_ms: int
    started_ms: int

    def level(self, at_ms: int) -> float:
        full_from_ms = (
            self.born_ms if at_ms < self.stopped_ms else max(self.born_ms, self.started_ms - DAY_MS)
        )
        if at_ms >= full_from_ms:
            return 1.0
        return QUIET_LEVEL + (1 - QUIET_LEVEL) * exp((at_ms - full_from_ms) / GROWTH_MS)

    def visits_expected(self, slot_ms: int) -> float:
        return VISITS_PER_SLOT * self.level(slot_ms) * sum(demand(region, slot_ms) for region in REGIONS)
