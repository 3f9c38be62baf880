"""Sentry's other items: transactions, span containers, logs, metrics, sessions, check-ins, client and security reports."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import BadInput
from holdfast_server.ingest.decode.native import BATCH
from holdfast_server.ingest.decode.sentry_logs import (
    logs_of_container,
    points_of_container,
    points_of_statsd,
)
from holdfast_server.ingest.decode.sentry_security import events_of_security
from holdfast_server.ingest.decode.sentry_sessions import (
    check_in_of,
    drops_of_report,
    session_of_item,
    sessions_of_aggregates,
)
from holdfast_server.ingest.decode.sentry_spans import spans_of_container, spans_of_transaction
from holdfast_server.ingest.decode.sentry_values import event_id_in, ns_of

AT = "2026-11-20T10:00:00.123456Z"
AT_NS = 1_795_168_800_123_456_000
NOW_MS = 1_795_168_800_000
TRACE, SPAN = "a" * 32, "b" * 16


def identify(user: dict[str, Any]) -> str:
    return "|".join(f"{name}={value}" for name, value in user.items())


def test_times() -> None:
    """ISO text with and without a zone and epoch seconds are the same moment, to the microsecond."""
    for sent in (AT, "2026-11-20T11:00:00.123456+01:00", "2026-11-20T10:00:00.123456", 1795168800.123456):
        assert ns_of(sent) == AT_NS
    for sent in (None, "", "soon", True, -1, 1e30, float("inf"), float("nan"), [], {}):
        assert ns_of(sent) is None


def test_event_ids() -> None:
    """sentry-cli writes ids with dashes."""
    assert event_id_in("9EC79C33-ec99-42ab-8353-589fcb2e04dc") == "9ec79c33ec9942ab8353589fcb2e04dc"
    for sent in ("", "x" * 32, "9ec7", None, 7, "9" * 10_000):
        assert event_id_in(sent) == ""


TRANSACTION = {
    "type": "transaction",
    "transaction": "GET /orders/{id}",
    "start_timestamp": AT,
    "timestamp": 1795168800.223456,
    "release": "shop@1",
    "environment": "production",
    "user": {"id": "u1"},
    "sdk": {"name": "sentry.python", "version": "2"},
    "tags": {"tenant": "acme"},
    "request": {"method": "GET", "url": "https://h/orders/7"},
    "transaction_info": {"source": "route"},
    "contexts": {"trace": {"trace_id": TRACE, "span_id": SPAN, "op": "http.server", "status": "ok", "data": {"http.response.status_code": 200}}},
    "spans": [
        {"span_id": "c" * 16, "parent_span_id": SPAN, "op": "db.query", "description": "SELECT 1", "start_timestamp": AT, "timestamp": AT, "data": {"db.system": "x"}},
        {"span_id": "d" * 16},
        7,
    ],
}  # fmt: skip


def test_transaction() -> None:
    """A transaction is its root span with the children beside it; children that can't be read are counted."""
    [root, child], unread = spans_of_transaction(TRANSACTION, identify)
    assert unread == 2
    assert (root.name, root.op, root.kind, root.status, root.is_segment) == (
        "GET /orders/{id}",
        "http.server",
        "server",
        "ok",
        True,
    )
    assert (root.start_ns, root.end_ns - root.start_ns) == (AT_NS, 100_000_000)
    assert (root.attributes["http.request.method"], root.attributes["http.response.status_code"]) == (
        "GET",
        200,
    )
    assert (child.trace_id, child.parent_id, child.name, child.kind) == (TRACE, SPAN, "SELECT 1", "client")
    for span in (root, child):
        assert (span.release, span.environment, span.user_id, span.sdk) == (
            "shop@1",
            "production",
            "id=u1",
            "sentry.python 2",
        )


@pytest.mark.parametrize(
    "broken", [{}, {"contexts": {"trace": {"trace_id": TRACE}}}, TRANSACTION | {"start_timestamp": "x"}]
)
def test_no_transaction(broken: Any) -> None:
    """Without a trace and a beginning it is none."""
    with pytest.raises(BadInput):
        spans_of_transaction(broken, identify)


