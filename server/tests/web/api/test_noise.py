"""Noise end to end: switched and patterned over the API, filtered by the drainer, and in the ledger with its reason."""

from typing import Any

import pytest
from e2e.server import wait_until

from holdfast_server.model.project import Role

from .conftest import Person, Tenant

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def report(tenant: Tenant, **fields: Any) -> None:
    assert tenant.post("/api/errors", {"errorType": "E", "message": "m"} | fields).status == 200


def types(tenant: Tenant) -> list[str]:
    return sorted(issue["errorType"] for issue in tenant.arrived().get("/api/errors")["errors"])


def change(tenant: Tenant, method: str, path: str, body: Any = None) -> Any:
    answer = tenant.server.send(method, path, body, key=tenant.secret_key)
    assert answer.status in (200, 201), answer
    return answer.json


def test_out_of_the_box(tenant: Tenant) -> None:
    """Crawlers, extensions and empty script errors are left out, each with its reason; localhost and all else is kept."""
    report(tenant, errorType="Crawled", userAgent=GOOGLEBOT)
    report(tenant, errorType="Extended", stack="E: m\n    at f (chrome-extension://abc/in.js:1:5)")
    report(tenant, errorType="Empty", message="Script error.")
    report(tenant, errorType="Local", page="http://localhost:3000/")
    report(tenant, errorType="Real", stack="E: m\n    at f (https://shop.example.org/app.js:1:5)")
    assert types(tenant) == ["Local", "Real"]
    tenant.wait_outcomes(
        {
            ("accepted", ""): 2,
            ("filtered", "crawler"): 1,
            ("filtered", "browser_extension"): 1,
            ("filtered", "script_error"): 1,
        }
    )


def test_errors_inside_of_batches(tenant: Tenant) -> None:
    """An error event in a batch is filtered alike; the events beside it stay."""
    tenant.send(
        {"type": "error", "name": "Crawled", "userAgent": GOOGLEBOT, "metadata": {"userAgent": GOOGLEBOT}},
        {"type": "page_view", "page": "/"},
    )
    assert types(tenant) == []
    tenant.wait_outcomes({("accepted", ""): 1, ("filtered", "crawler"): 1})


def test_switches_and_patterns(tenant: Tenant) -> None:
    """What a project chooses holds within seconds, and for nobody else."""
    changed = change(
        tenant,
        "PUT",
        "/api/noise",
        {"crawlers": False, "extensions": True, "localhost": True, "scriptErrors": True},
    )
    assert (changed["crawlers"], changed["localhost"]) == (False, True)
    made = change(tenant, "POST", "/api/noise/patterns", {"field": "message", "pattern": "ResizeObserver*"})
    assert tenant.get("/api/noise")["patterns"] == [made]

    def holds() -> bool:
        report(tenant, errorType="Probe", message="ResizeObserver loop limit exceeded")
        tenant.arrived()
        return ("filtered", "ignored_pattern") in tenant.outcomes()

    wait_until(holds, "the pattern to hold", 15)
    report(tenant, errorType="Crawled", userAgent=GOOGLEBOT)
    report(tenant, errorType="Local", page="http://localhost:3000/")
    assert "Crawled" in types(tenant)
    assert "Local" not in types(tenant)
    assert change(tenant, "DELETE", f"/api/noise/patterns/{made['id']}") == made
    assert tenant.get("/api/noise")["patterns"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/noise", {"crawlers": True}),
        ("PUT", "/api/noise", {"crawlers": 5, "extensions": True, "localhost": True, "scriptErrors": True}),
        ("POST", "/api/noise/patterns", {"field": "message", "pattern": "**"}),
        ("POST", "/api/noise/patterns", {"field": "stack", "pattern": "x"}),
        ("POST", "/api/noise/patterns", {"field": "type", "pattern": ""}),
    ],
)
def test_refused(tenant: Tenant, method: str, path: str, body: Any) -> None:
    """What can't be chosen is a 400, and changes nothing."""
    before = tenant.get("/api/noise")
    assert tenant.server.send(method, path, body, key=tenant.secret_key).status == 400
    assert tenant.get("/api/noise") == before


def test_who_may(tenant: Tenant, people: dict[Role, Person]) -> None:
    """A viewer reads the switches and changes none; a public key does neither."""
    path = f"/api/noise?project={tenant.id}"
    viewer = people[Role.VIEWER]
    assert tenant.server.send("GET", path, headers=viewer.headers(csrf=False)).status == 200
    body = {"field": "type", "pattern": "E"}
    made = tenant.server.send(
        "POST", f"/api/noise/patterns?project={tenant.id}", body, headers=viewer.headers()
    )
    assert made.status == 403
    assert tenant.server.send("GET", "/api/noise", key=tenant.public_key).status == 403
    assert tenant.server.send("DELETE", "/api/noise/patterns/999999", key=tenant.secret_key).status == 404
