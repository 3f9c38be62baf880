"""Is it up, can it answer, how is it: /healthz, /readyz, /api/health/extended, and Prometheus' /metrics."""

import asyncio
from typing import Any

from litestar import Response, get
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from ..prometheus import SystemCollector
from ..services import HttpRequest, services


@get("/healthz", tags=["health"], summary="The process answers")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@get("/readyz", tags=["health"], summary="Stores answer, data flows")
async def readyz(request: HttpRequest) -> Response[dict[str, Any]]:
    ready, checks = await asyncio.to_thread(services(request).health.ready)
    body = {
        "ready": ready,
        "checks": {
            name: {"status": check.status, "message": check.message} for name, check in checks.items()
        },
    }
    return Response(body, status_code=200 if ready else 503, headers={} if ready else {"Retry-After": "5"})


@get("/api/health/extended", tags=["health"], summary="The health report")
async def extended(request: HttpRequest) -> dict[str, Any]:
    return await asyncio.to_thread(services(request).health.extended)


@get("/metrics", tags=["health"], summary="For Prometheus", sync_to_thread=True)
def metrics(request: HttpRequest) -> Response[bytes]:
    registry = CollectorRegistry()
    registry.register(SystemCollector(services(request)))
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), media_type=content_type)


ROUTES = [healthz, readyz, extended, metrics]
