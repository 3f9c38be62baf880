"""One trace as a waterfall: its spans as a tree in the order in which they began, each with its place on the time line.

Pure. Clients send what they like: parents that are missing, circles, ends before starts. Every span gets its line.
"""

from dataclasses import dataclass
from typing import Any

from ....event_store.connect import Row
from ...api.telemetry import attributes_of
from ...components.format import humanise_ms
from ..attributes import pairs

WIDTH = 1000
"""Units of the time line."""
LEAST = 4
"""A bar that is narrower could not be seen."""
DEEPEST = 12
"""Deeper spans are not indented any further."""
GOOD = ("", "ok", "unset")
COLOURS = 8


@dataclass(frozen=True)
class SpanEvent:
    name: str
    after: str
    stack: str
    fields: list[tuple[str, str]]


@dataclass(frozen=True)
class Line:
    """`left` and `width` are units of the time line; `colour` is its service's; `orphan` when its parent was not sent."""

    id: str
    name: str
    service: str
    kind: str
    depth: int
    left: float
    width: float
    took: str
    after: str
    failed: bool
    orphan: bool
    colour: int
    fields: list[tuple[str, str]]
    attributes: list[tuple[str, str]]
    resource: list[tuple[str, str]]
    events: list[SpanEvent]
    links: list[tuple[str, str]]


@dataclass(frozen=True)
class Waterfall:
    lines: list[Line]
    services: list[tuple[str, int]]
    start_ms: int
    took_ms: float
    failed: int
    title: str


def waterfall(rows: list[Row]) -> Waterfall:
    """`rows` in the order in which they began, at least one."""
    start = min(int(row["start_ns"]) for row in rows)
    end = max(start + 1, *(int(row["end_ns"]) for row in rows))
    services = list(dict.fromkeys(row["service"] for row in rows))
    colours = {name: index % COLOURS + 1 for index, name in enumerate(services)}
    ids = {row["span_id"] for row in rows}
    lines = [
        _line(row, depth, start, end - start, colours[row["service"]], ids) for row, depth in _tree(rows)
    ]
    return Waterfall(
        lines,
        [(name or "no service", colours[name]) for name in services],
        start // 1_000_000,
        (end - start) / 1e6,
        sum(line.failed for line in lines),
        next((line.name for line in lines if not line.depth), "") or "Trace",
    )


def _tree(rows: list[Row]) -> list[tuple[Row, int]]:
    """Depth first without recursion. What hangs on a circle begins a tree of its own."""
    ids = {row["span_id"] for row in rows}
    children: dict[str, list[Row]] = {}
    for row in rows:
        parent = row["parent_id"] if row["parent_id"] in ids and row["parent_id"] != row["span_id"] else ""
        children.setdefault(parent, []).append(row)
    seen: set[int] = set()
    order: list[tuple[Row, int]] = []
    for first in [*children.get("", []), *rows]:
        waiting = [(first, 0)]
        while waiting:
            row, depth = waiting.pop()
            if id(row) in seen:
                continue
            seen.add(id(row))
            order.append((row, depth))
            waiting += [(child, depth + 1) for child in reversed(children.get(row["span_id"], []))]
    return order


def _line(row: Row, depth: int, start: int, span_ns: int, colour: int, ids: set[str]) -> Line:
    began, ended = int(row["start_ns"]), int(row["end_ns"])
    left = min(WIDTH - LEAST, (began - start) * WIDTH / span_ns)
    width = min(WIDTH - left, max(LEAST, (ended - began) * WIDTH / span_ns))
    attributes = attributes_of(row["attributes"])
    return Line(
        id=row["span_id"],
        name=row["name"] or row["op"] or "(no name)",
        service=row["service"],
        kind=row["kind"] or row["op"],
        depth=min(DEEPEST, depth),
        left=round(left, 2),
        width=round(width, 2),
        took=humanise_ms(row["duration_ms"]),
        after=humanise_ms((began - start) / 1e6),
        failed=row["status"] not in GOOD,
        orphan=bool(row["parent_id"]) and row["parent_id"] not in ids,
        colour=colour,
        fields=_facts(row),
        attributes=pairs(attributes),
        resource=pairs(attributes_of(row["resource"])),
        events=[
            _event(each, start) for each in attributes_of(row["events"] or "[]") if isinstance(each, dict)
        ],
        links=[
            (str(each.get("traceId", "")), str(each.get("spanId", "")))
            for each in attributes_of(row["links"] or "[]")
            if isinstance(each, dict)
        ],
    )


def _facts(row: Row) -> list[tuple[str, str]]:
    told = (
        ("Status", row["status"]),
        ("Kind", row["kind"]),
        ("Operation", row["op"]),
        ("Service", row["service"]),
        ("Span id", row["span_id"]),
        ("Parent", row["parent_id"]),
        ("Scope", row["scope"]),
        ("Session", row["session_id"]),
        ("User", row["user_id"]),
        ("Environment", row["environment"]),
        ("Release", row["release"]),
        ("SDK", row["sdk"]),
    )
    return [(name, value) for name, value in told if value]


def _event(event: dict[str, Any], start: int) -> SpanEvent:
    attributes = event.get("attributes")
    known = attributes if isinstance(attributes, dict) else {}
    moment = str(event.get("timeUnixNano", ""))
    after = humanise_ms((int(moment) - start) / 1e6) if moment.isascii() and moment.isdigit() else ""
    stack = str(known.get("exception.stacktrace") or "")
    return SpanEvent(
        str(event.get("name", "")),
        after,
        stack,
        pairs({name: value for name, value in known.items() if name != "exception.stacktrace"}),
    )
