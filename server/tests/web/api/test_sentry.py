"""Sentry's paths over real HTTP: keys, answers, encodings, limits and what the ledger says, as their clients meet them."""

import gzip
import http.client
import json
import uuid
import zlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import brotli
import pytest
import zstandard

from .conftest import Answer, Server, Tenant, new_tenant

ORIGIN = "https://shop.example.org"
Json = dict[str, Any]


def new_event(**more: Any) -> Json:
    return {"event_id": uuid.uuid4().hex, "message": "it broke", "level": "error"} | more


def envelope(*items: tuple[str, Any], header: Json | None = None, **about: Any) -> bytes:
    lines = [json.dumps(header or {}).encode()]
    for kind, payload in items:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        lines += [json.dumps({"type": kind, "length": len(data)} | about).encode(), data]
    return b"\n".join(lines) + b"\n"


def send(
    tenant: Tenant, body: bytes, path: str = "envelope/", key: str | None = None, **headers: str
) -> Answer:
    """As Python's client sends."""
    auth = f"Sentry sentry_key={key or tenant.public_key}, sentry_version=7, sentry_client=test/1"
    sent = {"X-Sentry-Auth": auth, "Authorization": "", "Content-Type": "application/x-sentry-envelope"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return tenant.server.send("POST", f"/api/{tenant.id}/{path}", body, headers=sent | named)


def occurrences(tenant: Tenant) -> list[list[Any]]:
    return tenant.arrived().sql("SELECT event_id, error_type, message FROM errors ORDER BY id")


def bare(tenant: Tenant, path: str, body: bytes, **headers: str) -> Answer:
    """Without any key in the headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return tenant.server.send("POST", path, body, headers={"Authorization": "", "Content-Type": ""} | named)


@pytest.mark.parametrize("path", ["envelope/", "envelope"])
def test_envelope(tenant: Tenant, path: str) -> None:
    """An event in an envelope is answered with its id and becomes an occurrence; the last slash is nobody's matter."""
    event = new_event()
    answer = send(tenant, envelope(("event", event)), path)
    assert (answer.status, answer.json) == (200, {"id": event["event_id"]})
    assert occurrences(tenant) == [[event["event_id"], "Message", "it broke"]]


@pytest.mark.parametrize("path", ["store/", "store"])
def test_store(tenant: Tenant, path: str) -> None:
    """Older clients send the event alone, or packed in base64."""
    plain, packed = new_event(), new_event()
    assert send(tenant, json.dumps(plain).encode(), path).json == {"id": plain["event_id"]}
    assert send(tenant, b64encode(zlib.compress(json.dumps(packed).encode())), path).json == {
        "id": packed["event_id"]
    }
    assert [row[0] for row in occurrences(tenant)] == [plain["event_id"], packed["event_id"]]


def test_the_same_event_counts_once(tenant: Tenant) -> None:
    """However often and on whichever path an event comes, with dashes in its id or without, it is one."""
    event = new_event()
    dashed = event | {"event_id": str(uuid.UUID(event["event_id"])).upper()}
    for _ in range(2):
        assert send(tenant, envelope(("event", event))).json == {"id": event["event_id"]}
        assert send(tenant, envelope(("event", dashed))).json == {"id": event["event_id"]}
    assert send(tenant, json.dumps(event).encode(), "store/").status == 200
    assert len(occurrences(tenant)) == 1


def test_key_in_every_place(tenant: Tenant) -> None:
    """The key may stand in a header, in the query or in the envelope's DSN."""
    path = f"/api/{tenant.id}/envelope/"
    body = envelope(("session", {"sid": "s", "started": "2026-01-01T00:00:00Z"}))
    key = tenant.public_key
    answers = [
        bare(tenant, path, body, X_Sentry_Auth=f"sentry sentry_version=7,sentry_key={key}"),
        bare(tenant, path, body, Authorization=f"Sentry sentry_key={key}"),
        bare(
            tenant,
            f"{path}?sentry_version=7&sentry_key={key}&sentry_client=sentry.javascript.node%2F11",
            body,
        ),
        bare(tenant, f"{path}?glitchtip_key={key}", body),
        bare(
            tenant,
            path,
            envelope(("event", new_event()), header={"dsn": f"https://{key}@h.org/p/{tenant.id}"}),
        ),
    ]
    assert [answer.status for answer in answers] == [200] * 5


def test_refused_keys(tenant: Tenant) -> None:
    """No key is a 401, a wrong one or another project's a 403, in relay's words; none of it is a redirect."""
    other = new_tenant(tenant.server)
    path, body = f"/api/{tenant.id}/envelope/", envelope(("event", new_event()))
    for answer in (
        bare(tenant, path, body),
        bare(tenant, path, body, X_Sentry_Auth="Sentry sentry_version=7"),
        bare(tenant, path, b"{}"),
    ):
        assert (answer.status, answer.json["detail"]) == (401, "missing authorization information")
    dsn = envelope(("event", new_event()), header={"dsn": f"https://{other.public_key}@h/{tenant.id}"})
    for answer in (
        send(tenant, body, key="hf_pub_" + "0" * 32),
        send(tenant, body, key=other.public_key),
        bare(tenant, path, dsn),
        bare(tenant, f"/api/987654321/store/?sentry_key={tenant.public_key}", b"{}"),
    ):
        assert answer.status == 403
        assert answer.json == {"detail": "event submission rejected with_reason: ProjectId", "causes": []}
    assert occurrences(tenant) == []


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "identity": bytes,
}


