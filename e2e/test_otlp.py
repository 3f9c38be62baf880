"""OpenTelemetry's own SDKs, unchanged: what they sent is what the API shows, field by field (issue 5, acceptance 1)."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from e2e.server import Server

CLIENTS = Path(__file__).parent / "clients"
QUICK = {"HOLDFAST_DRAIN_INTERVAL_MS": "50"}
Json = dict[str, Any]


@pytest.fixture
def server(new_server: Callable[..., Server]) -> Server:
    return new_server(**QUICK).start()


def run(server: Server, command: list[str], **settings: str) -> Json:
    """Run a client to its end; it says what it made, and the server has it all."""
    environment = os.environ | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": server.url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{server.public_key}",
        **settings,
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert not done.stderr, done.stderr
    server.wait_drained()
    made: Json = json.loads(done.stdout.splitlines()[-1])
    return made


def without_times(told: Json, *more: str) -> Json:
    times = (
        "start",
        "startTimeUnixNano",
        "endTimeUnixNano",
        "durationMs",
        "at",
        "timeUnixNano",
        "id",
        "resource",
    )
    return {name: value for name, value in told.items() if name not in (*times, *more)}


def series(server: Server, name: str) -> list[Json]:
    found: list[Json] = server.get(f"/api/metric-points?name={name}")["series"]
    return found


@pytest.mark.parametrize("compression", ["none", "gzip", "deflate"])
def test_python(server: Server, compression: str) -> None:
    """opentelemetry-sdk with its HTTP exporters: traces, logs and metrics arrive whole, in each of its compressions."""
    made = run(
        server,
        [sys.executable, "-W", "ignore", str(CLIENTS / "otel_python.py")],
        OTEL_EXPORTER_OTLP_COMPRESSION=compression,
    )
    found = server.get(f"/api/traces/{made['trace']}")
    check_python_spans(found["spans"], made)
    check_python_logs(found["logs"], made)
    check_python_metrics(server)
    assert [row[:2] for row in server.ask("SELECT type, name FROM events ORDER BY type")] == [
        ["ai_operation", "ai.operation"],
        ["api_latency", "GET stock.example.org/items/[id]"],
        ["http.request", "POST /orders/{id}"],
    ]
    [error] = found["errors"]
    assert (error["errorType"], error["message"]) == ("__main__.OrderError", "item A-1 is sold out")
    [row] = server.ask(
        "SELECT component, release, environment, user_id, session_id, transaction, handled FROM errors"
    )
    assert row == ["checkout", "2.3.1", "staging", "u-17", "s-17", "POST /orders/{id}", False]
    assert [issue["frequency"] for issue in server.get("/api/errors")["errors"]] == [1]


def check_python_spans(spans: list[Json], made: Json) -> None:
    root, *inner = spans
    assert without_times(root, "events") == {
        "traceId": made["trace"],
        "spanId": made["root"],
        "parentId": "",
        "name": "POST /orders/{id}",
        "op": "",
        "kind": "server",
        "status": "error",
        "service": "checkout",
        "sessionId": "s-17",
        "userId": "u-17",
        "environment": "staging",
        "release": "2.3.1",
        "sdk": root["sdk"],
        "scope": "shop.web 1.0",
        "isSegment": True,
        "attributes": {
            "http.request.method": "POST",
            "http.route": "/orders/{id}",
            "url.path": "/orders/17",
            "http.response.status_code": 500,
            "enduser.id": "u-17",
            "session.id": "s-17",
            "tags": ["a", "b"],
            "share": 0.5,
            "is.first": True,
            "otel.status_description": "OrderError: item A-1 is sold out",
        },
        "links": [],
    }
    assert root["sdk"].startswith("opentelemetry.python ")
    assert root["resource"]["telemetry.sdk.language"] == "python"
    assert 0 < root["durationMs"] < 10_000
    assert [(event["name"], event["attributes"].get("items")) for event in root["events"]] == [
        ("cart loaded", 3),
        ("exception", None),
    ]
    assert [(span["name"], span["parentId"], span["kind"]) for span in inner] == [
        ("chat claude", made["root"], "client"),
        ("GET", made["root"], "client"),
        ("reserve stock", made["root"], "internal"),
    ]


def check_python_logs(logs: list[Json], made: Json) -> None:
    assert [(log["body"], log["severity"], log["severityNumber"], log["scope"]) for log in logs] == [
        ("stock is low: 2 left", "WARN", 13, "shop"),
        ("the order failed", "ERROR", 17, "shop"),
    ]
    assert {log["spanId"] for log in logs} == {made["root"]}
    assert logs[0]["attributes"]["sku"] == "A-1"
    assert logs[1]["attributes"]["exception.type"] == "OrderError"
    assert "in work" in logs[1]["attributes"]["exception.stacktrace"]


def check_python_metrics(server: Server) -> None:
    """The last points are sent again at shutdown; each is there once."""
    orders = {each["attributes"]["plan"]: each for each in series(server, "orders")}
    assert {plan: [point["value"] for point in each["points"]] for plan, each in orders.items()} == {
        "pro": [2],
        "free": [3],
    }
    assert without_times(orders["pro"], "points") == {
        "kind": "sum",
        "unit": "1",
        "description": "orders placed",
        "temporality": "cumulative",
        "isMonotonic": True,
        "service": "checkout",
        "environment": "staging",
        "release": "2.3.1",
        "scope": "shop.metrics 3.0",
        "attributes": {"plan": "pro"},
    }
    [value] = series(server, "order.value")
    assert without_times(value["points"][0]) == {
        "count": 3,
        "sum": 555,
        "min": 5,
        "max": 500,
        "buckets": {"bounds": [10.0, 100.0], "counts": [1, 1, 1]},
    }
    [wait] = series(server, "queue.wait")
    assert wait["kind"] == "exponential_histogram"
    assert wait["points"][0]["buckets"]["positive"]["counts"] == [1]
    [length] = series(server, "queue.length")
    assert (length["kind"], length["points"][0]["value"]) == ("gauge", 7.5)
    kinds = {each["name"]: each["kind"] for each in server.get("/api/metric-points")["metrics"]}
    assert set(kinds) == {"orders", "order.value", "queue.wait", "queue.length"}


@pytest.mark.browser
@pytest.mark.parametrize(("encoding", "compression"), [("json", "none"), ("json", "gzip"), ("proto", "none")])
def test_node(server: Server, encoding: str, compression: str) -> None:
    """@opentelemetry/sdk-node with its JSON exporters and its protobuf ones tells the same."""
    node = shutil.which("node")
    if node is None or not (CLIENTS / "node_modules" / "@opentelemetry").is_dir():
        pytest.skip("Node.js or the packages of e2e/clients are not installed (npm ci in that folder)")
    made = run(
        server,
        [node, str(CLIENTS / "otel_node.mjs"), encoding],
        OTEL_EXPORTER_OTLP_COMPRESSION=compression,
        OTEL_SERVICE_NAME="checkout",
        OTEL_RESOURCE_ATTRIBUTES="service.version=2.3.1,deployment.environment.name=staging",
    )
    found = server.get(f"/api/traces/{made['trace']}")
    [root] = found["spans"]
    assert without_times(root, "events", "sdk") == {
        "traceId": made["trace"],
        "spanId": made["root"],
        "parentId": "",
        "name": "POST /orders/{id}",
        "op": "",
        "kind": "server",
        "status": "error",
        "service": "checkout",
        "sessionId": "s-17",
        "userId": "u-17",
        "environment": "staging",
        "release": "2.3.1",
        "scope": "shop.web 1.0",
        "isSegment": True,
        "attributes": {
            "http.request.method": "POST",
            "http.route": "/orders/{id}",
            "http.response.status_code": 500,
            "user.id": "u-17",
            "session.id": "s-17",
            "tags": ["a", "b"],
            "share": 0.5,
            "is.first": True,
            "otel.status_description": "item 'A-1' is sold out",
        },
        "links": [],
    }
    assert [event["name"] for event in root["events"]] == ["cart loaded", "exception"]
    [log] = found["logs"]
    assert (json.loads(log["body"]), log["severity"], log["attributes"]) == (
        {"message": "stock is low", "left": [2, None]},
        "WARN",
        {"sku": "A-1"},
    )
    [error] = found["errors"]
    assert (error["errorType"], error["message"], error["component"]) == (
        "TypeError",
        "item 'A-1' is sold out",
        "checkout",
    )
    [orders] = series(server, "orders")
    assert (orders["attributes"], orders["isMonotonic"], {point["value"] for point in orders["points"]}) == (
        {"plan": "pro"},
        True,
        {2},
    )
    [value] = series(server, "order.value")
    assert (value["points"][-1]["count"], value["points"][-1]["buckets"]) == (
        3,
        {"bounds": [10.0, 100.0], "counts": [1, 1, 1]},
    )


def test_how_to(server: Server) -> None:
    """The Python of the how-to page runs as it stands, and its trace arrives."""
    page = (CLIENTS.parents[1] / "docs" / "how-to" / "opentelemetry.md").read_text("utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    run(server, [sys.executable, "-c", code + "\nprint('{}')"])
    [trace] = server.get("/api/traces")["traces"]
    assert (trace["name"], trace["service"], trace["spans"]) == ("settle the day", "checkout", 1)
