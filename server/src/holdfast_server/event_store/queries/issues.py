"""Occurrences of errors, counted by issue and over time, and read one by one.

Short windows are counted from the occurrences themselves (exact to the millisecond), longer ones from the hourly and daily
rollups, which reach up to one row further back.
"""

from dataclasses import dataclass

from ..connect import EventStore, Row
from .scope import Scope

PEOPLE = "if(user_id != '', user_id, if(anonymous_id != '', anonymous_id, session_id))"
RAW = f"count() AS c_n, uniqCombined(12)({PEOPLE}) AS c_users"
KEPT = "sum(n) AS c_n, uniqCombinedMerge(12)(users) AS c_users"
SINGLE = (
    "id, issue_id, toUnixTimestamp64Milli(at) AS at_ms, toUnixTimestamp64Milli(received_at) AS received_ms, error_type, message, culprit, severity, handled, page, component, "
    "session_id, user_id, anonymous_id, device_type, platform, browser, os, region, environment, release, time_flag, stack, breadcrumbs, context"
)


@dataclass(frozen=True)
class Occurred:
    """`users` is an estimate within 2 %."""

    n: int
    users: int


def top(store: EventStore, scope: Scope, limit: int = 10) -> dict[str, Occurred]:
    """The issues that occurred most in the window, most frequent first."""
    sql = f"SELECT issue_id, {_counted(scope)} FROM {_table(scope)} WHERE {_where(scope)} GROUP BY issue_id ORDER BY c_n DESC, issue_id LIMIT {{limit:UInt32}}"
    return {
        row["issue_id"]: Occurred(int(row["c_n"]), int(row["c_users"]))
        for row in store.rows(sql, scope.parameters(limit=limit))
    }


def total(store: EventStore, scope: Scope, issue_id: str) -> Occurred:
    sql = (
        f"SELECT {_counted(scope)} FROM {_table(scope)} WHERE {_where(scope)} AND issue_id = {{issue:String}}"
    )
    row = store.rows(sql, scope.parameters(issue=issue_id))[0]
    return Occurred(int(row["c_n"] or 0), int(row["c_users"] or 0))


def series(store: EventStore, scope: Scope, issue_id: str, step_s: int) -> dict[int, int]:
    """Bucket start in epoch seconds → occurrences."""
    at = "toDateTime(at, 'UTC')" if _is_short(scope) else "at"
    counted = "count()" if _is_short(scope) else "sum(n)"
    sql = (
        f"SELECT intDiv(toUnixTimestamp({at}), {{step:UInt32}}) * {{step:UInt32}} AS bucket, {counted} AS c_n FROM {_table(scope)} "
        f"WHERE {_where(scope)} AND issue_id = {{issue:String}} GROUP BY bucket ORDER BY bucket"
    )
    return {
        int(row["bucket"]): int(row["c_n"])
        for row in store.rows(sql, scope.parameters(issue=issue_id, step=step_s))
    }


def newest(store: EventStore, project_id: int, issue_id: str, limit: int = 1) -> list[Row]:
    """The newest occurrences of one issue, whole."""
    sql = f"SELECT {SINGLE} FROM errors WHERE project_id = {{project:UInt32}} AND issue_id = {{issue:String}} ORDER BY at DESC, id DESC LIMIT {{limit:UInt32}}"
    return store.rows(sql, {"project": project_id, "issue": issue_id, "limit": limit})


def _is_short(scope: Scope) -> bool:
    return scope.window.resolution == "5m"


def _table(scope: Scope) -> str:
    return "errors" if _is_short(scope) else scope.rollup("issues")


def _where(scope: Scope) -> str:
    return scope.where_raw if _is_short(scope) else scope.where


def _counted(scope: Scope) -> str:
    return RAW if _is_short(scope) else KEPT