def typed(**values: Any) -> dict[str, Any]:
    return {name.replace("__", "."): {"value": value, "type": "string"} for name, value in values.items()}


def test_span_container() -> None:
    """Streamed spans carry everything as attributes; what is personal in them becomes the user's id."""
    attributes = typed(
        sentry__op="http.client",
        sentry__release="shop@2",
        sentry__environment="dev",
        user__id="u1",
        user__email="jo@x.org",
        n=1,
    )
    sent = {
        "trace_id": TRACE,
        "span_id": SPAN,
        "name": "GET /",
        "start_timestamp": AT,
        "end_timestamp": AT,
        "status": "ok",
        "is_segment": True,
        "attributes": attributes,
    }
    [span], unread = spans_of_container([sent, {"span_id": SPAN}, "x"], identify)
    assert unread == 2
    assert (span.op, span.kind, span.release, span.environment, span.is_segment) == (
        "http.client",
        "client",
        "shop@2",
        "dev",
        True,
    )
    assert span.user_id == "id=u1|email=jo@x.org"
    assert span.attributes == {
        "sentry.op": "http.client",
        "sentry.release": "shop@2",
        "sentry.environment": "dev",
        "n": 1,
    }


def test_logs() -> None:
    """A log record keeps its moment, level, words and attributes."""
    sent = {
        "timestamp": 1795168800.123456,
        "level": "warn",
        "body": "low",
        "trace_id": TRACE,
        "attributes": typed(left=2, sentry__release="shop@2"),
    }
    [record], unread = logs_of_container([sent, {}], identify)
    assert unread == 1
    assert (record.at_ns, record.severity, record.severity_number, record.body, record.trace_id) == (
        AT_NS,
        "warn",
        13,
        "low",
        TRACE,
    )
    assert (record.attributes["left"], record.release) == (2, "shop@2")


