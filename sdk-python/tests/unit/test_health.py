"""Health checks: threshold, time limit, what checks may return, dependencies, the routes, periodic records."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from holdfast import HealthCheck, HealthStatus
from holdfast.testing import Captured, capturing


@pytest.fixture
def captured() -> Iterator[Captured]:
    with capturing() as captured:
        yield captured


@pytest.fixture
def health(captured: Captured) -> Iterator[HealthCheck]:
    check = HealthCheck(captured.client.collector, check_interval_ms=0, failure_threshold=3, timeout_ms=300)
    yield check
    check.destroy()


def fail() -> None:
    raise ConnectionError("away")


def test_unhealthy_from_the_third_failure(health: HealthCheck) -> None:
    """Two failures degrade, the third in a row is unhealthy, one success heals."""
    answers = iter([False, False, False, True])
    health.register_service("db", lambda: next(answers))
    statuses = [health.get_health_report().status for _ in range(4)]
    assert statuses == ["degraded", "degraded", "unhealthy", "healthy"]


def test_an_exception_is_a_finding(health: HealthCheck) -> None:
    """What a check raises stands in the report."""
    health.register_service("db", fail)
    service = health.get_health_report().services["db"]
    assert service.message == "ConnectionError: away"
    assert health.get_service_health("db") == service


def test_a_hanging_check_is_left_behind(health: HealthCheck) -> None:
    """The report comes in time; all checks run at the same time."""
    health.register_service("slow", lambda: time.sleep(10))
    health.register_service("slow too", lambda: time.sleep(10))
    health.register_service("quick", lambda: None)
    started_s = time.monotonic()
    report = health.get_health_report()
    assert time.monotonic() - started_s < 8
    assert report.services["slow"].message == "TimeoutError: no answer within 0.3 s"
    assert report.services["quick"].status == HealthStatus.HEALTHY


def test_an_optional_service_never_makes_all_unhealthy(health: HealthCheck) -> None:
    """It degrades, whatever its own state."""
    health.register_service("cache", fail, required=False, depends_on=("network",))
    for _ in range(5):
        report = health.get_health_report()
    assert report.services["cache"].status == HealthStatus.UNHEALTHY
    assert report.services["cache"].depends_on == ("network",)
    assert report.status == HealthStatus.DEGRADED


def test_no_services_is_healthy(health: HealthCheck) -> None:
    """A program without checks says that it is up."""
    assert health.get_health_report().status == HealthStatus.HEALTHY


async def test_asgi_route(health: HealthCheck) -> None:
    """200 with the report, 503 once a required service is unhealthy."""
    health.register_service("db", fail)
    transport = httpx.ASGITransport(app=health.asgi_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answers = [await client.get("/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 503]
    assert answers[2].json()["services"]["db"]["consecutive_failures"] == 3


def test_wsgi_route(health: HealthCheck) -> None:
    """The same over WSGI."""
    health.register_service("db", lambda: True)
    seen: list[Any] = []
    body = health.wsgi_app()({"REQUEST_METHOD": "GET"}, lambda status, headers: seen.append(status))
    assert seen == ["200 OK"]
    assert json.loads(b"".join(body))["status"] == "healthy"


def test_periodic_checks_are_recorded(captured: Captured) -> None:
    """Every interval each service's state is an event."""
    health = HealthCheck(captured.client.collector, check_interval_ms=20)

    async def check() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"status": "degraded", "message": "replica lags"}

    health.register_service("db", check)
    end_s = time.monotonic() + 5
    while not captured.of_type("health_check") and time.monotonic() < end_s:
        time.sleep(0.01)
    health.destroy()
    event = captured.of_type("health_check")[0]
    assert (event["name"], event["metadata"]["status"]) == ("db", "degraded")
