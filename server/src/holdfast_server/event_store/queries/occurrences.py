"""Occurrences of one issue read one by one, its neighbours in time, and what the newest of them have in common.

An issue is asked about by the ids of its fingerprints; the bar's environment and release narrow, its time range does not:
who walks from one occurrence to the next wants the next one, whenever it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..connect import EventStore, Row
from .issues import OURS, PEOPLE
from .scope import Scope

SINGLE = (
    "id, project_id, issue_id, fingerprint_version, toUnixTimestamp64Milli(at) AS at_ms, toUnixTimestamp64Milli(received_at) AS received_ms, error_type, message, culprit, severity, handled, page, "
    "component, session_id, user_id, anonymous_id, device_type, platform, browser, os, region, environment, release, time_flag, event_id, trace_id, transaction, sdk, "
    "stack, exceptions, tags, files, breadcrumbs, context"
)
ONE = " AND issue_id = {issue:String}"
SAMPLE = 1_000
"""Shares are of the newest so many: reading the tags of a million occurrences would take seconds."""
VALUES = 8
COLUMNS = (
    "release", "environment", "browser", "os", "device_type", "region", "page", "transaction", "component", "sdk", "severity",
)  # fmt: skip
"""What every occurrence has in columns, told beside the client's own tags."""


@dataclass(frozen=True)
class Neighbours:
    """Row ids around one occurrence; 0 where there is none."""

    oldest: int = 0
    older: int = 0
    newer: int = 0
    newest: int = 0


@dataclass(frozen=True)
class Share:
    value: str
    n: int


@dataclass(frozen=True)
class Shares:
    """`tags` maps each name to its most frequent values; `of` is how many occurrences were read."""

    of: int
    tags: dict[str, list[Share]]


@dataclass(frozen=True)
class HitUser:
    """Somebody whom the issue met, under the pseudonym that clients send. `kind` is user, visitor or session."""

    id: str
    kind: str
    n: int
    first_ms: int
    last_ms: int
    session_id: str


def newest(store: EventStore, scope: Scope, issue_ids: Sequence[str], limit: int = 1) -> list[Row]:
    """The newest occurrences, whole."""
    sql = (
        f"SELECT {SINGLE} FROM errors WHERE {_whose(scope, issue_ids)} AND (at, id) IN (SELECT at, id FROM errors WHERE {_whose(scope, issue_ids)} "
        "ORDER BY at DESC, id DESC LIMIT {limit:UInt32}) ORDER BY at DESC, id DESC LIMIT {limit:UInt32}"
    )
    return store.rows(sql, _parameters(scope, issue_ids, limit=limit))


def one(store: EventStore, scope: Scope, issue_ids: Sequence[str], event: str) -> Row | None:
    """One occurrence by its row's id, or by the 32 hex digits that its client gave it."""
    by_row = event.isascii() and event.isdigit() and len(event) <= 20
    condition = "id = {row:UInt64}" if by_row else "event_id = {event:String}"
    given = {"row": min(int(event), 2**64 - 1) if by_row else 0, "event": event.replace("-", "").lower()}
    everywhere = Scope(scope.project_id, scope.window)
    found = store.rows(
        f"SELECT {SINGLE} FROM errors WHERE {_whose(everywhere, issue_ids)} AND {condition} LIMIT 1",
        _parameters(everywhere, issue_ids, **given),
    )
    return found[0] if found else None


def neighbours(
    store: EventStore, scope: Scope, issue_ids: Sequence[str], at_ms: int, row_id: int
) -> Neighbours:
    """What stands before and after, and at both ends; the order is that of time, ties by row."""
    here = "fromUnixTimestamp64Milli({here:Int64}, 'UTC')"
    place = f"({here}, {{row:UInt64}})"
    up, down = "ORDER BY at, id LIMIT 1", "ORDER BY at DESC, id DESC LIMIT 1"
    parts = {
        "oldest": up,
        "older": f"AND at <= {here} AND (at, id) < {place} {down}",
        "newer": f"AND at >= {here} AND (at, id) > {place} {up}",
        "newest": down,
    }
    sql = " UNION ALL ".join(
        f"SELECT '{name}' AS place, id FROM (SELECT at, id FROM errors WHERE {_whose(scope, issue_ids)} {part})"
        for name, part in parts.items()
    )
    found = store.rows(sql, _parameters(scope, issue_ids, here=at_ms, row=row_id))
    return Neighbours(**{row["place"]: int(row["id"]) for row in found})


