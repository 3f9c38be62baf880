"""How numbers and times read. The browser's tests read the same file of cases."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.web.components import format as formats

CASES: dict[str, list[list[Any]]] = json.loads(
    (Path(__file__).parents[3] / "web-assets" / "test" / "format_cases.json").read_text(encoding="utf-8")
)
NOW_MS = 1_795_183_331_000


@pytest.mark.parametrize(("value", "text"), CASES["count"])
def test_counts(value: float | None, text: str) -> None:
    """A count has three significant digits and a letter from ten thousand on."""
    assert formats.humanise_count(value) == text


@pytest.mark.parametrize(("value", "text"), CASES["exact"])
def test_exact_counts(value: float | None, text: str) -> None:
    """An exact count keeps every digit."""
    assert formats.exact_count(value) == text


@pytest.mark.parametrize(("value", "text"), CASES["ms"])
def test_durations(value: float | None, text: str) -> None:
    """A duration reads in the largest units that matter."""
    assert formats.humanise_ms(value) == text


@pytest.mark.parametrize(("value", "text"), CASES["percent"])
def test_percentages(value: float | None, text: str) -> None:
    """A rate of 0–1 reads as a percentage."""
    assert formats.percent(value) == text


@pytest.mark.parametrize(("seconds", "text"), CASES["relative_s"])
def test_relative_times(seconds: int, text: str) -> None:
    """A moment reads as how long ago it was."""
    assert formats.relative_time(NOW_MS + seconds * 1000, NOW_MS) == text


@pytest.mark.parametrize(("at_ms", "zone", "text"), CASES["absolute"])
def test_absolute_times(at_ms: int, zone: str, text: str) -> None:
    """A moment reads on the wall clock of a zone, with its offset."""
    assert formats.absolute_time(at_ms, zone) == text


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "\x00", "x" * 300])
def test_a_bad_zone_reads_as_utc(zone: str) -> None:
    """A zone from the URL that does not exist breaks nothing."""
    assert formats.absolute_time(NOW_MS, zone).endswith("UTC")


@given(st.floats(min_value=1e-9, max_value=1 - 1e-9))
def test_a_rate_never_rounds_to_all_or_nothing(rate: float) -> None:
    """What is between nothing and everything never reads as 0 % or 100 %."""
    assert formats.percent(rate) not in (f"0{formats.GAP}%", f"100{formats.GAP}%")


@given(st.one_of(st.none(), st.floats(), st.integers(min_value=-(10**15), max_value=10**15)))
def test_any_value_has_words(value: float | None) -> None:
    """No value breaks a page, and what is not finite reads as a dash."""
    for unit in ("count", "percent", "ms"):
        shown = formats.quantity(value, unit)
        if value is None or not math.isfinite(value) or abs(value) >= 1e300:
            assert shown == formats.Quantity(formats.NOTHING, "no data")
        else:
            assert shown.text


@given(st.integers(min_value=31_536_000, max_value=4_102_444_800))
def test_absolute_time_agrees_with_the_calendar(at_s: int) -> None:
    """An absolute time in UTC is the moment itself."""
    text = formats.absolute_time(at_s * 1000)
    assert datetime.strptime(f"{text}+0000", "%d %b %Y, %H:%M:%S UTC%z") == datetime.fromtimestamp(at_s, UTC)


@pytest.mark.parametrize(
    ("value", "previous", "unit", "better", "words"),
    [
        (0.124, 0.041, "percent", "lower", ("up", "bad", "up 8.3 points from 4.1\u202f%")),
        (0.95, 0.91, "percent", "higher", ("up", "good", "up 4 points from 91\u202f%")),
        (900, 1000, "count", "", ("down", "neutral", "down 10\u202f% from 1,000")),
        (400, 100, "count", "lower", ("up", "bad", "\u00d74 from 100")),
        (80, 100, "ms", "lower", ("down", "good", "down 20\u202f% from 100\u202fms")),
        (5, 0, "count", "higher", ("up", "good", "up from 0")),
        (0, 0, "count", "lower", ("flat", "neutral", "same as the day before")),
        (None, 4, "count", "lower", ("flat", "neutral", "nothing to compare with")),
    ],
)
def test_comparison(
    value: float | None,
    previous: float | None,
    unit: formats.Unit,
    better: formats.Better,
    words: tuple[str, str, str],
) -> None:
    """A change says its direction, its size in the unit's own way, and whether it is welcome."""
    change = formats.compare(value, previous, unit, better=better, period="the day before")
    assert (change.arrow, change.tone, change.text) == words
