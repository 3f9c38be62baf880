"""Check-ins of scheduled jobs: the last word of each monitor, and how often it spoke."""

from ..connect import EventStore, Row
from .scope import Scope


def by_monitor(store: EventStore, scope: Scope, limit: int) -> list[Row]:
    """One row a monitor and environment, the latest to speak first. `config` is the newest attributes with a schedule."""
    sql = (
        "SELECT name AS slug, environment, argMax(action, (at, id)) AS status, toUnixTimestamp64Milli(max(at)) AS last_ms, "
        "argMaxIf(duration_ms, (at, id), isNotNull(duration_ms)) AS last_duration_ms, "
        "toUnixTimestamp64Milli(maxIf(at, action = 'in_progress')) AS started_ms, "
        "countIf(action = 'ok') AS ok, countIf(action = 'error') AS failed, "
        "argMaxIf(attributes, (at, id), position(attributes, '\"config\"') > 0) AS config "
        f"FROM events WHERE type = 'check_in' AND {scope.where_raw} GROUP BY slug, environment "
        "ORDER BY last_ms DESC, slug, environment LIMIT {limit:UInt32}"
    )
    return store.rows(sql, scope.parameters(limit=limit))
