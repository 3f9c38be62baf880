"""The ingest paths of the documents answer as they say (P2, T12, S1, bulk), and a batch sent twice counts once."""

import pytest

from .conftest import Tenant

PAGE_VIEW = {"type": "page_view", "page": "/flow", "sessionId": "abc123"}


def test_document_p_batch_sample(tenant: Tenant) -> None:
    """P2: the sample batch is recorded, and the answer holds exactly the documents' fields."""
    event = {"type": "page_view", "page": "/flow", "sessionId": "abc123", "userId": "user_456"}
    event |= {"deviceType": "desktop", "metadata": {"referrer": "/home"}}
    assert tenant.send(event) == {"success": True, "recorded": 1, "failed": 0, "total": 1}
    [found] = tenant.events()
    assert {key: found[key] for key in event} == event


def test_document_p_curl_sample(tenant: Tenant) -> None:
    """P: the curl line of the documents works as printed, given a key."""
    body = b'{"events":[{"type":"page_view","page":"/test"}]}'
    answer = tenant.post("/api/telemetry/batch", body)
    assert (answer.status, answer.json) == (200, {"success": True, "recorded": 1, "failed": 0, "total": 1})


def test_bad_event_fails_alone(tenant: Tenant) -> None:
    """P2: a bad event fails alone, and the answer says which and why."""
    answer = tenant.send(PAGE_VIEW, {"type": "x", "status": "red"}, {"page": "/"}, PAGE_VIEW)
    assert (answer["recorded"], answer["failed"], answer["total"]) == (2, 2, 4)
    assert [(item["index"], item["path"]) for item in answer["errors"]] == [
        (1, "events[1].status"),
        (2, "events[2]"),
    ]
    assert len(tenant.events()) == 2


def test_unknown_fields_are_kept(tenant: Tenant) -> None:
    """P5: a field that nobody planned comes back in the metadata."""
    tenant.send({"type": "action", "colour": "blue", "metadata": {"a": 1}})
    assert tenant.events()[0]["metadata"] == {"colour": "blue", "a": 1}


def test_101_events_are_too_many(tenant: Tenant) -> None:
    """P2: at most 100 events in a batch; beyond, 413 and nothing is recorded."""
    answer = tenant.post("/api/telemetry/batch", {"events": [PAGE_VIEW] * 101})
    assert (answer.status, answer.json["error"]["code"], answer.json["error"]["path"]) == (
        413,
        "too_large",
        "events",
    )
    tenant.send({"type": "after"})
    assert [event["type"] for event in tenant.events()] == ["after"]


def test_quiet_path_answers_204(tenant: Tenant) -> None:
    """T12: POST /api/telemetry takes the same body, answers 204 without a body, and records it."""
    answer = tenant.post("/api/telemetry", {"events": [PAGE_VIEW]})
    assert (answer.status, answer.body) == (204, b"")
    assert len(tenant.events()) == 1


def test_quiet_path_says_when_nothing_was_usable(tenant: Tenant) -> None:
    """T12: a batch of which nothing could be used is a 400 that says where."""
    answer = tenant.post("/api/telemetry", {"events": [{"page": "/"}]})
    assert (answer.status, answer.json["error"]["path"]) == (400, "events[0]")


def test_bulk_takes_a_thousand(tenant: Tenant) -> None:
    """The bulk path records 1,000 events with one 202, and refuses 1,001."""
    answer = tenant.post("/api/v1/events", {"events": [PAGE_VIEW] * 1000})
    assert (answer.status, answer.json["recorded"]) == (202, 1000)
    assert tenant.post("/api/v1/events", {"events": [PAGE_VIEW] * 1001}).status == 413
    tenant.arrived()
    assert tenant.sql("SELECT count(), uniqExact(id) FROM events") == [[1000, 1000]]


SIGNAL = {
    "signal": "optimistic_action_rollback",
    "component": "PaymentButton",
    "session_id": "s1",
    "user_id": "u1",
    "data": {"action_id": "payment_123", "duration_ms": 180, "rollback_reason": "declined"},
}


def test_single_signal(tenant: Tenant) -> None:
    """S1: one signal in document B's spelling is an event of that type, its duration lifted out of the data."""
    answer = tenant.post("/api/telemetry/resilience", SIGNAL)
    assert (answer.status, answer.json) == (200, {"success": True, "recorded": 1, "failed": 0, "total": 1})
    [event] = tenant.events()
    assert (event["type"], event["component"]) == ("optimistic_action_rollback", "PaymentButton")
    assert (event["sessionId"], event["userId"], event["duration"]) == ("s1", "u1", 180)
    assert event["metadata"] == SIGNAL["data"]


@pytest.mark.parametrize("name", ["events", "signals", "metrics", None])
def test_batched_signals(tenant: Tenant, name: str | None) -> None:
    """S1: several signals come as a list, or under one of the names that the documents use."""
    answer = tenant.post("/api/telemetry/resilience", {name: [SIGNAL, SIGNAL]} if name else [SIGNAL, SIGNAL])
    assert (answer.status, answer.json["recorded"]) == (200, 2)


