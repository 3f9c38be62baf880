"""Document C's five functions, by their own names."""

import asyncio
from typing import Annotated, Any

from litestar import get, post
from litestar.params import QueryParameter
from litestar.status_codes import HTTP_200_OK

from ...accounts.roles import Act
from ...event_store.queries.scope import Scope
from ...insight import usage
from ...model.window import Window
from ..guards import allowed, chosen_project, viewer
from ..services import HttpRequest, services

Hours = Annotated[float, QueryParameter(gt=0, le=24 * 3660)]


async def _scope(request: HttpRequest, hours: float) -> Scope:
    project = await chosen_project(request, await viewer(request))
    return Scope(project.id, Window.last(hours * 3600, services(request).clock.now_ms()))


@get("/api/metrics/get_recent_errors", tags=["metrics"], summary="The newest error occurrences")
async def get_recent_errors(
    request: HttpRequest, limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 50, hours: Hours = 24
) -> list[dict[str, Any]]:
    scope = await _scope(request, hours)
    return await asyncio.to_thread(usage.get_recent_errors, services(request).facts, scope, limit)


@get(
    "/api/metrics/get_api_latency_stats", tags=["metrics"], summary="Latency by endpoint: mean, p50, p95, p99"
)
async def get_api_latency_stats(
    request: HttpRequest, hours: Hours = 24, limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100
) -> list[dict[str, Any]]:
    scope = await _scope(request, hours)
    found = await asyncio.to_thread(usage.get_api_latency_stats, services(request).facts, scope, limit)
    return [
        {
            "endpoint": item.name,
            "request_count": item.n,
            "error_count": item.failed,
            "avg_ms": item.mean,
            "p50_ms": item.p50,
            "p95_ms": item.p95,
            "p99_ms": item.p99,
            "max_ms": item.longest,
        }
        for item in found
    ]


@get("/api/metrics/get_metrics_summary", tags=["metrics"], summary="Totals of the window and of each type")
async def get_metrics_summary(request: HttpRequest, hours: Hours = 24) -> dict[str, Any]:
    scope = await _scope(request, hours)
    return await asyncio.to_thread(usage.get_metrics_summary, services(request).facts, scope)


@get("/api/metrics/get_error_rate_timeseries", tags=["metrics"], summary="Errors ÷ events over time")
async def get_error_rate_timeseries(
    request: HttpRequest,
    hours: Hours = 24,
    bucket_minutes: Annotated[int, QueryParameter(ge=1, le=100_000)] = 60,
) -> list[dict[str, Any]]:
    scope = await _scope(request, hours)
    step_s = scope.window.step_s(bucket_minutes * 60)
    return await asyncio.to_thread(usage.get_error_rate_timeseries, services(request).facts, scope, step_s)


@post(
    "/api/metrics/cleanup_old_metrics",
    tags=["metrics"],
    status_code=HTTP_200_OK,
    summary="Delete raw events older than some days",
)
async def cleanup_old_metrics(
    request: HttpRequest, retention_days: Annotated[int, QueryParameter(ge=1, le=3660)] = 30
) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await allowed(request, Act.MANAGE_PROJECTS))
    deleted = await asyncio.to_thread(
        usage.cleanup_old_metrics, app.facts, retention_days, app.clock.now_ms(), project.id
    )
    return {"deleted": deleted, "retentionDays": retention_days}


ROUTES = [
    get_recent_errors,
    get_api_latency_stats,
    get_metrics_summary,
    get_error_rate_timeseries,
    cleanup_old_metrics,
]
