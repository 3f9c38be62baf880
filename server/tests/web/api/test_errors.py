"""Error reports and their issues (P3, P6): the answer, grouping, the list with its filters and pages, resolving."""

from typing import Any

from .conftest import Tenant

SAMPLE: dict[str, Any] = {
    "errorType": "TypeError",
    "message": "Cannot read property 'id' of undefined",
    "stack": "TypeError: x\n    at ProfilePage (https://shop.example.org/assets/profile.js:10:5)",
    "page": "/profile",
    "severity": "error",
    "userId": "user_123",
    "sessionId": "session_abc",
    "metadata": {"componentStack": "at ProfilePage..."},
}


def report(tenant: Tenant, **fields: Any) -> dict[str, Any]:
    answer = tenant.post("/api/errors", {"errorType": "E", "message": "m"} | fields)
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json
    return found


def listed(tenant: Tenant, query: str = "") -> list[Any]:
    return [item["errorType"] for item in tenant.arrived().get(f"/api/errors?{query}")["errors"]]


def test_document_p_error_sample(tenant: Tenant) -> None:
    """P3: the sample report is answered with success, errorId and duplicate, and comes back field by field."""
    answer = tenant.post("/api/errors", SAMPLE).json
    assert answer == {"success": True, "errorId": answer["errorId"], "duplicate": False}
    [issue] = tenant.arrived().get("/api/errors")["errors"]
    assert {name: issue[name] for name in SAMPLE} == SAMPLE
    assert (issue["id"], issue["frequency"], issue["resolved"]) == (answer["errorId"], 1, False)
    assert issue["firstSeen"] == issue["lastSeen"]


def test_document_p_curl_error_sample(tenant: Tenant) -> None:
    """P: the error line of the documents works as printed, given a key."""
    body = (
        b'{\n    "errorType": "TestError",\n    "message": "Test error message",\n    "severity": "info"\n  }'
    )
    assert tenant.post("/api/errors", body).json["success"] is True
    assert tenant.arrived().get("/api/errors?severity=info")["errors"][0]["errorType"] == "TestError"


def test_same_fault_again_is_a_duplicate(tenant: Tenant) -> None:
    """P3: the same fault again has the same errorId, is a duplicate, and raises frequency and lastSeen."""
    first = report(tenant, **SAMPLE)
    again = report(tenant, **SAMPLE | {"userId": "someone else"})
    assert (again["errorId"], again["duplicate"]) == (first["errorId"], True)
    [issue] = tenant.arrived().get("/api/errors")["errors"]
    assert issue["frequency"] == 2
    assert issue["lastSeen"] >= issue["firstSeen"]


def test_duplicate_survives_in_the_state_store(tenant: Tenant) -> None:
    """An error event in a batch and a report of the same fault are one issue."""
    tenant.send(
        {"type": "error", "name": "E", "action": "m"},
        {"type": "error", "metadata": {"errorType": "E", "message": "m"}},
    )
    report(tenant)
    [issue] = tenant.arrived().get("/api/errors")["errors"]
    assert issue["frequency"] == 3


def test_filters(tenant: Tenant) -> None:
    """P: severity and resolved narrow the list; search looks into type and message."""
    for severity in ("critical", "error", "warning", "info"):
        report(tenant, errorType=severity.title(), severity=severity)
    solved = tenant.arrived().get("/api/errors?severity=info")["errors"][0]["id"]
    answer = tenant.server.send("PATCH", f"/api/errors/{solved}", {"resolved": True}, key=tenant.secret_key)
    assert (answer.json["resolved"], answer.json["status"]) == (True, "resolved")
    assert listed(tenant, "severity=critical") == ["Critical"]
    assert listed(tenant, "resolved=true") == ["Info"]
    assert sorted(listed(tenant, "resolved=false")) == ["Critical", "Error", "Warning"]
    assert listed(tenant, "search=warn") == ["Warning"]
    counts = tenant.get("/api/errors")
    assert (counts["total"], counts["unresolved"]) == (4, 3)


def test_sort_orders(tenant: Tenant) -> None:
    """P: sortBy is frequency, lastSeen or createdAt."""
    for name in ("A", "B", "B", "C", "A", "A"):
        report(tenant, errorType=name)
        tenant.arrived()
    assert listed(tenant, "sortBy=frequency") == ["A", "B", "C"]
    assert listed(tenant, "sortBy=lastSeen") == ["A", "C", "B"]
    assert listed(tenant, "sortBy=createdAt") == ["C", "B", "A"]


def test_pages_of_the_list(tenant: Tenant) -> None:
    """The cursor leads through the whole list, each issue once."""
    for number in range(7):
        report(tenant, errorType=f"Fault{'abcdefg'[number]}")
    tenant.arrived()
    seen: list[str] = []
    cursor = ""
    while True:
        page = tenant.get(f"/api/errors?limit=3&sortBy=frequency&cursor={cursor}")
        seen += [item["errorType"] for item in page["errors"]]
        cursor = page["nextCursor"]
        if not cursor:
            break
    assert sorted(seen) == [f"Fault{letter}" for letter in "abcdefg"]


def test_wrong_parameters(tenant: Tenant) -> None:
    """What the list can't be asked is a 400 that names the parameter."""
    for query in (
        "limit=0",
        "limit=201",
        "severity=bad",
        "sortBy=size",
        "resolved=perhaps",
        "cursor=nonsense",
    ):
        answer = tenant.server.send("GET", f"/api/errors?{query}", key=tenant.secret_key)
        assert (answer.status, answer.json["error"]["path"]) == (400, query.partition("=")[0]), query


def test_unknown_issue(tenant: Tenant) -> None:
    """An issue that is not there is a 404, to read and to change."""
    for method, body in (("GET", None), ("PATCH", {"resolved": True})):
        assert tenant.server.send(method, "/api/errors/nothing", body, key=tenant.secret_key).status == 404
