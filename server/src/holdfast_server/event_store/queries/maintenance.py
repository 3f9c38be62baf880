"""Cleaning up by hand, and how large things are."""

from ..connect import EventStore, Row

RAW_TABLES = ("events", "errors", "spans", "logs", "points", "app_sessions")


def delete_before(store: EventStore, before_ms: int, project_id: int | None = None) -> dict[str, int]:
    """C2's cleanup_old_metrics: delete raw facts older than `before_ms`; returns rows deleted by table. Rollups stay."""
    local = "_local" if store.address.cluster else ""
    on_cluster = f" ON CLUSTER `{store.address.cluster}`" if store.address.cluster else ""
    where = f"at < fromUnixTimestamp64Milli({int(before_ms)}, 'UTC')" + (
        f" AND project_id = {int(project_id)}" if project_id is not None else ""
    )
    gone: dict[str, int] = {}
    for table in RAW_TABLES:
        gone[table] = int(store.value(f"SELECT count() AS n FROM {table} WHERE {where}") or 0)
        if gone[table]:
            store.command(
                f"DELETE FROM {store.database}.{table}{local}{on_cluster} WHERE {where}",
                {"mutations_sync": 2},
            )
    return gone


def sizes(store: EventStore) -> list[Row]:
    """`table, rows, bytes, parts` for each of our tables."""
    sql = "SELECT table, sum(rows) AS total_rows, sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts WHERE database = {db:String} AND active GROUP BY table ORDER BY table"
    return store.rows(sql, {"db": store.database})
