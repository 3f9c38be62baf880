"""Reading telemetry: aggregated (P), single events, and the ledger of what became of everything sent."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import QueryParameter

from ...event_store.queries import feed, outcomes
from ...event_store.queries.feed import Filter
from ...event_store.queries.scope import Scope
from ...insight import usage
from ...model.clock import iso
from ..guards import chosen_project, viewer
from ..services import HttpRequest, services
from .parameters import Environment, From, Range, Release, To, window_of


@get("/api/telemetry", tags=["telemetry"], summary="Aggregated telemetry")
async def telemetry(
    request: HttpRequest,
    days: Annotated[float, QueryParameter(gt=0, le=3660)] = 7,
    event_type: Annotated[str, QueryParameter(name="type", max_length=200)] = "",
    env: Environment = "",
    release: Release = "",
) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    scope = Scope(project.id, usage.window_of_days(days, app.clock.now_ms()), env, release)
    return await asyncio.to_thread(usage.telemetry, app.facts, scope, event_type)


@get("/api/events", tags=["telemetry"], summary="The newest events, one by one")
async def events(
    request: HttpRequest,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    after: Annotated[
        int, QueryParameter(ge=0, le=2**63 - 1, description="only events received after the one with this id")
    ] = 0,
    event_type: Annotated[str, QueryParameter(name="type", max_length=200)] = "",
    component: Annotated[str, QueryParameter(max_length=200)] = "",
    session: Annotated[str, QueryParameter(max_length=200)] = "",
    user: Annotated[str, QueryParameter(max_length=200)] = "",
    env: Environment = "",
    hours: Annotated[float, QueryParameter(gt=0, le=24 * 3660)] = 168,
) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    wanted = Filter(project.id, event_type, component, session, user, env, after)
    rows = await asyncio.to_thread(feed.newest, app.facts, wanted, limit, round(hours * 3600))
    return {"events": [event_of(row) for row in rows]}


@get("/api/ledger", tags=["telemetry"], summary="What became of everything sent")
async def ledger(
    request: HttpRequest,
    range_: Range = "24h",
    from_: From = "",
    to: To = "",
) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    window = window_of(app.clock.now_ms(), range_=range_, from_=from_, to=to)
    rows = await asyncio.to_thread(outcomes.totals, app.facts, Scope(project.id, window))
    sent = sum(row["total"] for row in rows)
    return {
        "from": iso(window.from_ms),
        "to": iso(window.to_ms),
        "sent": sent,
        "outcomes": [
            {
                "outcome": row["outcome"],
                "reason": row["reason"],
                "category": row["category"],
                "source": row["source"],
                "quantity": row["total"],
            }
            for row in rows
        ],
    }


def event_of(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the feed in the names of the wire; what is empty is left out."""
    names = {"id": "id", "type": "type", "page": "page", "component": "component", "action": "action", "name": "name", "method": "method", "status": "status", "duration_ms": "duration", "value": "value", "unit": "unit", "session_id": "sessionId", "user_id": "userId", "anonymous_id": "anonymousId", "device_type": "deviceType", "browser": "browser", "os": "os", "region": "region", "environment": "environment", "release": "release", "time_flag": "timeFlag"}  # fmt: skip
    event: dict[str, Any] = {
        wire: row[column] for column, wire in names.items() if row.get(column) not in ("", None, 0)
    }
    event["id"] = str(row["id"])
    event["createdAt"] = iso(int(row["at_ms"]))
    event["receivedAt"] = iso(int(row["received_ms"]))
    event["metadata"] = attributes_of(row["attributes"])
    return event


def attributes_of(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {"text": text}


ROUTES = [telemetry, events, ledger]
