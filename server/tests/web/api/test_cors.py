"""CORS on the ingest paths, on every answer, and nowhere else (field of browsers: they must be able to read a refusal)."""

import pytest

from .conftest import Server, Tenant, new_tenant

ORIGIN = "https://shop.example.org"
PATHS = [
    "/api/telemetry",
    "/api/telemetry/batch",
    "/api/telemetry/resilience",
    "/api/errors",
    "/api/feedback",
    "/api/v1/events",
]


@pytest.mark.parametrize("path", PATHS)
def test_preflight(server: Server, path: str) -> None:
    """A preflight is answered with what the browser's client sends, without a key."""
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-encoding",
        "Authorization": "",
    }
    answer = server.send("OPTIONS", path, headers=asked)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert {"authorization", "content-encoding", "content-type", "x-holdfast-key", "idempotency-key"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )
    assert "POST" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("case", ["accepted", "no key", "bad body", "too large", "wrong type"])
def test_every_answer_can_be_read(tenant: Tenant, path: str, case: str) -> None:
    """Success and each refusal alike name the origin, allow credentials and show Retry-After."""
    body: object = {"events": [], "signal": "s", "errorType": "E", "message": "m"}
    headers = {"Origin": ORIGIN}
    if case == "no key":
        headers["Authorization"] = ""
    elif case == "bad body":
        body = b"{"
    elif case == "too large":
        body = b" " * 2_200_000
    elif case == "wrong type":
        headers["Content-Type"] = "image/png"
    answer = tenant.post(path, body, headers=headers)
    assert (
        answer.status
        == {"accepted": answer.status, "no key": 401, "bad body": 400, "too large": 413, "wrong type": 415}[
            case
        ]
    )
    assert answer.status < 500
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "retry-after" in answer.headers["access-control-expose-headers"]


def test_reading_paths_have_none(tenant: Tenant) -> None:
    """A foreign page can't read data with its visitor's login."""
    for path in (
        "/api/events",
        "/api/errors",
        "/api/feedback",
        "/api/projects",
        "/api/admin/resilience-metrics",
    ):
        answer = tenant.server.send("GET", path, key=tenant.secret_key, headers={"Origin": ORIGIN})
        assert answer.status == 200
        assert "access-control-allow-origin" not in answer.headers


def test_without_origin_nothing_is_added(tenant: Tenant) -> None:
    """A server's request carries no CORS headers back."""
    assert "access-control-allow-origin" not in tenant.post("/api/telemetry", {"events": []}).headers


def test_listed_origins_alone(strict: Server) -> None:
    """With HOLDFAST_CORS_ORIGINS other sites get no CORS headers."""
    tenant = new_tenant(strict)
    allowed = tenant.post("/api/telemetry", {"events": []}, headers={"Origin": ORIGIN})
    refused = tenant.post("/api/telemetry", {"events": []}, headers={"Origin": "https://evil.example.org"})
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in refused.headers
