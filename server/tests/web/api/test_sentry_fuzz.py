"""Hostile envelopes over real HTTP: an answer below 500 to each, nothing poisonous in the queue, and correct counts."""

import gzip
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Server, Tenant, new_tenant
from .test_fuzz import QUIET, Caller, settings
from .test_sentry import envelope, new_event, send

pytestmark = pytest.mark.slow
TYPES = (
    "event", "transaction", "span", "log", "trace_metric", "statsd", "session", "sessions", "check_in", "client_report", "attachment", "user_report",
    "raw_security", "nel", "profile", "replay_recording", "hologram",
)  # fmt: skip
NAMES = (
    "event_id", "message", "exception", "values", "stacktrace", "frames", "vars", "contexts", "trace", "trace_id", "span_id", "start_timestamp", "timestamp",
    "spans", "items", "attributes", "tags", "user", "id", "email", "sid", "started", "aggregates", "exited", "monitor_slug", "discarded_events", "csp-report",
    "name", "value", "type", "body", "comments", "duration", "breadcrumbs", "request", "headers", "fingerprint", "_holdfast", "files", "release",
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "\x00",
            "\ud800",
            "2026-11-20T10:00:00Z",
            1_795_000_000,
            10**400,
            "a" * 32,
            "jo@example.org",
            "<script>",
        ]
    )
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), JUNK, max_size=10)
CONTAINERS = st.lists(OBJECTS, max_size=4).map(lambda items: {"items": items})
PAYLOADS = (OBJECTS | CONTAINERS | JUNK).map(lambda value: json.dumps(value).encode()) | st.binary(
    max_size=100
)
ITEMS = st.lists(st.tuples(st.sampled_from(TYPES), PAYLOADS), max_size=5).map(lambda items: envelope(*items))
BODIES = ITEMS | st.tuples(ITEMS, st.integers(0, 400), st.binary(max_size=5)).map(
    lambda cut: cut[0][: cut[1]] + cut[2] + cut[0][cut[1] + 3 :]
)


@pytest.fixture(scope="module")
def fuzzed(server: Server) -> Tenant:
    return new_tenant(server)


@pytest.fixture(scope="module")
def call(fuzzed: Tenant) -> Iterator[Caller]:
    caller = Caller(fuzzed.server, fuzzed.secret_key)
    yield caller
    caller.connection.close()
    print(f"\n{caller.sent} requests: {dict(sorted(caller.statuses.items()))}")


@pytest.mark.parametrize(("path", "count"), [("envelope/", 400), ("store/", 100), ("security/", 100)])
def test_hostile_bodies(call: Caller, fuzzed: Tenant, path: str, count: int) -> None:
    """Items of every type with any JSON or bytes in them, whole and mangled, plain and packed."""
    about = {"X-Sentry-Auth": f"Sentry sentry_key={fuzzed.public_key}", "Authorization": ""}

    @settings(QUIET, max_examples=count)
    @given(BODIES if path == "envelope/" else PAYLOADS, st.sampled_from(["", "gzip", "cut"]))
    def once(body: bytes, packing: str) -> None:
        headers = dict(about)
        if packing:
            packed = gzip.compress(body)
            body, headers["Content-Encoding"] = (
                packed if packing == "gzip" else packed[: len(packed) // 2],
                "gzip",
            )
        call("POST", f"/api/{fuzzed.id}/{path}", body, headers)

    once()


def test_nothing_poisonous_was_taken(fuzzed: Tenant) -> None:
    """All that was acknowledged is in the store, and none of it had to be set aside."""
    assert send(fuzzed, envelope(("event", new_event()))).status == 200
    fuzzed.arrived()
    outcomes = fuzzed.outcomes()
    assert ("invalid", "set_aside") not in outcomes
    stored = 0
    for table in ("events", "errors", "spans", "logs", "points", "app_sessions"):
        [[count]] = fuzzed.sql(f"SELECT count() FROM {table}")
        stored += int(count)
    accepted = [row for row in fuzzed.get("/api/ledger?range=1h")["outcomes"] if row["outcome"] == "accepted"]
    # Sessions and points of one key are one row in time; files and feedback are in other stores.
    unlike = {"session", "metric", "attachment", "feedback"}
    assert stored >= sum(row["quantity"] for row in accepted if row["category"] not in unlike)
    assert fuzzed.server.send("GET", "/api/health/extended").json["spool"]["trouble"] == ""


def heavy(frames: int, variable: int, crumbs: int) -> dict[str, Any]:
    stack = [
        {"function": f"f{n}", "lineno": n, "context_line": "x", "vars": {"a": "v" * variable}}
        for n in range(frames)
    ]
    return new_event(
        exception={"values": [{"type": "E", "value": "v", "stacktrace": {"frames": stack}}]},
        breadcrumbs=[{"message": f"step {n}"} for n in range(crumbs)],
    )


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(heavy(200, 5_000, 10), id="a megabyte of variables"),
        pytest.param(heavy(5_000, 10, 1_000), id="frames and breadcrumbs"),
        pytest.param(heavy(20, 500_000, 0), id="ten megabytes of variables"),
        pytest.param(new_event(message="\ud800\x00" * 1_000), id="halves of characters"),
        pytest.param(new_event(exception={"values": [{"type": "RecursionError", "value": "x", "stacktrace": {"frames": [{"function": "f"}] * 1_000}}]}), id="recursion"),
        pytest.param(new_event(tags={f"k{n}": "<script>alert(1)</script>" for n in range(1_000)}), id="a thousand tags"),
        pytest.param(new_event(exception={"values": [{"type": f"E{n}", "value": "v" * 10_000} for n in range(500)]}), id="a long chain"),
        pytest.param(new_event(extra={"key" * 1_000: 1.0, "n": 10**400, "d": {"a": [[[[[]]]]]}}), id="odd keys and numbers"),
    ],
)  # fmt: skip
def test_heavy_events_are_kept(server: Server, event: dict[str, Any]) -> None:
    """What is too large or odd is cut, and is an occurrence like others, which pages show."""
    tenant = new_tenant(server)
    assert send(tenant, envelope(("event", event))).json == {"id": event["event_id"]}
    [[event_id, issue_id]] = tenant.arrived().sql("SELECT event_id, issue_id FROM errors")
    assert event_id == event["event_id"]
    assert tenant.get(f"/api/errors/{issue_id}")["frequency"] == 1


@pytest.mark.parametrize("opened", ["[", '{"a":'])
@pytest.mark.parametrize("levels", [900, 20_000])
def test_deep_events_are_kept(server: Server, opened: str, levels: int) -> None:
    """Nesting deeper than anything follows costs the deep part alone."""
    tenant = new_tenant(server)
    closed = "]" if opened == "[" else "}"
    event_id = uuid.uuid4().hex
    body = f'{{"event_id":"{event_id}","message":"m","extra":{opened * levels}1{closed * levels}}}'.encode()
    assert send(tenant, envelope(("event", body))).json == {"id": event_id}
    assert tenant.arrived().sql("SELECT event_id, message FROM errors") == [[event_id, "m"]]
