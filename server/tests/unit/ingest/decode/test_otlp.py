"""OTLP requests as records: what each field becomes, that both encodings say the same, and that nothing hostile gets through."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from server.tests.unit.ingest.decode.otlp_strategies import REQUESTS, as_json, requests

from holdfast_server.errors import BadInput, TooLarge
from holdfast_server.ingest.decode import otlp_read, otlp_taken
from holdfast_server.ingest.decode.otlp import Telemetry, decode_logs, decode_metrics, decode_traces
from holdfast_server.ingest.record_columns import RECORDS

NOW_NS = 1_795_000_000_000_000_000
TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
DECODERS: dict[str, Callable[..., Telemetry]] = {
    "traces": decode_traces,
    "logs": decode_logs,
    "metrics": decode_metrics,
}
QUICK = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
Json = dict[str, Any]


def read(kind: str, body: Any) -> Telemetry:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return DECODERS[kind](text, is_json=True, now_ns=NOW_NS)


def attribute(key: str, **value: Any) -> Json:
    return {"key": key, "value": value}


def words(**attributes: str) -> list[Json]:
    return [attribute(name.replace("__", "."), stringValue=value) for name, value in attributes.items()]


RESOURCE = {
    "attributes": words(
        service__name="shop",
        service__version="2.3.1",
        deployment__environment__name="production",
        telemetry__sdk__name="opentelemetry",
        telemetry__sdk__language="python",
        telemetry__sdk__version="1.45.2",
    )
}


def traces(*spans: Json, scope: Json | None = None) -> Json:
    return {
        "resourceSpans": [
            {"resource": RESOURCE, "scopeSpans": [{"scope": scope or {}, "spans": list(spans)}]}
        ]
    }


def logs(*records: Json) -> Json:
    return {"resourceLogs": [{"resource": RESOURCE, "scopeLogs": [{"logRecords": list(records)}]}]}


def metrics(*found: Json) -> Json:
    return {"resourceMetrics": [{"resource": RESOURCE, "scopeMetrics": [{"metrics": list(found)}]}]}


def span(**fields: Any) -> Json:
    return {
        "traceId": TRACE,
        "spanId": SPAN,
        "name": "GET /orders",
        "startTimeUnixNano": str(NOW_NS),
        "endTimeUnixNano": str(NOW_NS + 2_500_000),
    } | fields


def exception(kind: str = "ValueError", message: str = "no such order", **more: Any) -> Json:
    pairs = words(exception__type=kind, exception__message=message, exception__stacktrace="Traceback …")
    return {"name": "exception", "timeUnixNano": str(NOW_NS + 1), "attributes": pairs} | more


def test_span() -> None:
    """A span keeps its ids, times, kind, status, events and links, and says which service and release it is of."""
    [found] = read(
        "traces",
        traces(
            span(
                parentSpanId="AAE19B7EC3C1B174",
                kind=2,
                status={"code": 2, "message": "it broke"},
                attributes=[
                    attribute("http.status_code", intValue=500),
                    attribute("session.id", stringValue="s1"),
                ],
                events=[{"name": "cache miss", "timeUnixNano": "5", "attributes": words(key="a")}],
                links=[{"traceId": TRACE.upper(), "spanId": SPAN}],
                traceState="a=b",
                droppedAttributesCount=3,
            ),
            scope={"name": "flask", "version": "1.0", "attributes": words(team="web")},
        ),
    ).records
    assert msgspec.to_builtins(found) == {
        "trace_id": TRACE,
        "span_id": SPAN,
        "parent_id": "aae19b7ec3c1b174",
        "start_ns": NOW_NS,
        "end_ns": NOW_NS + 2_500_000,
        "name": "GET /orders",
        "kind": "server",
        "status": "error",
        "service": "shop",
        "release": "2.3.1",
        "environment": "production",
        "sdk": "opentelemetry.python 1.45.2",
        "session_id": "s1",
        "is_segment": True,
        "scope": "flask 1.0",
        "attributes": {
            "http.status_code": 500,
            "session.id": "s1",
            "otel.scope.team": "web",
            "otel.status_description": "it broke",
            "w3c.tracestate": "a=b",
            "otel.dropped_attributes_count": 3,
        },
        "resource": {each["key"]: each["value"]["stringValue"] for each in RESOURCE["attributes"]},
        "events": [{"name": "cache miss", "timeUnixNano": "5", "attributes": {"key": "a"}}],
        "links": [{"traceId": TRACE, "spanId": SPAN, "attributes": {}}],
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"stringValue": "a\0b"}, "a\ufffdb"),
        ({"intValue": 7}, 7),
        ({"intValue": "-9223372036854775808"}, -(2**63)),
        ({"intValue": 7.0}, 7),
        ({"doubleValue": 1}, 1.0),
        ({"doubleValue": "NaN"}, "NaN"),
        ({"doubleValue": "-Infinity"}, "-Infinity"),
        ({"boolValue": False}, False),
        ({"bytesValue": "aGk="}, "aGk="),
        ({"arrayValue": {"values": [{"stringValue": "a"}, {}, {"boolValue": True}]}}, ["a", None, True]),
        ({"kvlistValue": {"values": [attribute("a", intValue=1)]}}, {"a": 1}),
        ({}, None),
    ],
)
def test_values(value: Json, expected: Any) -> None:
    """Every kind of value is kept as what it is."""
    [found] = read("traces", traces(span(attributes=[{"key": "x", "value": value}]))).records
    assert found.attributes["x"] == expected


def test_many_attributes() -> None:
    """More attributes than a record may have are cut and counted, not refused; nesting is cut as well."""
    deep: Json = {"intValue": 1}
    for _ in range(40):
        deep = {"arrayValue": {"values": [deep]}}
    many = [attribute("deep", **deep)] + [attribute(f"a{n}", intValue=n) for n in range(200)]
    [found] = read("traces", traces(span(attributes=many))).records
    assert len(found.attributes) == 129
    assert found.attributes["otel.dropped_attributes_count"] == 73
    assert "[too deep]" in json.dumps(found.attributes["deep"])


def test_long_attributes() -> None:
    """No record grows beyond its limit, however long its texts are."""
    many = [attribute(f"a{n}", stringValue="x" * 50_000) for n in range(20)]
    [found] = read("logs", logs({"attributes": many, "body": {"stringValue": "y" * 100_000}})).records
    assert len(json.dumps(found.attributes)) < 70_000
    assert len(found.body) == 65_536


@pytest.mark.parametrize("ids", [{"traceId": ""}, {"spanId": "0" * 16}, {"traceId": "xyz"}, {"spanId": None}])
def test_span_without_ids(ids: Json) -> None:
    """A span without usable ids is rejected alone, with a sentence."""
    found = read("traces", traces(span(**ids), span()))
    assert (len(found.records), found.rejected) == (1, 1)
    assert "hexadecimal" in found.taken.message


def test_log() -> None:
    """A log record keeps its text, severity, trace and attributes."""
    record = {
        "timeUnixNano": str(NOW_NS),
        "severityNumber": 13,
        "severityText": "WARNING",
        "body": {"stringValue": "slow query"},
        "traceId": TRACE,
        "spanId": SPAN,
        "eventName": "db.slow",
        "attributes": words(user__id="u7"),
    }
    [found] = read("logs", logs(record)).records
    told = msgspec.to_builtins(found)
    assert {name: told[name] for name in ("at_ns", "body", "severity", "severity_number", "event_name", "trace_id", "span_id", "user_id", "service")} == {
        "at_ns": NOW_NS, "body": "slow query", "severity": "WARNING", "severity_number": 13, "event_name": "db.slow", "trace_id": TRACE,
        "span_id": SPAN, "user_id": "u7", "service": "shop",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, (NOW_NS, "", 0, "")),
        ({"observedTimeUnixNano": "5"}, (5, "", 0, "")),
        ({"severityText": "Warning"}, (NOW_NS, "Warning", 13, "")),
        ({"severityNumber": 18}, (NOW_NS, "ERROR2", 18, "")),
        ({"severityNumber": "SEVERITY_NUMBER_INFO"}, (NOW_NS, "INFO", 9, "")),
        ({"body": {"kvlistValue": {"values": [attribute("a", intValue="1")]}}}, (NOW_NS, "", 0, '{"a":1}')),
        ({"traceId": "not hex"}, (NOW_NS, "", 0, "")),
    ],
)
def test_sparse_log(record: Json, expected: tuple[int, str, int, str]) -> None:
    """What a sender leaves out is filled in from what it says otherwise; nothing is rejected."""
    [found] = read("logs", logs(record)).records
    assert (found.at_ns, found.severity, found.severity_number, found.body) == expected


POINT = {"startTimeUnixNano": "1", "timeUnixNano": str(NOW_NS), "attributes": words(route="/orders")}


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ({"gauge": {"dataPoints": [POINT | {"asDouble": 1.5}]}}, {"kind": "gauge", "value": 1.5}),
        (
            {"sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [POINT | {"asInt": "7"}]}},
            {"kind": "sum", "value": 7.0, "temporality": "cumulative", "is_monotonic": True},
        ),
        (
            {"gauge": {"dataPoints": [POINT | {"asInt": str(2**60 + 1)}]}},
            {"kind": "gauge", "value": float(2**60), "buckets": {"asInt": str(2**60 + 1)}},
        ),
        (
            {"histogram": {"aggregationTemporality": 1, "dataPoints": [POINT | {"count": 3, "sum": 6.5, "min": 1, "max": 4, "explicitBounds": [2, 5], "bucketCounts": ["1", 2, "0"]}]}},
            {"kind": "histogram", "temporality": "delta", "count": 3, "sum": 6.5, "min": 1.0, "max": 4.0, "buckets": {"bounds": [2.0, 5.0], "counts": [1, 2, 0]}},
        ),
        (
            {"exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [POINT | {"count": "2", "sum": 3, "scale": -1, "zeroCount": 1, "positive": {"offset": -2, "bucketCounts": [1]}}]}},
            {"kind": "exponential_histogram", "temporality": "cumulative", "count": 2, "sum": 3.0, "buckets": {"scale": -1, "zeroCount": 1, "zeroThreshold": 0.0, "positive": {"offset": -2, "counts": [1]}, "negative": {"offset": 0, "counts": []}}},
        ),
        (
            {"summary": {"dataPoints": [POINT | {"count": 4, "sum": 10, "quantileValues": [{"quantile": 0.5, "value": 2}, {"quantile": 1, "value": "NaN"}]}]}},
            {"kind": "summary", "count": 4, "sum": 10.0, "buckets": {"quantiles": [[0.5, 2.0], [1.0, "NaN"]]}},
        ),
        (
            {"gauge": {"dataPoints": [POINT | {"asDouble": 1, "exemplars": [{"asInt": 3, "timeUnixNano": "9", "traceId": TRACE, "spanId": SPAN}]}]}},
            {"kind": "gauge", "value": 1.0, "trace_id": TRACE, "buckets": {"exemplars": [{"value": 3, "timeUnixNano": "9", "traceId": TRACE, "spanId": SPAN}]}},
        ),
    ],
)  # fmt: skip
def test_point(metric: Json, expected: Json) -> None:
    """Each kind of metric keeps its numbers, bounds and counts."""
    [found] = read("metrics", metrics({"name": "m", "unit": "ms", "description": "d"} | metric)).records
    told = msgspec.to_builtins(found)
    for shared in ("resource", "service", "release", "environment"):
        told.pop(shared)
    assert told == {
        "name": "m", "unit": "ms", "description": "d", "at_ns": NOW_NS, "start_ns": 1, "attributes": {"route": "/orders"},
    } | expected  # fmt: skip


def test_bad_points() -> None:
    """A number that is none is rejected alone; a point that only ends its series is neither kept nor rejected."""
    points = [POINT | {"asDouble": "NaN"}, POINT | {"flags": 1}, POINT | {"asDouble": 2}, POINT]
    found = read("metrics", metrics({"name": "m", "gauge": {"dataPoints": points}}))
    assert ([point.value for point in found.records], found.rejected, found.taken.empty) == ([2.0], 2, 1)


def test_exception_of_a_span() -> None:
    """A span's exception event is an error report with trace, service, release, environment and person."""
    [report] = read(
        "traces",
        traces(
            span(
                kind=2,
                attributes=words(
                    enduser__id="u1", session__id="s1", url__path="/orders", http__route="/orders"
                ),
                events=[
                    exception(
                        attributes=[*exception()["attributes"], *words(exception__escaped="True", order="9")]
                    )
                ],
            )
        ),
    ).reports
    assert (report.error_type, report.message, report.stack, report.handled) == (
        "ValueError",
        "no such order",
        "Traceback …",
        False,
    )
    assert (report.trace_id, report.span_id, report.transaction, report.page) == (
        TRACE,
        SPAN,
        "GET /orders",
        "/orders",
    )
    assert (report.component, report.release, report.environment) == ("shop", "2.3.1", "production")
    assert (report.user_id, report.session_id, report.severity, report.at) == (
        "u1",
        "s1",
        "error",
        NOW_NS // 1_000_000,
    )
    assert report.tags == {"http.route": "/orders"}
    assert report.context["order"] == "9"
    assert not any(name.startswith("exception.") for name in report.context)


