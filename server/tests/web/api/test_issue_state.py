"""What people do with issues over HTTP: filters, actions, merging, the log, rules; who may, and what is refused."""

from typing import Any

import pytest

from holdfast_server.model.project import Role

from .conftest import Person, Tenant, new_tenant


def report(tenant: Tenant, name: str, **fields: Any) -> str:
    answer = tenant.post("/api/errors", {"errorType": name, "message": f"{name} broke"} | fields)
    assert answer.status == 200, answer
    found: str = answer.json["errorId"]
    return found


def send(tenant: Tenant, method: str, path: str, body: Any = None) -> Any:
    return tenant.server.send(method, path, body, key=tenant.secret_key)


def done(tenant: Tenant, path: str, body: Any) -> Any:
    answer = send(tenant, "POST", path, body)
    assert answer.status in (200, 201), answer
    return answer.json


def listed(tenant: Tenant, query: str = "") -> list[str]:
    return sorted(item["errorType"] for item in tenant.get(f"/api/errors?{query}")["errors"])


def test_actions(tenant: Tenant) -> None:
    """Resolve, ignore and reopen many at once; the list, the counts and the log tell."""
    one, two, three = (report(tenant, name) for name in ("One", "Two", "Three"))
    tenant.arrived()
    assert done(tenant, "/api/errors/actions", {"ids": [one, two, "nothing"], "action": "resolve"}) == {
        "changed": 2
    }
    ignore = {"ids": [three], "action": "ignore", "for": "count", "count": 10}
    assert done(tenant, "/api/errors/actions", ignore) == {"changed": 1}
    assert listed(tenant, "status=resolved") == ["One", "Two"]
    assert listed(tenant, "status=open") == []
    assert tenant.get(f"/api/errors/{three}")["ignoredLeft"] == 10
    assert done(tenant, "/api/errors/actions", {"ids": [one], "action": "reopen"}) == {"changed": 1}
    answer = tenant.get("/api/errors?status=open")
    assert [item["id"] for item in answer["errors"]] == [one]
    assert (answer["open"], answer["unresolved"], answer["total"]) == (1, 2, 3)
    log = tenant.get(f"/api/errors/{one}/activity?limit=1")
    assert [entry["action"] for entry in log["activity"]] == ["reopen"]
    older = tenant.get(f"/api/errors/{one}/activity?before={log['next']}")["activity"]
    assert [(entry["action"], entry["detail"]) for entry in older] == [("resolve", {"kind": "now"})]


def test_regression_over_http(tenant: Tenant) -> None:
    """Resolved in the next release, an error comes back with a later one only."""
    error = report(tenant, "Broken", buildId="1.4.0")
    tenant.arrived()
    done(tenant, "/api/errors/actions", {"ids": [error], "action": "resolve", "in": "next_release"})
    assert tenant.get(f"/api/errors/{error}")["resolvedIn"] == "1.4.0"
    report(tenant, "Broken", buildId="1.4.0")
    assert tenant.arrived().get(f"/api/errors/{error}")["status"] == "resolved"
    report(tenant, "Broken", buildId="1.5.0")
    issue = tenant.arrived().get(f"/api/errors/{error}")
    assert (issue["status"], issue["resolved"], issue["frequency"]) == ("regressed", False, 3)
    assert listed(tenant, "release=1.5.0&releaseIn=last") == ["Broken"]
    assert listed(tenant, "release=1.5.0&releaseIn=first") == []


def test_merge_and_unmerge(tenant: Tenant) -> None:
    """Merged errors are one, under each of their ids, and come apart again."""
    one, two = report(tenant, "One"), report(tenant, "Two")
    tenant.arrived()
    merged = done(tenant, "/api/errors/merge", {"ids": [one, two], "into": two})
    assert (merged["id"], merged["frequency"]) == (two, 2)
    assert tenant.get(f"/api/errors/{one}")["id"] == two
    made_of = tenant.get(f"/api/errors/{one}/fingerprints")["fingerprints"]
    assert {each["id"]: each["mergedInto"] for each in made_of} == {one: two, two: None}
    assert done(tenant, "/api/errors/unmerge", {"fingerprints": [one]}) == {"errors": [one]}
    assert listed(tenant) == ["One", "Two"]
    again = send(tenant, "POST", "/api/errors/unmerge", {"fingerprints": [one]})
    assert (again.status, bool(again.json["error"]["hint"])) == (409, True)


def test_rules(tenant: Tenant) -> None:
    """A rule is tried, made, changed and taken away, and the list follows."""
    for name in ("TimeoutA", "TimeoutB", "Other"):
        report(tenant, name)
    tenant.arrived()
    pattern = {"field": "type", "kind": "regex", "pattern": "^timeout"}
    shown = done(tenant, "/api/grouping-rules/preview", pattern)["fingerprints"]
    assert sorted(each["errorType"] for each in shown) == ["TimeoutA", "TimeoutB"]
    rule = done(tenant, "/api/grouping-rules", pattern | {"name": "Timeouts"})
    assert len(listed(tenant)) == 2
    assert [each["name"] for each in tenant.get("/api/grouping-rules")["rules"]] == ["Timeouts"]
    path = f"/api/grouping-rules/{rule['id']}"
    assert send(tenant, "PATCH", path, {"enabled": False}).json["enabled"] is False
    assert send(tenant, "DELETE", path).json == {"unmerged": 1}
    assert listed(tenant) == ["Other", "TimeoutA", "TimeoutB"]
    assert send(tenant, "DELETE", path).status == 404


