"""Time: the clock that tests move, and the one way that times are written."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.model.clock import ManualClock, SystemClock, iso


def test_manual_clock_moves_by_hand() -> None:
    """A manual clock stands still until it is advanced, on both of its faces."""
    clock = ManualClock(1_000)
    assert (clock.now_ms(), clock.monotonic_s()) == (1_000, 1.0)
    clock.advance_s(2.5)
    assert (clock.now_ms(), clock.monotonic_s()) == (3_500, 3.5)


def test_system_clock_is_utc_milliseconds() -> None:
    """The system clock says now."""
    before = datetime.now(UTC).timestamp() * 1000
    assert before - 1 <= SystemClock().now_ms() <= datetime.now(UTC).timestamp() * 1000 + 1


@given(st.integers(0, 253_402_300_799_000))
def test_iso_is_exact(ms: int) -> None:
    """A time written as text reads back to the millisecond, in UTC."""
    text = iso(ms)
    assert text.endswith("Z")
    assert round(datetime.fromisoformat(text).timestamp() * 1000) == ms