def test_exception_through_spans() -> None:
    """An exception that three spans around each other recorded is one report, of the innermost; siblings count each."""
    inner, middle, outer, sibling = (f"{n}" * 16 for n in (1, 2, 3, 4))
    found = read(
        "traces",
        traces(
            span(spanId=inner, parentSpanId=middle, events=[exception()]),
            span(spanId=middle, parentSpanId=outer),
            span(spanId=outer, events=[exception(), exception("KeyError")]),
            span(spanId=sibling, parentSpanId=outer, events=[exception()]),
        ),
    )
    assert [(report.span_id, report.error_type) for report in found.reports] == [
        (inner, "ValueError"), (outer, "KeyError"), (sibling, "ValueError"),
    ]  # fmt: skip


def test_around_an_exception() -> None:
    """Whom it hit, on which page and in which request is told by the spans around; leaving the last of them, nobody caught it."""
    inner, outer = "1" * 16, "3" * 16
    about = words(enduser__id="u1", session__id="s1", url__path="/orders", user_agent__original="Mozilla/5.0")
    request = span(
        spanId=outer, kind=2, name="POST /orders", attributes=about, status={"code": 2}, events=[exception()]
    )
    within = span(spanId=inner, parentSpanId=outer, name="reserve", events=[exception()])
    [report] = read("traces", traces(within, request)).reports
    assert (report.span_id, report.user_id, report.session_id, report.user_agent) == (
        inner,
        "u1",
        "s1",
        "Mozilla/5.0",
    )
    assert (report.transaction, report.page, report.handled) == ("POST /orders", "/orders", False)
    [caught] = read("traces", traces(within, request | {"events": []})).reports
    assert caught.handled


