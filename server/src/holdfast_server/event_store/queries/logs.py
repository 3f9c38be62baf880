"""Log records, newest first, narrowed by severity, text, service, trace and session."""

from dataclasses import dataclass

from ..connect import EventStore, Row
from .backwards import Page, newest_first, place_of, spellings, up_to
from .scope import Scope

LOG = (
    "id, toUnixTimestamp64Milli(at) AS at_ms, at_ns, severity, severity_number, body, event_name, trace_id, span_id, service, session_id, user_id, "
    "environment, release, sdk, attributes, resource, scope"
)
EXACT = ("service", "session_id")


@dataclass(frozen=True)
class Filter:
    """Empty fields narrow nothing. `severity` is the least number; `text` may stand in the body or among the attributes."""

    severity: int = 0
    text: str = ""
    service: str = ""
    trace_id: str = ""
    session_id: str = ""


def search(store: EventStore, scope: Scope, wanted: Filter, limit: int, cursor: str = "") -> Page:
    """The newest first; the cursor is `at_ms:id` of the last row, and `following` is "" at the end."""
    where, own = _conditions(wanted)
    if cursor:
        before_ms, before_id = place_of(cursor)
        part = up_to(scope, before_ms + 1)
        if part is None or not before_id.isdigit():
            return Page([])
        scope = part
        where += " AND (toUnixTimestamp64Milli(at), id) < ({before_ms:Int64}, {before_id:UInt64})"
        own |= {"before_ms": before_ms, "before_id": int(before_id)}

    def ask(part: Scope, count: int) -> list[Row]:
        sql = f"SELECT {LOG} FROM logs WHERE {part.where_raw}{where} ORDER BY at DESC, id DESC LIMIT {{count:UInt32}}"
        return store.rows(sql, part.parameters(count=count, **own))

    found = newest_first(scope, limit + 1, ask)
    shown = found[:limit]
    following = f"{shown[-1]['at_ms']}:{shown[-1]['id']}" if len(found) > limit else ""
    return Page(shown, following)


def of_trace(store: EventStore, project_id: int, trace_id: str, limit: int = 500) -> list[Row]:
    """The log records of one trace, oldest first."""
    sql = f"SELECT {LOG} FROM logs WHERE project_id = {{project:UInt32}} AND trace_id IN {{trace:Array(String)}} ORDER BY at_ns, id LIMIT {{limit:UInt32}}"
    return store.rows(sql, {"project": project_id, "trace": spellings(trace_id), "limit": limit})


def services(store: EventStore, scope: Scope, limit: int = 200) -> list[str]:
    """The services that sent logs in the window."""
    sql = f"SELECT DISTINCT service FROM logs WHERE {scope.where_raw} AND service != '' ORDER BY service LIMIT {{limit:UInt32}}"
    return [row["service"] for row in store.rows(sql, scope.parameters(limit=limit))]


def _conditions(wanted: Filter) -> tuple[str, dict[str, object]]:
    parts = [f"{name} = {{{name}:String}}" for name in EXACT if getattr(wanted, name)]
    if wanted.trace_id:
        parts.append("trace_id IN {trace:Array(String)}")
    if wanted.severity:
        parts.append("severity_number >= {severity:UInt8}")
    if wanted.text:
        parts.append(
            "(positionCaseInsensitiveUTF8(body, {text:String}) > 0 OR positionCaseInsensitiveUTF8(attributes, {text:String}) > 0)"
        )
    own: dict[str, object] = {name: getattr(wanted, name) for name in EXACT}
    own |= {"trace": spellings(wanted.trace_id), "severity": wanted.severity, "text": wanted.text}
    return "".join(f" AND {part}" for part in parts), own
