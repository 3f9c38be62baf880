"""Percentiles in bounded memory, marks, resources and usage statistics."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import holdfast
from holdfast import PerformanceMetrics, UsageAnalytics
from holdfast._sketch import Sketch
from holdfast.testing import capturing


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99]))
@settings(max_examples=200, deadline=None)
def test_quantile_error(values: list[float], share: float) -> None:
    """A quantile is within 5 % of the true one."""
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    true = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
    found = sketch.quantile(share)
    assert found is not None
    assert found == pytest.approx(true, rel=0.05)


def test_merge_is_as_if_seen_together() -> None:
    """Two sketches merged say what one would have said."""
    one, two, both = Sketch(), Sketch(), Sketch()
    for n in range(1_000):
        value = random.Random(n).expovariate(0.01)
        (one if n % 2 else two).add(value)
        both.add(value)
    one.merge(two)
    assert one.summary() == pytest.approx(both.summary()) or one.summary().p95 == both.summary().p95
    assert one.buckets == both.buckets


def test_empty_and_odd_values() -> None:
    """No data is None, never 0; NaN and infinities are left out; zero and negatives are counted."""
    sketch = Sketch()
    assert sketch.summary().p95 is None
    sketch.add(float("nan"))
    sketch.add(float("inf"))
    assert sketch.count == 0
    sketch.add(0.0)
    sketch.add(-1.0)
    assert sketch.count == 2


def test_names_and_marks_are_bounded() -> None:
    """Endless names neither grow the summaries nor the marks."""
    with capturing() as captured:
        metrics = PerformanceMetrics(captured.client.collector, max_timings=10)
        for n in range(1_000):
            metrics.mark(f"m{n}")
            metrics.observe(f"n{n}", 1.0)
        assert len(metrics._marks) == 10
        assert len(metrics._sketches) == 200
        assert metrics.get_summary("n999").count == 1
        assert metrics.get_summary("n0").count == 0


def test_timed() -> None:
    """A block or a function is measured under its name, failures included."""
    with capturing() as captured:
        metrics = captured.client.performance

        @metrics.timed("work")
        def work() -> None:
            raise ValueError("late")

        with pytest.raises(ValueError, match="late"):
            work()
        with metrics.timed("work"):
            pass
        assert metrics.get_summary("work").count == 2


def test_missing_mark() -> None:
    """Measuring from a mark that was never set is 0 and no event; the sentence says what to do."""
    with pytest.raises(LookupError, match=r"call mark\('start'\) first"), capturing() as captured:
        assert captured.client.performance.measure("m", "start") == 0.0


def test_sessions_and_adoption() -> None:
    """Sessions begin and end with a duration; adoption counts distinct users."""
    with capturing() as captured:
        usage: UsageAnalytics = holdfast.get_client().usage
        session_id = usage.start_session("ann")
        for user in ("ann", "bob", "ann"):
            usage.track_feature("export", user_id=user)
        usage.end_session(session_id, "ann")
        usage.end_session("never started")
        (stats,) = usage.get_feature_adoption_stats()
        assert (stats.total, stats.unique_users, stats.by_action) == (3, 2, {"used": 3})
        assert captured.types()[0] == "session_start"
        ended = captured.of_type("session_end")
        assert ended[0]["sessionId"] == session_id
        assert ended[0]["duration"] >= 0


def test_switched_off_areas_record_nothing() -> None:
    """Each area of UsageAnalytics can be off."""
    with capturing() as captured:
        usage = UsageAnalytics(
            captured.client.collector,
            track_features=False,
            track_conversations=False,
            track_providers=False,
            track_proactive=False,
        )
        usage.track_feature("f")
        usage.start_conversation("c")
        usage.track_provider_request("p", 1)
        usage.track_proactive_suggestion("s")
        assert captured.events == []
