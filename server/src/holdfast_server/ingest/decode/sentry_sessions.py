"""What Sentry clients say about their application's life: sessions, check-ins of scheduled jobs, and what they dropped."""

from typing import Any

import msgspec

from ...errors import BadInput
from ...model.limits import MAX_NAME_CHARS, MAX_SPANS
from .native import ENCODER, ClientDrop, WireEvent
from .records import AppSession
from .sentry_shapes import Json
from .sentry_values import Identify, dict_at, ns_of, text_at, whole_number, within_limits

AGGREGATED = {
    "exited": "exited",
    "errored": "errored",
    "crashed": "crashed",
    "abnormal": "abnormal",
    "unhandled": "unhandled",
}
STATUSES = frozenset({"ok", "exited", "errored", "unhandled", "crashed", "abnormal"})
CHECK_IN_STATUSES = frozenset({"ok", "in_progress", "error", "missed", "timeout", "unknown"})
CATEGORIES = {
    "transaction": "span",
    "log_item": "log",
    "log_byte": "log",
    "trace_metric": "metric",
    "monitor": "check_in",
    "default": "event",
}
"""Sentry's words for what we call otherwise in the ledger."""
BYTE_CATEGORIES = frozenset({"log_byte", "trace_metric_byte", "attachment_item"})
"""Reported beside what we count already, as bytes or once more."""
MAX_REPORTED = 200


def session_of_item(value: Json, identify: Identify) -> AppSession:
    """One session as it stands. Raises BadInput without a start."""
    started_ns = ns_of(value.get("started"))
    session_id = text_at(value, "sid")
    if started_ns is None or not session_id:
        raise BadInput("the session has no id or no start")
    told_ns = ns_of(value.get("timestamp"))
    status = text_at(value, "status") or "ok"
    status = status if status in STATUSES else "ok"
    attributes = dict_at(value, "attrs")
    sequence = value.get("seq")
    return AppSession(
        started_ns,
        session_id,
        _whose(value, identify),
        status,
        whole_number(value.get("errors")),
        duration_ms=_milliseconds(value.get("duration")),
        # A session's end may be told within the same tick as its start, and it is the end that counts.
        version=whole_number(sequence, 2**62)
        if sequence
        else ((told_ns or started_ns) // 1000) * 4
        + (0 if status == "ok" else 2)
        + (value.get("init") is not True),
        environment=text_at(attributes, "environment"),
        release=text_at(attributes, "release"),
    )


def sessions_of_aggregates(value: Json, identify: Identify) -> tuple[list[AppSession], int]:
    """Sessions that a server counted itself, one for each start, person and status; (sessions, how many were unreadable)."""
    attributes = dict_at(value, "attrs")
    sent = value.get("aggregates")
    if not isinstance(sent, list):
        raise BadInput("the sessions have no aggregates")
    found: list[AppSession] = []
    refused = 0
    for item in sent[:MAX_SPANS]:
        started_ns = ns_of(item.get("started")) if isinstance(item, dict) else None
        if started_ns is None:
            refused += 1
            continue
        found += [
            AppSession(
                started_ns,
                user_id=_whose(item, identify),
                status=status,
                quantity=whole_number(item.get(word), 10**9),
                environment=text_at(attributes, "environment"),
                release=text_at(attributes, "release"),
            )
            for word, status in AGGREGATED.items()
            if whole_number(item.get(word), 10**9)
        ]
    return found[:MAX_SPANS], refused + max(0, len(sent) - MAX_SPANS)


def _whose(value: Json, identify: Identify) -> str:
    return identify({"id": text_at(value, "did")}) if value.get("did") else ""


def check_in_of(value: Json, received_ms: int) -> WireEvent:
    """A scheduled job's word as an event: its monitor is the name, its status the action. Raises BadInput without a monitor."""
    slug = text_at(value, "monitor_slug")
    if not slug:
        raise BadInput("the check-in names no monitor")
    status = text_at(value, "status")
    told_ns = ns_of(value.get("timestamp"))
    kept = {
        "checkInId": text_at(value, "check_in_id").replace("-", "").lower(),
        "config": value.get("monitor_config"),
        "traceId": text_at(dict_at(dict_at(value, "contexts"), "trace"), "trace_id", 64),
    }
    return WireEvent(
        type="check_in",
        name=slug,
        action=status if status in CHECK_IN_STATUSES else "unknown",
        timestamp=told_ns // 1_000_000 if told_ns else received_ms,
        duration=_milliseconds(value.get("duration")),
        environment=text_at(value, "environment") or None,
        release=text_at(value, "release") or None,
        metadata=msgspec.Raw(
            ENCODER.encode(within_limits({name: item for name, item in kept.items() if item}))
        ),
    )


def _milliseconds(seconds: Any) -> float | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return float(seconds) * 1000 if 0 <= seconds < 1e9 else None


def drops_of_report(value: Json) -> list[ClientDrop]:
    """What the client says it dropped itself."""
    found: list[ClientDrop] = []
    for name in ("discarded_events", "rate_limited_events", "filtered_events", "filtered_sampling_events"):
        sent = value.get(name)
        for item in sent[:MAX_REPORTED] if isinstance(sent, list) else ():
            if not isinstance(item, dict) or item.get("category") in BYTE_CATEGORIES:
                continue
            category = text_at(item, "category", 32)
            quantity = whole_number(item.get("quantity"), 10**9)
            reason = text_at(item, "reason", 64)[:64]
            found.append(ClientDrop(reason, quantity, CATEGORIES.get(category, category)[:MAX_NAME_CHARS]))
    return found
