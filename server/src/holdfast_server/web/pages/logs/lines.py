"""A log record as a line of the page: its first words, and all its fields for whoever opens it."""

from dataclasses import dataclass
from urllib.parse import quote

from ....event_store.connect import Row
from ...api.telemetry import attributes_of
from ...components.shell import Bar
from ..attributes import pairs

LEVELS = ((17, "alert", "Error"), (13, "degraded", "Warning"), (9, "info", "Info"), (1, "no_data", "Debug"))
FIRST_CHARS = 300
STACK = "exception.stacktrace"


@dataclass(frozen=True)
class LogLine:
    """`state` is a state's word, "info" for what is fine; `word` says the severity."""

    id: str
    at_ms: int
    state: str
    word: str
    service: str
    first: str
    body: str
    stack: str
    fields: list[tuple[str, str]]
    attributes: list[tuple[str, str]]
    resource: list[tuple[str, str]]
    trace_url: str
    session_url: str
    issue_url: str


def line_of(row: Row, bar: Bar) -> LogLine:
    number = int(row["severity_number"])
    state, word = next(
        ((state, word) for least, state, word in LEVELS if number >= least),
        ("no_data", row["severity"] or "Log"),
    )
    attributes = attributes_of(row["attributes"])
    known = attributes if isinstance(attributes, dict) else {}
    first = row["body"].strip() or str(known.get("exception.message") or row["event_name"] or "(empty)")
    session, kind = row["session_id"], str(known.get("exception.type") or "")
    return LogLine(
        id=str(row["id"]),
        at_ms=int(row["at_ms"]),
        state=state,
        word="Fatal" if number >= 21 else word,
        service=row["service"],
        first=" ".join(first[:FIRST_CHARS].split()),
        body=row["body"],
        stack=str(known.get(STACK) or ""),
        fields=_fields(row),
        attributes=pairs({name: value for name, value in known.items() if name != STACK}),
        resource=pairs(attributes_of(row["resource"])),
        trace_url=bar.url(f"/admin/traces/{quote(row['trace_id'], safe='')}") if row["trace_id"] else "",
        session_url=bar.url(f"/admin/sessions/{quote(session, safe='')}")
        if session and "/" not in session
        else "",
        issue_url=bar.url("/admin/errors", search=kind.rpartition(".")[2][:200], status="all")
        if kind
        else "",
    )


def _fields(row: Row) -> list[tuple[str, str]]:
    told = (
        (
            "Severity",
            f"{row['severity']} ({row['severity_number']})" if row["severity_number"] else row["severity"],
        ),
        ("Event", row["event_name"]),
        ("Service", row["service"]),
        ("Logger", row["scope"]),
        ("Trace", row["trace_id"]),
        ("Span", row["span_id"]),
        ("Session", row["session_id"]),
        ("User", row["user_id"]),
        ("Environment", row["environment"]),
        ("Release", row["release"]),
        ("SDK", row["sdk"]),
    )
    return [(name, value) for name, value in told if value]
