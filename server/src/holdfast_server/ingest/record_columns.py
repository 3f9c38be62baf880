"""Spans, log records, metric points and application sessions as columns of their tables. Runs in the drainer."""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ..model.limits import MAX_EVENT_AHEAD_S
from .decode.records import AppSession, LogRecord, Point, Span, decoder
from .enrich import Arrival, Columns, Enricher

JSON = msgspec.json.Encoder(order="deterministic")
LARGEST_NS = 2**63 - 1
LARGEST_COUNT = 2**63 - 1
SPAN_TEXT = (
    "trace_id", "span_id", "parent_id", "name", "op", "kind", "status", "service", "session_id", "user_id", "environment", "release", "sdk", "scope",
)  # fmt: skip
LOG_TEXT = (
    "body", "severity", "event_name", "trace_id", "span_id", "service", "session_id", "user_id", "environment", "release", "sdk", "scope",
)  # fmt: skip
POINT_TEXT = (
    "name", "kind", "unit", "description", "temporality", "trace_id", "service", "environment", "release", "scope",
)  # fmt: skip
SESSION_TEXT = ("session_id", "user_id", "status", "environment", "release", "sdk")


@dataclass(frozen=True)
class RecordKind:
    """One kind of the spool: its table, how to read its bodies, how to make its columns, its word in the ledger."""

    table: str
    decode: Callable[[bytes], Sequence[Any]]
    columns: Callable[[Enricher, list[tuple[Arrival, Sequence[Any]]]], Columns]
    category: str


def span_columns(enricher: Enricher, arrivals: list[tuple[Arrival, Sequence[Span]]]) -> Columns:
    spans = [span for _, found in arrivals for span in found]
    out = _common(enricher, arrivals, [span.start_ns for span in spans])
    out |= _texts(spans, SPAN_TEXT)
    out["start_ns"], out["end_ns"] = (
        _moments(span.start_ns for span in spans),
        _moments(s.end_ns for s in spans),
    )
    out["duration_ms"] = [max(0.0, (span.end_ns - span.start_ns) / 1e6) for span in spans]
    out["is_segment"] = [span.is_segment for span in spans]
    for name in ("attributes", "resource"):
        out[name] = [JSON.encode(getattr(span, name)) for span in spans]
    for name in ("events", "links"):
        out[name] = [JSON.encode(getattr(span, name)) if getattr(span, name) else b"" for span in spans]
    return out


def log_columns(enricher: Enricher, arrivals: list[tuple[Arrival, Sequence[LogRecord]]]) -> Columns:
    records = [record for _, found in arrivals for record in found]
    out = _common(enricher, arrivals, [record.at_ns for record in records])
    out |= _texts(records, LOG_TEXT)
    out["at_ns"] = _moments(record.at_ns for record in records)
    out["severity_number"] = [min(255, max(0, record.severity_number)) for record in records]
    for name in ("attributes", "resource"):
        out[name] = [JSON.encode(getattr(record, name)) for record in records]
    return out


def point_columns(enricher: Enricher, arrivals: list[tuple[Arrival, Sequence[Point]]]) -> Columns:
    points = [point for _, found in arrivals for point in found]
    out = _common(enricher, arrivals, [point.at_ns for point in points])
    out |= _texts(points, POINT_TEXT)
    out["at_ns"], out["start_ns"] = _moments(p.at_ns for p in points), _moments(p.start_ns for p in points)
    for name in ("value", "sum"):
        out[name] = [_finite(getattr(point, name)) for point in points]
    for name in ("min", "max"):
        out[name] = [None if getattr(p, name) is None else _finite(getattr(p, name)) for p in points]
    out["count"] = [min(LARGEST_COUNT, max(0, point.count)) for point in points]
    out["is_monotonic"] = [point.is_monotonic for point in points]
    out["buckets"] = [JSON.encode(point.buckets) if point.buckets else b"" for point in points]
    for name in ("attributes", "resource"):
        out[name] = [JSON.encode(getattr(point, name)) for point in points]
    out["series"] = [series_of(point) for point in points]
    return out


def session_columns(enricher: Enricher, arrivals: list[tuple[Arrival, Sequence[AppSession]]]) -> Columns:
    sessions = [session for _, found in arrivals for session in found]
    out = _common(enricher, arrivals, [session.started_ns for session in sessions])
    out |= _texts(sessions, SESSION_TEXT)
    # Aggregates have no id of their own; the row's keeps the engine from taking two of them for one session.
    out["session_id"] = [
        session.session_id or f"aggregate:{row_id}"
        for session, row_id in zip(sessions, out["id"], strict=True)
    ]
    out["errors"] = [min(2**32 - 1, max(0, session.errors)) for session in sessions]
    out["quantity"] = [min(LARGEST_COUNT, max(0, session.quantity)) for session in sessions]
    out["version"] = [min(LARGEST_COUNT, max(0, session.version)) for session in sessions]
    out["duration_ms"] = [
        None if session.duration_ms is None else _finite(session.duration_ms) for session in sessions
    ]
    return out


def series_of(point: Point) -> int:
    """A point's series: its name and every attribute, resource and scope; the same in every process."""
    # The kind too: a counter and a gauge of one name are two series.
    body = JSON.encode([point.name, point.kind, point.unit, point.scope, point.attributes, point.resource])
    return int.from_bytes(hashlib.blake2b(body, digest_size=8).digest(), "little")


def _common(enricher: Enricher, arrivals: list[tuple[Arrival, Sequence[Any]]], sent_ns: list[int]) -> Columns:
    """Ids, project and times. A time that is absurd gives way to the received one; the exact one stays in its own column."""
    out: Columns = {"id": [], "project_id": [], "at": [], "received_at": []}
    place = 0
    for arrival, found in arrivals:
        count, base = len(found), enricher.event_id(arrival.seq, 0)
        low = arrival.received_ms - enricher.max_age_ms
        high = arrival.received_ms + MAX_EVENT_AHEAD_S * 1000
        out["id"] += range(base, base + count)
        out["project_id"] += [arrival.project_id] * count
        out["received_at"] += [arrival.received_ms] * count
        for moment in sent_ns[place : place + count]:
            at = moment // 1_000_000
            out["at"].append(at if low <= at <= high else arrival.received_ms)
        place += count
    return out


def _texts(records: Sequence[Any], names: tuple[str, ...]) -> Columns:
    return {name: [getattr(record, name) for record in records] for name in names}


def _moments(values: Any) -> list[int]:
    return [min(LARGEST_NS, max(0, value)) for value in values]


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


RECORDS: dict[str, RecordKind] = {
    "spans": RecordKind("spans", decoder(Span).decode, span_columns, "span"),
    "logs": RecordKind("logs", decoder(LogRecord).decode, log_columns, "log"),
    "points": RecordKind("points", decoder(Point).decode, point_columns, "metric"),
    "sessions": RecordKind("app_sessions", decoder(AppSession).decode, session_columns, "session"),
}
"""The kinds of the spool besides events and errors."""
