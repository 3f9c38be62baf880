"""The documents' five questions (C2) and the totals of the pages: errors, latency by endpoint, summaries, error rate over time."""

from dataclasses import dataclass
from typing import Any

from ..event_store.connect import EventStore
from ..event_store.queries import activity, feed, maintenance, measures
from ..event_store.queries.measures import Measured
from ..event_store.queries.scope import Scope
from ..model.clock import iso
from ..model.window import Window
from .catalogue import API_TYPES
from .histogram import quantile

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Latency:
    """Milliseconds; None where nothing was timed."""

    name: str
    n: int
    failed: int
    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    longest: float | None


def latency_of(name: str, measured: Measured) -> Latency:
    timed = measured.timed
    return Latency(
        name,
        measured.n,
        measured.failed,
        measured.total / timed if timed else None,
        quantile(measured.histogram, 0.5),
        quantile(measured.histogram, 0.95),
        quantile(measured.histogram, 0.99),
        measured.longest if timed else None,
    )


def get_recent_errors(store: EventStore, scope: Scope, limit: int = 50) -> list[dict[str, Any]]:
    """The newest occurrences of the window."""
    rows = feed.recent_errors(store, scope, limit)
    return [{"id": str(row.pop("id")), "at": iso(int(row.pop("at_ms"))), **row} for row in rows]


def get_api_latency_stats(store: EventStore, scope: Scope, limit: int = 100) -> list[Latency]:
    """One row an endpoint, most called first."""
    found = measures.by_name(store, scope, API_TYPES, limit)
    return [latency_of(name, measured) for name, measured in found.items()]


def get_metrics_summary(store: EventStore, scope: Scope) -> dict[str, Any]:
    """Totals of the window and of each type."""
    everything = activity.total(store, scope)
    types = activity.by_type(store, scope)
    errors = types["error"].n if "error" in types else 0
    return {
        "totalEvents": everything.n,
        "uniqueUsers": everything.users,
        "uniqueSessions": everything.sessions,
        "errors": errors,
        "errorRate": errors / everything.n if everything.n else None,
        "byType": [
            {"type": name, "count": item.n, "uniqueUsers": item.users, "uniqueSessions": item.sessions}
            for name, item in types.items()
        ],
    }


def get_error_rate_timeseries(store: EventStore, scope: Scope, step_s: int) -> list[dict[str, Any]]:
    """`at, errors, total, rate` for every bucket of the window; `rate` is None where nothing was sent."""
    by_type = activity.series(store, scope, step_s)
    errors = by_type.get("error", {})
    totals: dict[int, int] = {}
    for counts in by_type.values():
        for bucket, n in counts.items():
            totals[bucket] = totals.get(bucket, 0) + n
    return [
        {
            "at": iso(bucket * 1000),
            "errors": errors.get(bucket, 0),
            "total": totals.get(bucket, 0),
            "rate": errors.get(bucket, 0) / totals[bucket] if totals.get(bucket) else None,
        }
        for bucket in scope.window.buckets(step_s)
    ]


def cleanup_old_metrics(
    store: EventStore, retention_days: int, now_ms: int, project_id: int | None = None
) -> dict[str, int]:
    """Delete raw facts older than `retention_days`; rows deleted by table. Aggregates stay."""
    return maintenance.delete_before(store, now_ms - retention_days * DAY_MS, project_id)


def telemetry(store: EventStore, scope: Scope, event_type: str = "") -> dict[str, Any]:
    """GET /api/telemetry: totals, by type, by day or finer, and durations by type."""
    types = {
        name: item
        for name, item in activity.by_type(store, scope).items()
        if not event_type or name == event_type
    }
    timings = measures.by_type(store, scope)
    step_s = scope.window.step_s(86_400 if scope.window.span_s > 2 * 86_400 else 3600)
    by_time = activity.series(store, scope, step_s)
    return {
        "from": iso(scope.window.from_ms),
        "to": iso(scope.window.to_ms),
        "stepSeconds": step_s,
        "totalEvents": sum(item.n for item in types.values()),
        "types": [_type_row(name, item, timings.get(name)) for name, item in types.items()],
        "series": [
            {
                "at": iso(bucket * 1000),
                "counts": {
                    name: counts[bucket]
                    for name, counts in by_time.items()
                    if bucket in counts and name in types
                },
            }
            for bucket in scope.window.buckets(step_s)
        ],
    }


def _type_row(name: str, count: activity.Count, measured: Measured | None) -> dict[str, Any]:
    timing = latency_of(name, measured) if measured and measured.timed else None
    return {
        "type": name,
        "count": count.n,
        "uniqueUsers": count.users,
        "uniqueSessions": count.sessions,
        "failed": count.failed,
        "durationMs": {
            "mean": timing.mean,
            "p50": timing.p50,
            "p95": timing.p95,
            "p99": timing.p99,
            "max": timing.longest,
        }
        if timing
        else None,
    }


def window_of_days(days: float, now_ms: int) -> Window:
    return Window.last(days * 86_400, now_ms)
