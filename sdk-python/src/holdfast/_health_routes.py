"""The health report over HTTP, for load balancers and people. Details of failures are the host's to protect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from holdfast.health import HealthReport, HealthStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from holdfast.health import HealthCheck


def asgi_app(health: HealthCheck) -> Any:
    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ARG001 - the protocol
        if scope["type"] != "http":
            return
        report = await health.aget_health_report()
        body = msgspec.json.encode(report)
        headers = [(name.encode(), value.encode()) for name, value in _headers(body)]
        await send({"type": "http.response.start", "status": _status(report), "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope.get("method") == "HEAD" else body})

    return app


def wsgi_app(health: HealthCheck) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        report = health.get_health_report()
        body = msgspec.json.encode(report)
        line = "200 OK" if _status(report) == 200 else "503 Service Unavailable"
        start_response(line, _headers(body))
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    return app


def _status(report: HealthReport) -> int:
    return 503 if report.status == HealthStatus.UNHEALTHY else 200


def _headers(body: bytes) -> list[tuple[str, str]]:
    return [
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
    ]
