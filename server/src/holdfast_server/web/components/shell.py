"""What `pages/base.html` is told: navigation, the one bar, the person, messages. Values only; handlers fill them.

The bar is the page's view of the world and lives in the URL as `project, env, release, range | from,to, tz, live`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import urlencode

from ...model.clock import iso


class NavItem(NamedTuple):
    """One entry of the left navigation. `shortcut` is the letter after `g`; `leaves` marks a link out of the pages."""

    title: str
    url: str
    icon: str
    key: str
    shortcut: str = ""
    leaves: bool = False


class TimeRange(NamedTuple):
    key: str
    title: str
    span_s: int


RANGES: tuple[TimeRange, ...] = (
    TimeRange("1h", "Last hour", 3_600),
    TimeRange("6h", "Last 6 hours", 6 * 3_600),
    TimeRange("24h", "Last 24 hours", 86_400),
    TimeRange("7d", "Last 7 days", 7 * 86_400),
    TimeRange("14d", "Last 14 days", 14 * 86_400),
    TimeRange("30d", "Last 30 days", 30 * 86_400),
    TimeRange("90d", "Last 90 days", 90 * 86_400),
)


@dataclass(frozen=True)
class Choice:
    value: str
    title: str


@dataclass(frozen=True)
class Bar:
    """The one bar. Empty `environment` and `release` mean all; empty `tz` means the browser's zone.

    Either `range` names a preset, or `from_ms` and `to_ms` are set. `keep` holds the page's own query (sort, filter),
    carried along when the bar changes and left behind when the page does.
    """

    path: str
    project: str
    projects: Sequence[Choice]
    environment: str = ""
    environments: Sequence[str] = ()
    release: str = ""
    releases: Sequence[str] = ()
    range: str = "24h"
    from_ms: int | None = None
    to_ms: int | None = None
    tz: str = ""
    live: bool = True
    keep: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_custom(self) -> bool:
        return self.from_ms is not None and self.to_ms is not None

    @property
    def range_title(self) -> str:
        return next((each.title for each in RANGES if each.key == self.range), self.range)

    @property
    def span_s(self) -> int:
        return next((each.span_s for each in RANGES if each.key == self.range), 86_400)

    @property
    def fields(self) -> dict[str, str]:
        """The bar as query parameters, defaults left out, in a fixed order."""
        span = {"range": self.range}
        if self.from_ms is not None and self.to_ms is not None:
            span = {"from": iso(self.from_ms), "to": iso(self.to_ms)}
        every = {
            "project": self.project,
            "env": self.environment,
            "release": self.release,
            **span,
            "tz": self.tz,
        }
        return {name: value for name, value in every.items() if value} | ({} if self.live else {"live": "0"})

    def url(self, path: str = "", **changes: str) -> str:
        """A link that keeps the bar. Without `path` it is this page and keeps its own query too.

        A change to "" removes the parameter; changing the range removes a custom one, and the other way round.
        """
        query = {**self.fields, **({} if path and path != self.path else self.keep)}
        if changes.get("range"):
            query = {name: value for name, value in query.items() if name not in ("from", "to")}
        if changes.get("from"):
            query.pop("range", None)
        if (
            "cursor" not in changes
        ):  # a cursor belongs to one order of rows: every other change starts at the top
            query.pop("cursor", None)
        query.update(changes)
        return f"{path or self.path}?{urlencode({name: value for name, value in query.items() if value}, safe=':')}"

    def around(self, at_ms: int, path: str = "", *, minutes: int = 15) -> str:
        """A link to the time around one moment."""
        span_ms = minutes * 60_000
        return self.url(path, **{"from": iso(at_ms - span_ms), "to": iso(at_ms + span_ms)})


@dataclass(frozen=True)
class Person:
    email: str
    name: str = ""
    role: str = ""


@dataclass(frozen=True)
class Flash:
    kind: Literal["done", "note", "problem"]
    text: str


@dataclass(frozen=True)
class Csrf:
    """The token that every changing form and htmx request carries: a hidden `field`, or the `header`."""

    token: str
    field: str = "_csrf_token"
    header: str = "x-csrftoken"


@dataclass(frozen=True)
class Column:
    """A column of a data table. `sort_url` makes the head a link; `sorted` is the direction it has now.

    `priority` 1 is always there, 2 from 768 px, 3 from 1200 px. `align` "end" is for numbers.
    """

    key: str
    title: str
    align: Literal["start", "end"] = "start"
    sort_url: str = ""
    sorted: Literal["", "ascending", "descending"] = ""
    priority: Literal[1, 2, 3] = 1
    hint: str = ""


@dataclass(frozen=True)
class BulkAction:
    """A button that acts on the selected rows: submits `action=value`. `key` is its letter; `confirm` asks once.

    With a `menu` it opens that instead, whose entries submit.
    """

    value: str
    title: str
    key: str = ""
    icon: str = ""
    confirm: str = ""
    menu: "Sequence[BulkAction]" = ()


@dataclass(frozen=True)
class Pager:
    """Links to the rows before and after, and words for what is shown ("50 issues")."""

    newer: str = ""
    older: str = ""
    shown: str = ""
