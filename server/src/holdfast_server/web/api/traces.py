"""Traces: searched, and one of them whole, with the errors and logs that belong to it."""

import asyncio
from typing import Annotated, Any, Literal

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from ...errors import NotFound
from ...event_store.connect import Row
from ...event_store.queries import logs, traces
from ...event_store.queries.scope import Scope
from ...event_store.queries.traces import Filter
from ...model.clock import iso
from ..guards import chosen_project, viewer
from ..services import HttpRequest, services
from .logs import log_of
from .parameters import Environment, From, Range, Release, To, window_of
from .telemetry import attributes_of

MAX_SPANS = 5_000
NS_PER_MS = 1_000_000


@get("/api/traces", tags=["traces"], summary="Traces, newest first")
async def search(
    request: HttpRequest,
    service: Annotated[str, QueryParameter(max_length=200)] = "",
    name: Annotated[str, QueryParameter(max_length=200, description="part of a span's name")] = "",
    status: FromQuery[Literal["error", "ok"] | None] = None,
    min_ms: Annotated[
        float, QueryParameter(name="minDurationMs", ge=0, le=1e12, description="of the span that is found")
    ] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    cursor: Annotated[str, QueryParameter(max_length=100)] = "",
    range_: Range = "24h",
    from_: From = "",
    to: To = "",
    env: Environment = "",
    release: Release = "",
) -> dict[str, Any]:
    """A trace is found by one span that is all of what is asked. Without a name and a status, only those spans are looked at
    where a service was entered."""
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    window = window_of(app.clock.now_ms(), range_=range_, from_=from_, to=to)
    scope = Scope(project.id, window, env, release)
    wanted = Filter(service, name, status or "", min_ms)
    page = await asyncio.to_thread(traces.search, app.facts, scope, wanted, limit, cursor)
    return {"traces": [trace_of(row) for row in page.rows], "nextCursor": page.following or None}


@get("/api/traces/{trace_id:str}", tags=["traces"], summary="One trace: its spans, errors and logs")
async def one_trace(request: HttpRequest, trace_id: FromPath[str]) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    wanted = trace_id[:64]
    spans, errors, records = await asyncio.gather(
        asyncio.to_thread(traces.spans, app.facts, project.id, wanted, MAX_SPANS),
        asyncio.to_thread(traces.errors, app.facts, project.id, wanted),
        asyncio.to_thread(logs.of_trace, app.facts, project.id, wanted),
    )
    if not spans and not errors and not records:
        raise NotFound(
            "trace", wanted, hint="GET /api/traces lists them; what is older than the retention is gone"
        )
    return {
        "traceId": wanted,
        "spans": [span_of(row) for row in spans],
        "errors": [_error_of(row) for row in errors],
        "logs": [log_of(row) for row in records],
    }


def trace_of(row: Row) -> dict[str, Any]:
    return {
        "traceId": row["trace_id"],
        "name": row["name"],
        "service": row["service"],
        "kind": row["kind"],
        "status": row["status"],
        "start": iso(row["start_ns"] // NS_PER_MS),
        "durationMs": (row["end_ns"] - row["start_ns"]) / NS_PER_MS,
        "spans": row["spans"],
        "failedSpans": row["failed"],
        "services": row["services"],
    }


def span_of(row: Row) -> dict[str, Any]:
    """A span in full. Its exact times are texts, as in OTLP: JavaScript's numbers can't hold them."""
    names = {"trace_id": "traceId", "span_id": "spanId", "parent_id": "parentId", "name": "name", "op": "op", "kind": "kind", "status": "status", "service": "service", "session_id": "sessionId", "user_id": "userId", "environment": "environment", "release": "release", "sdk": "sdk", "scope": "scope"}  # fmt: skip
    return {
        **{wire: row[column] for column, wire in names.items()},
        "isSegment": bool(row["is_segment"]),
        "start": iso(int(row["start_ns"]) // NS_PER_MS),
        "startTimeUnixNano": str(row["start_ns"]),
        "endTimeUnixNano": str(row["end_ns"]),
        "durationMs": row["duration_ms"],
        "attributes": attributes_of(row["attributes"]),
        "resource": attributes_of(row["resource"]),
        "events": attributes_of(row["events"] or "[]"),
        "links": attributes_of(row["links"] or "[]"),
    }


def _error_of(row: Row) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "errorId": row["issue_id"],
        "at": iso(int(row["at_ms"])),
        "errorType": row["error_type"],
        "message": row["message"],
        "severity": row["severity"],
        "component": row["component"],
        "culprit": row["culprit"],
    }


ROUTES = [search, one_trace]
