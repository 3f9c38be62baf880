"""Acceptance 7: thousands of made-up and hostile requests get an answer, none of them a 5xx, and the server goes on."""

import gzip
import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import openapi
from schemathesis.generation import GenerationMode

from .conftest import Server, Tenant, new_tenant

pytestmark = pytest.mark.slow
TIMEOUT_S = 20
QUIET = settings(
    max_examples=1,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
INGEST = [
    "/api/telemetry",
    "/api/telemetry/batch",
    "/api/telemetry/resilience",
    "/api/errors",
    "/api/feedback",
    "/api/v1/events",
]
ENDLESS = {"/live/events"}
PER_OPERATION = 40
PER_INGEST_PATH = 250


class Caller:
    """One kept connection; a request that gets no answer within the time limit fails the test."""

    def __init__(self, server: Server, key: str) -> None:
        self.server = server
        self.key = key
        self.sent = 0
        self.statuses: dict[int, int] = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)

    def __call__(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> int:
        sent = {"Authorization": f"Bearer {self.key}"} | headers
        try:
            self.connection.request(method, path, body, sent)
            answer = self.connection.getresponse()
            answer.read()
        except (http.client.RemoteDisconnected, ConnectionError):
            self.connection.close()  # a kept connection that the server had closed: once more on a new one
            self.connection.request(method, path, body, sent)
            answer = self.connection.getresponse()
            answer.read()
        self.sent += 1
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        assert answer.status < 500 or (answer.status == 503 and path.startswith("/readyz")), (
            method,
            path,
            headers,
            body,
            answer.status,
        )
        return answer.status


@pytest.fixture(scope="module")
def fuzzed(server: Server) -> Tenant:
    return new_tenant(server)


@pytest.fixture(scope="module")
def call(fuzzed: Tenant) -> Iterator[Caller]:
    caller = Caller(fuzzed.server, fuzzed.secret_key)
    yield caller
    caller.connection.close()
    print(f"\n{caller.sent} requests: {dict(sorted(caller.statuses.items()))}")


def test_every_operation_of_the_openapi(call: Caller, fuzzed: Tenant) -> None:
    """Schemathesis' requests, valid and invalid by the document, to every operation: no 5xx, no hang, and the server well."""
    document = fuzzed.server.send("GET", "/schema/openapi.json").json
    schema = openapi.from_dict(document)
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in ENDLESS:
            continue

        @settings(QUIET, max_examples=PER_OPERATION)
        @given(
            st.one_of(
                operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
                operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
            )
        )
        def send(case: Any) -> None:
            request = case.as_transport_kwargs(base_url=fuzzed.server.url)
            path = request["url"].removeprefix(fuzzed.server.url) or "/"
            query = "&".join(
                f"{quote(str(name), safe='')}={quote(str(value), safe='')}"
                for name, value in (request.get("params") or {}).items()
            )
            body = json.dumps(request["json"]).encode() if "json" in request else None
            call(
                request["method"],
                quote(path, safe="/%") + (f"?{query}" if query else ""),
                body,
                {"Content-Type": "application/json"} if body else {},
            )

        send()
    assert call.sent >= 500
    assert fuzzed.server.ready


NUMBERS = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, -1, 2**63, 2**64, 10**400, 1e308, -1e308, 1e-320])
)
TEXT = st.text(max_size=20) | st.sampled_from(
    [
        "\x00",
        "\ud800",
        "😀" * 300,
        "{db}",
        "${x}",
        "'; DROP TABLE events --",
        "%s%n",
        "../../etc/passwd",
        "<script>",
        "-1",
        "NaN",
    ]
)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    [
        "type",
        "signal",
        "component",
        "page",
        "action",
        "name",
        "endpoint",
        "method",
        "status",
        "duration",
        "value",
        "timestamp",
        "createdAt",
        "ts",
        "sessionId",
        "userId",
        "userAgent",
        "metadata",
        "data",
        "errorType",
        "message",
        "stack",
        "severity",
        "frames",
        "breadcrumbs",
        "fingerprint",
        "handled",
        "region",
        "extra",
        "contact",
        "screenshot",
        "errorId",
        "id",
    ]
)
EVENTS = (
    st.dictionaries(FIELDS, JUNK, max_size=8).map(
        lambda event: {"type": "t", "errorType": "E", "message": "m"} | event
    )
    | JUNK
)
BATCHES = (
    st.fixed_dictionaries(
        {"events": st.lists(EVENTS, max_size=6)}, optional={"batchId": JUNK, "dropped": JUNK, "more": JUNK}
    )
    | EVENTS
)
RAW = st.binary(max_size=200) | st.sampled_from(
    [
        b"[" * 50_000,
        b'{"a":' * 20_000,
        b'{"events":[' + b"{}," * 50_000 + b"{}]}",
        b'{"events":' + b" " * 100_000 + b"[]}",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00",
    ]
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(
            [
                "application/json",
                "text/plain",
                "text/html",
                "multipart/form-data; boundary=x",
                "multipart/form-data",
                "",
                "application/json; charset=utf-16",
                ";;;",
                "x" * 3000,
            ]
        ),
        "Content-Encoding": st.sampled_from(
            ["gzip", "deflate", "br", "zstd", "identity", "gzip, gzip", "x", ""]
        ),
        "Idempotency-Key": st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=50),
        "User-Agent": st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60).map(str.strip),
        "Origin": st.sampled_from(["https://x.org", "null", "%%%", "é"]),
        "CF-IPCountry": st.sampled_from(["DE", "", "é" * 100]),
        "X-Holdfast-Key": st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=20),
    },
)


