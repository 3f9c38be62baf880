"""Exceptions out of OTLP spans and log records as error reports (semantic conventions: `exception.*`).

An exception on its way up is recorded by each span that it leaves. It is one occurrence: the innermost span's counts.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from ...model.limits import MAX_MESSAGE_CHARS, MAX_NAME_CHARS, MAX_STACK_CHARS
from .errors import Report, tags_of
from .otlp_values import first_text, signed
from .records import LogRecord, Span

MAX_REPORTS = 1_000
"""Out of one request; a request with more brings the same few over and over."""
TYPE, MESSAGE, STACK, ESCAPED = (f"exception.{word}" for word in ("type", "message", "stacktrace", "escaped"))
TAGS = (
    "http.request.method", "http.method", "http.route", "http.response.status_code", "http.status_code", "host.name", "k8s.pod.name",
    "process.runtime.name", "process.runtime.version", "thread.name", "code.function.name", "rpc.method", "messaging.destination.name",
)  # fmt: skip
PAGES = ("url.path", "http.target", "url.full", "http.url")
AGENTS = ("user_agent.original", "http.user_agent")
MAX_AROUND = 64
Spans = dict[tuple[str, str], Span]
"""By trace and span."""
Place = tuple[str, str, tuple[str, str]]
"""Trace, span, and what was thrown."""
SEVERITY_FROM = ((21, "critical"), (17, "error"), (13, "warning"), (1, "info"))


def reports_of_spans(spans: list[Span]) -> list[Report]:
    """The `exception` events of these spans, each exception once."""
    found = [
        (span, event)
        for span in spans
        for event in span.events
        if event["name"] == "exception" and _is_exception(event["attributes"])
    ]
    if not found:
        return []
    known = {(span.trace_id, span.span_id): span for span in spans}
    thrown = {(span.trace_id, span.span_id, _what(event["attributes"])) for span, event in found}
    passed_on: set[Place] = set()
    for span, event in found:
        _mark_around(span, _what(event["attributes"]), known, passed_on)
    innermost = [
        (span, event)
        for span, event in found
        if (span.trace_id, span.span_id, _what(event["attributes"])) not in passed_on
    ]
    return _numbered([_of_span(span, event, known, thrown) for span, event in innermost[:MAX_REPORTS]])


def reports_of_logs(records: Iterable[LogRecord]) -> list[Report]:
    thrown = [record for record in records if _is_exception(record.attributes)]
    return _numbered([_of_log(record) for record in thrown[:MAX_REPORTS]])


def _numbered(reports: list[Report]) -> list[Report]:
    """Give each an id of its own that is the same when the request is sent again: clocks of a millisecond make twins."""
    for number, report in enumerate(reports):
        identity = f"{number} {report.event_id}"
        report.event_id = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
    return reports


def _is_exception(attributes: dict[str, Any]) -> bool:
    return bool(attributes.get(TYPE) or attributes.get(MESSAGE))


def _what(attributes: dict[str, Any]) -> tuple[str, str]:
    return str(attributes.get(TYPE)), str(attributes.get(MESSAGE))


def _mark_around(span: Span, what: tuple[str, str], known: Spans, passed_on: set[Place]) -> None:
    """Mark the spans around this one: the exception may have come through them. What is marked has marked its own before."""
    parent = span.parent_id
    while parent and parent != span.span_id and (span.trace_id, parent, what) not in passed_on:
        passed_on.add((span.trace_id, parent, what))
        around = known.get((span.trace_id, parent))
        parent = around.parent_id if around is not None else ""


def _of_span(span: Span, event: dict[str, Any], known: Spans, thrown: set[Place]) -> Report:
    """Who it happened to, where and whether nobody caught it is known by the spans around, as far as they came along."""
    attributes = {**span.attributes, **event["attributes"]}
    report = _report(span, attributes, signed(event["timeUnixNano"]))
    report.transaction = span.name[:MAX_NAME_CHARS]
    what = _what(event["attributes"])
    for around in _and_around(span, known):
        report.user_id = report.user_id or around.user_id
        report.session_id = report.session_id or around.session_id
        report.user_agent = report.user_agent or first_text(around.attributes, *AGENTS, limit=512)
        if around.is_segment:
            report.transaction = around.name[:MAX_NAME_CHARS]
            if around.kind == "server":
                report.page = first_text(around.attributes, *PAGES, limit=2_048)
            escaped = around.status == "error" and (around.trace_id, around.span_id, what) in thrown
            report.handled = report.handled and not escaped
            break
    return report


def _and_around(span: Span, known: Spans) -> Iterator[Span]:
    current: Span | None = span
    for _ in range(MAX_AROUND):
        if current is None:
            return
        yield current
        current = known.get((current.trace_id, current.parent_id))


def _of_log(record: LogRecord) -> Report:
    report = _report(record, record.attributes, record.at_ns)
    number = record.severity_number
    report.severity = next((word for least, word in SEVERITY_FROM if number >= least), "error")
    if record.body and record.body != report.message:
        report.context["log"] = record.body[:MAX_MESSAGE_CHARS]
    return report


def _report(record: Span | LogRecord, attributes: dict[str, Any], at_ns: int) -> Report:
    kind, message = first_text(attributes, TYPE) or "Error", _text(attributes, MESSAGE, MAX_MESSAGE_CHARS)
    identity = f"{record.trace_id} {record.span_id} {at_ns} {kind} {message}"
    return Report(
        error_type=kind,
        message=message,
        stack=_text(attributes, STACK, MAX_STACK_CHARS),
        handled=str(attributes.get(ESCAPED, "")).lower() != "true",
        event_id=identity,
        trace_id=record.trace_id,
        span_id=record.span_id,
        component=record.service,
        release=record.release,
        environment=record.environment,
        user_id=record.user_id,
        session_id=record.session_id,
        user_agent=first_text(attributes, *AGENTS, limit=512),
        sdk=record.sdk,
        at=at_ns // 1_000_000,
        tags=tags_of({name: value for name in TAGS if (value := _tag(name, attributes, record.resource))}),
        context={name: value for name, value in attributes.items() if not name.startswith("exception.")}
        | {"resource": record.resource},
    )


def _text(attributes: dict[str, Any], name: str, limit: int) -> str:
    value = attributes.get(name)
    return value[:limit] if isinstance(value, str) else first_text(attributes, name, limit=limit)


def _tag(name: str, attributes: dict[str, Any], resource: dict[str, Any]) -> str:
    return first_text(attributes, name) or first_text(resource, name)