def test_bad_single_signal_is_a_400(tenant: Tenant) -> None:
    """S1: a single signal that can't be used is refused with the path of the field."""
    answer = tenant.post("/api/telemetry/resilience", SIGNAL | {"status": "red"})
    assert (answer.status, answer.json["error"]["path"]) == (400, "status")


def test_batch_id_counts_once(tenant: Tenant) -> None:
    """The same batchId again answers the same numbers and adds nothing."""
    first = tenant.send(PAGE_VIEW, {"page": "bad"}, batchId="b-1")
    second = tenant.send(PAGE_VIEW, {"page": "bad"}, batchId="b-1")
    assert (first["recorded"], first["failed"]) == (second["recorded"], second["failed"]) == (1, 1)
    assert len(tenant.events()) == 1
    tenant.wait_outcomes({("accepted", ""): 1, ("invalid", "bad_input"): 1})


def test_idempotency_key_counts_once(tenant: Tenant) -> None:
    """The header does what batchId does, on every ingest path; another project's same key is another batch."""
    header = {"Idempotency-Key": "once"}
    for _ in range(2):
        for path in ("/api/telemetry/batch", "/api/telemetry", "/api/v1/events"):
            assert tenant.post(path, {"events": [PAGE_VIEW]}, headers=header).status < 300
    assert len(tenant.events()) == 1


def test_error_report_with_a_key_counts_once(tenant: Tenant) -> None:
    """An error report that is sent again with its Idempotency-Key is one occurrence."""
    for _ in range(2):
        tenant.post("/api/errors", {"errorType": "E", "message": "m"}, headers={"Idempotency-Key": "e-1"})
    [issue] = tenant.arrived().get("/api/errors")["errors"]
    assert issue["frequency"] == 1


def test_hundred_days_in_one_block(tenant: Tenant) -> None:
    """Times all over the calendar don't stop the drainer; what is too old is kept, with a flag and the client's time."""
    events = [
        {"type": "t", "timestamp": f"20{year:02d}-0{month}-11T00:00:00Z"}
        for year in range(20, 31)
        for month in range(1, 10)
    ]
    tenant.send(*events[:99])
    found = tenant.events()
    assert len(found) == 99
    assert {event["timeFlag"] for event in found} <= {"too_old", "ahead"}
    assert {event["metadata"]["clientTime"] for event in found} == {event["timestamp"] for event in events}


@pytest.mark.parametrize("moment", [-1, -(10**15), 10**18, "yesterday", 1e300, "0001-01-01", ""])
def test_absurd_times(tenant: Tenant, moment: object) -> None:
    """Negative, absurd and unreadable times are kept aside with a flag; the received time stands in their place."""
    assert tenant.send({"type": "t", "timestamp": moment})["recorded"] == 1
    [event] = tenant.events()
    assert event["createdAt"] == event["receivedAt"]
    assert event["timeFlag"] in ("too_old", "ahead", "invalid")
    assert event["metadata"]["clientTime"] == moment


def test_nul_and_lone_surrogates_are_stored(tenant: Tenant) -> None:
    """NUL bytes and halves of surrogate pairs become U+FFFD, in names and values, and everything beside them stays."""
    body = b'{"events":[{"type":"a\\u0000b","component":"\\ud800x","metadata":{"k\\udfff":"v\\u0000","ok":"\\ud83d\\ude00"}}]}'
    assert tenant.post("/api/telemetry/batch", body).json["recorded"] == 1
    [event] = tenant.events()
    assert (event["type"], event["component"]) == ("a\ufffdb", "\ufffdx")
    assert event["metadata"] == {"k\ufffd": "v\ufffd", "ok": "😀"}


def test_error_with_surrogate_and_personal_data(tenant: Tenant) -> None:
    """An error report with half a surrogate pair is stored also when it holds personal data."""
    body = b'{"errorType":"E","message":"\\ud800 of joe@example.com"}'
    assert tenant.post("/api/errors", body).status == 200
    [issue] = tenant.arrived().get("/api/errors")["errors"]
    assert issue["message"] == "\ufffd of [REDACTED]"


@pytest.mark.parametrize("number", [1e300, -1e300, 3.5e38, 1.7e308, 5e-324, -0.0, 10**30])
def test_extreme_numbers(tenant: Tenant, number: float) -> None:
    """A duration or value beyond all measure does not stop the queue, and spoils nobody's averages for ever."""
    tenant.send(
        {"type": "api_call", "name": "n", "duration": number, "value": number},
        {"type": "api_call", "name": "n", "duration": 10},
    )
    tenant.send(
        {
            "type": "performance",
            "metadata": {"metric": "m", "value": number, "duration_ms": number, "status": 70_000},
        }
    )
    assert len(tenant.events()) == 3
    [latency] = tenant.get("/api/metrics/get_api_latency_stats?hours=1")
    assert latency["request_count"] == 2
    assert latency["avg_ms"] is not None