def test_counts_in_one_millisecond_stay_apart() -> None:
    """Two counts of one series at one moment are two points, and the same container again makes the same points."""
    sent = {"timestamp": 1795168800.123, "name": "paid", "type": "counter", "value": 1}
    points, _ = points_of_container([sent, sent], identify, b"one")
    again, _ = points_of_container([sent, sent], identify, b"one")
    other, _ = points_of_container([sent], identify, b"another")
    moments = {point.at_ns for point in [*points, *other]}
    assert len(moments) == 3
    assert points == again
    assert {moment // 1_000_000 for moment in moments} == {1_795_168_800_123}


def test_statsd() -> None:
    """The older metric lines are points as well; lines that can't be read are counted."""
    points, unread = points_of_statsd(
        b"paid@none:1:2|c|#env:prod,environment:dev|T1795168800\nbad line\nt@ms:1.5|d\n", NOW_MS
    )
    assert unread == 1
    assert [(point.name, point.kind, point.unit, point.value) for point in points] == [
        ("paid", "counter", "none", 1), ("paid", "counter", "none", 2), ("t", "distribution", "ms", 1.5),
    ]  # fmt: skip
    assert points[0].attributes == {"env": "prod", "environment": "dev"}


def test_session_updates() -> None:
    """Of a session's updates the later has the higher version, also within one tick."""
    first = {
        "sid": "s",
        "did": "u1",
        "init": True,
        "started": AT,
        "timestamp": AT,
        "status": "ok",
        "errors": 0,
        "attrs": {"release": "shop@1", "environment": "dev"},
    }
    last = first | {"init": False, "status": "crashed", "errors": 1, "duration": 1.5}
    opened, closed = session_of_item(first, identify), session_of_item(last, identify)
    assert opened.version < closed.version
    assert (closed.session_id, closed.user_id, closed.status, closed.errors, closed.duration_ms) == (
        "s",
        "id=u1",
        "crashed",
        1,
        1500,
    )
    assert (closed.release, closed.environment, closed.started_ns) == ("shop@1", "dev", AT_NS)


def test_aggregates() -> None:
    """Servers send counts by start and status."""
    sent = {
        "attrs": {"release": "shop@1"},
        "aggregates": [{"started": AT, "exited": 5, "crashed": 1, "errored": 0}, {"exited": 1}],
    }
    sessions, unread = sessions_of_aggregates(sent, identify)
    assert unread == 1
    assert [(item.status, item.quantity, item.release) for item in sessions] == [
        ("exited", 5, "shop@1"),
        ("crashed", 1, "shop@1"),
    ]


def test_check_in() -> None:
    """A check-in is an event named for its monitor."""
    event = check_in_of(
        {
            "monitor_slug": "nightly",
            "status": "error",
            "duration": 2,
            "check_in_id": "9ec79c33-ec99-42ab-8353-589fcb2e04dc",
            "monitor_config": {"a": 1},
        },
        NOW_MS,
    )
    assert (event.type, event.name, event.action, event.duration, event.timestamp) == (
        "check_in",
        "nightly",
        "error",
        2000,
        NOW_MS,
    )
    assert msgspec.json.decode(event.metadata) == {
        "checkInId": "9ec79c33ec9942ab8353589fcb2e04dc",
        "config": {"a": 1},
    }


def test_client_report() -> None:
    """What a client dropped is told in our words; bytes are no events."""
    sent = {
        "discarded_events": [
            {"reason": "sample_rate", "category": "transaction", "quantity": 3},
            {"category": "log_byte", "quantity": 900},
            7,
        ]
    }
    assert [(drop.reason, drop.category, drop.quantity) for drop in drops_of_report(sent)] == [
        ("sample_rate", "span", 3)
    ]


CSP = {
    "document-uri": "https://x.org/a",
    "violated-directive": "script-src 'self'",
    "blocked-uri": "https://evil.org/x.js?y",
}


@pytest.mark.parametrize(
    "sent",
    [
        {"csp-report": CSP},
        [
            {
                "type": "csp-violation",
                "url": "https://x.org/a",
                "body": {"effectiveDirective": "script-src", "blockedURL": "https://evil.org/x.js"},
            }
        ],
    ],
)
def test_security(sent: Any) -> None:
    """Either form of a CSP report is one issue for what was blocked by which rule."""
    [event] = events_of_security(json.dumps(sent).encode(), release="shop@1")
    assert event["fingerprint"] == ["CSP violation", "script-src", "evil.org"]
    assert (event["request"], event["release"], event["level"]) == (
        {"url": "https://x.org/a"},
        "shop@1",
        "warning",
    )
    assert event["exception"] == [
        {"type": "CSP violation", "value": "CSP violation: script-src blocked evil.org"}
    ]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"7", b'{"csp-report":[]}', b"[7]", b'[{"type":"x"}]'])
def test_no_security_report(body: bytes) -> None:
    """Anything else is none."""
    with pytest.raises(BadInput):
        events_of_security(body)


NAMES = st.sampled_from([*TRANSACTION, "sid", "did", "started", "attrs", "aggregates", "exited", "monitor_slug", "duration", "name", "value", "attributes", "csp-report", "trace", "trace_id", "span_id", "discarded_events"])  # fmt: skip
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(AT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
WAYS: list[Callable[[Any], Any]] = [
    lambda value: spans_of_transaction(value, identify),
    lambda value: spans_of_container([value], identify),
    lambda value: logs_of_container([value], identify),
    lambda value: points_of_container([value], identify, b""),
    lambda value: session_of_item(value, identify),
    lambda value: sessions_of_aggregates(value, identify),
    drops_of_report,
    lambda value: BATCH.decode(msgspec.json.encode({"events": [check_in_of(value, NOW_MS)]})) and None,
]


@given(
    st.dictionaries(NAMES, JUNK, max_size=8).map(lambda value: {"monitor_slug": "m", "timestamp": AT} | value)
)
def test_never_fails(value: dict[str, Any]) -> None:
    """Any JSON is read or refused, and what is read can be written."""
    for way in WAYS:
        try:
            found = way(value)
        except BadInput:
            continue
        msgspec.json.encode(found)
