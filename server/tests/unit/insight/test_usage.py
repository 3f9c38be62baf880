"""Latency rows from measured sums and histograms."""

import pytest

from holdfast_server.event_store.queries.measures import Measured
from holdfast_server.insight.usage import latency_of, window_of_days


def test_latency_of_timed_calls() -> None:
    """The mean is exact, quantiles come from the histogram, the longest is kept."""
    found = latency_of(
        "GET /x", Measured(n=4, failed=1, timed=2, total=30.0, longest=20.0, histogram={26: 1, 34: 1})
    )
    assert (found.n, found.failed, found.mean, found.longest) == (4, 1, 15.0, 20.0)
    assert found.p50 == pytest.approx(10, rel=0.05)


def test_untimed_is_none() -> None:
    """Calls that nobody timed have no mean, no quantile and no longest."""
    found = latency_of("x", Measured(3, 0, 0, 0.0, 0.0, {}))
    assert found.mean is found.p50 is found.p95 is found.p99 is found.longest is None


def test_days_reach_back_from_now() -> None:
    """A window of days ends now."""
    window = window_of_days(1.5, 1_000_000_000)
    assert (window.from_ms, window.to_ms) == (1_000_000_000 - 129_600_000, 1_000_000_000)
