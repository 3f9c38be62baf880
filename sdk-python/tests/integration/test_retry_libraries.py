"""Retries recorded without code, in the real libraries: what happened is what was recorded, once."""

# mypy: disable-error-code="import-untyped, untyped-decorator"

from __future__ import annotations

import http.server
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from holdfast.integrations import turn_on
from holdfast.testing import Captured, capturing


@pytest.fixture
def captured() -> Iterator[Captured]:
    with capturing() as captured:
        yield captured


def signals(captured: Captured) -> list[tuple[str, str, int]]:
    """(signal, component, retry count) in order."""
    return [
        (event["type"], event["component"], event["metadata"]["retry_count"])
        for event in captured.events
        if event["type"].startswith("retry_")
    ]


def failing(times: int) -> Callable[[], str]:
    """A function that fails so often and then succeeds."""
    calls = iter(range(1_000))

    def flaky() -> str:
        if next(calls) < times:
            raise ConnectionError("away")
        return "ok"

    return flaky


def test_tenacity_recovery_of_a_function_decorated_before(captured: Captured) -> None:
    """Two failures and a success: two attempts and one success, though the decorator came first."""
    import tenacity

    flaky = tenacity.retry(wait=tenacity.wait_none(), stop=tenacity.stop_after_attempt(5))(failing(2))
    turn_on(captured.client, ["tenacity"])
    assert flaky() == "ok"
    assert signals(captured) == [
        ("retry_attempt", "tenacity", 1),
        ("retry_attempt", "tenacity", 2),
        ("retry_success", "tenacity", 2),
    ]
    assert captured.events[0]["metadata"]["api_endpoint"].endswith("failing.<locals>.flaky")


def test_tenacity_exhausted(captured: Captured) -> None:
    """Three failures of three: two retries and one failure with the cause."""
    import tenacity

    turn_on(captured.client, ["tenacity"])
    flaky = tenacity.retry(wait=tenacity.wait_none(), stop=tenacity.stop_after_attempt(3))(failing(9))
    with pytest.raises(tenacity.RetryError):
        flaky()
    assert signals(captured)[-1] == ("retry_failure", "tenacity", 2)
    assert len(signals(captured)) == 3
    assert captured.events[-1]["metadata"]["final_error"] == "ConnectionError: away"


async def test_tenacity_async_and_iterator(captured: Captured) -> None:
    """Coroutines and `for attempt in Retrying()` are seen as well."""
    import tenacity

    turn_on(captured.client, ["tenacity"])
    flaky = failing(1)

    @tenacity.retry(wait=tenacity.wait_none())
    async def call() -> str:
        return flaky()

    assert await call() == "ok"
    again = failing(1)
    for attempt in tenacity.Retrying(wait=tenacity.wait_none()):
        with attempt:
            again()
    assert [signal[0] for signal in signals(captured)] == ["retry_attempt", "retry_success"] * 2


def test_no_retry_no_signal(captured: Captured) -> None:
    """A call that succeeds at once says nothing."""
    import tenacity

    turn_on(captured.client, ["tenacity"])
    assert tenacity.retry(failing(0))() == "ok"
    assert captured.events == []


@pytest.mark.parametrize("also_tenacity", [False, True])
def test_stamina_is_counted_once(captured: Captured, also_tenacity: bool) -> None:
    """Retries and recovery of stamina, by name, not doubled by tenacity underneath; hooks that stood still run."""
    import stamina
    from stamina.instrumentation import get_on_retry_hooks, set_on_retry_hooks

    seen: list[int] = []
    before = get_on_retry_hooks()
    set_on_retry_hooks((lambda details: seen.append(details.retry_num),))
    try:
        turn_on(captured.client, ["stamina", "tenacity"] if also_tenacity else ["stamina"])
        flaky = failing(2)

        @stamina.retry(on=ConnectionError, wait_initial=0.001, wait_max=0.001, wait_jitter=0)
        def pay() -> str:
            return flaky()

        assert pay() == "ok"
        assert signals(captured) == [
            ("retry_attempt", "stamina", 1),
            ("retry_attempt", "stamina", 2),
            ("retry_success", "stamina", 2),
        ]
        assert {event["metadata"]["api_endpoint"] for event in captured.events} == {
            f"{pay.__module__}.{pay.__qualname__}"
        }
        assert seen == [1, 2]
    finally:
        captured.client.close()
        set_on_retry_hooks(before)


def test_stamina_exhausted(captured: Captured) -> None:
    """The final failure, of which stamina's hook says nothing, is recorded."""
    import stamina

    turn_on(captured.client, ["stamina"])
    flaky = failing(9)

    @stamina.retry(on=ConnectionError, attempts=2, wait_initial=0.001, wait_max=0.001, wait_jitter=0)
    def pay() -> str:
        return flaky()

    with pytest.raises(ConnectionError):
        pay()
    assert [signal[::2] for signal in signals(captured)] == [("retry_attempt", 1), ("retry_failure", 1)]


@pytest.fixture
def flaky_server() -> Iterator[Any]:
    """Answers 503 as often as `failures` says, then 200."""

    class Handler(http.server.BaseHTTPRequestHandler):
        failures = 0

        def do_GET(self) -> None:
            status = 200
            if self.path.startswith("/hop"):
                status = 302
            elif Handler.failures > 0:
                Handler.failures -= 1
                status = 503
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/orders/1")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    Handler.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    yield Handler
    server.shutdown()
    server.server_close()
    thread.join()


def policy(total: int) -> Any:
    from urllib3.util.retry import Retry

    return Retry(total=total, status_forcelist=[503], backoff_factor=0.001)


