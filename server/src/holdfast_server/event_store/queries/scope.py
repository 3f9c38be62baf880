"""What every question is narrowed by: project, window, environment, release. Builds the WHERE that they share."""

from dataclasses import dataclass
from typing import Any

from ...model.window import STEP_S, Resolution, Window


@dataclass(frozen=True)
class Scope:
    """Empty `environment` or `release` means all of them."""

    project_id: int
    window: Window
    environment: str = ""
    release: str = ""

    def rollup(self, family: str) -> str:
        return f"{family}_{self.window.resolution}"

    def rows(self, family: str, columns: str, finest: Resolution = "5m") -> str:
        """A subquery of the rollup rows that make up the window: days in its middle, hours and 5 minutes at its edges.

        For totals: a fortnight is then 13 rows of each key instead of 336, and exact to five minutes.
        """
        parts = [
            f"SELECT {columns} FROM {family}_{step} WHERE project_id = {{project:UInt32}} AND at >= toDateTime({start}, 'UTC') AND at < toDateTime({end}, 'UTC'){self.narrowed}"
            for step, start, end in pyramid(self.window, finest)
        ]
        return "(" + " UNION ALL ".join(parts) + ")"

    @property
    def where(self) -> str:
        """For rollups: their `at` is the start of a row."""
        text = "project_id = {project:UInt32} AND at >= toDateTime({from_s:UInt32}, 'UTC') AND at < toDateTime({to_s:UInt32}, 'UTC')"
        return text + self.narrowed

    @property
    def where_raw(self) -> str:
        """For facts: exact to the millisecond."""
        text = "project_id = {project:UInt32} AND at >= fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC')"
        return text + self.narrowed

    @property
    def narrowed(self) -> str:
        text = " AND environment = {environment:String}" if self.environment else ""
        return text + (" AND release = {release:String}" if self.release else "")

    def parameters(self, **more: Any) -> dict[str, Any]:
        return {
            "project": self.project_id,
            "from_s": max(0, min(self.window.from_row_s, MAX_DATETIME_S)),
            "to_s": max(0, min(self.window.to_s, MAX_DATETIME_S)),
            "from_ms": self.window.from_ms,
            "to_ms": self.window.to_ms,
            "environment": self.environment,
            "release": self.release,
        } | more


MAX_DATETIME_S = 4_294_967_295
"""ClickHouse's DateTime ends in 2106."""


def pyramid(window: Window, finest: Resolution = "5m") -> list[tuple[Resolution, int, int]]:
    """Cut a window into spans of whole days, hours and 5 minutes: (resolution, from, to) in epoch seconds, in order."""
    step = STEP_S[finest]
    start = min(window.from_ms // 1000 // step * step, MAX_DATETIME_S)
    end = min(-(-window.to_ms // 1000 // step) * step, MAX_DATETIME_S)
    steps: list[Resolution] = [name for name in ("1d", "1h", "5m") if STEP_S[name] >= step]
    return _cut(start, max(end, start + 1), steps)


def _cut(start: int, end: int, steps: list[Resolution]) -> list[tuple[Resolution, int, int]]:
    if start >= end:
        return []
    coarse, finer = steps[0], steps[1:]
    width = STEP_S[coarse]
    first, last = -(-start // width) * width, end // width * width
    if not finer:
        return [(coarse, start, end)]
    if first >= last:
        return _cut(start, end, finer)
    return [*_cut(start, first, finer), (coarse, first, last), *_cut(last, end, finer)]
