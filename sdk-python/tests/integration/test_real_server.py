"""End to end into a real Holdfast server: what was done is what its API returns, once, also over a crash of the server."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast import TelemetryCollector
from holdfast._client import Client

SERVER = Path(__file__).parents[3] / "server" / "src"


class Server:
    """`holdfast serve` on a data folder of its own; may be killed and started again."""

    def __init__(self, data: Path) -> None:
        self._data = data
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self.key = self.token = ""

    def start(self) -> None:
        log = self._data / "serve.log"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "holdfast_server.cli",
                    "serve",
                    "--data",
                    self._data,
                    "--port",
                    str(self._port),
                ],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(SERVER), "COLUMNS": "200"},
                start_new_session=True,
            )
        wait_for(lambda: self._ready() or self._process.poll() is not None, 60)
        text = log.read_text(encoding="utf-8")
        assert self._process.poll() is None, text
        self.token = json.loads((self._data / "server.json").read_text(encoding="utf-8"))["token"]
        found = re.search(r"public key (\S+)", text)  # printed at the first start only
        if found:
            self.key = found[1]

    def kill(self) -> None:
        """Without warning, its engine included."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def get(self, path: str) -> Any:
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def query(self, sql: str) -> Any:
        """The first row of the answer."""
        body = json.dumps({"sql": sql}).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + "/api/query", body, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            rows = json.load(answer)["rows"]
        return rows[0] if rows else None

    def events(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/api/events?type={kind}&limit=1000")["events"]
        return found

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def wait_for(condition: Callable[[], object], timeout_s: float = 20) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "did not happen in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("holdfast"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    collector = TelemetryCollector(
        endpoint=server.url, key=server.key, release="1.2.0", max_events=100_000, retry_base_ms=100
    )
    client = Client(collector, capture_unhandled=False, capture_unhandled_rejections=False)
    yield client
    client.close(5)


def test_event(server: Server, client: Client) -> None:
    """An event comes back as it was sent, scrubbed."""
    now_ms = int(time.time() * 1000) - 60_000
    client.collector.track(
        "order.paid",
        {"order": 8312, "email": "jo@example.com", "nested": {"list": [1, "x"]}},
        timestamp=now_ms,
        user_id="ann",
        session_id="s-1",
        page="/cart",
        duration=12.5,
        component="Checkout",
    )
    assert client.flush(10)
    wait_for(lambda: server.events("order.paid"))
    (event,) = server.events("order.paid")
    assert event["metadata"] == {"order": 8312, "email": "[REDACTED]", "nested": {"list": [1, "x"]}}
    expected = {
        "userId": "ann",
        "sessionId": "s-1",
        "page": "/cart",
        "duration": 12.5,
        "component": "Checkout",
    }
    assert {name: event[name] for name in expected} == expected
    assert event["release"] == "1.2.0"


def test_error(server: Server, client: Client) -> None:
    """An error with a full trail of breadcrumbs and a deep stack becomes an issue; twice the same fault is one issue."""

    def pay(depth: int) -> None:
        if depth:
            pay(depth - 1)
        raise ValueError(f"card 4111 1111 1111 1111 refused at {time.time_ns()}")

    for n in range(60):
        client.errors.add_breadcrumb(message=f"step {n}", data={"n": n})
    for _ in range(2):
        try:
            pay(40)
        except ValueError as error:
            client.errors.capture_error(error, context={"order": 8312})
    assert client.flush(10)

    def found() -> list[Any]:
        return [issue for issue in server.get("/api/errors")["errors"] if issue["errorType"] == "ValueError"]

    wait_for(lambda: sum(issue["frequency"] for issue in found()) >= 2)
    issues = found()
    assert [issue["frequency"] for issue in issues] == [2]
    assert "[REDACTED]" in issues[0]["message"]
    assert issues[0]["culprit"].endswith("pay")