def test_requests_recovery(captured: Captured, flaky_server: Any) -> None:
    """requests with a urllib3 Retry: each retry and the success; the endpoint carries no ids."""
    import requests
    from requests.adapters import HTTPAdapter

    turn_on(captured.client, ["urllib3"])
    flaky_server.failures = 2
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=policy(5)))
        assert session.get(f"{flaky_server.url}/orders/8312").status_code == 200
    assert signals(captured) == [
        ("retry_attempt", "urllib3", 1),
        ("retry_attempt", "urllib3", 2),
        ("retry_success", "urllib3", 2),
    ]
    assert captured.events[0]["metadata"]["api_endpoint"] == "GET 127.0.0.1/orders/[id]"


def test_urllib3_exhausted(captured: Captured, flaky_server: Any) -> None:
    """A policy that gives up: its retries and the failure."""
    import urllib3

    turn_on(captured.client, ["urllib3"])
    flaky_server.failures = 99
    with urllib3.PoolManager(retries=policy(2)) as pool, pytest.raises(urllib3.exceptions.MaxRetryError):
        pool.request("GET", f"{flaky_server.url}/")
    assert signals(captured)[-1] == ("retry_failure", "urllib3", 2)


def test_urllib3_redirect_is_no_retry(captured: Captured, flaky_server: Any) -> None:
    """A redirect says nothing, although urllib3 counts it by the same policy."""
    import urllib3

    turn_on(captured.client, ["urllib3"])
    with urllib3.PoolManager(retries=policy(3)) as pool:
        assert pool.request("GET", f"{flaky_server.url}/hop").status == 200
    assert captured.events == []


def test_httpx_connection_retries(captured: Captured, dead_url: str) -> None:
    """httpx retries connecting: each retry and the failure; the host's own trace still runs."""
    import httpx

    turn_on(captured.client, ["httpx"])
    names: list[str] = []
    with httpx.Client(transport=httpx.HTTPTransport(retries=2)) as client, pytest.raises(httpx.ConnectError):
        client.get(dead_url, extensions={"trace": lambda name, info: names.append(name)})
    assert [signal[::2] for signal in signals(captured)] == [
        ("retry_attempt", 1),
        ("retry_attempt", 2),
        ("retry_failure", 2),
    ]
    assert "connection.retry.started" in names


async def test_httpx_async_connection_retries(captured: Captured, dead_url: str) -> None:
    """The same for the async transport."""
    import httpx

    turn_on(captured.client, ["httpx"])
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=1)) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(dead_url)
    assert [signal[::2] for signal in signals(captured)] == [("retry_attempt", 1), ("retry_failure", 1)]


def test_pybreaker(captured: Captured) -> None:
    """A breaker that existed before: opened, the refused call, half open, closed."""
    import pybreaker

    now = [0.0]
    breaker = pybreaker.CircuitBreaker(fail_max=2, reset_timeout=0, name="payments")
    turn_on(captured.client, ["pybreaker"])

    def fail() -> None:
        raise ConnectionError("away")

    for _ in range(2):
        with pytest.raises((ConnectionError, pybreaker.CircuitBreakerError)):
            breaker.call(fail)
    breaker.reset_timeout = 3_600
    with pytest.raises(pybreaker.CircuitBreakerError):
        breaker.call(fail)
    breaker.reset_timeout = now[0]
    breaker.call(lambda: None)
    assert [(event["component"], event["action"]) for event in captured.of_type("circuit_breaker")] == [
        ("payments", "opened"),
        ("payments", "rejected"),
        ("payments", "half_opened"),
        ("payments", "closed"),
    ]


@pytest.fixture
def root_logger_kept() -> Iterator[None]:
    """Celery's worker sets the root logger up for itself."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("root_logger_kept")
def test_celery(captured: Captured) -> None:
    """A task that recovers after two retries, and one that fails for good, run by a real worker in this process."""
    import celery
    from celery.contrib.testing.worker import start_worker

    app = celery.Celery("shop", broker="memory://", backend="cache+memory://")
    app.conf.worker_hijack_root_logger = False
    turn_on(captured.client, ["celery"])
    flaky = failing(2)

    @app.task(name="shop.pay", autoretry_for=(ConnectionError,), retry_backoff=False, default_retry_delay=0)
    def pay() -> str:
        return flaky()

    @app.task(name="shop.fail", autoretry_for=(ConnectionError,), default_retry_delay=0, max_retries=1)
    def fail() -> str:
        raise ConnectionError("away")

    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        assert pay.delay().get(timeout=20) == "ok"
        with pytest.raises(ConnectionError):
            fail.delay().get(timeout=20)
    assert [signal[::2] for signal in signals(captured)] == [
        ("retry_attempt", 1),
        ("retry_attempt", 2),
        ("retry_success", 2),
        ("retry_attempt", 1),
        ("retry_failure", 1),
    ]
    assert [error["component"] for error in captured.of_type("error")] == ["shop.fail"]


def test_undo_leaves_nothing(captured: Captured, flaky_server: Any) -> None:
    """After `close` the libraries are as they were."""
    import pybreaker
    import tenacity
    import urllib3

    before = (tenacity.BaseRetrying.iter, urllib3.Retry.increment, pybreaker.CircuitBreaker.call)
    turn_on(captured.client, ["tenacity", "urllib3", "pybreaker"])
    assert tenacity.BaseRetrying.iter is not before[0]
    captured.client.close()
    assert (tenacity.BaseRetrying.iter, urllib3.Retry.increment, pybreaker.CircuitBreaker.call) == before
