"""All visits together, as one stream of events in the order of their time: the past as quickly as it is read, and then on
without an end. Every ten minutes have a seed of their own, so the stream can be taken up anywhere and is the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from random import Random

from .backstage import backstage
from .client import Event
from .rhythm import HOUR_MS, SLOT_MS, Growth, demand
from .story import Story
from .visit import LONGEST_MS, visit
from .visitors import somebody
from .world import REGIONS

STAGING_SHARE = 0.05
STAGING_HOURS = range(8, 17)


@dataclass(frozen=True, slots=True)
class Span:
    """Ten minutes: `visits` is how many were expected (for a progress bar), `events` what happened, in order."""

    from_ms: int
    visits: float
    events: list[Event]

    @property
    def to_ms(self) -> int:
        return self.from_ms + SLOT_MS


def spans(story: Story, growth: Growth, after_ms: int) -> Iterator[Span]:
    """Everything after `after_ms`, without an end. Visits that began before are under way."""
    waiting: list[tuple[int, int, Event]] = []
    numbers = count()
    slot_ms = (after_ms - LONGEST_MS) // SLOT_MS * SLOT_MS
    while True:
        for event in _slot(story, growth, slot_ms):
            heappush(waiting, (event.at_ms, next(numbers), event))
        end_ms = slot_ms + SLOT_MS
        events = []
        while waiting and waiting[0][0] < end_ms:
            events.append(heappop(waiting)[2])
        if end_ms > after_ms:
            yield Span(
                slot_ms,
                growth.visits_expected(slot_ms),
                [event for event in events if event.at_ms > after_ms],
            )
        slot_ms = end_ms


def _slot(story: Story, growth: Growth, slot_ms: int) -> Iterator[Event]:
    """The events of the visits that begin in these ten minutes, and what goes on behind the scenes."""
    rng = Random(f"{story.seed}:{slot_ms}")
    weights = [demand(region, slot_ms) for region in REGIONS]
    expected = growth.visits_expected(slot_ms)
    place = rng.expovariate(1.0)
    while place < expected:
        own = Random(rng.getrandbits(60))
        region = rng.choices(REGIONS, weights)[0]
        at_ms = slot_ms + round(place / expected * SLOT_MS)
        environment = "staging" if own.random() < STAGING_SHARE and _office_hours(at_ms) else "production"
        yield from visit(story, own, somebody(story.seed, own, region), at_ms, environment=environment)
        place += rng.expovariate(1.0)
    yield from backstage(story, Random(rng.getrandbits(60)), slot_ms, slot_ms + SLOT_MS)


def _office_hours(at_ms: int) -> bool:
    hours = at_ms // HOUR_MS
    return hours % 24 in STAGING_HOURS and (hours // 24 + 3) % 7 < 5
