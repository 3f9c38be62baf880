"""OTLP log records as records. None is rejected: a log needs nothing but its place in the request."""

from typing import Any

import msgspec

from ...model.limits import MAX_NAME_CHARS
from .otlp_shapes import AnyValue, Logs, WireLog
from .otlp_taken import Taken
from .otlp_values import (
    Origin,
    Room,
    id_of,
    line_of,
    origin_of,
    person_of,
    record_attributes,
    scoped,
    text_of,
    value_of,
    whole,
    word_of,
)
from .records import LogRecord

MAX_BODY_CHARS = 65_536
MAX_SEVERITY_CHARS = 32
SEVERITIES = {
    base + step: f"{word}{step + 1 if step else ''}"
    for base, word in ((1, "trace"), (5, "debug"), (9, "info"), (13, "warn"), (17, "error"), (21, "fatal"))
    for step in range(4)
}
NUMBERS = {word: number for number, word in SEVERITIES.items()} | {
    "warning": 13, "err": 17, "critical": 21, "crit": 21, "alert": 22, "emergency": 23, "notice": 10, "information": 9, "verbose": 1,
}  # fmt: skip
"""For senders that give a word only."""


def logs_of(request: Logs, now_ns: int) -> Taken[LogRecord]:
    taken: Taken[LogRecord] = Taken([])
    for group in request.resource_logs or ():
        origin = origin_of(group.resource)
        for scope_logs in group.scope_logs or ():
            own = scoped(origin, scope_logs.scope)
            for record in scope_logs.log_records or ():
                found = _log(record, own, now_ns)
                taken.is_timeless |= found.at_ns == now_ns
                taken.add(found, own.size)
    return taken


def _log(record: WireLog, origin: Origin, now_ns: int) -> LogRecord:
    attributes = record_attributes(origin, record.attributes, record.dropped_attributes_count)
    text = line_of(record.severity_text, MAX_SEVERITY_CHARS)
    number = _severity(record, text)
    return LogRecord(
        at_ns=whole(record.time_unix_nano) or whole(record.observed_time_unix_nano) or now_ns,
        body=_body(record.body),
        severity=text or SEVERITIES.get(number, "").upper(),
        severity_number=number,
        event_name=line_of(record.event_name, MAX_NAME_CHARS) or _event_name(attributes),
        trace_id=id_of(record.trace_id, 32),
        span_id=id_of(record.span_id, 16),
        sdk=origin.sdk,
        attributes=attributes,
        **person_of(attributes, origin.resource),
        **origin.fields,
    )


def _severity(record: WireLog, text: str) -> int:
    named = word_of(record.severity_number, SEVERITIES, "severity_number_")
    return NUMBERS.get(named, 0) or NUMBERS.get(text.lower(), 0)


def _body(body: AnyValue | None) -> str:
    """Text as it is; anything else as its JSON."""
    if body is None:
        return ""
    if body.WhichOneof("value") == "string_value":
        return text_of(body.string_value)[:MAX_BODY_CHARS]
    value = value_of(body, Room(keys=1_024))
    return "" if value is None else msgspec.json.encode(value).decode()


def _event_name(attributes: dict[str, Any]) -> str:
    """Before there was a field for it."""
    name = attributes.get("event.name")
    return name[:MAX_NAME_CHARS] if isinstance(name, str) else ""
