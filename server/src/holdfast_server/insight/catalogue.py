"""Every metric, defined once: its name, unit, direction, baseline, threshold, what no data means, and how it is computed.

Pages, the API, Prometheus, rules and objectives all read this; no other place knows a formula. No data is no data, never 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ..model.signals import SIGNALS as SIGNALS
from .histogram import quantile, share_over

API_TYPES = ("api_call", "api_latency", "http.request")
"""Types whose duration is the answer time of an endpoint."""
USAGE_TYPES = (
    "page_view",
    "action",
    "user_action",
    "session_start",
    "session_end",
    "user_login",
    "feedback_submitted",
    "referral_completed",
)

Unit = Literal["share", "ms", "count"]


class Status(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    ALERT = "alert"
    NO_DATA = "no_data"


@dataclass(frozen=True)
class Facts:
    """What metrics are computed from: counts by event type, and the latency histogram of API types."""

    counts: Mapping[str, int]
    latency: Mapping[int, int]

    def of(self, *types: str) -> int:
        return sum(self.counts.get(name, 0) for name in types)


@dataclass(frozen=True)
class Sample:
    """A share and what it is a share of: `of` 0 means no data."""

    value: float | None
    of: int


@dataclass(frozen=True)
class Metric:
    """`higher_is_better` says which side of `baseline` is good; beyond `threshold` is an alert, between is degraded."""

    name: str
    title: str
    about: str
    unit: Unit
    higher_is_better: bool
    baseline: float | None
    threshold: float | None
    no_data: str
    compute: Callable[[Facts], Sample]

    def status(self, value: float | None) -> Status:
        if value is None:
            return Status.NO_DATA
        if self.baseline is None or self.threshold is None:
            return Status.HEALTHY
        sign = -1 if self.higher_is_better else 1
        if sign * value > sign * self.threshold:
            return Status.ALERT
        return Status.DEGRADED if sign * value > sign * self.baseline else Status.HEALTHY


def ratio(part: float, whole: float) -> Sample:
    """A share capped to 0–1: late or lost signals must not show 104 %."""
    return Sample(min(1.0, max(0.0, part / whole)), round(whole)) if whole else Sample(None, 0)


def actions(facts: Facts) -> int:
    """Optimistic actions: their starts, or their ends when a client sends only those."""
    return max(
        facts.of("optimistic_action_start"),
        facts.of("optimistic_action_success", "optimistic_action_rollback"),
    )


def rollback_rate(facts: Facts) -> Sample:
    return ratio(facts.of("optimistic_action_rollback"), actions(facts))


def retry_success_rate(facts: Facts) -> Sample:
    return ratio(facts.of("retry_success"), facts.of("retry_success", "retry_failure"))


def error_recovery_rate(facts: Facts) -> Sample:
    return ratio(facts.of("error_boundary_recovered"), facts.of("error_boundary_triggered"))


def duplicate_suppression_rate(facts: Facts) -> Sample:
    return ratio(facts.of("click_suppressed"), facts.of("click_suppressed", "duplicate_leaked"))


def overall_resilience(facts: Facts) -> Sample:
    """The share of resilient operations that ended well for the person: kept, retried, recovered or suppressed."""
    whole = actions(facts) + facts.of(
        "retry_success", "retry_failure", "error_boundary_triggered", "click_suppressed", "duplicate_leaked"
    )
    unrecovered = max(0, facts.of("error_boundary_triggered") - facts.of("error_boundary_recovered"))
    bad = facts.of("optimistic_action_rollback", "retry_failure", "duplicate_leaked") + unrecovered
    return ratio(whole - bad, whole)


def error_rate(facts: Facts) -> Sample:
    return ratio(facts.of("error"), sum(facts.counts.values()))


def slow_share(facts: Facts) -> Sample:
    return Sample(share_over(facts.latency, 2000), sum(facts.latency.values()))


def latency(q: float) -> Callable[[Facts], Sample]:
    return lambda facts: Sample(quantile(facts.latency, q), sum(facts.latency.values()))


CATALOGUE: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("rollback_rate", "Rollback rate", "Rollbacks ÷ optimistic actions", "share", False, 0.05, 0.10, "no optimistic actions were reported", rollback_rate),
        Metric("retry_success_rate", "Retry success rate", "Retries that succeeded ÷ retries that ended", "share", True, 0.80, 0.60, "no retries were reported", retry_success_rate),
        Metric("error_recovery_rate", "Error recovery rate", "Error boundaries recovered ÷ triggered", "share", True, 0.95, 0.90, "no error boundary was triggered", error_recovery_rate),
        Metric("duplicate_suppression_rate", "Duplicate suppression rate", "Duplicate clicks suppressed ÷ suppressed and leaked", "share", True, 1.0, 0.99, "no duplicate clicks were reported", duplicate_suppression_rate),
        Metric("overall_resilience", "Overall resilience", "Resilient operations that ended well ÷ all of them", "share", True, 0.99, 0.95, "no resilience signals were reported", overall_resilience),
        Metric("latency_median", "Median latency", "Half of the API calls were faster", "ms", False, None, None, "no API calls were reported", latency(0.5)),
        Metric("latency_p95", "95th percentile latency", "19 of 20 API calls were faster", "ms", False, 1000, 2000, "no API calls were reported", latency(0.95)),
        Metric("slow_share", "Calls over 2 s", "API calls slower than 2 s ÷ API calls", "share", False, 0.01, 0.05, "no API calls were reported", slow_share),
        Metric("error_rate", "Error rate", "Errors ÷ all events", "share", False, 0.01, 0.05, "no events were reported", error_rate),
    )
}  # fmt: skip

RESILIENCE = (
    "rollback_rate",
    "retry_success_rate",
    "error_recovery_rate",
    "duplicate_suppression_rate",
    "overall_resilience",
    "latency_median",
    "latency_p95",
    "slow_share",
)
"""What the resilience report holds (B8), in its order."""