def test_whole_error(server: Server, client: Client) -> None:
    """Fifty breadcrumbs and fifty frames with their source lines arrive whole."""

    def fail(depth: int) -> None:
        if depth:
            fail(depth - 1)
        raise LookupError("whole")

    for n in range(50):
        client.errors.add_breadcrumb(
            category="http", message=f"GET /api/orders/[id] {n}", data={"n": n, "status": 200}
        )
    try:
        fail(48)
    except LookupError as error:
        client.errors.capture_error(error)
    assert client.flush(10)
    sql = "SELECT breadcrumbs, exceptions FROM errors WHERE error_type = 'LookupError'"
    wait_for(lambda: server.query(sql))
    breadcrumbs, exceptions = map(json.loads, server.query(sql))
    assert [crumb["data"]["n"] for crumb in breadcrumbs] == list(range(50))
    frames = exceptions[-1]["frames"]
    assert len(frames) == 50
    assert {len(frame["pre_context"] + frame["post_context"]) for frame in frames} == {10}
    assert frames[-1]["context_line"].strip() == 'raise LookupError("whole")'


def test_signals_make_rates(server: Server, client: Client) -> None:
    """Nine actions and one rollback are a rollback rate of a tenth."""
    for n in range(10):
        client.resilience.optimistic_action_start("PayButton", str(n))
        if n:
            client.resilience.optimistic_action_success("PayButton", str(n), 20)
    client.resilience.optimistic_action_rollback("PayButton", "0", 30, "declined")
    assert client.flush(10)
    wait_for(lambda: len(server.events("optimistic_action_start")) == 10)
    answer = json.dumps(server.get("/api/admin/resilience-metrics"))
    assert "rollback" in answer


def test_many_events_arrive_once(server: Server, client: Client) -> None:
    """Twenty thousand events: all acknowledged, all there, none twice."""
    for n in range(20_000):
        client.collector.track("bulk", {"n": n})
    assert client.flush(60)
    wait_for(lambda: count(server, "bulk") >= 20_000)
    assert count(server, "bulk") == 20_000


def test_client_drops_stand_in_the_ledger(server: Server) -> None:
    """What the client dropped appears in the server's ledger, from the client."""
    small = TelemetryCollector(
        endpoint=server.url, key=server.key, max_events=10, max_buffer_size=10, sampling="always"
    )
    small.update_config(sampling="never")
    for _ in range(7):
        small.track("sampled out")
    small.update_config(sampling="always")
    small.track("kept")
    assert small.flush(10)
    small.destroy()
    wait_for(lambda: sampled(server) == 7)


def sampled(server: Server) -> int:
    outcomes = server.get("/api/ledger")["outcomes"]
    return sum(
        row["quantity"] for row in outcomes if row["source"] == "client" and row["reason"] == "sampled"
    )


def test_wrong_key(server: Server) -> None:
    """A key that nobody gave out: the host is told False, nothing hangs."""
    wrong = TelemetryCollector(endpoint=server.url, key="hf_pub_wrong")
    wrong.track("e")
    assert not wrong.flush(10)
    assert wrong.get_buffer_status().dropped == 1
    wrong.destroy()


def test_killed_server_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Kill -9 of the server and its engine while a client sends: after the restart every event is there, once."""
    server = Server(tmp_path)
    server.start()
    collector = TelemetryCollector(
        endpoint=server.url,
        key=server.key,
        max_events=100_000,
        retry_base_ms=100,
        retry_max_ms=500,
        max_attempts=200,
    )
    try:
        for n in range(6_000):
            collector.track("crash", {"n": n})
            if n == 3_000:
                wait_for(lambda: collector.get_buffer_status().sent > 500)
                server.kill()
        server.start()
        assert collector.flush(60)
        wait_for(lambda: count(server, "crash") >= 6_000, 60)
        assert count(server, "crash") == 6_000
    finally:
        collector.destroy(1)
        server.stop()


def count(server: Server, kind: str) -> int:
    request = urllib.request.Request(
        f"{server.url}/api/query",
        data=json.dumps({"sql": f"SELECT count() AS n FROM events WHERE type = '{kind}'"}).encode(),
        headers={"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        found = json.load(answer)
    return int(
        next(iter(found["rows"][0].values())) if isinstance(found["rows"][0], dict) else found["rows"][0][0]
    )
