"""What is sent to Sentry: an error as an event, a timing or a trace as a transaction, each as one envelope, anonymised."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from ... import __version__
from ...insight.grouping import parse_stack
from ..decode.errors import Report
from ..decode.native import ENCODER, WireEvent
from ..decode.records import Span
from ..enrich import Arrival, epoch_ms
from .anonymous import Anonymous

SDK = "holdfast.forward"
LEVELS = {"critical": "fatal", "error": "error", "warning": "warning", "info": "info"}
PLATFORMS = frozenset(
    {
        "javascript",
        "node",
        "python",
        "java",
        "go",
        "ruby",
        "php",
        "csharp",
        "native",
        "cocoa",
        "elixir",
        "rust",
    }
)
TIMINGS = frozenset({"api_latency", "api_call", "performance", "edge_function"})
MAX_SPANS = 500
MAX_EVENT_BYTES = 900_000
"""Sentry takes 1 MB."""
TRACE_ID, SPAN_ID = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{16}")
STATUSES = {"unset": "unknown", "error": "internal_error"}
CRUMB_FIELDS = ("timestamp", "type", "category", "level", "message", "data")
FRAME_FIELDS = (
    "function", "module", "filename", "abs_path", "lineno", "colno", "in_app", "context_line", "pre_context",
    "post_context",
)  # fmt: skip


def is_ours(sdk: str) -> bool:
    """What came by forwarding is not forwarded again, or two servers would send it round for ever."""
    return sdk.startswith(SDK)


def is_timing(event: WireEvent) -> bool:
    """A measurement of its own. One that was made of a span goes with its trace."""
    return event.type in TIMINGS and event.duration is not None and b'"spanId"' not in bytes(event.metadata)


def error_event(anonymous: Anonymous, arrival: Arrival, report: Report, number: int) -> tuple[str, bytes]:
    """The event's id and its envelope. `number` tells apart what one request brought."""
    event_id = report.event_id
    if not TRACE_ID.fullmatch(event_id):
        event_id = digest(
            "error", arrival.project_id, arrival.seq, arrival.received_ms, number, report.issue_id
        )
    at_ms = moment(report.at, arrival)
    event: dict[str, Any] = {
        "event_id": event_id,
        "timestamp": at_ms / 1000,
        "platform": report.platform if report.platform in PLATFORMS else "other",
        "level": LEVELS.get(report.severity, "error"),
        "transaction": anonymous.text(report.transaction or report.culprit),
        "dist": report.dist,
        "exception": {"values": exceptions_of(anonymous, report)},
        "breadcrumbs": {
            "values": [crumb_of(anonymous, item) for item in report.breadcrumbs if isinstance(item, dict)]
        },
        "tags": {
            **anonymous.tree(report.tags),
            **tags(report.release, report.environment),
            **({"component": report.component} if report.component else {}),
        },
        "extra": anonymous.tree(report.context),
        "debug_meta": {"images": [{"type": "sourcemap"} | image for image in report.debug_images]}
        if report.debug_images
        else None,
        "fingerprint": report.client_fingerprint or None,
        **about(anonymous, report.release, report.environment, report.user_id or report.anonymous_id),
    }
    if report.page:
        event["request"] = {"url": anonymous.url(report.page)}
    if TRACE_ID.fullmatch(report.trace_id) and SPAN_ID.fullmatch(report.span_id):
        event["contexts"] = {"trace": {"trace_id": report.trace_id, "span_id": report.span_id}}
    return event_id, envelope(event_id, "event", event)


def timing_transaction(
    anonymous: Anonymous, arrival: Arrival, event: WireEvent, index: int
) -> tuple[str, bytes]:
    """A measurement as a transaction of one span; it ended when it was reported."""
    event_id = digest("timing", arrival.project_id, arrival.seq, arrival.received_ms, index)
    sent = (
        event.timestamp
        if event.timestamp is not None
        else event.createdAt
        if event.createdAt is not None
        else event.ts
    )
    end_ms = moment(sent, arrival)
    duration_ms = min(max(event.duration or 0.0, 0.0), 86_400_000.0)
    name = event.name or event.endpoint or event.action or event.page or event.type
    transaction = {
        "event_id": event_id,
        "type": "transaction",
        "transaction": anonymous.text(name),
        "start_timestamp": (end_ms - duration_ms) / 1000,
        "timestamp": end_ms / 1000,
        "platform": "other",
        "contexts": {
            "trace": {
                "trace_id": digest("trace", event_id),
                "span_id": digest("span", event_id)[:16],
                "op": event.type,
            }
        },
        "spans": [],
        "tags": tags(event.release or event.buildId or "", event.environment or ""),
        **about(
            anonymous,
            event.release or event.buildId or "",
            event.environment or "",
            event.userId or event.anonymousId or "",
        ),
    }
    return event_id, envelope(event_id, "transaction", transaction)


