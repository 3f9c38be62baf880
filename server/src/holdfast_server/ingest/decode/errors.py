"""An error report (P3, P6): from POST /api/errors, or from an event of type `error` on any other path."""

from itertools import islice
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ...errors import BadInput, TooLarge
from ...insight.grouping import parse_chain
from ...model.limits import (
    MAX_LIST_BYTES,
    MAX_MESSAGE_CHARS,
    MAX_METADATA_BYTES,
    MAX_NAME_CHARS,
    MAX_REPORT_KEYS,
    MAX_STACK_CHARS,
)
from .native import ANY, ENCODER, Moment, WireEvent, check_shape, malformed, split_path, storable

SEVERITY_WORDS = {
    "fatal": "critical",
    "critical": "critical",
    "error": "error",
    "warn": "warning",
    "warning": "warning",
    "info": "info",
    "debug": "info",
    "log": "info",
}


class Report(msgspec.Struct, omit_defaults=True):
    """An error as the spool keeps it: cut to the limits, grouped (`issue_id`), everything else in `context`."""

    error_type: str
    message: str
    issue_id: str = ""
    group_id: str = ""
    """The issue of the same error with its names mapped back, where that differs."""
    fingerprint_version: int = 0
    culprit: str = ""
    severity: str = "error"
    handled: bool = True
    stack: str = ""
    frames: list[dict[str, Any]] = []
    exceptions: list[dict[str, Any]] = []
    """The chain, cause first: {type, value, module, mechanism, frames}. Empty when only `frames` or `stack` came."""
    debug_images: list[dict[str, Any]] = []
    client_fingerprint: list[str] = []
    tags: dict[str, str] = {}
    files: list[dict[str, Any]] = []
    event_id: str = ""
    trace_id: str = ""
    span_id: str = ""
    transaction: str = ""
    dist: str = ""
    sdk: str = ""
    breadcrumbs: list[Any] = []
    context: dict[str, Any] = {}
    at: Moment = None
    page: str = ""
    component: str = ""
    session_id: str = ""
    user_id: str = ""
    anonymous_id: str = ""
    user_agent: str = ""
    platform: str = ""
    device_type: str = ""
    region: str = ""
    environment: str = ""
    release: str = ""


class WireReport(msgspec.Struct):
    """The fields of P6 with their types; whatever else the body holds goes to the context."""

    errorType: Annotated[str, Meta(min_length=1)]  # noqa: N815 - the documents' own names
    message: str
    stack: str | None = None
    severity: str | None = None
    page: str | None = None
    component: str | None = None
    userAgent: str | None = None  # noqa: N815
    userId: str | None = None  # noqa: N815
    anonymousId: str | None = None  # noqa: N815
    sessionId: str | None = None  # noqa: N815
    buildId: str | None = None  # noqa: N815
    release: str | None = None
    environment: str | None = None
    platform: str | None = None
    deviceType: str | None = None  # noqa: N815
    region: str | None = None
    handled: bool | None = None
    timestamp: Moment = None
    createdAt: Moment = None  # noqa: N815
    metadata: dict[str, Any] | None = None
    breadcrumbs: list[Any] | None = None
    frames: list[dict[str, Any]] | None = None
    exceptions: list[dict[str, Any]] | None = None
    debugImages: list[dict[str, Any]] | None = None  # noqa: N815
    fingerprint: list[str] | str | None = None
    tags: dict[str, str | int | float | bool | None] | None = None
    eventId: str | None = None  # noqa: N815
    traceId: str | None = None  # noqa: N815
    spanId: str | None = None  # noqa: N815
    transaction: str | None = None
    dist: str | None = None
    sdk: str | None = None


WIRE_FIELDS = frozenset(WireReport.__struct_fields__)
ALIASES = {
    "error_type": "errorType",
    "type": "errorType",
    "name": "errorType",
    "error_message": "message",
    "in_app_frames": "frames",
}
MAX_BREADCRUMBS = 100
MAX_FRAMES = 200
MAX_EXCEPTIONS = 20
MAX_TAGS = 100
MAX_IMAGES = 200


