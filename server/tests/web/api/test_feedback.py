"""POST /api/feedback (P1, P4, P7): stored with its picture and a linked error entry, scrubbed, once; and its reading side."""

import base64
import json
from typing import Any

import pytest
from server.tests.pictures import chunk, jpeg, png, webp

from holdfast_server.model.project import Role

from .conftest import Answer, Person, Server, Tenant, new_tenant

SAMPLE: dict[str, Any] = {
    "message": "The pay button does nothing",
    "contact": "ada@example.org",
    "page": "/orders/8841/pay",
    "url": "https://shop.example.org/orders/8841/pay",
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "sessionId": "s1",
    "userId": "u1",
    "release": "2.3.1",
    "environment": "production",
    "breadcrumbs": [{"category": "ui.click", "message": "button#pay"}],
    "metadata": {"plan": "pro"},
}


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def give(tenant: Tenant, headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    answer = tenant.post("/api/feedback", {"message": "m"} | fields, headers=headers)
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json
    return found


def inbox(tenant: Tenant, query: str = "") -> list[Any]:
    found: list[Any] = tenant.get(f"/api/feedback?{query}")["feedback"]
    return found


def refused(tenant: Tenant, body: Any, **headers: str) -> Answer:
    answer = tenant.post("/api/feedback", body, headers=headers)
    assert 400 <= answer.status < 500, answer
    assert inbox(tenant) == []
    return answer


def form(**parts: str | bytes) -> tuple[bytes, dict[str, str]]:
    lines = b""
    for name, value in parts.items():
        filename = '; filename="../../x.html"' if isinstance(value, bytes) else ""
        head = f'--edge\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'
        lines += head.encode() + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    return lines + b"--edge--\r\n", {"Content-Type": "multipart/form-data; boundary=edge"}


def test_stored_field_by_field(tenant: Tenant) -> None:
    """P4: what was sent is what the inbox shows, with a picture and an error entry of its own."""
    answer = give(tenant, **SAMPLE, screenshot=data_url(png(40, 30)))
    assert answer == {"success": True, "feedbackId": answer["feedbackId"], "errorId": answer["errorId"]}
    [item] = inbox(tenant)
    same = {name: item[name] for name in SAMPLE if name != "breadcrumbs"}
    assert same == {name: value for name, value in SAMPLE.items() if name != "breadcrumbs"}
    assert (item["id"], item["errorId"], item["status"]) == (answer["feedbackId"], answer["errorId"], "open")
    shot = item["screenshot"]
    assert (shot["type"], shot["width"], shot["height"]) == ("image/png", 40, 30)
    assert tenant.get(f"/api/feedback/{item['id']}") == item


def test_error_entry(tenant: Tenant) -> None:
    """P1: it makes an error entry of severity info under the answered id, with the breadcrumbs, and an event of its own."""
    answer = give(tenant, **SAMPLE)
    [issue] = tenant.arrived().get("/api/errors")["errors"]
    assert (issue["id"], issue["errorType"], issue["severity"]) == (
        answer["errorId"],
        "User feedback",
        "info",
    )
    assert (issue["message"], issue["sessionId"]) == (SAMPLE["message"], "s1")
    [row] = tenant.sql("SELECT tags, breadcrumbs, event_id FROM errors")
    assert json.loads(row[0])["feedbackId"] == answer["feedbackId"] == row[2]
    assert json.loads(row[1]) == SAMPLE["breadcrumbs"]
    [event] = tenant.events("type=feedback_submitted")
    assert event["metadata"]["feedbackId"] == answer["feedbackId"]
    assert event["metadata"]["errorId"] == answer["errorId"]


def test_one_page_is_one_issue(tenant: Tenant) -> None:
    """A hundred people who write about one page are one line among the errors, another page is another."""
    first = give(tenant, message="it is slow", page="/orders/1/pay")
    again = give(tenant, message="does nothing", page="/orders/2/pay")
    other = give(tenant, message="it is slow", page="/search")
    assert first["errorId"] == again["errorId"] != other["errorId"]
    issues = tenant.arrived().get("/api/errors?sortBy=frequency")["errors"]
    assert [issue["frequency"] for issue in issues] == [2, 1]


def test_about_an_error(tenant: Tenant) -> None:
    """With the errorId of a known error it is linked to that one, at once, and counts no second time."""
    error = tenant.post("/api/errors", {"errorType": "E", "message": "m"}).json["errorId"]
    assert give(tenant, errorId=error)["errorId"] == error
    [item] = inbox(tenant, f"errorId={error}")
    assert item["namesError"] is True
    [issue] = tenant.arrived().get("/api/errors")["errors"]
    assert (issue["id"], issue["frequency"]) == (error, 1)


@pytest.mark.parametrize("error_id", ["0" * 32, "nonsense", "../../etc/passwd", "x" * 5_000])
def test_about_an_unknown_error(tenant: Tenant, error_id: str) -> None:
    """An errorId that the project does not have loses nothing: the feedback has an entry of its own."""
    answer = give(tenant, errorId=error_id)
    assert answer["errorId"] != error_id
    [issue] = tenant.arrived().get("/api/errors")["errors"]
    assert issue["id"] == answer["errorId"]


def test_about_an_error_of_another_project(server: Server, tenant: Tenant) -> None:
    """An error of another project is not linked to."""
    error = new_tenant(server).post("/api/errors", {"errorType": "E", "message": "m"}).json["errorId"]
    assert give(tenant, errorId=error)["errorId"] != error


def test_sent_twice(tenant: Tenant) -> None:
    """The same id, in the body or as Idempotency-Key, is one feedback, answered alike."""
    first = give(tenant, id="mine", message="once")
    assert give(tenant, id="mine", message="once") == first
    header = give(tenant, {"Idempotency-Key": "k"})
    assert give(tenant, {"Idempotency-Key": "k"}) == header
    assert len(inbox(tenant)) == 2
    assert tenant.arrived().get("/api/errors")["errors"][0]["frequency"] == 2
    assert len(tenant.events("type=feedback_submitted")) == 2


def test_ids_are_a_projects_own(server: Server, tenant: Tenant) -> None:
    """Another project's same id is another feedback."""
    other = new_tenant(server)
    assert give(tenant, id="mine")["feedbackId"] != give(other, id="mine")["feedbackId"]
    assert len(inbox(tenant)) == len(inbox(other)) == 1


def test_text_plain(tenant: Tenant) -> None:
    """JSON as text/plain, as sendBeacon and the browser client send it."""
    answer = tenant.post("/api/feedback", b'{"message": "hello"}', headers={"Content-Type": "text/plain"})
    assert answer.status == 200
    assert inbox(tenant)[0]["message"] == "hello"


def test_form(tenant: Tenant) -> None:
    """A form with a file: fields as text, metadata as JSON, the file's name and type mean nothing."""
    body, headers = form(
        message="from a form", metadata='{"plan": "pro"}', page="/x", screenshot=jpeg(40, 30)
    )
    assert tenant.post("/api/feedback", body, headers=headers).status == 200
    [item] = inbox(tenant)
    assert (item["message"], item["metadata"], item["page"]) == ("from a form", {"plan": "pro"}, "/x")
    assert item["screenshot"]["type"] == "image/jpeg"


def test_unknown_fields_are_kept(tenant: Tenant) -> None:
    """What the documents don't name goes to the metadata."""
    give(tenant, rating=4, metadata={"plan": "pro"})
    assert inbox(tenant)[0]["metadata"] == {"plan": "pro", "rating": 4}


def test_scrubbing(tenant: Tenant) -> None:
    """T4: words, metadata and breadcrumbs are scrubbed, personal identities stand as pseudonyms; the contact was given on
    purpose: it is kept, and it is nowhere but in the inbox."""
    give(
        tenant,
        message="I am bob@example.org, my card is 4111 1111 1111 1111",
        contact="bob@example.org",
        userId="bob@example.org",
        metadata={"password": "hunter2"},
        breadcrumbs=[{"message": "typed carol@example.org"}],
        page="/reset?email=dave@example.org",
    )
    [item] = inbox(tenant)
    assert item["message"] == "I am [REDACTED], my card is [REDACTED]"
    assert item["contact"] == "bob@example.org"
    assert item["userId"].startswith("user-")
    assert item["metadata"] == {"password": "[REDACTED]"}
    facts = json.dumps([*tenant.arrived().sql("SELECT * FROM errors"), *tenant.sql("SELECT * FROM events")])
    assert "@example.org" not in facts + item["page"]
    assert "4111" not in facts


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ""),
        ([], ""),
        ({"message": ""}, "message"),
        ({"message": "   "}, "message"),
        ({"message": 5}, "message"),
        ({"message": "m", "metadata": []}, "metadata"),
        ({"message": "m", "metadata": {str(n): n for n in range(200)}}, "metadata"),
        ({"message": "m", "metadata": {"a": "x" * 70_000}}, "metadata"),
        ({"message": "m", "breadcrumbs": "no"}, "breadcrumbs"),
        ({"message": "m", "screenshot": "https://evil.example.org/x.png"}, "screenshot"),
        ({"message": "m", "screenshot": "data:image/png;base64,@@@@"}, "screenshot"),
        ({"message": "m", "screenshot": "data:image/svg+xml,<svg onload=alert(1)>"}, "screenshot"),
        ({"message": "m", "screenshot": data_url(b"<svg onload='alert(1)'/>", "image/png")}, "screenshot"),
        ({"message": "m", "screenshot": data_url(b"<html><script>alert(1)</script>")}, "screenshot"),
        ({"message": "m", "screenshot": data_url(png()[:30])}, "screenshot"),
        ({"message": "m", "screenshot": data_url(png(60_000, 60_000))}, "screenshot"),
        ({"message": "m", "screenshot": data_url(webp(16_000, 16_000))}, "screenshot"),
    ],
)
def test_refused(tenant: Tenant, body: Any, path: str) -> None:
    """What can't be used is a 4xx that names the field, and leaves nothing behind."""
    assert refused(tenant, body).json["error"]["path"] == path


