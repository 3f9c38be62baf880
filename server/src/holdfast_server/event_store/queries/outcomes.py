"""The ledger read back: what became of everything sent."""

from ..connect import EventStore, Row
from .scope import Scope


def totals(store: EventStore, scope: Scope) -> list[Row]:
    """`outcome, reason, category, source, quantity` over the window, largest first."""
    sql = (
        "SELECT outcome, reason, category, source, sum(quantity) AS total FROM outcomes "
        "WHERE project_id = {project:UInt32} AND at >= toDateTime({from_s:UInt32}, 'UTC') AND at < toDateTime({to_s:UInt32}, 'UTC') "
        "GROUP BY outcome, reason, category, source ORDER BY total DESC"
    )
    return [{**row, "total": int(row["total"])} for row in store.rows(sql, scope.parameters())]


def series(store: EventStore, scope: Scope, step_s: int) -> dict[str, dict[int, int]]:
    """For each outcome: bucket start in epoch seconds → quantity."""
    sql = (
        "SELECT outcome, intDiv(toUnixTimestamp(at), {step:UInt32}) * {step:UInt32} AS bucket, sum(quantity) AS total FROM outcomes "
        "WHERE project_id = {project:UInt32} AND at >= toDateTime({from_s:UInt32}, 'UTC') AND at < toDateTime({to_s:UInt32}, 'UTC') "
        "GROUP BY outcome, bucket ORDER BY bucket"
    )
    found: dict[str, dict[int, int]] = {}
    for row in store.rows(sql, scope.parameters(step=step_s)):
        found.setdefault(row["outcome"], {})[int(row["bucket"])] = int(row["total"])
    return found
