"""One occurrence of an error as the page shows it: errors and frames, breadcrumbs on a time line, tags, contexts, files.

Clients send all kinds of shapes: whatever can't be read is left out here and stands in the raw JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ....ingest.enrich import epoch_ms
from .stack import Thrown, chain_of, list_of, text_of

CRUMB_CHARS = 1_000
CONTEXT_ENTRIES = 40
NAMES = {
    "page": "Page", "transaction": "Transaction", "component": "Component", "user_id": "User", "anonymous_id": "Visitor", "session_id": "Session",
    "release": "Release", "environment": "Environment", "browser": "Browser", "os": "System", "device_type": "Device", "platform": "Platform",
    "region": "Region", "sdk": "Client", "culprit": "Where", "severity": "Severity", "trace_id": "Trace",
}  # fmt: skip


@dataclass(frozen=True)
class Crumb:
    """`before_ms` is how long before the error it was, None when the client gave no time."""

    category: str
    message: str
    level: str
    before_ms: int | None
    data: str = ""

    @property
    def tone(self) -> str:
        return "bad" if self.level in ("error", "fatal", "critical") else ""


@dataclass(frozen=True)
class File:
    """A file that came along; `is_kept` is false where only its name and size are known."""

    index: int
    name: str
    type: str
    size: int
    is_kept: bool


@dataclass(frozen=True)
class Occurrence:
    """`facts` are (column, title, value); `contexts` are flat parts of what is free, `more` the rest as indented JSON."""

    id: int
    event_id: str
    at_ms: int
    received_ms: int
    time_flag: str
    error_type: str
    message: str
    chain: list[Thrown]
    stack: str
    crumbs: list[Crumb]
    tags: list[tuple[str, str]]
    facts: list[tuple[str, str, str]]
    contexts: list[tuple[str, list[tuple[str, str]]]]
    more: str
    files: list[File]
    session_id: str
    trace_id: str
    handled: bool

    @property
    def has_frames(self) -> bool:
        return any(item.frames for item in self.chain)


def occurrence_of(row: Mapping[str, Any]) -> Occurrence:
    at_ms = int(row["at_ms"])
    contexts, rest = contexts_of(json_of(row["context"]))
    tags = json_of(row["tags"])
    return Occurrence(
        id=int(row["id"]),
        event_id=row["event_id"],
        at_ms=at_ms,
        received_ms=int(row["received_ms"]),
        time_flag=row["time_flag"],
        error_type=row["error_type"],
        message=row["message"],
        chain=chain_of(row, json_of(row["exceptions"])),
        stack=row["stack"],
        crumbs=crumbs_of(json_of(row["breadcrumbs"]), at_ms),
        tags=sorted((str(name), text_of(value)) for name, value in tags.items())
        if isinstance(tags, dict)
        else [],
        facts=[(name, title, str(row[name])) for name, title in NAMES.items() if row[name]],
        contexts=contexts,
        more=msgspec.json.format(msgspec.json.encode(rest), indent=2).decode() if rest else "",
        files=files_of(row),
        session_id=row["session_id"],
        trace_id=row["trace_id"],
        handled=bool(row["handled"]),
    )


def whole(row: Mapping[str, Any]) -> dict[str, Any]:
    """The occurrence as it is kept, with its JSON columns as JSON."""
    free = {name: json_of(row[name]) for name in ("exceptions", "tags", "files", "breadcrumbs", "context")}
    numbers = {name: int(row[name]) for name in ("at_ms", "received_ms", "fingerprint_version")}
    # as text: a browser's numbers end at 2**53
    return dict(row) | numbers | {"id": str(row["id"]), "handled": bool(row["handled"])} | free


def files_of(row: Mapping[str, Any]) -> list[File]:
    found = [item for item in list_of(json_of(row["files"])) if isinstance(item, dict)]
    return [
        File(
            index,
            text_of(item.get("name")) or "file",
            text_of(item.get("type")),
            size if type(size := item.get("size")) is int else 0,
            isinstance(item.get("sha256"), str),
        )
        for index, item in enumerate(found)
    ]


def crumbs_of(sent: Any, at_ms: int) -> list[Crumb]:
    """In the order of their times where all have one, else as they came."""
    crumbs = [crumb_of(item, at_ms) for item in list_of(sent) if isinstance(item, dict)]
    if all(crumb.before_ms is not None for crumb in crumbs):
        crumbs.sort(key=lambda crumb: -(crumb.before_ms or 0))
    return crumbs


def crumb_of(item: Mapping[str, Any], at_ms: int) -> Crumb:
    at = item.get("timestamp")
    when = epoch_ms(at) if isinstance(at, str | int | float) and not isinstance(at, bool) else None
    data = item.get("data")
    message = text_of(item.get("message"))
    return Crumb(
        (text_of(item.get("category")) or text_of(item.get("type")) or "step")[:100],
        message[:CRUMB_CHARS],
        (text_of(item.get("level")) or "info")[:20],
        None if when is None else at_ms - when,
        text_of(data)[:CRUMB_CHARS] if data else "",
    )


def contexts_of(free: Any) -> tuple[list[tuple[str, list[tuple[str, str]]]], dict[str, Any]]:
    """Flat parts become tables, everything else stays JSON."""
    if not isinstance(free, dict):
        return [], {"value": free} if free else {}
    inner = free.get("contexts")
    parts = {name: value for name, value in free.items() if name != "contexts" or not isinstance(inner, dict)}
    if isinstance(inner, dict):
        parts = {**inner, **parts}
    tables = {name: value for name, value in parts.items() if is_flat(value)}
    rest = {name: value for name, value in parts.items() if name not in tables}
    return [
        (name, [(str(key), text_of(item)) for key, item in value.items()]) for name, value in tables.items()
    ], rest


def is_flat(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and 0 < len(value) <= CONTEXT_ENTRIES
        and not any(isinstance(item, dict | list) for item in value.values())
    )


def json_of(text: Any) -> Any:
    try:
        return msgspec.json.decode(text or "null")
    except msgspec.DecodeError:
        return None