def decode_report(body: bytes) -> Report:
    """Read the body of POST /api/errors. Raises BadInput that names the field."""
    try:
        value = ANY.decode(storable(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise malformed(exc) from exc
    if not isinstance(value, dict):
        raise BadInput(
            "an error report must be an object",
            hint='for example {"errorType": "TypeError", "message": "x is undefined"}',
        )
    check_shape(value, "", max_keys=MAX_REPORT_KEYS)
    report = report_of(value)
    check_shape(report.context, "metadata")
    for name, part, limit in (
        ("metadata", report.context, MAX_METADATA_BYTES),
        ("breadcrumbs", report.breadcrumbs, MAX_LIST_BYTES),
        ("frames", report.frames, MAX_LIST_BYTES),
        ("exceptions", report.exceptions, MAX_LIST_BYTES),
    ):
        if len(ENCODER.encode(part)) > limit:
            raise TooLarge(f"`{name}`", f"{limit} bytes", path=name)
    return report


def report_of(value: dict[str, Any]) -> Report:
    known = {key: item for key, item in value.items() if key in WIRE_FIELDS}
    extra = {key: item for key, item in value.items() if key not in WIRE_FIELDS}
    for alias, field in ALIASES.items():
        if field not in known and isinstance(extra.get(alias), str | list):
            known[field] = extra.pop(alias)
    try:
        wire = msgspec.convert(known, WireReport)
    except msgspec.ValidationError as exc:
        sentence, path = split_path(str(exc))
        raise BadInput(sentence, path=path, hint="an error report needs errorType and message") from exc
    causes = extra.pop("causes", None)
    report = _from_wire(wire, extra)
    if isinstance(causes, list) and not report.exceptions:
        _put_behind(report, [item for item in causes[:MAX_EXCEPTIONS] if isinstance(item, dict)])
    return report


def _put_behind(report: Report, causes: list[dict[str, Any]]) -> None:
    """The browser client names the errors behind the thrown one, nearest first, in its own words."""
    frames: Any = report.frames or next((item["frames"] for item in chain_in(report.stack)[-1:]), [])
    thrown = {"type": report.error_type, "value": report.message, "frames": frames}
    behind = [
        {"type": str(item.get("errorType") or ""), "value": str(item.get("message") or ""), "frames": []}
        for item in reversed(causes)
    ]
    report.exceptions, report.frames = [*behind, thrown], []


def _from_wire(wire: WireReport, extra: dict[str, Any]) -> Report:
    severity = (wire.severity or "error").lower()
    if severity not in SEVERITY_WORDS:
        raise BadInput(
            f"{severity!r} is not a severity", path="severity", hint="use critical, error, warning or info"
        )
    fingerprint = [wire.fingerprint] if isinstance(wire.fingerprint, str) else wire.fingerprint or []
    return Report(
        error_type=wire.errorType[:MAX_NAME_CHARS],
        message=wire.message[:MAX_MESSAGE_CHARS],
        severity=SEVERITY_WORDS[severity],
        handled=wire.handled is not False,
        stack=(wire.stack or "")[:MAX_STACK_CHARS],
        frames=(wire.frames or [])[-MAX_FRAMES:],
        exceptions=[_cut_exception(item) for item in (wire.exceptions or [])[-MAX_EXCEPTIONS:]],
        debug_images=(wire.debugImages or [])[:MAX_IMAGES],
        client_fingerprint=fingerprint[:32],
        tags=tags_of(wire.tags or {}),
        event_id=(wire.eventId or "").replace("-", "").lower()[:32],
        trace_id=(wire.traceId or "")[:64],
        span_id=(wire.spanId or "")[:32],
        transaction=(wire.transaction or "")[:MAX_NAME_CHARS],
        dist=(wire.dist or "")[:MAX_NAME_CHARS],
        sdk=(wire.sdk or "")[:MAX_NAME_CHARS],
        breadcrumbs=(wire.breadcrumbs or [])[-MAX_BREADCRUMBS:],
        context=(wire.metadata or {}) | extra,
        at=wire.timestamp if wire.timestamp is not None else wire.createdAt,
        page=wire.page or "",
        component=(wire.component or "")[:MAX_NAME_CHARS],
        session_id=wire.sessionId or "",
        user_id=wire.userId or "",
        anonymous_id=wire.anonymousId or "",
        user_agent=wire.userAgent or "",
        platform=wire.platform or "",
        device_type=wire.deviceType or "",
        region=wire.region or "",
        environment=(wire.environment or "")[:MAX_NAME_CHARS],
        release=(wire.release or wire.buildId or "")[:MAX_NAME_CHARS],
    )


def _cut_exception(item: dict[str, Any]) -> dict[str, Any]:
    frames = item.get("frames")
    return item | {"frames": frames[-MAX_FRAMES:] if isinstance(frames, list) else []}


def tags_of(sent: dict[str, Any]) -> dict[str, str]:
    """Tags as text, within Sentry's limits on their number and length."""
    pairs = ((str(name)[:MAX_NAME_CHARS], value) for name, value in sent.items() if value is not None)
    return {name: str(value)[:MAX_NAME_CHARS] for name, value in islice(pairs, MAX_TAGS)}


def chain_in(stack: str) -> list[dict[str, Any]]:
    """A stack that came as text, in the form that clients send parsed ones in."""
    return [
        {
            "type": found.type,
            "value": found.value,
            "frames": [
                {
                    "function": frame.function,
                    "filename": frame.filename,
                    "abs_path": frame.filename,
                    "lineno": frame.lineno,
                    "colno": frame.colno,
                    "in_app": frame.in_app,
                }
                for frame in found.frames
            ],
        }
        for found in (parse_chain(stack) if stack else ())
    ]


def report_of_event(event: WireEvent) -> Report:
    """An event of type `error` (C1 `recordError`, T `trackError`) as a report; what it lacks gets a plain word."""
    details: dict[str, Any] = {}
    for raw in (event.data, event.metadata):
        text = bytes(raw)
        if text and text != b"null":
            details |= ANY.decode(text)
    for field in (
        "timestamp",
        "createdAt",
        "page",
        "component",
        "sessionId",
        "userId",
        "anonymousId",
        "userAgent",
        "platform",
        "deviceType",
        "region",
        "environment",
        "release",
        "buildId",
    ):
        sent = getattr(event, field)
        if sent is not None:
            details[field] = sent
    try:
        return report_of(_with_essentials(details, event))
    except BadInput:
        # A field of the wrong kind inside free metadata must not lose the error: keep all of it as context.
        essentials = {
            "errorType": _text(details, "errorType", "error_type", "name") or "Error",
            "message": _text(details, "message", "error_message"),
        }
        return report_of(essentials | {"metadata": details})


def _with_essentials(details: dict[str, Any], event: WireEvent) -> dict[str, Any]:
    kept = dict(details)
    kept["errorType"] = _text(details, "errorType", "error_type", "name") or event.name or "Error"
    kept["message"] = _text(details, "message", "error_message") or event.action or ""
    return kept


def _text(details: dict[str, Any], *names: str) -> str:
    return next((str(details[name]) for name in names if details.get(name)), "")


__all__ = ["Report", "decode_report", "report_of_event"]
