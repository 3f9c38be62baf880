"""Windows and the choice of rollup: bounds, alignment, steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import BadInput
from holdfast_server.model.window import MAX_POINTS, NICE_STEPS_S, STEP_S, Window

DAY_S = 86_400
LATEST_MS = 253_402_300_799_000


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start = draw(st.integers(0, 4_000_000_000_000))
    return Window(start, start + draw(st.integers(1, 3660 * DAY_S * 1000)))


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (-1, 5), (0, LATEST_MS + 1)])
def test_senseless_windows(start: int, end: int) -> None:
    """A window that is empty, reversed or outside of the calendar is refused."""
    with pytest.raises(BadInput):
        Window(start, end)


@pytest.mark.parametrize(
    ("days", "resolution"), [(0.1, "5m"), (2, "5m"), (2.01, "1h"), (45, "1h"), (45.01, "1d"), (3660, "1d")]
)
def test_resolution(days: float, resolution: str) -> None:
    """Up to two days are read from 5-minute rows, up to 45 from hours, more from days."""
    assert Window.last(days * DAY_S, 2_000_000_000_000).resolution == resolution


@given(windows())
def test_first_row_holds_the_start(window: Window) -> None:
    """The first row begins on a step of its rollup, at the window's start or less than a step before."""
    step = STEP_S[window.resolution]
    assert window.from_row_s % step == 0
    assert 0 <= window.from_ms / 1000 - window.from_row_s < step


@given(windows(), st.none() | st.integers(1, 10_000_000))
def test_steps(window: Window, wanted: int | None) -> None:
    """A chart's step is a multiple of the rollup's, not finer than wanted, and gives a bounded number of points."""
    step = window.step_s(wanted)
    assert step % STEP_S[window.resolution] == 0
    assert step >= (wanted or 0)
    assert len(window.buckets(step)) <= MAX_POINTS + 2


@given(windows(), st.none() | st.integers(1, 10_000_000))
def test_buckets_cover_the_window(window: Window, wanted: int | None) -> None:
    """Buckets lie on whole steps, without gaps, from before the start up to the end."""
    step = window.step_s(wanted)
    buckets = window.buckets(step)
    assert all(bucket % step == 0 for bucket in buckets)
    assert buckets == list(range(buckets[0], buckets[-1] + 1, step))
    assert buckets[0] * 1000 <= window.from_ms
    assert buckets[-1] < window.to_s <= buckets[-1] + step


@given(windows())
def test_window_before(window: Window) -> None:
    """The window before ends where this one begins (but at the beginning of time), and is no longer than it."""
    before = window.before
    assert before.to_ms == max(1, window.from_ms)
    assert before.span_s <= window.span_s


def test_nice_steps_are_multiples_of_each_rollup() -> None:
    """The steps that charts prefer grow, and each fits the finest rollup."""
    assert list(NICE_STEPS_S) == sorted(set(NICE_STEPS_S))
    assert all(step % STEP_S["5m"] == 0 for step in NICE_STEPS_S)
