"""The resilience report (B8): every rate with its status, compared with the window before, and by component."""

from collections import defaultdict
from dataclasses import dataclass

from ..event_store.connect import EventStore
from ..event_store.queries import activity, measures
from ..event_store.queries.scope import Scope
from .catalogue import API_TYPES, CATALOGUE, RESILIENCE, SIGNALS, Facts, Metric, Status
from .together import together


@dataclass(frozen=True)
class Reading:
    """One metric over one window. `of` is how many things the value is a share of; `before` the value one window earlier."""

    metric: Metric
    value: float | None
    of: int
    status: Status
    before: float | None


@dataclass(frozen=True)
class ComponentHealth:
    component: str
    signals: int
    readings: dict[str, Reading]
    status: Status


def facts_of(store: EventStore, scope: Scope) -> Facts:
    counts = activity.numbers_by_type(store, scope)
    return Facts(counts, measures.total(store, scope, API_TYPES).histogram)


def readings(
    store: EventStore, scope: Scope, names: tuple[str, ...] = RESILIENCE, *, compare: bool = True
) -> list[Reading]:
    """Each named metric of the catalogue over the scope's window."""
    before = Scope(scope.project_id, scope.window.before, scope.environment, scope.release)
    facts, earlier = together(
        lambda: facts_of(store, scope), lambda: facts_of(store, before) if compare else None
    )
    return [reading(CATALOGUE[name], facts, earlier) for name in names]


def reading(metric: Metric, facts: Facts, earlier: Facts | None = None) -> Reading:
    sample = metric.compute(facts)
    before = metric.compute(earlier).value if earlier else None
    return Reading(metric, sample.value, sample.of, metric.status(sample.value), before)


COMPONENT_RATES = ("rollback_rate", "retry_success_rate", "error_recovery_rate", "duplicate_suppression_rate")
WORST = (Status.ALERT, Status.DEGRADED, Status.HEALTHY, Status.NO_DATA)


def components(store: EventStore, scope: Scope) -> list[ComponentHealth]:
    """Each component that sent signals, the worst first."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for row in activity.by_component(store, scope, limit=2000):
        if row["type"] in SIGNALS:
            counts[row["component"]][row["type"]] = row["n"]
    found = [_component(name, signals) for name, signals in counts.items()]
    return sorted(found, key=lambda item: (WORST.index(item.status), -item.signals))


def _component(name: str, counts: dict[str, int]) -> ComponentHealth:
    facts = Facts(counts, {})
    rates = {rate: reading(CATALOGUE[rate], facts) for rate in COMPONENT_RATES}
    worst = min((item.status for item in rates.values()), key=WORST.index)
    return ComponentHealth(name, sum(counts.values()), rates, worst)