def shares(store: EventStore, scope: Scope, issue_ids: Sequence[str]) -> Shares:
    """How the newest occurrences divide by each tag, and by what every occurrence has (COLUMNS)."""
    own = ", ".join(f"('{name}', toString({name}))" for name in COLUMNS)
    tags = "if(tags = '', CAST([], 'Array(Tuple(String, String))'), JSONExtractKeysAndValues(tags, 'String'))"
    sampled = (
        f"SELECT at, id, tags, {', '.join(COLUMNS)} FROM errors WHERE {_whose(scope, issue_ids)} AND {_since(scope, issue_ids)} "
        "ORDER BY at DESC, id DESC LIMIT {sample:UInt32}"
    )
    # ('', '') stands for the occurrence itself; a tag that repeats a column counts once
    pairs = f"arrayDistinct(arrayFilter(pair -> pair.2 != '' OR pair.1 = '', arrayConcat([('', '')], [{own}], {tags})))"
    sql = (
        f"SELECT pair.1 AS name, pair.2 AS value, count() AS c_n FROM (SELECT arrayJoin({pairs}) AS pair FROM ({sampled})) "
        f"GROUP BY name, value ORDER BY c_n DESC, name, value LIMIT {VALUES} BY name LIMIT 2000"
    )
    rows = store.rows(sql, _parameters(scope, issue_ids, sample=SAMPLE))
    found: dict[str, list[Share]] = {}
    for row in rows:
        found.setdefault(row["name"], []).append(Share(row["value"], int(row["c_n"])))
    every = found.pop("", [])
    return Shares(every[0].n if every else 0, found)


def users(store: EventStore, scope: Scope, issue_ids: Sequence[str], limit: int = 20) -> list[HitUser]:
    """Whom it met most among the newest occurrences, each with the session of the last time."""
    sql = (
        f"SELECT {PEOPLE} AS who, multiIf(any(user_id) != '', 'user', any(anonymous_id) != '', 'visitor', 'session') AS kind, count() AS c_n, "
        "toUnixTimestamp64Milli(min(at)) AS first_ms, toUnixTimestamp64Milli(max(at)) AS last_ms, argMax(session_id, at) AS last_session "
        f"FROM (SELECT at, id, user_id, anonymous_id, session_id FROM errors WHERE {_whose(scope, issue_ids)} AND {_since(scope, issue_ids)} ORDER BY at DESC, id DESC LIMIT {{sample:UInt32}}) "
        "WHERE who != '' GROUP BY who ORDER BY c_n DESC, last_ms DESC, who LIMIT {limit:UInt32}"
    )
    return [
        HitUser(
            row["who"],
            row["kind"],
            int(row["c_n"]),
            int(row["first_ms"]),
            int(row["last_ms"]),
            row["last_session"],
        )
        for row in store.rows(sql, _parameters(scope, issue_ids, sample=SAMPLE, limit=limit))
    ]


def _whose(scope: Scope, issue_ids: Sequence[str]) -> str:
    """One fingerprint is most often all: by equality, the engine reads its rows in the order of time, from either end."""
    ours = ONE if len(issue_ids) == 1 else OURS
    return "project_id = {project:UInt32}" + ours + scope.narrowed


def _since(scope: Scope, issue_ids: Sequence[str]) -> str:
    """The time of the last of the newest SAMPLE: with it the engine reads their rows alone, and not all of the issue."""
    whose = _whose(scope, issue_ids)
    return f"at >= (SELECT min(at) FROM (SELECT at FROM errors WHERE {whose} ORDER BY at DESC LIMIT {{sample:UInt32}}))"


def _parameters(scope: Scope, issue_ids: Sequence[str], **more: Any) -> dict[str, Any]:
    return scope.parameters(issues=list(issue_ids), issue=issue_ids[0] if issue_ids else "", **more)
