"""Series over a window as the charts of the pages: every bucket of the window stands, the one still filling is named."""

from collections.abc import Mapping, Sequence

from ...insight.releases import Appeared
from ...model.window import Window
from ..components.chart import Chart, Marker, Series, Threshold
from ..components.format import Unit

NAME_CHARS = 20
BARS = 72
"""About as many bars as an eye separates on a wide screen."""


def step_of(window: Window) -> int:
    return window.step_s(int(window.span_s / BARS))


def step_words(step_s: int) -> str:
    """How wide a bar is: "per hour", "per 5 min"."""
    for span_s, word in ((86_400, "day"), (3_600, "hour"), (60, "min")):
        if step_s % span_s == 0:
            count = step_s // span_s
            return f"per {word}" if count == 1 else f"per {count} {word}{'s' if word != 'min' else ''}"
    return f"per {step_s} s"


def time_chart(
    title: str,
    unit: Unit,
    window: Window,
    step_s: int,
    now_ms: int,
    series: Mapping[str, Mapping[int, float | None]],
    *,
    missing: float | None = None,
    thresholds: Sequence[Threshold] = (),
    releases: Sequence[Appeared] = (),
) -> Chart:
    """`series` maps a bucket's start in epoch seconds to its value; `missing` is what a bucket without one shows."""
    buckets = window.buckets(step_s)
    lines = [
        Series(name, [values.get(bucket, missing) for bucket in buckets]) for name, values in series.items()
    ]
    last_ms = buckets[-1] * 1000 if buckets else 0
    filling = last_ms if buckets and last_ms + step_s * 1000 > now_ms else None
    markers = [Marker(item.at_ms, short_name(item.name)) for item in releases]
    return Chart(
        title, unit, step_s, [bucket * 1000 for bucket in buckets], lines, list(thresholds), markers, filling
    )


def short_name(release: str) -> str:
    """A release may be called by a whole hash; a marker has room for its beginning."""
    return release if len(release) <= NAME_CHARS else release[: NAME_CHARS - 1] + "\u2026"
