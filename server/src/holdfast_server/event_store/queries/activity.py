"""How much happened: counts, people and sessions by type, component and time, from the activity rollups."""

from dataclasses import dataclass

from ..connect import EventStore, Row
from .scope import Scope


@dataclass(frozen=True)
class Count:
    """`users` and `sessions` are estimates within 2 % (uniqCombined)."""

    n: int = 0
    failed: int = 0
    users: int = 0
    sessions: int = 0


N = "sum(n) AS c_n, sum(failed) AS c_failed"
PEOPLE = "uniqCombinedMerge(12)(users) AS c_users, uniqCombinedMerge(12)(sessions) AS c_sessions"


def total(store: EventStore, scope: Scope) -> Count:
    counted = store.rows(f"SELECT {N} FROM {scope.rows('activity', 'n, failed')}", scope.parameters())[0]
    people = store.rows(
        f"SELECT {PEOPLE} FROM {scope.rows('people', 'users, sessions')}", scope.parameters()
    )[0]
    return _count(counted | people)


def by_type(store: EventStore, scope: Scope) -> dict[str, Count]:
    """Most frequent first."""
    counted = f"SELECT type, {N} FROM {scope.rows('activity', 'type, n, failed')} GROUP BY type ORDER BY c_n DESC LIMIT 200"
    people = (
        f"SELECT type, {PEOPLE} FROM {scope.rows('people', 'type, users, sessions')} GROUP BY type LIMIT 1000"
    )
    found = {row["type"]: row for row in store.rows(people, scope.parameters())}
    return {
        row["type"]: _count(row | found.get(row["type"], NOBODY))
        for row in store.rows(counted, scope.parameters())
    }


def numbers_by_type(store: EventStore, scope: Scope) -> dict[str, int]:
    """Only the counts: without people, a tenth of the work."""
    sql = f"SELECT type, sum(n) AS c_n FROM {scope.rows('activity', 'type, n')} GROUP BY type"
    return {row["type"]: int(row["c_n"]) for row in store.rows(sql, scope.parameters())}


def by_component(store: EventStore, scope: Scope, limit: int = 100) -> list[Row]:
    """`component, type, n` for each pair that happened."""
    sql = (
        f"SELECT component, type, sum(n) AS c_n FROM {scope.rows('activity', 'component, type, n')} "
        "WHERE component != '' GROUP BY component, type ORDER BY c_n DESC LIMIT {limit:UInt32}"
    )
    return [
        {"component": row["component"], "type": row["type"], "n": int(row["c_n"])}
        for row in store.rows(sql, scope.parameters(limit=limit))
    ]


def series(store: EventStore, scope: Scope, step_s: int) -> dict[str, dict[int, int]]:
    """For each type: bucket start in epoch seconds → count. Buckets without events are not there."""
    sql = (
        f"SELECT type, intDiv(toUnixTimestamp(at), {{step:UInt32}}) * {{step:UInt32}} AS bucket, sum(n) AS c_n "
        f"FROM {scope.rollup('activity')} WHERE {scope.where} GROUP BY type, bucket ORDER BY bucket"
    )
    out: dict[str, dict[int, int]] = {}
    for row in store.rows(sql, scope.parameters(step=step_s)):
        out.setdefault(row["type"], {})[int(row["bucket"])] = int(row["c_n"])
    return out


def names(store: EventStore, scope: Scope, column: str) -> list[str]:
    """The environments or releases seen in the window, most frequent first."""
    assert column in ("environment", "release", "component", "type")
    sql = f"SELECT {column} AS name, sum(n) AS c_n FROM {scope.rows('activity', column + ', n')} WHERE {column} != '' GROUP BY name ORDER BY c_n DESC LIMIT 100"
    return [row["name"] for row in store.rows(sql, scope.parameters())]


def numbers_by(
    store: EventStore, scope: Scope, column: str, types: tuple[str, ...]
) -> dict[str, dict[str, int]]:
    """For each component or release: counts of the given types. The most active first, at the most 500."""
    assert column in ("component", "release")
    sql = (
        f"SELECT {column} AS subject, groupArray((type, c_n)) AS counts FROM (SELECT {column}, type, sum(n) AS c_n FROM {scope.rows('activity', column + ', type, n')} "
        f"WHERE {column} != '' AND type IN {{types:Array(String)}} GROUP BY {column}, type) GROUP BY subject "
        "ORDER BY sum(c_n) DESC LIMIT 500"
    )
    return {
        row["subject"]: {name: int(count) for name, count in row["counts"]}
        for row in store.rows(sql, scope.parameters(types=list(types)))
    }


def first_seen(store: EventStore, scope: Scope, column: str) -> dict[str, int]:
    """When each release or environment was first seen in the window, in epoch seconds, as exact as the rollup's step."""
    assert column in ("release", "environment")
    sql = f"SELECT {column} AS subject, toUnixTimestamp(min(at)) AS first_s FROM {scope.rollup('activity')} WHERE {scope.where} AND {column} != '' GROUP BY subject ORDER BY first_s DESC LIMIT 200"
    return {row["subject"]: int(row["first_s"]) for row in store.rows(sql, scope.parameters())}


def last_seen_s(store: EventStore, project_id: int) -> int | None:
    """When the project last sent anything, in epoch seconds to five minutes; None when it never did."""
    if (
        store.value(
            "SELECT 1 AS one FROM activity_1d WHERE project_id = {project:UInt32} LIMIT 1",
            {"project": project_id},
        )
        is None
    ):
        return None
    return int(
        store.value(
            "SELECT toUnixTimestamp(max(at)) AS last_s FROM activity_5m WHERE project_id = {project:UInt32}",
            {"project": project_id},
        )
    )


def active_sessions(store: EventStore, project_id: int | None, minutes: int) -> int:
    """Sessions that sent anything in the last minutes, from raw events (the rollup's step is too coarse)."""
    where = "" if project_id is None else " AND project_id = {project:UInt32}"
    sql = f"SELECT uniqCombined(12)(session_id) AS sessions FROM events WHERE at >= now() - toIntervalMinute({{minutes:UInt32}}) AND session_id != ''{where}"
    return int(store.value(sql, {"minutes": minutes, "project": project_id or 0}) or 0)


NOBODY: Row = {"c_users": 0, "c_sessions": 0}


def _count(row: Row) -> Count:
    return Count(
        int(row["c_n"] or 0), int(row["c_failed"] or 0), int(row["c_users"] or 0), int(row["c_sessions"] or 0)
    )