def test_exception_of_a_log() -> None:
    """A log record with an exception is kept and is an error report as well; its severity is the report's."""
    record = {
        "severityNumber": 21,
        "body": {"stringValue": "payment failed"},
        "traceId": TRACE,
        "attributes": exception()["attributes"],
    }
    found = read("logs", logs(record, {"body": {"stringValue": "fine"}}))
    assert len(found.records) == 2
    [report] = found.reports
    assert (report.error_type, report.severity, report.trace_id) == ("ValueError", "critical", TRACE)
    assert report.context["log"] == "payment failed"


def test_ids_of_reports() -> None:
    """Twins of one millisecond are two occurrences, and the same two when the request is sent again."""
    record = {"timeUnixNano": "1", "traceId": TRACE, "attributes": exception()["attributes"]}
    first, again = (read("logs", logs(record, record)).reports for _ in range(2))
    assert len({report.event_id for report in first}) == 2
    assert first == again
    assert all(len(report.event_id) == 32 for report in first)


def test_events_of_spans() -> None:
    """A server span feeds latency."""
    [event] = read(
        "traces", traces(span(kind=2, attributes=words(http__request__method="GET", http__route="/orders")))
    ).events
    assert (event.type, event.endpoint, event.duration) == ("http.request", "/orders", 2.5)


