"""What goes wrong and when: releases and troubles of the two weeks before the demo was first started, of the hour in which
it is started, and of every day after. Everything follows from the seed and those two moments.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import exp
from random import Random
from typing import Literal

from .rhythm import DAY_MS, HOUR_MS

Kind = Literal["flapping catalogue", "slow database", "stock trouble", "payment trouble"]
TELLING_DAYS = 14
"""The story is told for so many days; with more or fewer it is stretched or pressed together."""
ROLLOUT_MS = 2_400_000
"""Browsers keep a page open or cached: half an hour and more after a release the former one is still seen."""
STAGING_AHEAD_MS = 26 * HOUR_MS
SLOT_MS = 6 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Release:
    version: str
    at_ms: int
    about: str
    commit: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """`strength` 1 is a bad one; it comes and goes over a sixth of its time."""

    kind: Kind
    from_ms: int
    to_ms: int
    strength: float

    def force(self, at_ms: int) -> float:
        """0 outside, up to `strength` within."""
        if not self.from_ms <= at_ms < self.to_ms:
            return 0.0
        edge_ms = (self.to_ms - self.from_ms) / 6
        return self.strength * min(1.0, 0.25 + min(at_ms - self.from_ms, self.to_ms - at_ms) / edge_ms)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a trouble of full force does to endpoints that use `uses`: how many calls fail, how much slower, how stubbornly."""

    uses: str
    failing: float
    slower: float
    wider: float
    stubborn: float
    status: int
    recovery: float


EFFECTS: dict[Kind, Effect] = {
    "flapping catalogue": Effect("catalogue", 0.17, 2.2, 0.55, 0.44, 503, 0.68),
    "slow database": Effect("database", 0.035, 4.2, 0.35, 0.25, 504, 0.84),
    "stock trouble": Effect("stock", 0.18, 3.4, 0.40, 0.46, 503, 0.93),
    "payment trouble": Effect("payment", 0.30, 2.4, 0.30, 0.30, 502, 0.95),
}
TITLES: dict[Kind, str] = {
    "flapping catalogue": "The product API flaps: many retries, few recoveries, a long tail",
    "slow database": "A slow database: everything takes four times as long",
    "stock trouble": "The stock service fails now and then: additions to the cart roll back",
    "payment trouble": "The payment provider answers late, and some orders fail",
}
BAD_VERSION = "2.3.0"
BAD_ROLLBACKS = 0.17
"""The share of additions to the cart that release 2.3.0 takes back: its cart merges lines twice."""


@dataclass(frozen=True, slots=True)
class Story:
    """`born_ms` is the first start of the demo, `troubles` and `releases` are in the order of their beginning."""

    seed: int
    born_ms: int
    days: int
    releases: tuple[Release, ...]
    troubles: tuple[Trouble, ...]

    def at(self, at_ms: int) -> list[Trouble]:
        return [item for item in self.troubles if item.from_ms <= at_ms < item.to_ms] + self._later(at_ms)

    def _later(self, at_ms: int) -> list[Trouble]:
        """After the story is told, life goes on: a trouble in about half of all six-hour spans, some milder than others."""
        if at_ms < self.born_ms:
            return []
        found = later_trouble(self.seed, at_ms // SLOT_MS)
        return [found] if found is not None and found.from_ms <= at_ms < found.to_ms else []

    def release(self, at_ms: int, rng: Random) -> Release:
        """The release that a page loaded now speaks for."""
        current = self.releases[0]
        for item in self.releases[1:]:
            age_ms = at_ms - item.at_ms
            if age_ms < 0 or rng.random() > 1 - exp(-age_ms / ROLLOUT_MS):
                break
            current = item
        return current

    def tried(self, at_ms: int) -> Release:
        """What the team looks at on staging: the release of the next day, or the newest one."""
        return [item for item in self.releases if item.at_ms <= at_ms + STAGING_AHEAD_MS][-1]


@lru_cache(maxsize=64)
def later_trouble(seed: int, slot: int) -> Trouble | None:
    rng = Random(f"{seed}:trouble:{slot}")
    if rng.random() > 0.5:
        return None
    kind = rng.choice(tuple(EFFECTS))
    length_ms = rng.randint(35, 110) * 60_000
    from_ms = slot * SLOT_MS + rng.randrange(SLOT_MS - length_ms)
    return Trouble(kind, from_ms, from_ms + length_ms, rng.uniform(0.35, 0.8))


def tell(seed: int, born_ms: int, started_ms: int, days: int) -> Story:
    """The story of a shop first shown at `born_ms`; at `started_ms` (this start of the demo) a mild trouble is under way."""
    begin = _Calendar(born_ms, days)
    first = born_ms - (days + 7) * DAY_MS
    bad, mended, current = begin.day(6, 11, 32), begin.day(6, 20, 34), begin.day(2, 10, 15)
    releases = (
        Release("2.2.0", first, "wish lists", "b41c07e"),
        Release(BAD_VERSION, bad, "a cart that survives logging in", "5d2e9f1"),
        Release("2.3.1", mended, "cart lines are merged once", "9a70c44"),
        Release("2.4.0", current, "faster pictures, new delivery options", "e3f8b26"),
    )
    troubles = (
        begin.trouble("flapping catalogue", 11, 13, 10, 3.6, 1.0),
        begin.trouble("slow database", 8, 18, 45, 2.8, 1.0),
        begin.trouble("flapping catalogue", 4, 12, 40, 3.2, 0.85),
        begin.trouble("payment trouble", 3, 9, 20, 5.0, 1.0),
        Trouble("stock trouble", started_ms - 50 * 60_000, started_ms + 70 * 60_000, 0.85),
    )
    return Story(seed, born_ms, days, releases, tuple(sorted(troubles, key=lambda item: item.from_ms)))


@dataclass(frozen=True)
class _Calendar:
    born_ms: int
    days: int

    @property
    def pressed(self) -> float:
        return self.days / TELLING_DAYS

    def day(self, ago: float, hour: int, minute: int) -> int:
        """So many days ago, at an hour of the clock (UTC) where the days are whole enough for that."""
        if self.pressed < 0.9:
            return self.born_ms - round((ago - hour / 24 - minute / 1440) * self.pressed * DAY_MS)
        midnight = self.born_ms // DAY_MS * DAY_MS - round(ago * self.pressed) * DAY_MS
        return midnight + hour * HOUR_MS + minute * 60_000

    def trouble(
        self, kind: Kind, ago: float, hour: int, minute: int, hours: float, strength: float
    ) -> Trouble:
        from_ms = self.day(ago, hour, minute)
        return Trouble(kind, from_ms, from_ms + round(hours * min(1.0, self.pressed) * HOUR_MS), strength)
