"""Occurrences of errors, counted by issue and over time.

An issue is asked about by the ids of its fingerprints. Short windows are counted from the occurrences themselves (exact to
the millisecond), longer ones from the hourly and daily rollups, which reach up to one row further back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..connect import EventStore
from .scope import Scope

PEOPLE = "if(user_id != '', user_id, if(anonymous_id != '', anonymous_id, session_id))"
RAW = f"count() AS c_n, uniqCombinedIf(12)({PEOPLE}, {PEOPLE} != '') AS c_users, uniqCombinedIf(12)(session_id, session_id != '') AS c_sessions"
KEPT = "sum(n) AS c_n, uniqCombinedMerge(12)(users) AS c_users, uniqCombinedMerge(12)(sessions) AS c_sessions"
OURS = " AND issue_id IN {issues:Array(String)}"


@dataclass(frozen=True)
class Occurred:
    """`users` and `sessions` are estimates within 2 %."""

    n: int
    users: int
    sessions: int = 0


@dataclass(frozen=True)
class InRelease:
    """What one release has of an issue. The times are as exact as the rollup's rows."""

    release: str
    n: int
    users: int
    first_ms: int
    last_ms: int


def top(store: EventStore, scope: Scope, limit: int = 10) -> dict[str, Occurred]:
    """The issues that occurred most in the window, most frequent first."""
    sql = f"SELECT issue_id, {_counted(scope)} FROM {_table(scope)} WHERE {_where(scope)} GROUP BY issue_id ORDER BY c_n DESC, issue_id LIMIT {{limit:UInt32}}"
    return {
        row["issue_id"]: Occurred(int(row["c_n"]), int(row["c_users"]), int(row["c_sessions"]))
        for row in store.rows(sql, scope.parameters(limit=limit))
    }


def total(store: EventStore, scope: Scope, issue_ids: Sequence[str]) -> Occurred:
    sql = f"SELECT {_counted(scope)} FROM {_table(scope)} WHERE {_where(scope)}{OURS}"
    row = store.rows(sql, scope.parameters(issues=list(issue_ids)))[0]
    return Occurred(int(row["c_n"] or 0), int(row["c_users"] or 0), int(row["c_sessions"] or 0))


def series(store: EventStore, scope: Scope, issue_ids: Sequence[str], step_s: int) -> dict[int, int]:
    """Bucket start in epoch seconds → occurrences."""
    sql = (
        f"SELECT {_bucket(scope)} AS bucket, {_number(scope)} AS c_n FROM {_table(scope)} "
        f"WHERE {_where(scope)}{OURS} GROUP BY bucket ORDER BY bucket"
    )
    return {
        int(row["bucket"]): int(row["c_n"])
        for row in store.rows(sql, scope.parameters(issues=list(issue_ids), step=step_s))
    }


def sparklines(
    store: EventStore, scope: Scope, issue_ids: Sequence[str], step_s: int
) -> dict[str, dict[int, int]]:
    """For each fingerprint id that occurred: bucket start in epoch seconds → occurrences, for all of a list's rows at once.

    From the rollups whatever the window, of hours only where the step needs them: among a million occurrences of 10,000
    issues, a fortnight is 140,000 daily rows.
    """
    table = "issues_1h" if step_s % 86_400 else "issues_1d"
    sql = (
        f"SELECT issue_id, intDiv(toUnixTimestamp(at), {{step:UInt32}}) * {{step:UInt32}} AS bucket, sum(n) AS c_n FROM {table} "
        f"WHERE {scope.where}{OURS} GROUP BY issue_id, bucket"
    )
    found: dict[str, dict[int, int]] = {}
    for row in store.rows(sql, scope.parameters(issues=list(issue_ids), step=step_s)):
        found.setdefault(row["issue_id"], {})[int(row["bucket"])] = int(row["c_n"])
    return found


def by_release(store: EventStore, scope: Scope, issue_ids: Sequence[str], limit: int = 20) -> list[InRelease]:
    """The releases in which it occurred, the one seen last first; "" is no release."""
    last = "max(at)" if not _is_short(scope) else "toDateTime(max(at), 'UTC')"
    first = last.replace("max", "min")
    sql = (
        f"SELECT release, {_counted(scope)}, toUnixTimestamp({first}) AS first_s, toUnixTimestamp({last}) AS last_s "
        f"FROM {_table(scope)} WHERE {_where(scope)}{OURS} GROUP BY release ORDER BY last_s DESC, c_n DESC LIMIT {{limit:UInt32}}"
    )
    return [
        InRelease(
            row["release"],
            int(row["c_n"]),
            int(row["c_users"]),
            int(row["first_s"]) * 1000,
            int(row["last_s"]) * 1000,
        )
        for row in store.rows(sql, scope.parameters(issues=list(issue_ids), limit=limit))
    ]


def _is_short(scope: Scope) -> bool:
    return scope.window.resolution == "5m"


def _table(scope: Scope) -> str:
    return "errors" if _is_short(scope) else scope.rollup("issues")


def _where(scope: Scope) -> str:
    return scope.where_raw if _is_short(scope) else scope.where


def _counted(scope: Scope) -> str:
    return RAW if _is_short(scope) else KEPT


def _number(scope: Scope) -> str:
    return "count()" if _is_short(scope) else "sum(n)"


def _bucket(scope: Scope) -> str:
    at = "toDateTime(at, 'UTC')" if _is_short(scope) else "at"
    return f"intDiv(toUnixTimestamp({at}), {{step:UInt32}}) * {{step:UInt32}}"