def as_bytes(value: Any) -> bytes:
    """JSON with whatever the value holds; half surrogate pairs travel as escapes."""
    return json.dumps(value).encode()


@pytest.mark.parametrize("path", INGEST)
def test_hostile_bodies(call: Caller, fuzzed: Tenant, path: str) -> None:
    """Bodies of every shape and encoding, true and false about themselves: an answer below 500, and the queue moves on."""

    @settings(QUIET, max_examples=PER_INGEST_PATH)
    @given(BATCHES.map(as_bytes) | RAW, HEADERS, st.sampled_from(["plain", "plain", "gzip", "cut"]))
    def send(body: bytes, headers: dict[str, str], packing: str) -> None:
        if packing != "plain":
            packed = gzip.compress(body)
            body = packed if packing == "gzip" else packed[: len(packed) // 2]
            headers = {"Content-Encoding": "gzip"} | headers
        call("POST", path, body, headers)

    send()
    assert fuzzed.send({"type": "after"})["recorded"] == 1
    assert fuzzed.server.ready


@pytest.mark.parametrize("field", ["sql", "search", "cursor", "project", "key", "from", "type"])
def test_hostile_parameters(call: Caller, fuzzed: Tenant, field: str) -> None:
    """Parameters of any text, and SQL of any text: an answer below 500."""
    paths = {
        "search": "/api/errors",
        "cursor": "/api/errors",
        "project": "/api/events",
        "key": "/api/events",
        "from": "/api/ledger",
        "type": "/api/telemetry",
    }

    @settings(QUIET, max_examples=40)
    @given(
        st.text(st.characters(codec="utf-8"), max_size=40)
        | st.sampled_from(["\x00", "1" * 400, "%ff", "9" * 18, "-0"])
    )
    def send(text: str) -> None:
        if field == "sql":
            call(
                "POST", "/api/query", json.dumps({"sql": text}).encode(), {"Content-Type": "application/json"}
            )
            call(
                "POST",
                "/api/query",
                json.dumps({"sql": f"SELECT {text}"}).encode(),
                {"Content-Type": "application/json"},
            )
        else:
            call("GET", f"{paths[field]}?{field}={quote(text, safe='')}", None, {})
            call("GET", f"/api/errors/{quote(text, safe='')}", None, {})

    send()


def test_everything_hostile_was_stored(fuzzed: Tenant) -> None:
    """After all of it the queue is empty, what was accepted is in the store, and the ledger agrees."""
    fuzzed.send({"type": "last"})
    fuzzed.arrived()
    assert fuzzed.get("/api/events?type=last&limit=1")["events"]
    [[stored]] = fuzzed.sql("SELECT (SELECT count() FROM events) + (SELECT count() FROM errors)")
    accepted = fuzzed.accepted("event", "error")
    assert stored == accepted
    assert fuzzed.server.send("GET", "/api/health/extended").json["spool"]["trouble"] == ""
