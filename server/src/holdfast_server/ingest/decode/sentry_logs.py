"""Sentry's log records and metrics: containers of typed attributes, and the older statsd lines."""

import re
from hashlib import blake2b
from typing import Any

from ...model.limits import MAX_MESSAGE_CHARS, MAX_SPANS
from .native import storable
from .records import LogRecord, Point
from .sentry_shapes import text_of
from .sentry_values import Identify, attributes_of, ns_of, take_user, text_at, whole_number

NUMBER_OF_LEVEL = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "warning": 13, "error": 17, "fatal": 21}
KINDS = {"c": "counter", "g": "gauge", "d": "distribution", "s": "set"}
SEQUENCE = "sentry.timestamp.sequence"
"""JS numbers what falls into one millisecond: as an attribute it would make a series of each."""
STATSD = re.compile(
    r"(?P<name>[^@:|]{1,200})(?:@(?P<unit>[^:|]{1,50}))?:(?P<values>[^|]{1,2000})\|(?P<kind>[cgds])"
    r"(?:\|#(?P<tags>[^|]{0,4000}))?(?:\|T(?P<at>[0-9]{1,12}))?(?:\|.*)?"
)


def logs_of_container(items: list[Any], identify: Identify) -> tuple[list[LogRecord], int]:
    """(records, how many could not be read)."""
    found = [_log(item, identify) for item in items[:MAX_SPANS] if isinstance(item, dict)]
    records = [record for record in found if record is not None]
    return records, len(items) - len(records)


def _log(sent: dict[str, Any], identify: Identify) -> LogRecord | None:
    at_ns = ns_of(sent.get("timestamp"))
    if at_ns is None:
        return None
    attributes = attributes_of(sent.get("attributes"))
    user_id = take_user(attributes, identify)
    level = text_at(sent, "level")
    return LogRecord(
        at_ns,
        body=text_of(sent.get("body"))[:MAX_MESSAGE_CHARS],
        severity=level,
        severity_number=whole_number(sent.get("severity_number"), 24) or NUMBER_OF_LEVEL.get(level, 0),
        trace_id=text_at(sent, "trace_id", 64),
        span_id=text_at(sent, "span_id", 32) or text_at(attributes, "sentry.trace.parent_span_id", 32),
        service=text_at(attributes, "service.name"),
        session_id=text_at(attributes, "session.id") or text_at(attributes, "sentry.replay_id"),
        user_id=user_id[:200],
        environment=text_at(attributes, "sentry.environment"),
        release=text_at(attributes, "sentry.release"),
        sdk=f"{text_at(attributes, 'sentry.sdk.name')} {text_at(attributes, 'sentry.sdk.version')}".strip(),
        attributes=attributes,
    )


def points_of_container(items: list[Any], identify: Identify, payload: bytes) -> tuple[list[Point], int]:
    """(points, how many could not be read)."""
    shift = shift_of(payload)
    found = [
        _point(item, identify, shift, number)
        for number, item in enumerate(items[:MAX_SPANS])
        if isinstance(item, dict)
    ]
    points = [point for point in found if point is not None]
    return points, len(items) - len(points)


def _point(sent: dict[str, Any], identify: Identify, shift: int, number: int) -> Point | None:
    at_ns, value, name = ns_of(sent.get("timestamp")), sent.get("value"), text_at(sent, "name")
    if at_ns is None or not name or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    attributes = attributes_of(sent.get("attributes"))
    take_user(attributes, identify)
    attributes.pop(SEQUENCE, None)
    return Point(
        name,
        text_at(sent, "type") or "gauge",
        apart(at_ns, shift, number),
        unit=text_at(sent, "unit"),
        value=float(value),
        trace_id=text_at(sent, "trace_id", 64),
        service=text_at(attributes, "service.name"),
        environment=text_at(attributes, "sentry.environment"),
        release=text_at(attributes, "sentry.release"),
        attributes=attributes,
    )


def points_of_statsd(payload: bytes, received_ms: int) -> tuple[list[Point], int]:
    """Lines such as `requests@none:1|c|#env:prod|T1615889449`. (points, how many lines could not be read)."""
    lines = [line for line in storable(payload).decode("utf-8", "replace").splitlines() if line.strip()]
    points: list[Point] = []
    shift, refused = shift_of(payload), max(0, len(lines) - MAX_SPANS)
    for line in lines[:MAX_SPANS]:
        found = STATSD.fullmatch(line.strip())
        values = [_number(text) for text in found["values"].split(":")[:100]] if found else []
        if found is None or None in values:
            refused += 1
            continue
        at_ns = int(found["at"]) * 1_000_000_000 if found["at"] else received_ms * 1_000_000
        tags = dict(part.partition(":")[::2] for part in (found["tags"] or "").split(",")[:100] if part)
        points += [
            Point(
                found["name"],
                KINDS[found["kind"]],
                apart(at_ns, shift, len(points) + number),
                unit=found["unit"] or "",
                value=value,
                environment=tags.get("environment", ""),
                release=tags.get("release", ""),
                attributes=dict(tags),
            )
            for number, value in enumerate(values)
            if value is not None
        ]
    return points[:MAX_SPANS], refused


def shift_of(payload: bytes) -> int:
    """A number below a million that differs from container to container and is the same when one is sent again."""
    return int.from_bytes(blake2b(payload, digest_size=8).digest(), "little") % 1_000_000


def apart(at_ns: int, shift: int, number: int) -> int:
    """Points of one series and time are one point in the store, and clients count several times in a millisecond: move
    them apart by less than what their clock can tell."""
    step = 1_000_000 if at_ns % 1_000_000 == 0 else 1_000
    return at_ns + (shift + number) % step


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e300 else None
