"""Numbers and times as people read them. The browser has the same rules in `web-assets/src/format.ts`.

One file of cases (`web-assets/test/format_cases.json`) holds both to the same words. Nothing here raises on a value:
what is not known (`None`, NaN) reads as a dash.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import pairwise
from typing import Literal, TypeGuard
from zoneinfo import ZoneInfo

Unit = Literal["count", "percent", "ms"]
Better = Literal["higher", "lower", ""]
Tone = Literal["good", "bad", "neutral"]
Arrow = Literal["up", "down", "flat"]

NOTHING = "\u2013"
GAP = "\u202f"
MINUS = "\u2212"
_SCALES = ((1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))
_PLAIN_BELOW = 10_000
_LARGEST = 1e300
_EXACT = Context(prec=400)
"""Room for the largest float with its decimals."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Quantity:
    """A value to show: `text` for the eye, `exact` for the hover and the clipboard."""

    text: str
    exact: str


@dataclass(frozen=True)
class Comparison:
    """A value beside the same of the period before. `tone` says whether the change is welcome."""

    arrow: Arrow
    tone: Tone
    text: str
    exact: str


def humanise_count(value: float | None) -> str:
    """12412 is "12.4 k"; below ten thousand every digit stands."""
    if not _known(value):
        return NOTHING
    size = abs(value)
    sign = MINUS if value < 0 else ""
    if float(_fixed(size, 0)) < _PLAIN_BELOW:
        return sign + (_significant(size) if size < 100 else _grouped(size))
    for scale, letter in _SCALES:
        if size >= scale * 0.9995:
            return f"{sign}{_significant(size / scale)}{GAP}{letter}"
    return sign + _grouped(size)


def exact_count(value: float | None) -> str:
    if not _known(value):
        return NOTHING
    sign = MINUS if value < 0 else ""
    return sign + _grouped(abs(value))


def humanise_ms(value: float | None) -> str:
    """A duration in the two largest units that matter: "0.42 ms", "842 ms", "1.24 s", "2 min 5 s", "3 h 12 min"."""
    if not _known(value):
        return NOTHING
    size = abs(value)
    sign = MINUS if value < 0 else ""
    if size < 999.5:
        return f"{sign}{_significant(size)}{GAP}ms"
    if size < 59_950:
        return f"{sign}{_significant(size / 1000)}{GAP}s"
    return sign + _long_duration(int(_fixed(size / 1000, 0)))


def percent(rate: float | None) -> str:
    """A rate of 0–1 as a percentage. What is not quite nothing or everything never reads as 0 % or 100 %."""
    if not _known(rate):
        return NOTHING
    size = abs(rate) * 100
    sign = MINUS if rate < 0 else ""
    if 0 < size < 0.01:
        return f"{sign}<0.01{GAP}%"
    if 99.99 < size < 100:
        return f"{sign}>99.99{GAP}%"
    if 99 <= size < 100:
        text = _fixed(size, 2)
        return f"{sign}{_trimmed(text if float(text) <= size else _fixed(size - 0.01, 2))}{GAP}%"
    return f"{sign}{_trimmed(_fixed(size, 2 if size < 1 else 1))}{GAP}%"


def quantity(value: float | None, unit: Unit) -> Quantity:
    if not _known(value):
        return Quantity(NOTHING, "no data")
    if unit == "percent":
        return Quantity(percent(value), f"{_trimmed(_fixed(value * 100, 4))}{GAP}%")
    if unit == "ms":
        return Quantity(humanise_ms(value), f"{_trimmed(_fixed(value, 3))}{GAP}ms")
    return Quantity(humanise_count(value), exact_count(value))


def compare(
    value: float | None,
    previous: float | None,
    unit: Unit,
    *,
    better: Better = "",
    period: str = "the period before",
) -> Comparison:
    """How `value` stands to `previous`; `better` names the welcome direction, or none."""
    if not _known(value) or not _known(previous):
        return Comparison("flat", "neutral", "nothing to compare with", f"no data in {period}")
    before = quantity(previous, unit)
    exact = f"{before.exact} in {period}"
    change = value - previous
    amount = _change_words(change, previous, unit)
    if not amount:
        return Comparison("flat", "neutral", f"same as {period}", exact)
    up = change > 0
    tone: Tone = "neutral" if not better else ("good" if up == (better == "higher") else "bad")
    return Comparison("up" if up else "down", tone, f"{amount} from {before.text}", exact)


def relative_time(at_ms: int, now_ms: int) -> str:
    """ "just now", "42 s ago", "3 min ago", "in 2 h"; from thirty days on, the date in UTC."""
    past = now_ms >= at_ms
    seconds = abs(now_ms - at_ms) // 1000
    if seconds < 10:
        return "just now"
    if seconds >= 30 * 86_400:
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"
    for span_s, word in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if seconds >= span_s:
            text = f"{seconds // span_s}{GAP}{word}"
            return f"{text} ago" if past else f"in {text}"
    raise AssertionError("ten seconds are at least one second")


def absolute_time(at_ms: int, zone: str = "UTC") -> str:
    """ "20 Nov 2026, 14:02:11 UTC+1" in an IANA zone; an unknown zone reads as UTC."""
    at = datetime.fromtimestamp(at_ms / 1000, _zone(zone))
    offset = at.utcoffset() or timedelta(0)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M:%S} {_offset_words(offset)}"


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (OSError, ValueError, KeyError):  # each is how zoneinfo refuses some kind of bad name
        return UTC


def _offset_words(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")


def _change_words(change: float, previous: float, unit: Unit) -> str:
    """The size of a change; empty when it rounds to nothing. Rates change by points, the rest by share."""
    arrow = "up" if change > 0 else "down"
    if unit == "percent":
        points = _trimmed(_fixed(abs(change) * 100, 2 if abs(change) < 0.01 else 1))
        return "" if points == "0" else f"{arrow} {points} points"
    if previous == 0:
        return "" if change == 0 else arrow
    ratio = (previous + change) / previous
    if ratio >= 3:
        return f"\u00d7{_significant(ratio)}"
    text = _trimmed(_fixed(abs(change / previous) * 100, 1))
    return "" if text == "0" else f"{arrow} {text}{GAP}%"


def _long_duration(seconds: int) -> str:
    spans = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    for (large_s, large), (small_s, small) in pairwise(spans):
        if seconds >= large_s:
            first, rest = divmod(seconds, large_s)
            second = rest // small_s
            return f"{first}{GAP}{large}" + (f" {second}{GAP}{small}" if second else "")
    return f"{seconds}{GAP}s"


def _significant(value: float) -> str:
    """Three significant digits without trailing zeros; more only where the integer part has more."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    text = _fixed(value, digits)
    return _trimmed(text) if digits else _grouped(float(text))


def _grouped(value: float) -> str:
    text = _trimmed(_fixed(value, 0 if value >= 100 else 2))
    whole, _, rest = text.partition(".")
    return f"{int(whole):,}" + (f".{rest}" if rest else "")


def _fixed(value: float, digits: int) -> str:
    """Rounded half up on the exact binary value, as JavaScript's `toFixed` does."""
    return str(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EXACT))


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value) and abs(value) < _LARGEST
