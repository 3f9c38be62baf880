"""The rate limit of a project: bursts of ten seconds, refilled evenly, each project alone."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.ingest.rate import BURST_S, RateLimit
from holdfast_server.model.clock import ManualClock


def test_zero_is_no_limit() -> None:
    """0 a second means that everything passes."""
    assert RateLimit(0, ManualClock()).take(1, 10**9) == 0


def test_burst_then_wait() -> None:
    """Ten seconds' worth passes at once; then the sender hears how long to wait, and passes after it."""
    clock = ManualClock()
    limit = RateLimit(10, clock)
    assert limit.take(1, 100) == 0
    assert limit.take(1, 25) == 3
    clock.advance_s(2.4)
    assert limit.take(1, 25) == 1
    clock.advance_s(0.2)
    assert limit.take(1, 25) == 0


def test_projects_do_not_share() -> None:
    """One project that floods leaves the others their own."""
    limit = RateLimit(1, ManualClock())
    assert limit.take(1, 10) == 0
    assert limit.take(1, 1) > 0
    assert limit.take(2, 10) == 0


def test_batch_larger_than_the_burst_passes_when_rested() -> None:
    """A batch that is larger than the burst is not refused for ever: it passes once the bucket is full, and is paid back."""
    clock = ManualClock()
    limit = RateLimit(1, clock)
    assert limit.take(1, 1000) == 0
    clock.advance_s(900)
    assert limit.take(1, 1) > 0
    clock.advance_s(101)
    assert limit.take(1, 1) == 0


@given(st.integers(1, 1000), st.lists(st.tuples(st.integers(1, 100), st.floats(0, 5)), max_size=60))
def test_never_more_than_the_rate(per_s: int, sends: list[tuple[int, float]]) -> None:
    """Whatever the rhythm, what passed is at most the rate times the time, plus one burst and one batch."""
    clock = ManualClock(0)
    limit = RateLimit(per_s, clock)
    passed = 0
    for count, pause in sends:
        passed += count if limit.take(7, count) == 0 else 0
        clock.advance_s(pause)
    assert passed <= per_s * (clock.monotonic_s() + BURST_S) + 100
