"""Sessions of the application by release: how many there were, how they ended, and whom it happened to."""

from ..connect import EventStore, Row
from .scope import Scope

LATEST = {"do_not_merge_across_partitions_select_final": 1}
"""A session's updates have one start, so they are in one partition."""
COUNTS = (
    "sum(quantity) AS sessions, sumIf(quantity, status = 'crashed') AS crashed, sumIf(quantity, status = 'abnormal') AS abnormal, "
    "sumIf(quantity, status = 'unhandled') AS unhandled, "
    "sumIf(quantity, status IN ('errored', 'unhandled') OR (errors > 0 AND status IN ('ok', 'exited'))) AS errored, "
    "uniqCombinedIf(17)(user_id, user_id != '') AS users, uniqCombinedIf(17)(user_id, user_id != '' AND status = 'crashed') AS crashed_users, "
    "toUnixTimestamp64Milli(min(at)) AS first_ms, toUnixTimestamp64Milli(max(at)) AS last_ms"
)


def by_release(store: EventStore, scope: Scope, limit: int) -> list[Row]:
    """One row a release, the newest session first."""
    sql = (
        f"SELECT release, {COUNTS} FROM app_sessions FINAL WHERE {scope.where_raw} "
        "GROUP BY release ORDER BY last_ms DESC, release LIMIT {limit:UInt32}"
    )
    return store.rows(sql, scope.parameters(limit=limit), LATEST)


def total(store: EventStore, scope: Scope) -> Row:
    """The same for everything that `scope` lets through; zeros when there was nothing."""
    sql = f"SELECT {COUNTS} FROM app_sessions FINAL WHERE {scope.where_raw}"
    return store.rows(sql, scope.parameters(), LATEST)[0]