@pytest.mark.parametrize("kind", DECODERS)
@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"resourceSpans":null,"resourceLogs":null,"resourceMetrics":null,"x":1}']
)
def test_empty(kind: str, body: bytes) -> None:
    """An empty request is a good one."""
    assert read(kind, body).records == []
    assert DECODERS[kind](b"", is_json=False, now_ns=NOW_NS).records == []


@pytest.mark.parametrize("kind", DECODERS)
@given(data=st.data())
@QUICK
def test_both_encodings(kind: str, data: st.DataObject) -> None:
    """The same request as protobuf and as JSON, numbers as numbers or as text, gives the same records and reports."""
    request: Message = data.draw(requests(kind))
    one = DECODERS[kind](request.SerializeToString(), is_json=False, now_ns=NOW_NS)
    for as_text in (True, False):
        other = read(kind, as_json(request, numbers_as_text=as_text, upper=as_text))
        assert other.records == one.records
        assert other.reports == one.reports
        assert (other.rejected, other.taken.empty) == (one.rejected, one.taken.empty)


@pytest.mark.parametrize("kind", DECODERS)
@given(data=st.data())
@QUICK
def test_survives_the_spool(kind: str, data: st.DataObject) -> None:
    """Whatever was sent, the drainer reads it back from the spool as it was."""
    found = DECODERS[kind](data.draw(requests(kind)).SerializeToString(), is_json=False, now_ns=NOW_NS)
    assert RECORDS[found.kind].decode(msgspec.json.encode(found.records)) == found.records


