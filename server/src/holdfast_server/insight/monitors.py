"""Scheduled jobs that check in: what each said last, and whether it is overdue by its own schedule."""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from ..event_store.connect import EventStore, Row
from ..event_store.queries import check_ins
from ..event_store.queries.scope import Scope
from .schedules import Schedule, schedule_of

MonitorStatus = Literal["ok", "error", "in_progress", "missed", "timeout", "unknown"]
SAID: tuple[MonitorStatus, ...] = ("ok", "error", "in_progress", "missed", "timeout", "unknown")
MARGIN_MIN = 1
MAX_RUNTIME_MIN = 30
"""Sentry's own, for a monitor that sets none."""


@dataclass(frozen=True)
class Monitor:
    """`status` is what it said, unless it should have spoken again by now. `next_ms` is None without a schedule."""

    slug: str
    environment: str
    status: MonitorStatus
    last_ms: int
    last_duration_ms: float | None
    ok: int
    failed: int
    schedule: Schedule | None
    next_ms: int | None


def monitors(store: EventStore, scope: Scope, now_ms: int, limit: int = 500) -> list[Monitor]:
    """All that checked in during the window, the latest first."""
    return [monitor_of(row, now_ms) for row in check_ins.by_monitor(store, scope, limit)]


def monitor_of(row: Row, now_ms: int) -> Monitor:
    config = _config(row["config"])
    schedule = schedule_of(config)
    last_ms = int(row["last_ms"])
    # A job is due by when it began, not by when it ended.
    began_ms = min(int(row["started_ms"]) or last_ms, last_ms)
    next_ms = schedule.next_after(began_ms) if schedule else None
    said: MonitorStatus = next((word for word in SAID if word == row["status"]), "unknown")
    return Monitor(
        str(row["slug"]),
        str(row["environment"]),
        _status(said, config, last_ms, next_ms, now_ms),
        last_ms,
        None if row["last_duration_ms"] is None else float(row["last_duration_ms"]),
        int(row["ok"]),
        int(row["failed"]),
        schedule,
        next_ms,
    )


def _status(
    said: MonitorStatus, config: dict[str, Any], last_ms: int, next_ms: int | None, now_ms: int
) -> MonitorStatus:
    if said == "in_progress" and now_ms > last_ms + _minutes(config.get("max_runtime"), MAX_RUNTIME_MIN):
        return "timeout"
    if next_ms is not None and now_ms > next_ms + _minutes(config.get("checkin_margin"), MARGIN_MIN):
        return "missed"
    return said


def _minutes(sent: Any, otherwise: int) -> int:
    given = isinstance(sent, int | float) and not isinstance(sent, bool) and 0 < sent < 1e6
    return round((sent if given else otherwise) * 60_000)


def _config(attributes: str) -> dict[str, Any]:
    try:
        config = msgspec.json.decode(attributes or "{}").get("config")
    except (msgspec.DecodeError, AttributeError):
        return {}
    return config if isinstance(config, dict) else {}
