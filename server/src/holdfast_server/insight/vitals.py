"""Web vitals: what people felt while pages loaded and answered. The value is the 75th percentile, as the vitals' own rules say."""

from dataclasses import dataclass

from ..event_store.connect import EventStore
from ..event_store.queries import measures
from ..event_store.queries.scope import Scope
from .catalogue import Status
from .histogram import quantile

TYPES = ("performance", "web_vital", "web_vitals")
LEVEL = 0.75


@dataclass(frozen=True)
class Vital:
    """Up to `good` is healthy, beyond `poor` an alert. Milliseconds, but for CLS, which has no unit."""

    name: str
    title: str
    good: float
    poor: float
    is_time: bool = True


VITALS = (
    Vital("LCP", "Largest contentful paint", 2500, 4000),
    Vital("INP", "Interaction to next paint", 200, 500),
    Vital("CLS", "Cumulative layout shift", 0.1, 0.25, is_time=False),
    Vital("FCP", "First contentful paint", 1800, 3000),
    Vital("TTFB", "Time to first byte", 800, 1800),
)


@dataclass(frozen=True)
class VitalReading:
    vital: Vital
    value: float | None
    n: int
    status: Status


def readings(store: EventStore, scope: Scope) -> list[VitalReading]:
    """Each vital over the window; one that nobody sent has no data."""
    measured = {name.upper(): item for name, item in measures.by_name(store, scope, TYPES, 500).items()}
    return [_reading(vital, measured.get(vital.name)) for vital in VITALS]


def _reading(vital: Vital, item: measures.Measured | None) -> VitalReading:
    value = quantile(item.histogram, LEVEL) if item and item.timed else None
    if value is None:
        return VitalReading(vital, None, 0, Status.NO_DATA)
    status = Status.ALERT if value > vital.poor else Status.DEGRADED if value > vital.good else Status.HEALTHY
    return VitalReading(vital, value, item.timed if item else 0, status)