def test_too_large(tenant: Tenant) -> None:
    """A picture over 1 MiB is a 413, and so is a body over 2 MiB; all of it is in the ledger."""
    big = png(40, 30) + b"\0" * 1_100_000
    assert refused(tenant, {"message": "m", "screenshot": data_url(big)}).status == 413
    assert refused(tenant, b"x" * 2_200_000).status == 413
    tenant.wait_outcomes({("invalid", "too_large"): 2})


def test_largest_that_is_taken(tenant: Tenant) -> None:
    """A picture of just below 1 MiB fits in as a data URL."""
    picture = jpeg()[:-2] + b"\x01" * 1_040_000 + b"\xff\xd9"
    give(tenant, screenshot=data_url(picture, "image/jpeg"))
    assert inbox(tenant)[0]["screenshot"]["bytes"] > 1_040_000


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 10_000, "application/json"),
        (b'{"message": "m"}', "image/png"),
        (b"--edge--", "multipart/form-data; boundary=edge"),
        (b"no parts at all", "multipart/form-data; boundary=edge"),
        (b"x", "multipart/form-data"),
        (b"--edge\r\nContent-Disposition: form-data; name=message\r\n\r\ncut", "multipart/form-data; boundary=edge"),
        (b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 500 + b"--edge--\r\n", "multipart/form-data; boundary=edge"),
    ],
)  # fmt: skip
def test_malformed(tenant: Tenant, body: bytes, kind: str) -> None:
    """Broken JSON, broken forms and foreign types are a 4xx with JSON."""
    assert "error" in refused(tenant, body, **{"Content-Type": kind}).json


