"""Who may write and read: keys in three places, public and secret ones, revoked ones, people by their role, CSRF."""

import json

import pytest

from holdfast_server.model.project import Role

from .conftest import Person, Server, Tenant, new_tenant

BODY = {"events": [{"type": "page_view", "page": "/"}]}
NOBODY = {"Authorization": ""}


@pytest.mark.parametrize("kind", ["public", "secret"])
@pytest.mark.parametrize("place", ["bearer", "header", "query"])
def test_writing(tenant: Tenant, kind: str, place: str) -> None:
    """Either key writes, as a bearer token, in X-Holdfast-Key, or as ?key=."""
    key = tenant.public_key if kind == "public" else tenant.secret_key
    headers = {
        "bearer": {"Authorization": f"Bearer {key}"},
        "header": NOBODY | {"X-Holdfast-Key": key},
        "query": NOBODY,
    }[place]
    path = f"/api/telemetry/batch?key={key}" if place == "query" else "/api/telemetry/batch"
    assert tenant.post(path, BODY, headers=headers).status == 200
    assert len(tenant.events()) == 1


def test_send_beacon(tenant: Tenant) -> None:
    """What a browser's sendBeacon sends as the page closes is recorded: text/plain, the key in the address."""
    headers = NOBODY | {"Content-Type": "text/plain;charset=UTF-8", "Origin": "https://shop.example.org"}
    answer = tenant.post(
        f"/api/telemetry?key={tenant.public_key}", json.dumps(BODY).encode(), headers=headers
    )
    assert answer.status == 204


@pytest.mark.parametrize("key", ["", "hf_pub_wrong", "x" * 5000, "hf_sec_\u00e9"])
def test_unknown_keys(tenant: Tenant, key: str) -> None:
    """Without a known key nothing is written: 401 with the words of what to do."""
    answer = tenant.post(
        "/api/telemetry/batch", BODY, headers=NOBODY | ({"X-Holdfast-Key": key} if key else {})
    )
    assert (answer.status, answer.json["error"]["code"]) == (401, "not_authenticated")
    assert answer.json["error"]["hint"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/telemetry",
        "/api/events",
        "/api/errors",
        "/api/ledger",
        "/api/admin/resilience-metrics",
        "/api/metrics/get_metrics_summary",
        "/api/projects",
        "/live/events",
    ],
)
def test_public_key_can_not_read(tenant: Tenant, path: str) -> None:
    """A key that stands in browsers reads nothing."""
    answer = tenant.server.send("GET", path, key=tenant.public_key)
    assert (answer.status, answer.json["error"]["code"]) == (403, "not_allowed")
    assert tenant.server.send("GET", path, headers=NOBODY).status == 401


def test_secret_key_reads_its_own_project_alone(tenant: Tenant, server: Server) -> None:
    """A project's secret key sees its own events, and is refused for another project."""
    other = new_tenant(server)
    other.send({"type": "theirs"})
    other.arrived()
    assert tenant.get("/api/events")["events"] == []
    assert tenant.sql("SELECT count() FROM events") == [[0]]
    answer = server.send("GET", f"/api/events?project={other.id}", key=tenant.secret_key)
    assert answer.status == 403


def test_revoked_key_is_refused(tenant: Tenant) -> None:
    """A key that is revoked through the API stops working at once."""
    made = tenant.server.send(
        "POST",
        f"/api/projects/{tenant.id}/keys",
        {"kind": "public", "label": "old shop"},
        key=tenant.secret_key,
    ).json
    assert tenant.post("/api/telemetry/batch", BODY, key=made["key"]).status == 200
    gone = tenant.server.send("DELETE", f"/api/projects/{tenant.id}/keys/{made['id']}", key=tenant.secret_key)
    assert gone.json["revokedAt"]
    assert tenant.post("/api/telemetry/batch", BODY, key=made["key"]).status == 401


def test_key_list_shows_no_secret(tenant: Tenant) -> None:
    """The list of keys holds public keys and DSNs, and never a secret key."""
    answer = tenant.server.send("GET", f"/api/projects/{tenant.id}/keys", key=tenant.secret_key)
    assert tenant.secret_key.encode() not in answer.body
    by_kind = {key["kind"]: key for key in answer.json["keys"]}
    assert by_kind["public"]["publicKey"] == tenant.public_key
    assert by_kind["public"]["dsn"].endswith(f"/{tenant.id}")
    assert by_kind["secret"]["publicKey"] is by_kind["secret"]["dsn"] is None


@pytest.mark.parametrize("role", list(Role))
def test_every_role_reads(people: dict[Role, Person], tenant: Tenant, role: Role) -> None:
    """Whoever is logged in reads the projects' data."""
    answer = tenant.server.send("GET", f"/api/telemetry?project={tenant.id}", headers=people[role].headers())
    assert answer.status == 200


@pytest.mark.parametrize("role", list(Role))
def test_viewer_changes_nothing(people: dict[Role, Person], tenant: Tenant, role: Role) -> None:
    """A viewer may not resolve issues, issue keys, make projects or delete data; an admin and a super admin may."""
    tenant.post("/api/errors", {"errorType": "E", "message": "m"})
    issue = tenant.arrived().get("/api/errors")["errors"][0]["id"]
    headers, at = people[role].headers(), f"?project={tenant.id}"
    answers = [
        tenant.server.send("PATCH", f"/api/errors/{issue}{at}", {"resolved": True}, headers=headers),
        tenant.server.send("POST", f"/api/projects/{tenant.id}/keys", {"kind": "public"}, headers=headers),
        tenant.server.send("POST", "/api/projects", {"name": f"by {role.value}"}, headers=headers),
        tenant.server.send("POST", f"/api/metrics/cleanup_old_metrics{at}", {}, headers=headers),
    ]
    allowed = role is not Role.VIEWER
    assert [answer.status < 300 if allowed else answer.status == 403 for answer in answers] == [True] * 4, (
        answers
    )


def test_change_needs_the_csrf_token(people: dict[Role, Person], tenant: Tenant) -> None:
    """A change with a login cookie alone, as another site could make it, is refused; so is another session's token."""
    admin, other = people[Role.ADMIN], people[Role.SUPER_ADMIN]
    path, body = "/api/projects", {"name": "forged"}
    assert tenant.server.send("POST", path, body, headers=admin.headers(csrf=False)).status == 403
    assert (
        tenant.server.send("POST", path, body, headers=admin.headers() | {"X-CSRF-Token": other.csrf}).status
        == 403
    )
    assert tenant.server.send("POST", path, body, headers=admin.headers()).status == 201


def test_ended_session_reads_nothing(tenant: Tenant) -> None:
    """A cookie that is no session's is nobody."""
    assert (
        tenant.server.send(
            "GET", "/api/telemetry", headers=NOBODY | {"Cookie": "holdfast_session=" + "0" * 64}
        ).status
        == 401
    )


@pytest.mark.parametrize("key_id", [0, 2**31, 2**63, 10**30])
def test_key_that_does_not_exist(tenant: Tenant, key_id: int) -> None:
    """Revoking a key that is not there, or that could not be, is the caller's mistake, however large its number."""
    answer = tenant.server.send("DELETE", f"/api/projects/{tenant.id}/keys/{key_id}", key=tenant.secret_key)
    assert answer.status == (404 if key_id < 2**63 else 400)
