"""How releases do by their sessions, and what scheduled jobs said last."""

import asyncio
from typing import Annotated, Any

from litestar import get
from litestar.params import QueryParameter

from ...insight import monitors, release_health
from ...insight.monitors import Monitor
from ...insight.release_health import ReleaseHealth
from ...model.clock import iso
from ..guards import chosen_project, viewer
from ..services import HttpRequest, services
from .parameters import Environment, From, Narrowed, Range, Release, To, window_of

Limit = Annotated[int, QueryParameter(ge=1, le=500)]


@get("/api/releases/health", tags=["releases"], summary="Crash-free sessions and users by release")
async def health(
    request: HttpRequest,
    range_: Range = "24h",
    from_: From = "",
    to: To = "",
    env: Environment = "",
    release: Release = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    window = window_of(app.clock.now_ms(), range_=range_, from_=from_, to=to)
    scope = Narrowed(window, env, release).scope(project.id)
    total = await asyncio.to_thread(release_health.overall, app.facts, scope)
    found = await asyncio.to_thread(release_health.by_release, app.facts, scope, limit)
    return {
        "from": iso(window.from_ms),
        "to": iso(window.to_ms),
        "total": counts_of(total),
        "releases": [
            {
                "release": item.release,
                **counts_of(item),
                "share": item.sessions / total.sessions if total.sessions else None,
                "firstSeen": iso(item.first_seen_ms),
                "lastSeen": iso(item.last_seen_ms),
            }
            for item in found
        ],
    }


@get("/api/monitors", tags=["monitors"], summary="Scheduled jobs and their last check-in")
async def all_monitors(
    request: HttpRequest,
    range_: Range = "30d",
    from_: From = "",
    to: To = "",
    env: Environment = "",
    limit: Limit = 500,
) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    now_ms = app.clock.now_ms()
    scope = Narrowed(window_of(now_ms, range_=range_, from_=from_, to=to), env).scope(project.id)
    found = await asyncio.to_thread(monitors.monitors, app.facts, scope, now_ms, limit)
    return {"monitors": [monitor_of(item) for item in found]}


def counts_of(item: ReleaseHealth) -> dict[str, Any]:
    return {
        "sessions": item.sessions,
        "crashed": item.crashed,
        "errored": item.errored,
        "unhandled": item.unhandled,
        "abnormal": item.abnormal,
        "users": item.users,
        "crashedUsers": item.crashed_users,
        "crashFreeSessions": item.crash_free_sessions,
        "crashFreeUsers": item.crash_free_users,
    }


def monitor_of(item: Monitor) -> dict[str, Any]:
    schedule = item.schedule
    return {
        "slug": item.slug,
        "environment": item.environment,
        "status": item.status,
        "lastCheckIn": iso(item.last_ms),
        "lastDurationMs": item.last_duration_ms,
        "ok": item.ok,
        "failed": item.failed,
        "schedule": {
            "type": schedule.kind,
            "value": schedule.value,
            "unit": schedule.unit,
            "timezone": schedule.timezone,
        }
        if schedule
        else None,
        "nextExpected": iso(item.next_ms) if item.next_ms is not None else None,
    }


ROUTES = [health, all_monitors]
