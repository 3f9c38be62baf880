"""Single facts: the newest events and occurrences, for the live feed, `tail` and the recent-errors question."""

from dataclasses import dataclass

from ..connect import EventStore, Row
from .scope import Scope

EVENT = (
    "id, project_id, type, toUnixTimestamp64Milli(at) AS at_ms, toUnixTimestamp64Milli(received_at) AS received_ms, page, component, action, name, "
    "method, status, duration_ms, value, unit, session_id, user_id, anonymous_id, device_type, browser, os, region, environment, release, time_flag, attributes, '' AS issue_id"
)
OCCURRENCE = (
    "id, project_id, 'error' AS type, toUnixTimestamp64Milli(at) AS at_ms, toUnixTimestamp64Milli(received_at) AS received_ms, page, component, message AS action, "
    "error_type AS name, '' AS method, 0 AS status, CAST(NULL AS Nullable(Float32)) AS duration_ms, CAST(NULL AS Nullable(Float64)) AS value, '' AS unit, session_id, user_id, anonymous_id, "
    "device_type, browser, os, region, environment, release, time_flag, context AS attributes, issue_id"
)


@dataclass(frozen=True)
class Filter:
    """Empty fields narrow nothing. `after_id` 0 means from the newest back."""

    project_id: int | None = None
    type: str = ""
    component: str = ""
    session_id: str = ""
    user_id: str = ""
    environment: str = ""
    after_id: int = 0


def newest(store: EventStore, wanted: Filter, limit: int, lookback_s: int = 7 * 86_400) -> list[Row]:
    """Events and occurrences by the order in which they were received, newest first."""
    sql = (
        f"SELECT * FROM (SELECT {EVENT} FROM events WHERE {_where(wanted)}{_typed(wanted, 'type')} ORDER BY id DESC LIMIT {{limit:UInt32}} "
        f"UNION ALL SELECT {OCCURRENCE} FROM errors WHERE {_where(wanted)}{_error_typed(wanted)} ORDER BY id DESC LIMIT {{limit:UInt32}}) "
        "ORDER BY id DESC LIMIT {limit:UInt32}"
    )
    return store.rows(sql, _parameters(wanted, limit, lookback_s))


def recent_errors(store: EventStore, scope: Scope, limit: int) -> list[Row]:
    """C2's get_recent_errors: occurrences, newest first."""
    columns = "id, issue_id, toUnixTimestamp64Milli(at) AS at_ms, error_type, message, severity, page, component, session_id, user_id, environment, release, stack"
    sql = f"SELECT {columns} FROM errors WHERE {scope.where_raw} ORDER BY at DESC LIMIT {{limit:UInt32}}"
    return store.rows(sql, scope.parameters(limit=limit))


def _where(wanted: Filter) -> str:
    parts = ["at >= now() - toIntervalSecond({lookback:UInt32})", "id > {after_id:UInt64}"]
    if wanted.project_id is not None:
        parts.append("project_id = {project:UInt32}")
    parts += [
        f"{name} = {{{name}:String}}"
        for name in ("component", "session_id", "user_id", "environment")
        if getattr(wanted, name)
    ]
    return " AND ".join(parts)


def _typed(wanted: Filter, column: str) -> str:
    return f" AND {column} = {{type:String}}" if wanted.type else ""


def _error_typed(wanted: Filter) -> str:
    return " AND {type:String} = 'error'" if wanted.type else ""


def _parameters(wanted: Filter, limit: int, lookback_s: int) -> dict[str, object]:
    return {
        "after_id": wanted.after_id,
        "project": wanted.project_id or 0,
        "type": wanted.type,
        "component": wanted.component,
        "session_id": wanted.session_id,
        "user_id": wanted.user_id,
        "environment": wanted.environment,
        "limit": limit,
        "lookback": lookback_s,
    }
