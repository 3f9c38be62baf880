"""What a chart is told: the JSON contract between the server and `web-assets/src/charts/` (see README.md)."""

import msgspec

from .format import Unit


class Series(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line or one set of bars; `values` stand beside the chart's `times`, None is a gap. `color` is a CSS colour
    and rarely needed: a series has its colour by name, the same on every page."""

    name: str
    values: list[float | None]
    color: str | None = None


class Threshold(msgspec.Struct, frozen=True):
    """A named horizontal line, in the chart's unit."""

    name: str
    value: float


class Marker(msgspec.Struct, frozen=True):
    """A named vertical line: a release, a deployment."""

    at: int
    label: str


class Chart(msgspec.Struct, frozen=True, omit_defaults=True):
    """Values over time. `times` are the starts of buckets of `step_s` seconds, in epoch ms, ascending.

    Percent values are rates of 0–1. Buckets that start at or after `incomplete_from` are still filling and are dashed.
    """

    title: str
    unit: Unit
    step_s: int
    times: list[int]
    series: list[Series]
    thresholds: list[Threshold] = []
    markers: list[Marker] = []
    incomplete_from: int | None = None


class Slice(msgspec.Struct, frozen=True):
    name: str
    value: float


class Shares(msgspec.Struct, frozen=True):
    """Parts of a whole, for a pie. The browser keeps the four largest and folds the rest into "Other"."""

    title: str
    unit: Unit
    slices: list[Slice]
