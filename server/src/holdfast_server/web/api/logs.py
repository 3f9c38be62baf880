"""Log records: searched, newest first."""

import asyncio
from typing import Annotated, Any, Literal

from litestar import get
from litestar.params import FromQuery, QueryParameter

from ...event_store.connect import Row
from ...event_store.queries import logs
from ...event_store.queries.logs import Filter
from ...event_store.queries.scope import Scope
from ...model.clock import iso
from ..guards import chosen_project, viewer
from ..services import HttpRequest, services
from .parameters import Environment, From, Range, Release, To, window_of
from .telemetry import attributes_of

Severity = Literal["trace", "debug", "info", "warn", "error", "fatal"]
SEVERITIES: dict[str, int] = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
"""The least number of each, as OpenTelemetry counts."""


@get("/api/logs", tags=["logs"], summary="Log records, newest first")
async def search(
    request: HttpRequest,
    severity: FromQuery[Severity | None] = None,
    text: Annotated[str, QueryParameter(max_length=200, description="in the body or the attributes")] = "",
    service: Annotated[str, QueryParameter(max_length=200)] = "",
    trace: Annotated[str, QueryParameter(max_length=64)] = "",
    session: Annotated[str, QueryParameter(max_length=200)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    cursor: Annotated[str, QueryParameter(max_length=100)] = "",
    range_: Range = "24h",
    from_: From = "",
    to: To = "",
    env: Environment = "",
    release: Release = "",
) -> dict[str, Any]:
    """`severity` is the least: `warn` shows errors too."""
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    window = window_of(app.clock.now_ms(), range_=range_, from_=from_, to=to)
    wanted = Filter(SEVERITIES.get(severity or "", 0), text, service, trace, session)
    scope = Scope(project.id, window, env, release)
    page = await asyncio.to_thread(logs.search, app.facts, scope, wanted, limit, cursor)
    return {"logs": [log_of(row) for row in page.rows], "nextCursor": page.following or None}


def log_of(row: Row) -> dict[str, Any]:
    names = {"severity": "severity", "severity_number": "severityNumber", "body": "body", "event_name": "eventName", "trace_id": "traceId", "span_id": "spanId", "service": "service", "session_id": "sessionId", "user_id": "userId", "environment": "environment", "release": "release", "sdk": "sdk", "scope": "scope"}  # fmt: skip
    return {
        "id": str(row["id"]),
        "at": iso(int(row["at_ms"])),
        "timeUnixNano": str(row["at_ns"]),
        **{wire: row[column] for column, wire in names.items()},
        "attributes": attributes_of(row["attributes"]),
        "resource": attributes_of(row["resource"]),
    }


ROUTES = [search]
