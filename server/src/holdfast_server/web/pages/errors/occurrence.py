"""One occurrence of an error as the page shows it: frames, breadcrumbs and context out of what clients sent.

Clients send all kinds of shapes: whatever can't be read is left out here and stands in the raw context.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ....ingest.enrich import epoch_ms
from ....insight.grouping import parse_stack

FRAMES_SHOWN = 60


@dataclass(frozen=True)
class Frame:
    """`lines` is source around the call: (number, text, is the line itself)."""

    function: str
    place: str
    in_app: bool
    lines: list[tuple[int, str, bool]] = field(default_factory=list)


@dataclass(frozen=True)
class Crumb:
    category: str
    message: str
    level: str
    at_ms: int | None


@dataclass(frozen=True)
class Occurrence:
    """`facts` are the columns worth a line; `context` is everything free, as indented JSON."""

    at_ms: int
    message: str
    frames: list[Frame]
    stack: str
    crumbs: list[Crumb]
    facts: list[tuple[str, str]]
    context: str


NAMES = {
    "page": "Page", "component": "Component", "user_id": "User", "anonymous_id": "Visitor", "session_id": "Session", "release": "Release",
    "environment": "Environment", "browser": "Browser", "os": "System", "device_type": "Device", "platform": "Platform", "region": "Region",
    "culprit": "Where", "severity": "Severity",
}  # fmt: skip


def occurrence_of(row: Mapping[str, Any]) -> Occurrence:
    context = _json(row["context"])
    free = dict(context) if isinstance(context, dict) else {}
    sent = free.pop("frames", None)
    facts = [(title, str(row[name])) for name, title in NAMES.items() if row[name]]
    facts.append(("Handled", "yes" if row["handled"] else "no"))
    return Occurrence(
        at_ms=int(row["at_ms"]),
        message=row["message"],
        frames=_frames(sent, row["stack"]),
        stack=row["stack"],
        crumbs=[crumb for crumb in map(_crumb, _list(_json(row["breadcrumbs"]))) if crumb],
        facts=facts,
        context=msgspec.json.format(msgspec.json.encode(free), indent=2).decode() if free else "",
    )


def _frames(sent: Any, stack: str) -> list[Frame]:
    """The crash first. What the client parsed itself wins over the text: it may carry source lines."""
    found = [frame for frame in map(_sent_frame, _list(sent)) if frame]
    if not found:
        found = [
            Frame(
                item.function or "(anonymous)",
                _place(item.filename or item.module, item.lineno, item.colno),
                item.in_app,
            )
            for item in parse_stack(stack)
        ]
    return found[::-1][:FRAMES_SHOWN]


def _sent_frame(item: Any) -> Frame | None:
    if not isinstance(item, dict):
        return None
    line = item.get("lineno") or item.get("line") or 0
    number = line if isinstance(line, int) else 0
    column = item.get("colno") or item.get("column") or 0
    place = _place(
        str(item.get("filename") or item.get("module") or ""),
        number,
        column if isinstance(column, int) else 0,
    )
    in_app = item.get("in_app", item.get("inApp", True)) is not False
    return Frame(str(item.get("function") or "(anonymous)"), place, in_app, _lines(item, number))


def _lines(item: Mapping[str, Any], number: int) -> list[tuple[int, str, bool]]:
    middle = item.get("context_line", item.get("source"))
    if not isinstance(middle, str):
        return []
    before, after = (
        [str(text) for text in _list(item.get(name))] for name in ("pre_context", "post_context")
    )
    first = number - len(before)
    return [(first + step, text, step == len(before)) for step, text in enumerate([*before, middle, *after])]


def _place(name: str, line: int, column: int) -> str:
    return name + (f":{line}" if line else "") + (f":{column}" if line and column else "")


def _crumb(item: Any) -> Crumb | None:
    if not isinstance(item, dict):
        return None
    at = item.get("timestamp")
    data = item.get("data")
    message = str(item.get("message") or (msgspec.json.encode(data).decode() if data else ""))
    return Crumb(
        str(item.get("category") or item.get("type") or "step"),
        message[:500],
        str(item.get("level") or "info"),
        epoch_ms(at) if at is not None else None,
    )


def _json(text: Any) -> Any:
    try:
        return msgspec.json.decode(text or "null")
    except msgspec.DecodeError:
        return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