def test_needs_a_key(tenant: Tenant) -> None:
    """Without a project's key nothing is taken."""
    assert tenant.post("/api/feedback", SAMPLE, headers={"Authorization": ""}).status == 401
    assert tenant.post("/api/feedback", SAMPLE, key="hf_pub_nonsense").status == 401


def test_hostile_text_is_kept_as_text(tenant: Tenant) -> None:
    """NUL, half a surrogate and markup are storable and come back as text."""
    body = b'{"message": "a\\u0000b \\ud800 <script>alert(1)</script>", "page": "\\u0000"}'
    assert tenant.post("/api/feedback", body).status == 200
    assert inbox(tenant)[0]["message"] == "a\ufffdb \ufffd <script>alert(1)</script>"


def test_long_text_is_cut(tenant: Tenant) -> None:
    """A long story is cut, not refused."""
    give(tenant, message="x" * 20_000, contact="c" * 1_000, userId="u" * 1_000)
    [item] = inbox(tenant)
    assert (len(item["message"]), len(item["contact"]), len(item["userId"])) == (8_192, 254, 200)


def test_pages_of_the_inbox(tenant: Tenant) -> None:
    """The cursor leads through all of it, newest first, each once; status narrows it."""
    for number in range(7):
        give(tenant, message=f"message {number}")
    seen: list[str] = []
    cursor = ""
    while True:
        page = tenant.get(f"/api/feedback?limit=3&cursor={cursor}")
        seen += [item["message"] for item in page["feedback"]]
        cursor = page["nextCursor"]
        if not cursor:
            break
    assert seen == [f"message {number}" for number in reversed(range(7))]
    assert inbox(tenant, "status=spam") == []


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "status=bad", "cursor=nonsense", "cursor=WzFd"])
def test_wrong_questions(tenant: Tenant, query: str) -> None:
    """What the inbox can't be asked is a 400 that names the parameter."""
    answer = tenant.server.send("GET", f"/api/feedback?{query}", key=tenant.secret_key)
    assert (answer.status, answer.json["error"]["path"]) == (400, query.partition("=")[0])


