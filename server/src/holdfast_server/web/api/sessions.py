"""One session for programs: what it did, in order, in pages that lead on both ways."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from ...event_store.connect import Row
from ...event_store.queries.session import KINDS, Kind
from ...insight.session_story import LATEST_MS, NS_PER_MS, Asked, story
from ...model.clock import iso
from ..guards import chosen_project, viewer
from ..services import HttpRequest, services


@get("/api/sessions/{session_id:str}", tags=["sessions"], summary="All that one session did, in order")
async def one_session(
    request: HttpRequest,
    session_id: FromPath[str],
    kind: FromQuery[Kind | None] = None,
    at: Annotated[int | None, QueryParameter(ge=0, le=LATEST_MS)] = None,
    before: Annotated[str, QueryParameter(max_length=80)] = "",
    after: Annotated[str, QueryParameter(max_length=80)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """`at` (epoch ms) puts the page around a moment; `before` and `after` take the cursors of a page."""
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    asked = Asked(session_id[:500], (kind,) if kind else KINDS, at, before, after, limit)
    found = await asyncio.to_thread(story, app.facts, project.id, asked, app.clock.now_ms())
    summary = found.summary
    return {
        "id": session_id,
        "firstSeen": iso(summary.first_ms),
        "lastSeen": iso(summary.last_ms),
        "counts": summary.counts,
        "userId": summary.user_id,
        "anonymousId": summary.anonymous_id,
        "environments": summary.environments,
        "releases": summary.releases,
        "browser": summary.browser,
        "os": summary.os,
        "deviceType": summary.device_type,
        "region": summary.region,
        "items": [item_of(row) for row in found.items],
        "earlier": found.earlier or None,
        "later": found.later or None,
    }


def item_of(row: Row) -> dict[str, Any]:
    ns = int(row["order_ns"])
    shared = {
        "kind": row["item"],
        "id": str(row["id"]),
        "timestamp": iso(ns // NS_PER_MS),
        "timeNs": str(ns),
        "title": row["title"],
        "subject": row["subject"],
        "detail": row["detail"],
        "duration": row["took_ms"],
        "environment": row["environment"],
        "release": row["release"],
    }
    named = {
        "component": row["component"],
        "page": row["page"],
        "method": row["method"],
        "status": row["status"],
        "level": row["level"],
        "traceId": row["trace_id"],
        "spanId": row["span_id"],
        "errorId": row["issue_id"],
        "attributes": attributes_of(row["more"]),
    }
    return shared | {name: value for name, value in named.items() if value}


def attributes_of(text: str) -> Any:
    """None where there are none, or more than a page of a session carries."""
    try:
        return msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        return None


ROUTES = [one_session]
