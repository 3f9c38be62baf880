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
        "device_type", "platform", "browser", "os", "region", "environment", "release", "time_flag", "event_id", "trace_id", "transaction",
        "sdk", "stack", "exceptions", "tags", "files", "breadcrumbs", "context",
    ),
    "String",
)  # fmt: skip
OUTCOME_COLUMNS = {"project_id": "UInt32", "at": "DateTime('UTC')", "quantity": "UInt64"} | dict.fromkeys(
    ("outcome", "reason", "category", "source"), "String"
)
COMMON = {"id": "UInt64", "project_id": "UInt32", "at": MOMENT, "received_at": MOMENT}
SPAN_COLUMNS = COMMON | {"start_ns": "UInt64", "end_ns": "UInt64", "duration_ms": "Float64", "is_segment": "Bool"} | dict.fromkeys(
    (
        "trace_id", "span_id", "parent_id", "name", "op", "kind", "status", "service", "session_id", "user_id", "environment", "release", "sdk",
        "attributes", "resource", "scope", "events", "links",
    ),
    "String",
)  # fmt: skip
LOG_COLUMNS = COMMON | {"at_ns": "UInt64", "severity_number": "UInt8"} | dict.fromkeys(
    (
        "severity", "body", "event_name", "trace_id", "span_id", "service", "session_id", "user_id", "environment", "release", "sdk",
        "attributes", "resource", "scope",
    ),
    "String",
)  # fmt: skip
POINT_COLUMNS = COMMON | {
    "at_ns": "UInt64", "start_ns": "UInt64", "is_monotonic": "Bool", "value": "Float64", "count": "UInt64", "sum": "Float64",
    "min": "Nullable(Float64)", "max": "Nullable(Float64)", "series": "UInt64",
} | dict.fromkeys(
    (
        "name", "kind", "unit", "description", "temporality", "buckets", "trace_id", "service", "environment", "release", "attributes",
        "resource", "scope",
    ),
    "String",
)  # fmt: skip
SESSION_COLUMNS = COMMON | {
    "errors": "UInt32", "quantity": "UInt64", "duration_ms": "Nullable(Float64)", "version": "UInt64",
} | dict.fromkeys(("session_id", "user_id", "status", "environment", "release", "sdk"), "String")  # fmt: skip
TABLES = {
    "events": EVENT_COLUMNS,
    "errors": ERROR_COLUMNS,
    "outcomes": OUTCOME_COLUMNS,
    "spans": SPAN_COLUMNS,
    "logs": LOG_COLUMNS,
    "points": POINT_COLUMNS,
    "app_sessions": SESSION_COLUMNS,
}

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
