"""Every metric by its definition in document B, with direction, edges and no data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.insight.catalogue import CATALOGUE, RESILIENCE, SIGNALS, Facts, Metric, Status


def value(name: str, latency: dict[int, int] | None = None, **counts: int) -> float | None:
    return CATALOGUE[name].compute(Facts(counts, latency or {})).value


B_DEFINITIONS = [
    (
        "rollback_rate",
        {
            "optimistic_action_start": 100,
            "optimistic_action_success": 90,
            "optimistic_action_rollback": 10,
            "page_view": 900,
        },
        0.1,
    ),
    ("rollback_rate", {"optimistic_action_success": 6, "optimistic_action_rollback": 2}, 0.25),
    ("retry_success_rate", {"retry_attempt": 50, "retry_success": 3, "retry_failure": 1}, 0.75),
    ("error_recovery_rate", {"error_boundary_triggered": 10, "error_boundary_recovered": 9}, 0.9),
    ("duplicate_suppression_rate", {"click_suppressed": 99, "duplicate_leaked": 1}, 0.99),
    ("error_rate", {"error": 5, "page_view": 95}, 0.05),
    (
        "overall_resilience",
        {
            "optimistic_action_start": 10,
            "optimistic_action_rollback": 1,
            "retry_success": 8,
            "retry_failure": 2,
            "error_boundary_triggered": 1,
            "error_boundary_recovered": 1,
            "click_suppressed": 9,
        },
        27 / 30,
    ),
]


@pytest.mark.parametrize(("name", "counts", "expected"), B_DEFINITIONS)
def test_rates_are_document_bs(name: str, counts: dict[str, int], expected: float) -> None:
    """Each rate divides what B says by what B says: rollbacks by actions, not by all signals."""
    assert value(name, **counts) == pytest.approx(expected)


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_no_data_is_no_data(name: str) -> None:
    """Without facts there is no value, the status says so, and there are words for it."""
    metric = CATALOGUE[name]
    sample = metric.compute(Facts({}, {}))
    assert (sample.value, sample.of, metric.status(sample.value)) == (None, 0, Status.NO_DATA)
    assert metric.no_data


@given(st.dictionaries(st.sampled_from([*SIGNALS, "error", "page_view"]), st.integers(0, 10**9)))
def test_shares_stay_between_0_and_1(counts: dict[str, int]) -> None:
    """Late or lost signals never make a share below 0 or above 100 %."""
    for metric in CATALOGUE.values():
        if metric.unit == "share":
            found = metric.compute(Facts(counts, {})).value
            assert found is None or 0 <= found <= 1


@pytest.mark.parametrize(
    ("name", "healthy", "degraded", "alert"),
    [
        ("rollback_rate", 0.05, 0.10, 0.1001),
        ("retry_success_rate", 0.80, 0.60, 0.5999),
        ("error_recovery_rate", 0.95, 0.90, 0.8999),
        ("slow_share", 0.01, 0.05, 0.0501),
        ("latency_p95", 1000, 2000, 2001),
    ],
)
def test_status_at_the_edges(name: str, healthy: float, degraded: float, alert: float) -> None:
    """B11: on the baseline is healthy, on the threshold is degraded, and beyond is an alert, each rate in its own direction."""
    status = CATALOGUE[name].status
    assert (status(healthy), status(degraded), status(alert)) == (
        Status.HEALTHY,
        Status.DEGRADED,
        Status.ALERT,
    )


def test_thresholds_are_document_bs() -> None:
    """B11: rollback over 10 %, retries under 60 %, recovery under 90 %, more than 5 % over 2 s."""
    assert [
        CATALOGUE[name].threshold
        for name in ("rollback_rate", "retry_success_rate", "error_recovery_rate", "slow_share")
    ] == [0.10, 0.60, 0.90, 0.05]


@pytest.mark.parametrize("metric", list(CATALOGUE.values()), ids=list(CATALOGUE))
def test_threshold_is_on_the_bad_side(metric: Metric) -> None:
    """Each threshold is worse than its baseline, in the metric's direction."""
    if metric.baseline is not None and metric.threshold is not None:
        assert (metric.threshold < metric.baseline) is metric.higher_is_better


def test_latency_metrics() -> None:
    """Median, p95 and the share over 2 s come from the histogram of API calls."""
    latency = {53: 90, 100: 10}  # about 100 ms, and about 6 s
    assert value("latency_median", latency) == pytest.approx(103, rel=0.05)
    assert value("latency_p95", latency) == pytest.approx(6050, rel=0.05)
    assert value("slow_share", latency) == pytest.approx(0.1)


def test_report_names_exist() -> None:
    """What the resilience report holds is in the catalogue."""
    assert set(RESILIENCE) <= set(CATALOGUE)