@pytest.mark.parametrize("encoding", PACKERS)
def test_encodings(tenant: Tenant, encoding: str) -> None:
    """Small and large bodies are read in every encoding that clients use."""
    for size in (10, 3_000_000):
        body = envelope(("event", new_event(extra={"a": "x" * size})))
        assert send(tenant, PACKERS[encoding](body), Content_Encoding=encoding).status == 200
    assert len(occurrences(tenant)) == 2


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_bombs_and_cut_off(tenant: Tenant, encoding: str) -> None:
    """What unpacks to more than the limit is a 413, what is cut off a 400, and the server answers on."""
    pack = PACKERS[encoding]
    assert send(tenant, pack(b"{}\n" + b"0" * 110_000_000), Content_Encoding=encoding).status == 413
    whole = pack(envelope(("event", new_event(message="".join(map(str, range(500)))))))
    answer = send(tenant, whole[: len(whole) // 2], Content_Encoding=encoding)
    assert (answer.status, set(answer.json)) == (400, {"detail", "causes"})
    assert send(tenant, envelope(("event", new_event()))).status == 200


def test_chunked_without_type(tenant: Tenant) -> None:
    """Node's client sends no length and no content type."""
    body = envelope(("event", new_event()))
    connection = http.client.HTTPConnection("127.0.0.1", tenant.server.port, timeout=30)
    path = f"/api/{tenant.id}/envelope/?sentry_key={tenant.public_key}"
    connection.request(
        "POST",
        path,
        iter([body[:20], body[20:]]),
        encode_chunked=True,
        headers={"Transfer-Encoding": "chunked"},
    )
    answer = connection.getresponse()
    assert (answer.status, answer.read()[:6]) == (200, b'{"id":')
    connection.close()


def test_too_large(tenant: Tenant) -> None:
    """A body over the limit is a 413, an event over its own limit is refused alone."""
    assert send(tenant, b"{}\n" + b"0" * (21 * 1024 * 1024)).status == 413
    huge = b'{"message":"' + b"x" * (20 * 1024 * 1024) + b'"}'
    good = new_event()
    body = gzip.compress(envelope(("event", huge), ("event", good)), 1)
    answer = send(tenant, body, Content_Encoding="gzip")
    assert answer.status == 200
    assert [row[0] for row in occurrences(tenant)] == [good["event_id"]]
    tenant.wait_outcomes({("accepted", ""): 1, ("invalid", "too_large"): 2})


@pytest.mark.parametrize("case", ["accepted", "no key", "wrong key", "bad body", "too large"])
def test_browsers_can_read_every_answer(tenant: Tenant, case: str) -> None:
    """Success and refusals alike carry CORS headers and show those that clients obey."""
    path = f"/api/{tenant.id}/envelope/?sentry_key=" + {"no key": "", "wrong key": "hf_pub_x"}.get(
        case, tenant.public_key
    )
    body = {"bad body": b"[", "too large": b"{}" * 11_000_000}.get(case, envelope(("event", new_event())))
    answer = bare(tenant, path, body, Origin=ORIGIN)
    assert (
        answer.status
        == {"accepted": 200, "no key": 401, "wrong key": 403, "bad body": 400, "too large": 413}[case]
    )
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    exposed = set(answer.headers["access-control-expose-headers"].split(", "))
    assert {"retry-after", "x-sentry-error", "x-sentry-rate-limits"} <= exposed


@pytest.mark.parametrize("path", ["envelope/", "store/", "security/", "minidump"])
def test_preflight(tenant: Tenant, path: str) -> None:
    """A preflight allows what clients send as headers."""
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Authorization": ""}
    answer = tenant.server.send("OPTIONS", f"/api/{tenant.id}/{path}", headers=asked)
    assert answer.status == 204
    assert {"x-sentry-auth", "content-type", "content-encoding", "sentry-trace", "baggage"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )


def test_limited(strict: Server) -> None:
    """Over the rate the answer is a 429 with both headers, naming the categories; the ledger counts what was limited."""
    tenant = new_tenant(strict)
    spans = [
        {"trace_id": "a" * 32, "span_id": f"{n:016x}", "start_timestamp": 1_795_000_000} for n in range(300)
    ]
    logs = {"items": [{"timestamp": 1_795_000_000}]}
    answer = send(tenant, envelope(("span", {"items": spans}), ("event", new_event()), ("log", logs)))
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["x-sentry-rate-limits"] == f"{answer.headers['retry-after']}:error;log_item:key"
    assert set(answer.json) == {"detail", "causes"}
    tenant.wait_outcomes({("accepted", ""): 300, ("limited", "rate"): 2})


def test_broken_items_alone(tenant: Tenant) -> None:
    """Of an envelope with broken parts the good ones are kept, and each broken one is counted with its reason."""
    event = new_event()
    body = envelope(
        ("event", b"not json"), ("event", event), ("session", {"sid": "s"}), ("log", {"items": 3})
    )
    body += b'{"type":"event","length":9999}\n{"a":1}\n'
    assert send(tenant, body).json == {"id": event["event_id"]}
    assert len(occurrences(tenant)) == 1
    tenant.wait_outcomes({("accepted", ""): 1, ("invalid", "bad_input"): 3, ("invalid", "truncated"): 1})


def test_nothing_usable(tenant: Tenant) -> None:
    """An envelope of which nothing can be used is a 400 that says why."""
    answer = send(tenant, envelope(("event", b"[]")))
    assert answer.status == 400
    assert answer.json["causes"] == ["event: an event must be an object"]
    assert answer.headers["x-sentry-error"] == "invalid event envelope"


def test_taken_and_not_kept(tenant: Tenant) -> None:
    """Profiles, replays, minidumps and unknown items are answered with success and counted."""
    body = envelope(
        ("profile", b"x"), ("replay_event", {}), ("replay_recording", b"{}\nx"), ("hologram", b"?")
    )
    assert send(tenant, body).status == 200
    answer = send(tenant, b"MDMP" * 10_000, "minidump/", Content_Type="multipart/form-data; boundary=x")
    assert answer.status == 200
    uuid.UUID(answer.body.decode())
    tenant.wait_outcomes({("filtered", "not_kept"): 4, ("filtered", "unknown_item"): 1})


def test_attachments(tenant: Tenant) -> None:
    """Files of an event are kept by their content and named in the occurrence; without an event they are not."""
    event = new_event()
    head = json.dumps({"event_id": event["event_id"]}).encode()
    lines = [head, b'{"type":"event"}', json.dumps(event).encode()]
    lines += [
        b'{"type":"attachment","length":5,"filename":"gr\xc3\xbc\xc3\x9fe.log","content_type":"text/plain"}',
        b"a\nb\x00c",
    ]
    for _ in range(2):
        assert send(tenant, b"\n".join(lines)).status == 200
    tenant.arrived()
    [[files]] = tenant.sql("SELECT files FROM errors")
    [file] = json.loads(files)
    assert (file["name"], file["type"], file["size"]) == ("grüße.log", "text/plain", 5)
    kept = tenant.server.data / "files" / "attachments" / file["sha256"][:2] / file["sha256"][2:]
    assert kept.read_bytes() == b"a\nb\x00c"
    assert send(tenant, envelope(("attachment", b"alone"))).status == 200
    tenant.wait_outcomes({("accepted", ""): 2, ("filtered", "not_kept"): 1})


def test_client_report(tenant: Tenant) -> None:
    """What a client says it dropped stands in the ledger as the client's word."""
    report = {
        "discarded_events": [
            {"reason": "before_send", "category": "error", "quantity": 3},
            {"reason": "queue_overflow", "category": "span", "quantity": 2},
        ]
    }
    assert send(tenant, envelope(("client_report", report))).json == {}
    tenant.arrived()
    rows = [row for row in tenant.get("/api/ledger?range=1h")["outcomes"] if row["source"] == "client"]
    assert sorted((row["outcome"], row["reason"], row["category"], row["quantity"]) for row in rows) == [
        ("filtered", "before_send", "error", 3), ("limited", "queue_overflow", "span", 2),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["application/csp-report", "application/reports+json", "application/json"])
def test_security(tenant: Tenant, kind: str) -> None:
    """A browser's report becomes an occurrence with the release and environment of the query."""
    report = {
        "csp-report": {
            "document-uri": "https://x.org/a",
            "effective-directive": "img-src",
            "blocked-uri": "https://evil.org/i.png",
        }
    }
    path = f"security/?sentry_key={tenant.public_key}&sentry_release=shop%401&sentry_environment=dev"
    answer = send(tenant, json.dumps(report).encode(), path, Content_Type=kind)
    assert answer.status == 200
    tenant.arrived()
    [row] = tenant.sql("SELECT error_type, message, release, environment, page FROM errors")
    assert row == [
        "CSP violation",
        "CSP violation: img-src blocked evil.org",
        "shop@1",
        "dev",
        "https://x.org/a",
    ]


def test_security_of_another_kind(tenant: Tenant) -> None:
    """Another content type is a 415."""
    assert send(tenant, b"<x/>", "security/", Content_Type="text/xml").status == 415


def test_other_methods(tenant: Tenant) -> None:
    """GET is a 405 and an unknown path a 404, in JSON."""
    for path, status in (("envelope/", 405), ("nowhere/", 404), ("envelope/x/", 404)):
        answer = tenant.server.send("GET", f"/api/{tenant.id}/{path}")
        assert (answer.status, set(answer.json)) == (status, {"error"})


def test_release_health(tenant: Tenant) -> None:
    """Sessions and their updates, single or counted by a server, make the crash-free shares of each release."""
    now = tenant.server.get("/api/ledger?range=1h")["to"]
    about = {"attrs": {"release": "shop@1", "environment": "production"}, "started": now, "timestamp": now}
    for n in range(4):
        single = about | {"sid": f"s{n}", "did": f"u{n % 2}", "init": True, "status": "ok", "seq": 1}
        last = single | {
            "init": False,
            "seq": 2,
            "status": "crashed" if n == 0 else "exited",
            "errors": int(n < 2),
        }
        assert send(tenant, envelope(("session", last), ("session", single))).status == 200
    counted = {"attrs": {"release": "shop@2"}, "aggregates": [{"started": now, "exited": 9, "crashed": 1}]}
    assert send(tenant, envelope(("sessions", counted))).status == 200
    tenant.arrived()
    found = {row["release"]: row for row in tenant.get("/api/releases/health?range=24h")["releases"]}
    first, second = found["shop@1"], found["shop@2"]
    assert (first["sessions"], first["crashed"], first["errored"], first["crashFreeSessions"]) == (
        4,
        1,
        1,
        0.75,
    )
    assert (first["users"], first["crashedUsers"], first["crashFreeUsers"]) == (2, 1, 0.5)
    assert (second["sessions"], second["crashFreeSessions"], second["crashFreeUsers"]) == (10, 0.9, None)
    total = tenant.get("/api/releases/health?release=nothing")["total"]
    assert (total["sessions"], total["crashFreeSessions"]) == (0, None)


def test_monitors(tenant: Tenant) -> None:
    """A job's last check-in is what its monitor shows, and with its schedule when it is due again."""
    config = {"schedule": {"type": "interval", "value": 1, "unit": "hour"}, "checkin_margin": 5}
    about = {"check_in_id": uuid.uuid4().hex, "monitor_slug": "nightly", "environment": "production"}
    send(tenant, envelope(("check_in", about | {"status": "in_progress", "monitor_config": config})))
    send(tenant, envelope(("check_in", about | {"status": "error", "duration": 2.5})))
    [found] = tenant.arrived().get("/api/monitors")["monitors"]
    assert (found["slug"], found["environment"], found["status"], found["lastDurationMs"]) == (
        "nightly",
        "production",
        "error",
        2500,
    )
    assert (found["ok"], found["failed"], found["schedule"]["unit"]) == (0, 1, "hour")
    assert found["nextExpected"] > found["lastCheckIn"]


def test_feedback(tenant: Tenant) -> None:
    """A person's words arrive in the inbox, from the older form too."""
    event_id = uuid.uuid4().hex
    said = {
        "event_id": event_id,
        "contexts": {
            "feedback": {
                "message": "no button",
                "contact_email": "jo@example.org",
                "url": "https://x.org/pay",
            }
        },
    }
    assert send(tenant, envelope(("feedback", said))).json == {"id": event_id}
    older = {
        "event_id": uuid.uuid4().hex,
        "comments": "it broke again",
        "email": "jo@example.org",
        "name": "Jo",
    }
    assert send(tenant, envelope(("user_report", older))).status == 200
    messages = tenant.arrived().sql("SELECT message FROM errors ORDER BY id")
    assert messages == [["no button"], ["it broke again"]]
