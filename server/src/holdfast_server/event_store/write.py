"""Writes blocks of facts, exactly once by token. The drainer is the only caller."""

from typing import Any

from ..errors import QueryFailed
from .connect import EventStore

MOMENT = "DateTime64(3, 'UTC')"
EVENT_COLUMNS = {"id": "UInt64", "project_id": "UInt32", "at": MOMENT, "received_at": MOMENT, "status": "UInt16", "duration_ms": "Nullable(Float32)", "value": "Nullable(Float64)"} | dict.fromkeys(
    (
        "type", "page", "route", "component", "action", "name", "method", "unit", "session_id", "user_id", "anonymous_id", "device_type",
        "platform", "browser", "os", "region", "environment", "release", "time_flag", "attributes",
    ),
    "String",
)  # fmt: skip
ERROR_COLUMNS = {"id": "UInt64", "project_id": "UInt32", "at": MOMENT, "received_at": MOMENT, "fingerprint_version": "UInt8", "handled": "Bool"} | dict.fromkeys(
    (
        "issue_id", "error_type", "message", "culprit", "severity", "page", "route", "component", "session_id", "user_id", "anonymous_id",
        "device_type", "platform", "browser", "os", "region", "environment", "release", "time_flag", "stack", "breadcrumbs", "context",
    ),
    "String",
)  # fmt: skip
OUTCOME_COLUMNS = {"project_id": "UInt32", "at": "DateTime('UTC')", "quantity": "UInt64"} | dict.fromkeys(
    ("outcome", "reason", "category", "source"), "String"
)
TABLES = {"events": EVENT_COLUMNS, "errors": ERROR_COLUMNS, "outcomes": OUTCOME_COLUMNS}

EXACTLY_ONCE: dict[str, Any] = {
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    # One thread and no cutting of a block: the same bytes must always make the same parts for the token to hold.
    "max_insert_threads": 1,
    "max_insert_block_size": 4_000_000,
    "min_insert_block_size_rows": 4_000_000,
    "min_insert_block_size_bytes": 4_000_000_000,
    "max_partitions_per_insert_block": 0,
    "async_insert": 0,
    "insert_distributed_sync": 1,
}


def insert_block(store: EventStore, table: str, body: bytes, token: str) -> None:
    """Insert Native blocks of one table; the same token twice counts once, in the table and in every rollup behind it.

    Give it rows of one day: a part belongs to one partition, and a crash between two parts of one block is then impossible.
    """
    settings = EXACTLY_ONCE | {"insert_deduplication_token": token}
    store.insert(table, list(TABLES[table]), body, fmt="Native", settings=settings)


def ledger_block(store: EventStore) -> int:
    """The number of the newest block in the ledger's table, which has no ids to look for; 0 where that can't be told.

    Numbers only grow and one drainer writes, so a newer one than before the block is the block's.
    """
    sql = "SELECT max(max_block_number) FROM system.parts WHERE database = {db:String} AND table = 'outcomes' AND active"
    try:
        return int(store.value(sql, {"db": store.database}) or 0)
    except QueryFailed:
        return 0


def holds(store: EventStore, table: str, day: int, first_id: int, last_id: int) -> bool:
    """Whether the table has rows of that day (days since 1970) with these ids: a block's part is there whole or not at all."""
    sql = f"SELECT count() FROM {table} WHERE id BETWEEN {{first:UInt64}} AND {{last:UInt64}} AND toDate(at) = toDate({{day:UInt16}})"
    return bool(int(store.value(sql, {"first": first_id, "last": last_id, "day": day}) or 0))
