"""Traces: the newest that hold a span as asked for, and all that is kept of one: spans, and the errors and logs beside them."""

from dataclasses import dataclass

from ..connect import EventStore, Row
from .backwards import Page, newest_first, place_of, spellings, up_to
from .scope import Scope

GOOD = "('', 'ok', 'unset')"
AROUND_MS = 3_600_000
"""How far from the span that was found the rest of its trace is looked for."""
SPAN = (
    "id, trace_id, span_id, parent_id, name, op, kind, status, start_ns, end_ns, duration_ms, toUnixTimestamp64Milli(at) AS at_ms, service, session_id, "
    "user_id, environment, release, sdk, is_segment, attributes, resource, scope, events, links"
)
ERROR = "id, issue_id, toUnixTimestamp64Milli(at) AS at_ms, error_type, message, severity, component, culprit"


@dataclass(frozen=True)
class Filter:
    """Empty fields narrow nothing. One span has to be all of it; without a name and a status only where a service was entered."""

    service: str = ""
    name: str = ""
    status: str = ""
    min_ms: float = 0


def search(store: EventStore, scope: Scope, wanted: Filter, limit: int, cursor: str = "") -> Page:
    """The newest first, by when the span that was found began. Rows: `trace_id, name, service, kind, status, start_ns, end_ns,
    spans, failed, services`; the cursor is `start_ns:trace_id`."""
    where, own = _conditions(wanted)
    if cursor:
        before_ns, before_id = place_of(cursor)
        # A span's own start and the moment it is kept under are an hour apart at the most, or the start was absurd.
        part = up_to(scope, before_ns // 1_000_000 + AROUND_MS)
        if part is None:
            return Page([])
        scope, own = part, own | {"before_ns": before_ns, "before_id": before_id}
        where += " AND (start_ns, trace_id) < ({before_ns:UInt64}, {before_id:String})"

    def ask(part: Scope, count: int) -> list[Row]:
        sql = (
            f"SELECT trace_id, max(start_ns) AS found_ns, max(toUnixTimestamp64Milli(at)) AS found_ms FROM spans WHERE {part.where_raw}{where} "
            "GROUP BY trace_id ORDER BY found_ns DESC, trace_id DESC LIMIT {count:UInt32}"
        )
        return store.rows(sql, part.parameters(count=count, **own))

    found = _once(newest_first(scope, limit + 1, ask))
    shown = found[:limit]
    following = f"{shown[-1]['found_ns']}:{shown[-1]['trace_id']}" if len(found) > limit else ""
    return Page(_whole(store, scope.project_id, shown), following)


def spans(store: EventStore, project_id: int, trace_id: str, limit: int) -> list[Row]:
    """The spans of one trace in the order in which they began."""
    sql = f"SELECT {SPAN} FROM spans WHERE project_id = {{project:UInt32}} AND trace_id IN {{trace:Array(String)}} ORDER BY start_ns, id LIMIT {{limit:UInt32}}"
    return store.rows(sql, {"project": project_id, "trace": spellings(trace_id), "limit": limit})


def errors(store: EventStore, project_id: int, trace_id: str, limit: int = 100) -> list[Row]:
    """The occurrences of errors in one trace."""
    sql = f"SELECT {ERROR} FROM errors WHERE project_id = {{project:UInt32}} AND trace_id IN {{trace:Array(String)}} ORDER BY at, id LIMIT {{limit:UInt32}}"
    return store.rows(sql, {"project": project_id, "trace": spellings(trace_id), "limit": limit})


def services(store: EventStore, scope: Scope, limit: int = 200) -> list[str]:
    """The services that sent spans in the window."""
    sql = f"SELECT DISTINCT service FROM spans WHERE {scope.where_raw} AND service != '' ORDER BY service LIMIT {{limit:UInt32}}"
    return [row["service"] for row in store.rows(sql, scope.parameters(limit=limit))]


def _conditions(wanted: Filter) -> tuple[str, dict[str, object]]:
    parts: list[str] = []
    if wanted.service:
        parts.append("service = {service:String}")
    if wanted.name:
        parts.append("positionCaseInsensitiveUTF8(name, {name:String}) > 0")
    if wanted.status:
        parts.append(f"status {'NOT IN' if wanted.status == 'error' else 'IN'} {GOOD}")
    if wanted.min_ms:
        parts.append("duration_ms >= {min_ms:Float64}")
    if not wanted.name and not wanted.status:
        parts.append("is_segment")
    own: dict[str, object] = {"service": wanted.service, "name": wanted.name, "min_ms": wanted.min_ms}
    return "".join(f" AND {part}" for part in parts), own


def _once(rows: list[Row]) -> list[Row]:
    """A trace that lies across two steps of the search is found in both."""
    return list({row["trace_id"]: row for row in reversed(rows)}.values())[::-1]


def _whole(store: EventStore, project_id: int, found: list[Row]) -> list[Row]:
    """Each trace as a whole, in the order in which they were found."""
    if not found:
        return []
    sql = (
        "SELECT trace_id, argMin(tuple(name, service, kind, status), tuple(parent_id != '', start_ns)) AS root, min(start_ns) AS began_ns, max(end_ns) AS ended_ns, "
        f"count() AS spans, countIf(status NOT IN {GOOD}) AS failed, arraySort(groupUniqArray(20)(service)) AS services "
        "FROM spans WHERE project_id = {project:UInt32} AND at >= fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC') "
        "AND trace_id IN {traces:Array(String)} GROUP BY trace_id"
    )
    moments = [int(row["found_ms"]) for row in found]
    parameters = {
        "project": project_id,
        "from_ms": min(moments) - AROUND_MS,
        "to_ms": max(moments) + AROUND_MS,
        "traces": [row["trace_id"] for row in found],
    }
    whole = {row["trace_id"]: row for row in store.rows(sql, parameters)}
    return [_row(whole[row["trace_id"]]) for row in found if row["trace_id"] in whole]


def _row(row: Row) -> Row:
    name, service, kind, status = row["root"]
    return {
        "trace_id": row["trace_id"],
        "name": name,
        "service": service,
        "kind": kind,
        "status": status,
        "start_ns": int(row["began_ns"]),
        "end_ns": int(row["ended_ns"]),
        "spans": int(row["spans"]),
        "failed": int(row["failed"]),
        "services": [each for each in row["services"] if each],
    }