@pytest.mark.parametrize("kind", DECODERS)
@given(data=st.data(), is_json=st.booleans())
@QUICK
def test_hostile_bytes(kind: str, data: st.DataObject, is_json: bool) -> None:
    """Bytes that are no request raise BadInput and nothing else, damaged ones too."""
    request: Message = data.draw(requests(kind))
    good = as_json(request, numbers_as_text=False) if is_json else request.SerializeToString()
    at, what = data.draw(st.integers(0, len(good))), data.draw(st.binary(max_size=4))
    for body in (data.draw(st.binary(max_size=60)), good[:at] + what + good[at + 1 :], good[:at]):
        with suppress(BadInput):
            DECODERS[kind](body, is_json=is_json, now_ns=NOW_NS)


def test_nested_json() -> None:
    """A JSON body nested a thousand times is refused, not a crash."""
    inside = b'{"arrayValue":{"values":[' * 5000 + b"]}}" * 5000
    body = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + inside + b"}]}]}]}"
    with pytest.raises(TooLarge):
        read("logs", body)


@pytest.mark.parametrize("is_json", [True, False])
def test_bomb_of_empty_records(is_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Very many empty records, tiny on the wire and huge in memory, are refused before they are read."""
    monkeypatch.setattr(otlp_read, "MAX_PARTS", 10_000)
    monkeypatch.setattr(otlp_read, "UNCOUNTED_BYTES", 1_000)
    count = 20_000
    if is_json:
        body = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + b",".join([b"{}"] * count) + b"]}]}]}"
    else:
        request = ExportLogsServiceRequest()
        scope = request.resource_logs.add().scope_logs.add()
        for _ in range(count):
            scope.log_records.add()
        body = b"\x0b\x0c" + request.SerializeToString()  # an unknown group in front hides nothing
    with pytest.raises(TooLarge):
        DECODERS["logs"](body, is_json=is_json, now_ns=NOW_NS)


@given(data=st.data(), kind=st.sampled_from(sorted(DECODERS)))
@QUICK
def test_parts(data: st.DataObject, kind: str) -> None:
    """The count of messages is the one of the real decoder."""
    request: Message = data.draw(requests(kind))
    assert otlp_read.parts(request.SerializeToString(), REQUESTS[kind].DESCRIPTOR) == messages(request)


def messages(message: Message) -> int:
    parts = [
        part
        for field, value in message.ListFields()
        if field.message_type is not None
        for part in (value if field.is_repeated else [value])
    ]
    return len(parts) + sum(map(messages, parts))


def test_too_many_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """More records than a real request of 20 MiB can hold are refused as a whole."""
    monkeypatch.setattr(otlp_taken, "MAX_RECORDS", 10)
    assert len(read("logs", logs(*[{}] * 10)).records) == 10
    with pytest.raises(TooLarge):
        read("logs", logs(*[{}] * 11))


def test_large_resource() -> None:
    """A resource that would be repeated into gigabytes is refused."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    for n in range(4):
        pair = group.resource.attributes.add()
        pair.key, pair.value.string_value = f"a{n}", "x" * 4_000
    spans = group.scope_spans.add()
    one = spans.spans.add()
    one.trace_id, one.span_id = b"\1" * 16, b"\1" * 8
    spans.spans.extend([one] * 9_000)
    with pytest.raises(TooLarge):
        decode_traces(request.SerializeToString(), is_json=False, now_ns=NOW_NS)
