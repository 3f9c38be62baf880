"""Parameters that many questions share: the time range, and what narrows it."""

import re
from dataclasses import dataclass
from typing import Annotated

from litestar.params import QueryParameter

from ...errors import BadInput
from ...event_store.queries.scope import Scope
from ...ingest.enrich import epoch_ms
from ...model.window import Window

PRESETS_S = {
    "1h": 3600,
    "6h": 6 * 3600,
    "24h": 86_400,
    "7d": 7 * 86_400,
    "14d": 14 * 86_400,
    "30d": 30 * 86_400,
    "90d": 90 * 86_400,
}
RANGE = re.compile(r"(\d{1,5})(m|h|d)")
UNITS_S = {"m": 60, "h": 3600, "d": 86_400}
LONGEST_S = 3660 * 86_400

Range = Annotated[
    str,
    QueryParameter(
        name="range", description="how far back from now: 15m, 1h, 24h, 7d, …", pattern=r"^\d{1,5}[mhd]$"
    ),
]
"""Named here and not where it is used: Litestar does not see the name in an Annotated around this one."""
From = Annotated[
    str, QueryParameter(name="from", description="start, ISO 8601 or epoch milliseconds", max_length=40)
]
To = Annotated[
    str, QueryParameter(name="to", description="end, ISO 8601 or epoch milliseconds", max_length=40)
]
Environment = Annotated[str, QueryParameter(name="env", description="only this environment", max_length=200)]
Release = Annotated[str, QueryParameter(description="only this release", max_length=200)]


@dataclass(frozen=True)
class Narrowed:
    """What the one bar of every page chooses."""

    window: Window
    environment: str = ""
    release: str = ""

    def scope(self, project_id: int) -> Scope:
        return Scope(project_id, self.window, self.environment, self.release)


def window_of(
    now_ms: int, *, range_: str = "", from_: str = "", to: str = "", default_s: float = 86_400
) -> Window:
    """`from`/`to` win over `range`; without either, the last `default_s` seconds. Raises BadInput."""
    if from_ or to:
        end = moment(to, "to") if to else now_ms
        start = moment(from_, "from") if from_ else end - round(default_s * 1000)
        window = Window(start, end)
    else:
        window = Window.last(_seconds(range_) if range_ else default_s, now_ms)
    if window.span_s > LONGEST_S:
        raise BadInput("the time range is longer than ten years", path="from")
    return window


def _seconds(text: str) -> int:
    found = RANGE.fullmatch(text)
    if not found or not int(found.group(1)):
        raise BadInput(f"{text!r} is not a time range", path="range", hint="use 15m, 1h, 24h, 7d or the like")
    return int(found.group(1)) * UNITS_S[found.group(2)]


def moment(text: str, name: str) -> int:
    """A browser's local form `2026-11-20T15:02` counts as UTC."""
    number = text.removeprefix("-")
    moment = epoch_ms(int(text) if number.isdigit() and number.isascii() and len(number) < 20 else text)
    if moment is None:
        raise BadInput(
            f"{text!r} is not a time",
            path=name,
            hint="use ISO 8601, such as 2026-11-20T15:02:00Z, or epoch milliseconds",
        )
    return moment
