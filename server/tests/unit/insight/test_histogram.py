"""Quantiles from the log histogram are within the error that the pages state."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.insight.histogram import RELATIVE_ERROR, middle, quantile, share_over


def bucket(value: float) -> int:
    """As the rollups' views compute it."""
    return math.floor(math.log2(max(value, 0.001)) * 8)


def histogram(values: list[float]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for value in values:
        counts[bucket(value)] = counts.get(bucket(value), 0) + 1
    return counts


DURATIONS = st.lists(st.floats(0.01, 1e7), min_size=1, max_size=200)


@given(DURATIONS, st.floats(0.001, 1))
def test_quantile_is_within_five_percent(values: list[float], q: float) -> None:
    """Any quantile of any durations lies within 5 % of the exact one (nearest rank)."""
    exact = sorted(values)[max(0, math.ceil(q * len(values)) - 1)]
    found = quantile(histogram(values), q)
    assert found == pytest.approx(exact, rel=0.05)


@given(DURATIONS, st.floats(0.05, 1e6))
def test_share_over_is_off_by_the_limits_bucket_at_most(values: list[float], limit: float) -> None:
    """The share above a limit counts no value below it, and misses none that is a bucket above."""
    found = share_over(histogram(values), limit)
    assert found is not None
    over = sum(value >= limit for value in values) / len(values)
    far_over = sum(value >= limit * 2 ** (1 / 8) * 1.0001 for value in values) / len(values)
    assert far_over - 1e-9 <= found <= over + 1e-9


def test_no_counts_is_no_answer() -> None:
    """Without counts there is no quantile and no share, not 0."""
    assert quantile({}, 0.5) is share_over({}, 10) is None
    assert quantile({3: 0}, 0.5) is share_over({3: 0}, 10) is None


def test_stated_error() -> None:
    """The error that the pages state is half a bucket."""
    assert pytest.approx(0.0443, abs=1e-3) == RELATIVE_ERROR
    assert middle(0) == pytest.approx(2 ** (1 / 16))