def span_transaction(
    anonymous: Anonymous, arrival: Arrival, span: Span, inner: Sequence[Span]
) -> tuple[str, bytes]:
    """The root of a service's part of a trace, and what of it came in the same request."""
    event_id = digest("span", arrival.project_id, span.trace_id, span.span_id)
    trace = {**span_of(anonymous, span), "parent_span_id": span.parent_id or None}
    transaction = {
        "event_id": event_id,
        "type": "transaction",
        "transaction": anonymous.text(span.name),
        "start_timestamp": trace.pop("start_timestamp"),
        "timestamp": trace.pop("timestamp"),
        "platform": "other",
        "contexts": {"trace": trace},
        "spans": [span_of(anonymous, each) for each in inner[:MAX_SPANS]],
        "tags": {**tags(span.release, span.environment), "service": span.service},
        **about(anonymous, span.release, span.environment, span.user_id),
    }
    return event_id, envelope(event_id, "transaction", transaction)


def span_of(anonymous: Anonymous, span: Span) -> dict[str, Any]:
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_id or None,
        "op": span.op or span.kind or "default",
        "description": anonymous.text(span.name),
        "status": STATUSES.get(span.status, span.status) or "unknown",
        "start_timestamp": span.start_ns / 1e9,
        "timestamp": span.end_ns / 1e9,
    }


def about(anonymous: Anonymous, release: str, environment: str, who: str) -> dict[str, Any]:
    """What every event says."""
    return {
        "release": release or None,
        "environment": environment or None,
        "user": {"id": anonymous.identity(who)} if who else None,
        "sdk": {"name": SDK, "version": __version__},
    }


def tags(release: str, environment: str) -> dict[str, str]:
    return {name: value for name, value in (("buildId", release), ("environment", environment)) if value}


def exceptions_of(anonymous: Anonymous, report: Report) -> list[dict[str, Any]]:
    found = [
        {
            "type": str(item.get("type") or report.error_type),
            "value": anonymous.text(str(item.get("value") or "")),
            "module": item.get("module"),
            "mechanism": {"type": "generic", "handled": report.handled},
            "stacktrace": stacktrace(item.get("frames")),
        }
        for item in report.exceptions
    ]
    if found:
        return found
    frames = [
        {
            "function": each.function,
            "module": each.module,
            "filename": each.filename,
            "lineno": each.lineno,
            "colno": each.colno,
            "in_app": each.in_app,
        }
        for each in (parse_stack(report.stack) if report.stack else [])
    ]
    return [
        {
            "type": report.error_type,
            "value": anonymous.text(report.message),
            "mechanism": {"type": "generic", "handled": report.handled},
            "stacktrace": stacktrace(frames),
        }
    ]


def stacktrace(frames: Any) -> dict[str, Any] | None:
    """Places in the code; values of variables stay here."""
    if not isinstance(frames, list):
        return None
    kept = [
        {name: frame[name] for name in FRAME_FIELDS if frame.get(name) not in (None, "")}
        for frame in frames
        if isinstance(frame, dict)
    ]
    return {"frames": kept} if kept else None


def crumb_of(anonymous: Anonymous, crumb: dict[str, Any]) -> dict[str, Any]:
    kept = {name: crumb[name] for name in CRUMB_FIELDS if crumb.get(name) is not None}
    cleaned: dict[str, Any] = anonymous.tree(kept)
    return cleaned


def moment(sent: Any, arrival: Arrival) -> int:
    found = epoch_ms(sent) if sent is not None else None
    return found if found is not None and 0 < found <= arrival.received_ms else arrival.received_ms


def digest(*parts: object) -> str:
    return hashlib.sha256("\x00".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()[:32]


def envelope(event_id: str, kind: str, event: dict[str, Any]) -> bytes:
    body = ENCODER.encode(without_empty(event))
    if len(body) > MAX_EVENT_BYTES:
        body = ENCODER.encode(without_empty(event | {"breadcrumbs": None, "extra": None}))
    head = ENCODER.encode({"event_id": event_id})
    item = ENCODER.encode({"type": kind, "length": len(body)})
    return b"\n".join((head, item, body, b""))


def without_empty(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if value not in (None, "", {})}
