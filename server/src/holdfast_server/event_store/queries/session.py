"""All that one session did, in order: its events, errors, log records and spans, merged by time and read in pages.

A session is found by the bloom filters of its tables, within the days around a moment of it where one is known, so that
looking for one does not read what others did months ago.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from ..connect import EventStore, Row

Kind = Literal["event", "error", "log", "span"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LOOKBACK_DAYS = 400
AROUND_DAYS = 2
"""A session does not last longer than this on either side of a moment of it."""
DAY_MS = 86_400_000

TABLE: dict[Kind, str] = {"event": "events", "error": "errors", "log": "logs", "span": "spans"}
NO_TIME = "CAST(NULL AS Nullable(Float64))"
AT_MS = "toUInt64(toUnixTimestamp64Milli(at))"
COLUMNS: dict[Kind, str] = {
    "event": (
        f"{AT_MS} * 1000000 AS order_ns, type AS title, name AS subject, action AS detail, component, page, toFloat64(duration_ms) AS took_ms, status, method, '' AS level, "
        "'' AS trace_id, '' AS span_id, '' AS issue_id"
    ),
    "error": (
        f"{AT_MS} * 1000000 AS order_ns, error_type AS title, culprit AS subject, message AS detail, component, page, {NO_TIME} AS took_ms, toUInt16(0) AS status, '' AS method, "
        "severity AS level, trace_id, '' AS span_id, issue_id"
    ),
    "log": (
        f"if(intDiv(at_ns, 1000000) = {AT_MS}, at_ns, {AT_MS} * 1000000) AS order_ns, event_name AS title, service AS subject, substring(body, 1, 2000) AS detail, "
        f"'' AS component, '' AS page, {NO_TIME} AS took_ms, toUInt16(0) AS status, '' AS method, "
        "multiIf(severity_number >= 17, 'error', severity_number >= 13, 'warning', severity_number >= 9, 'info', severity_number > 0, 'debug', lower(severity)) AS level, "
        "trace_id, span_id, '' AS issue_id"
    ),
    "span": (
        f"if(intDiv(start_ns, 1000000) = {AT_MS}, start_ns, {AT_MS} * 1000000) AS order_ns, if(op = '', kind, op) AS title, service AS subject, name AS detail, "
        "'' AS component, '' AS page, toNullable(duration_ms) AS took_ms, toUInt16(0) AS status, '' AS method, status AS level, "
        "trace_id, span_id, '' AS issue_id"
    ),
}
SHARED = "id, toUnixTimestamp64Milli(at) AS at_ms, user_id, environment, release"
MORE: dict[Kind, str] = {"event": "attributes", "error": "tags", "log": "attributes", "span": "attributes"}
MORE_CHARS = 4_000


class Place(NamedTuple):
    """Where a row stands in a session: its time, then its kind, then its id: ids are unique within a kind only."""

    ns: int
    rank: int
    id: int


@dataclass(frozen=True)
class Summary:
    """What is known of a session as a whole. `counts` names every kind."""

    session_id: str
    first_ms: int
    last_ms: int
    counts: dict[str, int]
    user_id: str = ""
    anonymous_id: str = ""
    environments: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    browser: str = ""
    os: str = ""
    device_type: str = ""
    region: str = ""


@dataclass(frozen=True)
class Session:
    """One session to read: of a project, within a span of time (epoch ms)."""

    project_id: int
    id: str
    from_ms: int
    to_ms: int

    @classmethod
    def around(cls, project_id: int, session_id: str, now_ms: int, at_ms: int | None = None) -> "Session":
        if at_ms is None:
            return cls(project_id, session_id, max(0, now_ms - LOOKBACK_DAYS * DAY_MS), now_ms + DAY_MS)
        return cls(project_id, session_id, max(0, at_ms - AROUND_DAYS * DAY_MS), at_ms + AROUND_DAYS * DAY_MS)

    def parameters(self, **more: Any) -> dict[str, Any]:
        return {
            "project": self.project_id,
            "session": self.id,
            "from_ms": self.from_ms,
            "to_ms": self.to_ms,
        } | more


WHERE = (
    "project_id = {project:UInt32} AND session_id = {session:String} "
    "AND at >= fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC')"
)


def summary(store: EventStore, session: Session) -> Summary | None:
    """None when nothing of this session is there."""
    sql = " UNION ALL ".join(_summary_of(kind) for kind in KINDS)
    rows = {row["kind"]: row for row in store.rows(sql, session.parameters()) if int(row["n"])}
    if not rows:
        return None
    return Summary(
        session.id,
        min(int(row["first_ms"]) for row in rows.values()),
        max(int(row["last_ms"]) for row in rows.values()),
        {kind: int(rows[kind]["n"]) if kind in rows else 0 for kind in KINDS},
        **{
            name: next((row[name] for row in rows.values() if row[name]), "")
            for name in ("user_id", "anonymous_id", "browser", "os", "device_type", "region")
        },
        environments=_every(rows, "environments"),
        releases=_every(rows, "releases"),
    )


def items(
    store: EventStore,
    session: Session,
    kinds: Sequence[Kind],
    limit: int,
    *,
    after: Place | None = None,
    before: Place | None = None,
) -> list[Row]:
    """Its rows in order: the first after `after`, or the last before `before`. Exactly one of the two, or neither."""
    forwards = before is None
    bound = after or before
    beyond = (
        f"AND (order_ns, rank, id) {'>' if forwards else '<'} ({{ns:UInt64}}, {{rank:UInt8}}, {{id:UInt64}})"
        if bound
        else ""
    )
    order = "ORDER BY order_ns, rank, id" if forwards else "ORDER BY order_ns DESC, rank DESC, id DESC"
    each = " UNION ALL ".join(
        f"SELECT * FROM (SELECT '{kind}' AS item, toUInt8({KINDS.index(kind)}) AS rank, {SHARED}, {COLUMNS[kind]}, substring({MORE[kind]}, 1, {MORE_CHARS}) AS more FROM {TABLE[kind]} WHERE {WHERE}) WHERE 1 {beyond} {order} LIMIT {{limit:UInt32}}"
        for kind in kinds
    )
    place = bound._asdict() if bound else {}
    rows = store.rows(
        f"SELECT * FROM ({each}) {order} LIMIT {{limit:UInt32}}", session.parameters(limit=limit, **place)
    )
    return rows if forwards else rows[::-1]


def _summary_of(kind: Kind) -> str:
    known = kind in ("event", "error")
    names = ("anonymous_id", "browser", "os", "device_type", "region")
    more = ", ".join(
        f"anyLastIf({name}, {name} != '') AS {name}" if known else f"'' AS {name}" for name in names
    )
    return (
        f"SELECT '{kind}' AS kind, count() AS n, toUnixTimestamp64Milli(min(at)) AS first_ms, toUnixTimestamp64Milli(max(at)) AS last_ms, "
        f"anyLastIf(user_id, user_id != '') AS user_id, {more}, "
        "groupUniqArray(10)(toString(environment)) AS environments, groupUniqArray(10)(toString(release)) AS releases "
        f"FROM {TABLE[kind]} WHERE {WHERE}"
    )


def _every(rows: dict[str, Row], name: str) -> tuple[str, ...]:
    return tuple(sorted({value for row in rows.values() for value in row[name] if value}))
