"""HealthCheck: registered services, checked on demand or periodically, with a failure threshold and a report.

A check is a plain or `async` function; what it raises or how long it takes never reaches the caller. A service is
unhealthy after `failure_threshold` failures in a row, degraded before. Optional ones degrade the whole, never more.
"""

from __future__ import annotations

import threading
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from holdfast._settle import clip, safe_str, settle_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from holdfast._periodic import Periodic
    from holdfast.collector import TelemetryCollector


class HealthStatus(StrEnum):
    """Worst last."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"


class ServiceHealth(Struct, frozen=True):
    """What a check found. A check may return one, a mapping of these names, a status, True or False."""

    service: str
    status: HealthStatus
    timestamp: int = 0
    response_time: float | None = None
    message: str = ""
    details: dict[str, Any] | None = None
    consecutive_failures: int = 0
    depends_on: tuple[str, ...] = ()


class HealthReport(Struct, frozen=True):
    """The whole: `uptime` and `response_time` are ms, `timestamp` epoch ms."""

    status: HealthStatus
    timestamp: int
    uptime: float
    services: dict[str, ServiceHealth]


class _Service:
    def __init__(self, check: Callable[[], Any], required: bool, depends_on: tuple[str, ...]) -> None:
        self.check = check
        self.required = required
        self.depends_on = depends_on
        self.failures = 0
        self.last: ServiceHealth | None = None


class HealthCheck:
    """`check_interval_ms=0` checks on demand only."""

    def __init__(
        self,
        collector: TelemetryCollector,
        *,
        enabled: bool = True,
        check_interval_ms: int = 60_000,
        failure_threshold: int = 3,
        timeout_ms: int = 5_000,
    ) -> None:
        self._collector = collector
        self._enabled = enabled
        self._interval_s = check_interval_ms / 1000
        self._threshold = failure_threshold
        self._timeout_s = timeout_ms / 1000
        self._started_s = time.monotonic()
        self._services: dict[str, _Service] = {}
        self._periodic: Periodic | None = None

    def register_service(
        self,
        name: str,
        check: Callable[[], Any],
        /,
        *,
        required: bool = True,
        depends_on: tuple[str, ...] = (),
    ) -> None:
        """Add or replace a check. `depends_on` names services whose failure explains this one's."""
        self._services[name] = _Service(check, required, depends_on)
        if self._enabled and self._interval_s > 0 and self._periodic is None:
            from holdfast._periodic import Periodic

            self._periodic = Periodic("health", self._interval_s, self._check_and_record)

    def unregister_service(self, name: str, /) -> None:
        self._services.pop(name, None)

    def get_health_report(self) -> HealthReport:
        """Run every check now, all at the same time, for at most `timeout_ms`, and return what they found."""
        services = dict(self._services)
        results = self._run_all(services)
        now_ms = int(time.time() * 1000)
        uptime_ms = (time.monotonic() - self._started_s) * 1000
        return HealthReport(_overall(services, results), now_ms, uptime_ms, results)

    async def aget_health_report(self) -> HealthReport:
        """`get_health_report` without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.get_health_report)

    def is_healthy(self) -> bool:
        """Whether every required service is healthy now."""
        return self.get_health_report().status == HealthStatus.HEALTHY

    async def ais_healthy(self) -> bool:
        return (await self.aget_health_report()).status == HealthStatus.HEALTHY

    def get_service_health(self, name: str, /) -> ServiceHealth | None:
        """What the last check of this service found, without checking again."""
        service = self._services.get(name)
        return service.last if service is not None else None

    def asgi_app(self) -> Any:
        """An ASGI application that answers with the report: 200, or 503 when unhealthy."""
        from holdfast._health_routes import asgi_app

        return asgi_app(self)

    def wsgi_app(self) -> Any:
        """The same as a WSGI application."""
        from holdfast._health_routes import wsgi_app

        return wsgi_app(self)

    def destroy(self) -> None:
        """Stop the periodic checks and forget the services."""
        self._enabled = False
        if self._periodic is not None:
            self._periodic.stop()
            self._periodic = None
        self._services.clear()

    def _run_all(self, services: Mapping[str, _Service]) -> dict[str, ServiceHealth]:
        """Each check on a daemon thread of its own; one over the time limit counts as failed and is left behind.

        Not a thread pool: the interpreter waits for a pool's threads at exit, and a hung check would hang it.
        """
        runs = {name: _Run(service.check) for name, service in services.items()}
        deadline_s = time.monotonic() + self._timeout_s
        results: dict[str, ServiceHealth] = {}
        for name, run in runs.items():
            if run.done.wait(max(0.0, deadline_s - time.monotonic())):
                found, elapsed_ms = run.found, run.elapsed_ms
            else:
                found = TimeoutError(f"no answer within {self._timeout_s:g} s")
                elapsed_ms = self._timeout_s * 1000
            results[name] = self._judge(name, services[name], found, elapsed_ms)
        return results

    def _judge(self, name: str, service: _Service, found: Any, elapsed_ms: float) -> ServiceHealth:
        health = _health_of(name, found, elapsed_ms)
        failed = health.status == HealthStatus.UNHEALTHY
        service.failures = service.failures + 1 if failed else 0
        status = health.status
        if failed and service.failures < self._threshold:
            status = HealthStatus.DEGRADED
        service.last = ServiceHealth(
            service=name,
            status=status,
            timestamp=health.timestamp or int(time.time() * 1000),
            response_time=health.response_time,
            message=health.message,
            details=health.details,
            consecutive_failures=service.failures,
            depends_on=service.depends_on,
        )
        return service.last

    def _check_and_record(self) -> None:
        report = self.get_health_report()
        for name, health in report.services.items():
            data = {
                "status": health.status.value,
                "message": health.message,
                "consecutive_failures": health.consecutive_failures,
            }
            fields = {"name": name, "component": name, "duration": health.response_time}
            self._collector.record("health_check", data, fields)


class _Run:
    """One check under way; its result or exception stands in `found` once `done` is set."""

    def __init__(self, check: Callable[[], Any]) -> None:
        self.found: Any = None
        self.elapsed_ms = 0.0
        self.done = threading.Event()
        self._check = check
        threading.Thread(target=self._work, name="holdfast-check", daemon=True).start()

    def _work(self) -> None:
        started_s = time.perf_counter()
        try:
            self.found = self._check()
            if hasattr(self.found, "__await__"):
                self.found = _await(self.found)
        except Exception as problem:  # noqa: BLE001 - a failing check is a finding
            self.found = problem
        self.elapsed_ms = (time.perf_counter() - started_s) * 1000
        self.done.set()


def _await(awaitable: Any) -> Any:
    import asyncio

    async def outcome() -> Any:
        return await awaitable

    return asyncio.run(outcome())


def _health_of(name: str, found: Any, elapsed_ms: float) -> ServiceHealth:
    """Whatever a check returned, as a ServiceHealth."""
    if isinstance(found, ServiceHealth):
        return (
            found if found.response_time is not None else _made(name, found.status, elapsed_ms, found.message)
        )
    if isinstance(found, BaseException):
        text = f"{type(found).__name__}: {safe_str(found)}"
        return _made(name, HealthStatus.UNHEALTHY, elapsed_ms, clip(text, 500))
    if isinstance(found, dict):
        return _from_mapping(name, found, elapsed_ms)
    if isinstance(found, str) and found in list(HealthStatus):
        return _made(name, HealthStatus(found), elapsed_ms)
    healthy = found is None or bool(found)
    return _made(name, HealthStatus.HEALTHY if healthy else HealthStatus.UNHEALTHY, elapsed_ms)


def _from_mapping(name: str, found: Mapping[str, Any], elapsed_ms: float) -> ServiceHealth:
    text = str(found.get("status", "healthy"))
    status = HealthStatus(text) if text in list(HealthStatus) else HealthStatus.UNKNOWN
    response_time = found.get("response_time", found.get("responseTime", elapsed_ms))
    details = found.get("details")
    return ServiceHealth(
        service=name,
        status=status,
        timestamp=int(found.get("timestamp") or 0),
        response_time=float(response_time),
        message=clip(safe_str(found.get("message", "")), 500),
        details=settle_mapping(details) if details else None,
    )


def _made(name: str, status: HealthStatus, elapsed_ms: float, message: str = "") -> ServiceHealth:
    return ServiceHealth(service=name, status=status, response_time=elapsed_ms, message=message)


def _overall(services: Mapping[str, _Service], results: Mapping[str, ServiceHealth]) -> HealthStatus:
    """Unhealthy when a required service is; degraded when anything else is not well."""
    statuses = {health.status for health in results.values()}
    if any(
        results[name].status == HealthStatus.UNHEALTHY
        for name, service in services.items()
        if service.required
    ):
        return HealthStatus.UNHEALTHY
    return HealthStatus.HEALTHY if statuses <= {HealthStatus.HEALTHY} else HealthStatus.DEGRADED
