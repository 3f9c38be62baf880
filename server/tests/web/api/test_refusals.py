"""Bad input is a 4xx with the JSON error of DESIGN, is in the ledger, leaves nothing half-written, and the server goes on."""

import json
from typing import Any

import pytest

from .conftest import Tenant

GOOD = {"type": "page_view", "page": "/"}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


UNUSABLE: dict[str, tuple[bytes, int, str]] = {
    "invalid JSON": (b"{not json", 400, "bad_input"),
    "empty": (b"", 400, "bad_input"),
    "wrong shape": (b"5", 400, "bad_input"),
    "wrong type": (b'{"events": 5, "message": 5}', 400, "bad_input"),
    "NaN": (b'{"events":[{"type":"t","value":NaN}]}', 400, "bad_input"),
    "oversized": (b"x" * (1024 * 1024 + 1), 413, "too_large"),
}
PATHS = (
    "/api/telemetry/batch",
    "/api/telemetry",
    "/api/v1/events",
    "/api/telemetry/resilience",
    "/api/errors",
)


@pytest.mark.parametrize("path", PATHS)
def test_whole_bodies(tenant: Tenant, path: str) -> None:
    """A body that can't be used is refused whole on every path: code, message, path and hint, and one line in the ledger."""
    expected: dict[tuple[str, str], int] = {}
    for name, (body, status, code) in UNUSABLE.items():
        answer = tenant.post(path, body)
        assert answer.status == status, (name, answer)
        error = answer.json["error"]
        assert set(error) == {"code", "message", "path", "hint"}, name
        assert (error["code"], bool(error["message"])) == (code, True), name
        expected["invalid", code] = expected.get(("invalid", code), 0) + 1
    tenant.wait_outcomes(expected)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"events":[{"type":"t","metadata":' + b"[" * 100_000,
        b'{"metadata":' * 100_000 + b"1" + b"}" * 100_000,
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_bodies_too_deep_to_read(tenant: Tenant, path: str, body: bytes) -> None:
    """Nesting that no decoder can follow is refused like any other bad body."""
    answer = tenant.post(path, body)
    assert answer.status in (400, 413), answer


SINGLE: list[Any] = [
    pytest.param({"type": 5}, "type", "bad_input", id="type is a number"),
    pytest.param({}, "", "bad_input", id="no type"),
    pytest.param({"type": ""}, "type", "bad_input", id="empty type"),
    pytest.param({"type": "t" * 201}, "type", "bad_input", id="long type"),
    pytest.param({"type": "t", "metadata": [1]}, "metadata", "bad_input", id="metadata is a list"),
    pytest.param({"type": "t", "metadata": nested(40)}, "metadata", "too_large", id="too deep"),
    pytest.param(
        {"type": "t", "metadata": {str(n): n for n in range(10_000)}},
        "metadata",
        "too_large",
        id="10,000 attributes",
    ),
    pytest.param(
        {"type": "t", "metadata": {"a": "x" * 70_000}}, "metadata", "too_large", id="large metadata"
    ),
    pytest.param({"type": "t", "status": -1}, "status", "bad_input", id="negative status"),
    pytest.param("text", "", "bad_input", id="not an object"),
    pytest.param(None, "", "bad_input", id="null"),
]


@pytest.mark.parametrize(("event", "path", "code"), SINGLE)
def test_single_events(tenant: Tenant, event: Any, path: str, code: str) -> None:
    """An event that can't be used is refused alone, and its good neighbours are recorded."""
    answer = tenant.post("/api/telemetry/batch", {"events": [GOOD, event, GOOD]})
    assert answer.status == 200
    assert (answer.json["recorded"], answer.json["failed"]) == (2, 1)
    [refused] = answer.json["errors"]
    assert (refused["index"], refused["code"]) == (1, code)
    assert refused["path"] == ("events[1]" + (f".{path}" if path else ""))


def test_wrong_content_type(tenant: Tenant) -> None:
    """A foreign content type is a 415 that names what is taken."""
    answer = tenant.post("/api/telemetry/batch", b"<xml/>", headers={"Content-Type": "application/xml"})
    assert (answer.status, answer.json["error"]["code"]) == (415, "unsupported_media_type")
    assert "application/json" in answer.json["error"]["hint"]
    tenant.wait_outcomes({("invalid", "unsupported_media_type"): 1})


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain;charset=UTF-8",
        "application/json",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
    ],
)
def test_content_types_of_real_clients(tenant: Tenant, kind: str) -> None:
    """sendBeacon, `curl -d` and plain clients are all understood."""
    answer = tenant.post(
        "/api/telemetry/batch", json.dumps({"events": [GOOD]}).encode(), headers={"Content-Type": kind}
    )
    assert answer.status == 200


ERRORS: list[Any] = [
    pytest.param({"message": "m"}, "", id="no type"),
    pytest.param({"errorType": "E", "message": 5}, "message", id="message is a number"),
    pytest.param({"errorType": "E", "message": "m", "severity": "awful"}, "severity", id="unknown severity"),
    pytest.param({"errorType": "E", "message": "m", "metadata": "x"}, "metadata", id="metadata is text"),
]


@pytest.mark.parametrize(("body", "path"), ERRORS)
def test_error_reports(tenant: Tenant, body: Any, path: str) -> None:
    """An error report with a wrong field is refused with that field's path."""
    answer = tenant.post("/api/errors", body)
    assert (answer.status, answer.json["error"]["path"]) == (400, path)


def test_unknown_paths_and_methods(tenant: Tenant) -> None:
    """Wrong paths and methods are JSON errors too, under /api."""
    assert tenant.server.send("GET", "/api/nothing").json["error"]["code"] == "not_found"
    assert tenant.server.send("PUT", "/api/telemetry/batch", {}).status == 405
