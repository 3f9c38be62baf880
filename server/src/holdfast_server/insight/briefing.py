"""What matters now: the totals of a window beside the one before, every rate, and the one finding that stands out.

A finding is the worst of the degraded metrics, weighed by how far past its baseline it is; with it, the component where it
is worst and the release since which it is worse, when one stands out. Too few samples stand out for nobody.
"""

from dataclasses import dataclass

from ..event_store.connect import EventStore
from ..event_store.queries import activity
from ..event_store.queries.activity import Count
from ..event_store.queries.scope import Scope
from .catalogue import CATALOGUE, RESILIENCE, SIGNALS, Facts, Metric, Status
from .releases import Appeared, appeared
from .resilience import COMPONENT_RATES, Reading, facts_of, reading
from .together import together

LEAST = 30
"""Samples below which a share says nothing."""
LEAST_BAD = 3
"""Bad outcomes below which it may be chance."""
WORSE = 1.1
"""How many times worse than the window before counts as getting worse."""
STANDS_OUT = 1.5
"""How many times worse than elsewhere a component or release must be to be named."""
READ = (*RESILIENCE, "error_rate")


@dataclass(frozen=True)
class Finding:
    """`component` and its own `component_value` stand when one is to blame, `release` when it began with one."""

    reading: Reading
    component: str = ""
    component_value: float | None = None
    release: Appeared | None = None


@dataclass(frozen=True)
class Briefing:
    """`last_seen_s` is set only when the window is empty; None then means that nothing was ever sent."""

    total: Count
    before: Count
    readings: dict[str, Reading]
    finding: Finding | None = None
    last_seen_s: int | None = None

    @property
    def degraded(self) -> list[Reading]:
        """The others that are not healthy, beside the finding."""
        shown = self.finding.reading.metric.name if self.finding else ""
        bad = (Status.ALERT, Status.DEGRADED)
        return [
            item
            for item in self.readings.values()
            if item.status in bad and item.metric.name not in (shown, "overall_resilience")
        ]


def brief(store: EventStore, scope: Scope) -> Briefing:
    earlier = Scope(scope.project_id, scope.window.before, scope.environment, scope.release)
    total, total_before, now, before = together(
        lambda: activity.total(store, scope),
        lambda: activity.total(store, earlier),
        lambda: facts_of(store, scope),
        lambda: facts_of(store, earlier),
    )
    if not total.n:
        nothing = {name: reading(CATALOGUE[name], Facts({}, {})) for name in READ}
        return Briefing(total, Count(), nothing, None, activity.last_seen_s(store, scope.project_id))
    readings = {name: reading(CATALOGUE[name], now, before) for name in READ}
    return Briefing(total, total_before, readings, _finding(store, scope, readings))


def excess(item: Reading) -> float:
    """How far past its baseline a value is: 0 at the baseline, 1 at the threshold, then further."""
    metric = item.metric
    if item.value is None or metric.baseline is None or metric.threshold is None:
        return 0.0
    return (item.value - metric.baseline) / (metric.threshold - metric.baseline)


def _finding(store: EventStore, scope: Scope, readings: dict[str, Reading]) -> Finding | None:
    bad = [
        item
        for item in readings.values()
        if item.status in (Status.ALERT, Status.DEGRADED) and _is_told(item)
    ]
    special = [item for item in bad if item.metric.name != "overall_resilience"] or bad
    if not special:
        return None
    worst = max(special, key=lambda item: (item.status == Status.ALERT, _is_worse(item), excess(item)))
    (component, value), release = together(
        lambda: _to_blame(store, scope, worst) if worst.metric.name in COMPONENT_RATES else ("", None),
        lambda: _since(store, scope, worst) if _is_worse(worst) else None,
    )
    return Finding(worst, component, value, release)


def _is_told(item: Reading) -> bool:
    """Whether there is enough of it to speak about."""
    if item.value is None or item.of < LEAST:
        return False
    return item.metric.unit != "share" or item.of * badness(item.metric, item.value) >= LEAST_BAD


def _is_worse(item: Reading) -> bool:
    """Than in the window before; what has nothing to stand beside counts as new."""
    return item.before is None or badness(item.metric, item.value) > WORSE * badness(item.metric, item.before)


def _to_blame(store: EventStore, scope: Scope, worst: Reading) -> tuple[str, float | None]:
    """The component that is worse than the whole, when there is more than one."""
    by_component = activity.numbers_by(store, scope, "component", SIGNALS)
    found = [(name, worst.metric.compute(Facts(counts, {}))) for name, counts in by_component.items()]
    told = [
        (name, sample.value)
        for name, sample in found
        if sample.value is not None
        and sample.of >= LEAST
        and sample.of * badness(worst.metric, sample.value) >= LEAST_BAD
    ]
    if not told:
        return "", None
    name, value = max(told, key=lambda pair: badness(worst.metric, pair[1]))
    if len(by_component) == 1:
        return name, value
    return (
        (name, value)
        if badness(worst.metric, value) > STANDS_OUT * badness(worst.metric, worst.value)
        else ("", None)
    )


def _since(store: EventStore, scope: Scope, worst: Reading) -> Appeared | None:
    """The release that appeared in the window and is worse than all others together; counted rates only."""
    metric = worst.metric
    if scope.release or metric.unit != "share" or metric.name == "slow_share":
        return None
    new = {item.name: item for item in appeared(store, scope)}
    if not new:
        return None
    types = (
        (*SIGNALS, "error") if metric.name != "error_rate" else tuple(activity.numbers_by_type(store, scope))
    )
    by_release = activity.numbers_by(store, scope, "release", types)
    for name in sorted(new, key=lambda item: new[item].at_ms, reverse=True):
        own = metric.compute(Facts(by_release.get(name, {}), {}))
        rest = metric.compute(
            Facts(_summed([counts for other, counts in by_release.items() if other != name]), {})
        )
        if own.value is None or own.of < LEAST or metric.status(own.value) == Status.HEALTHY:
            continue
        usual = rest.value if rest.of >= LEAST else worst.before
        if usual is not None and badness(metric, own.value) > STANDS_OUT * badness(metric, usual):
            return new[name]
    return None


def badness(metric: Metric, value: float | None) -> float:
    """The share (or duration) that is bad: comparable in one direction, whatever the metric's own."""
    if value is None:
        return 0.0
    return 1 - value if metric.higher_is_better else value


def _summed(parts: list[dict[str, int]]) -> dict[str, int]:
    out: dict[str, int] = {}
    for part in parts:
        for name, count in part.items():
            out[name] = out.get(name, 0) + count
    return out