def test_filters_over_http(tenant: Tenant) -> None:
    """Environment, search in the stack, order by users, and nobody's errors."""
    report(tenant, "One", environment="staging", stack="E\n    at addItem (src/cart.ts:1:2)")
    report(tenant, "Two", environment="production")
    tenant.arrived()
    assert listed(tenant, "environment=staging") == ["One"]
    assert listed(tenant, "search=cart.ts") == ["One"]
    assert listed(tenant, "assigned=nobody&sortBy=users") == ["One", "Two"]
    assert listed(tenant, "assigned=1") == []


def test_assign_to_me(tenant: Tenant, people: dict[Role, Person]) -> None:
    """Somebody logged in takes an error, finds it under theirs, and a key has no me."""
    error = report(tenant, "Mine")
    tenant.arrived()
    take = {"ids": [error], "action": "assign", "user": "me"}
    headers = people[Role.ADMIN].headers()
    project = f"project={tenant.id}"
    answer = tenant.server.send("POST", f"/api/errors/actions?{project}", take, headers=headers)
    assert (answer.status, answer.json) == (200, {"changed": 1})
    mine = tenant.server.send("GET", f"/api/errors?assigned=me&{project}", headers=headers).json
    assert [item["id"] for item in mine["errors"]] == [error]
    assert send(tenant, "POST", "/api/errors/actions", take).status == 400
    assert done(tenant, "/api/errors/actions", take | {"user": "nobody"}) == {"changed": 1}
    assert send(tenant, "POST", "/api/errors/actions", take | {"user": 999_999}).status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/errors/actions", {"ids": ["a"], "action": "resolve"}),
        ("POST", "/api/errors/merge", {"ids": ["a", "b"]}),
        ("POST", "/api/errors/unmerge", {"fingerprints": ["a"]}),
        ("PATCH", "/api/errors/a", {"resolved": True}),
        ("POST", "/api/grouping-rules", {"name": "r", "field": "type", "kind": "glob", "pattern": "x"}),
        ("POST", "/api/grouping-rules/preview", {"field": "type", "kind": "glob", "pattern": "x"}),
        ("PATCH", "/api/grouping-rules/1", {"enabled": False}),
        ("DELETE", "/api/grouping-rules/1", None),
    ],
)
def test_who_may(tenant: Tenant, people: dict[Role, Person], method: str, path: str, body: Any) -> None:
    """Viewers, public keys, strangers and foreign pages change nothing."""
    where = f"{path}?project={tenant.id}"
    viewer = tenant.server.send(method, where, body, headers=people[Role.VIEWER].headers())
    forged = tenant.server.send(method, where, body, headers=people[Role.ADMIN].headers(csrf=False))
    public = tenant.server.send(method, path, body, key=tenant.public_key)
    stranger = tenant.server.send(method, path, body, headers={"Authorization": ""})
    assert [viewer.status, forged.status, public.status, stranger.status] == [403, 403, 403, 401]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/errors/actions", {"ids": [], "action": "resolve"}),
        ("/api/errors/actions", {"ids": ["a"] * 1_001, "action": "resolve"}),
        ("/api/errors/actions", {"ids": ["a" * 65], "action": "resolve"}),
        ("/api/errors/actions", {"ids": ["a"], "action": "delete"}),
        ("/api/errors/actions", {"ids": ["a"], "action": "resolve", "in": "release"}),
        ("/api/errors/actions", {"ids": ["a"], "action": "resolve", "in": "never"}),
        ("/api/errors/actions", {"ids": ["a"], "action": "ignore", "for": "count", "count": -1}),
        ("/api/errors/actions", {"ids": ["a"], "action": "ignore", "for": "time"}),
        ("/api/errors/actions", {"ids": ["a"], "action": "ignore", "for": "time", "until": "soon"}),
        ("/api/errors/actions", {"ids": ["a"], "action": "ignore", "for": "time", "until": "2001-01-01"}),
        ("/api/errors/actions", {"ids": ["a"], "action": "assign", "user": -5}),
        ("/api/errors/actions", {"ids": ["a"], "action": "assign", "user": 2**70}),
        ("/api/errors/actions", {"ids": ["a"], "action": "resolve", "colour": "red"}),
        ("/api/errors/merge", {"ids": ["a", "b"]}),
        ("/api/errors/merge", {"ids": "a"}),
        ("/api/errors/merge", {"ids": ["a"], "into": "b"}),
        ("/api/grouping-rules", {"name": "r", "field": "type", "kind": "regex", "pattern": "("}),
        ("/api/grouping-rules", {"name": "r", "field": "colour", "kind": "glob", "pattern": "x"}),
        ("/api/grouping-rules", {"name": "", "field": "type", "kind": "glob", "pattern": "x"}),
        ("/api/grouping-rules", []),
    ],
)
def test_refused(tenant: Tenant, path: str, body: Any) -> None:
    """What can't be done is a 4xx in JSON."""
    answer = send(tenant, "POST", path, body)
    assert answer.status in (400, 404, 409, 413)
    assert answer.json["error"]["message"]


def test_refused_filters(tenant: Tenant) -> None:
    """A filter that does not exist is a 400 that names the parameter."""
    for query in ("status=odd", "releaseIn=some", "assigned=you", "assigned=-1", f"environment={'e' * 101}"):
        answer = send(tenant, "GET", f"/api/errors?{query}")
        assert (answer.status, answer.json["error"]["path"]) == (400, query.partition("=")[0]), query


def test_another_projects_errors(tenant: Tenant) -> None:
    """A key reaches its own project only: another's error is not there."""
    other = new_tenant(tenant.server)
    error = report(tenant, "Ours")
    tenant.arrived()
    assert done(other, "/api/errors/actions", {"ids": [error], "action": "resolve"}) == {"changed": 0}
    for path in (
        f"/api/errors/{error}",
        f"/api/errors/{error}/fingerprints",
        f"/api/errors/{error}/activity",
    ):
        assert send(other, "GET", path).status == 404
