"""How long things took, by endpoint, page or metric: counts and mergeable log histograms, from the measures rollups."""

from dataclasses import dataclass

from ..connect import EventStore, Row
from .scope import Scope


@dataclass(frozen=True)
class Measured:
    """`histogram` maps a bucket (floor(8 * log2(x))) to a count; quantiles of it are in insight/histogram.py."""

    n: int
    failed: int
    timed: int
    total: float
    longest: float
    histogram: dict[int, int]
    users: int = 0


MERGED = "sum(n) AS c_n, sum(failed) AS c_failed, sum(timed) AS c_timed, sum(total) AS c_total, max(longest) AS c_longest, sumMap(histogram) AS c_histogram"

COLUMNS = "type, name, n, failed, timed, total, longest, histogram"


def total(store: EventStore, scope: Scope, types: tuple[str, ...]) -> Measured:
    sql = f"SELECT {MERGED} FROM {scope.rows('measures', COLUMNS)} WHERE type IN {{types:Array(String)}}"
    return _measured(store.rows(sql, scope.parameters(types=list(types)))[0])


def by_name(store: EventStore, scope: Scope, types: tuple[str, ...], limit: int = 100) -> dict[str, Measured]:
    """Most frequent first."""
    sql = (
        f"SELECT name, {MERGED}, uniqCombinedMerge(12)(users) AS c_users FROM {scope.rows('measures', COLUMNS + ', users')} "
        f"WHERE type IN {{types:Array(String)}} GROUP BY name ORDER BY c_n DESC LIMIT {{limit:UInt32}}"
    )
    return {
        row["name"]: _measured(row)
        for row in store.rows(sql, scope.parameters(types=list(types), limit=limit))
    }


def by_type(store: EventStore, scope: Scope) -> dict[str, Measured]:
    sql = f"SELECT type, {MERGED} FROM {scope.rows('measures', COLUMNS)} GROUP BY type ORDER BY c_n DESC LIMIT 200"
    return {row["type"]: _measured(row) for row in store.rows(sql, scope.parameters())}


def series(store: EventStore, scope: Scope, types: tuple[str, ...], step_s: int) -> dict[int, Measured]:
    """Bucket start in epoch seconds → what was measured in it."""
    sql = (
        f"SELECT intDiv(toUnixTimestamp(at), {{step:UInt32}}) * {{step:UInt32}} AS bucket, {MERGED} FROM {scope.rollup('measures')} "
        f"WHERE {scope.where} AND type IN {{types:Array(String)}} GROUP BY bucket ORDER BY bucket"
    )
    return {
        int(row["bucket"]): _measured(row)
        for row in store.rows(sql, scope.parameters(types=list(types), step=step_s))
    }


def _measured(row: Row) -> Measured:
    histogram = {int(bucket): int(count) for bucket, count in (row["c_histogram"] or {}).items()}
    return Measured(
        int(row["c_n"] or 0),
        int(row["c_failed"] or 0),
        int(row["c_timed"] or 0),
        float(row["c_total"] or 0),
        float(row["c_longest"] or 0),
        histogram,
        int(row.get("c_users") or 0),
    )