def test_marking(tenant: Tenant) -> None:
    """PATCH marks as done, spam or open, and says by whom."""
    made = give(tenant)["feedbackId"]
    for status in ("done", "spam", "open"):
        answer = tenant.server.send(
            "PATCH", f"/api/feedback/{made}", {"status": status}, key=tenant.secret_key
        )
        assert (answer.status, answer.json["status"]) == (200, status)
        assert answer.json["changedBy"] == f"key of project {tenant.id}"
    assert tenant.get("/api/feedback")["counts"] == {"open": 1, "done": 0, "spam": 0}
    wrong = tenant.server.send("PATCH", f"/api/feedback/{made}", {"status": "gone"}, key=tenant.secret_key)
    assert wrong.status == 400


def test_other_projects_see_nothing(server: Server, tenant: Tenant) -> None:
    """A secret key reads, marks and sees pictures of its own project only."""
    made = give(tenant, screenshot=data_url(png()))["feedbackId"]
    other = new_tenant(server)
    assert inbox(other) == []
    for path in (
        f"/api/feedback/{made}",
        f"/api/feedback/{made}/screenshot",
        f"/admin/feedback/{made}/screenshot",
    ):
        assert server.send("GET", path, key=other.secret_key).status == 404
    assert (
        server.send("PATCH", f"/api/feedback/{made}", {"status": "spam"}, key=other.secret_key).status == 404
    )


def test_picture(tenant: Tenant) -> None:
    """The picture comes back without what was no picture, with a fixed type, in a sandbox, for nobody's cache but one's own."""
    made = give(tenant, screenshot=data_url(png(40, 30, chunk(b"tEXt", b"Author\0Ada")), "text/html"))[
        "feedbackId"
    ]
    answer = tenant.server.send("GET", f"/api/feedback/{made}/screenshot", key=tenant.secret_key)
    assert (answer.status, answer.body) == (200, png(40, 30))
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"].startswith("private")


def test_picture_needs_a_login(tenant: Tenant) -> None:
    """Pictures are for people with a role, not for whoever has a link or a public key."""
    made = give(tenant, screenshot=data_url(png()))["feedbackId"]
    for path in (f"/api/feedback/{made}/screenshot", f"/admin/feedback/{made}/screenshot"):
        assert tenant.server.send("GET", path, headers={"Authorization": ""}).status == 401
        assert tenant.server.send("GET", path, key=tenant.public_key).status == 403
    without = give(tenant)["feedbackId"]
    assert (
        tenant.server.send("GET", f"/api/feedback/{without}/screenshot", key=tenant.secret_key).status == 404
    )


def test_contacts_are_for_admins(tenant: Tenant, people: dict[Role, Person]) -> None:
    """A viewer reads what was said, but neither the contact nor may they mark it."""
    made = give(tenant, contact="ada@example.org")["feedbackId"]
    viewer, admin = people[Role.VIEWER], people[Role.ADMIN]
    path = f"/api/feedback/{made}?project={tenant.id}"
    seen = tenant.server.send("GET", path, headers=viewer.headers(csrf=False)).json
    assert seen["hasContact"] is True
    assert "contact" not in seen
    assert (
        tenant.server.send("GET", path, headers=admin.headers(csrf=False)).json["contact"]
        == "ada@example.org"
    )
    marked = tenant.server.send("PATCH", path, {"status": "spam"}, headers=viewer.headers())
    assert marked.status == 403
