"""OTLP/HTTP: answers, encodings, refusals, limits; and what the reading paths tell of what was kept."""

import gzip
import http.client
import json
import uuid
import zlib
from time import time_ns
from typing import Any

import brotli
import pytest
import zstandard
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from .conftest import Answer, Json, Server, Tenant, new_tenant

PROTOBUF = "application/x-protobuf"
PATHS = ["/v1/traces", "/v1/logs", "/v1/metrics"]


def new_trace() -> str:
    return uuid.uuid4().hex


def attribute(key: str, value: str) -> Json:
    return {"key": key, "value": {"stringValue": value}}


def span(trace: str, **fields: Any) -> Json:
    began = time_ns()
    return {
        "traceId": trace,
        "spanId": uuid.uuid4().hex[:16],
        "name": "GET /orders",
        "kind": 2,
        "startTimeUnixNano": str(began),
        "endTimeUnixNano": str(began + 5_000_000),
    } | fields


def traces(*spans: Json, service: str = "shop") -> Json:
    resource = {"attributes": [attribute("service.name", service)]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


def logs(*records: Json, service: str = "shop") -> Json:
    resource = {"attributes": [attribute("service.name", service)]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": list(records)}]}]}


def log(body: str, **fields: Any) -> Json:
    return {"timeUnixNano": str(time_ns()), "body": {"stringValue": body}, "severityNumber": 9} | fields


def protobuf(tenant: Tenant, path: str, body: bytes, **headers: str) -> Answer:
    return tenant.post(path, body, headers={"Content-Type": PROTOBUF, **headers})


def status_of(body: bytes) -> tuple[int, str]:
    """google.rpc.Status, read by hand: code is field 1, message field 2."""
    assert body[0] == 0x08
    assert body[2] == 0x12
    size, at = body[3], 4
    if size > 0x7F:
        size, at = (size & 0x7F) | (body[4] << 7), 5
    assert len(body) == at + size
    return body[1], body[at:].decode()


@pytest.mark.parametrize("path", PATHS)
def test_empty(tenant: Tenant, path: str) -> None:
    """An empty request succeeds, in the type it came in."""
    answer = protobuf(tenant, path, b"")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, PROTOBUF, b"")
    answer = tenant.post(path, {})
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "application/json", b"{}")


ENCODERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_encodings(tenant: Tenant, encoding: str) -> None:
    """Every content encoding is taken; the same body again, however packed, counts once."""
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.time_unix_nano, record.body.string_value = time_ns(), "hello"
    body = request.SerializeToString()
    for _ in range(2):
        answer = protobuf(tenant, "/v1/logs", ENCODERS[encoding](body), **{"Content-Encoding": encoding})
        assert answer.status == 200
    assert protobuf(tenant, "/v1/logs", body).status == 200
    assert [row["body"] for row in tenant.arrived().get("/api/logs")["logs"]] == ["hello"]


def test_chunked(tenant: Tenant) -> None:
    """Node's exporters send chunks without a length."""
    body = json.dumps(logs(log("in pieces"))).encode()
    connection = http.client.HTTPConnection("127.0.0.1", tenant.server.port, timeout=20)
    headers = {"Content-Type": "application/json", "X-Holdfast-Key": tenant.public_key}
    connection.request("POST", "/v1/logs", iter([body[:20], body[20:]]), headers, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert len(tenant.arrived().get("/api/logs")["logs"]) == 1


def test_partial_success(tenant: Tenant) -> None:
    """Records that can't be used are counted and explained, the others are kept; the ledger knows both."""
    trace = new_trace()
    answer = tenant.post("/v1/traces", traces(span(trace), span("xyz"), span(trace, spanId="")))
    assert answer.status == 200
    partial = answer.json["partialSuccess"]
    assert (partial["rejectedSpans"], "hexadecimal" in partial["errorMessage"]) == ("2", True)
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add().name = "no ids"
    told = ExportTraceServiceResponse.FromString(
        protobuf(tenant, "/v1/traces", request.SerializeToString()).body
    )
    assert told.partial_success.rejected_spans == 1
    assert len(tenant.arrived().get(f"/api/traces/{trace}")["spans"]) == 1
    tenant.wait_outcomes({("accepted", ""): 1, ("invalid", "bad_id"): 3})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"\x0a\x05abc", PROTOBUF, 400, 3),
        (b"{not json", "application/json", 400, 3),
        (b'{"resourceSpans":7,"resourceLogs":7,"resourceMetrics":7}', "application/json", 400, 3),
        (b"a,b", "text/csv", 415, 3),
        (b"", "", 415, 3),
    ],
)
def test_refused(tenant: Tenant, path: str, body: bytes, kind: str, status: int, code: int) -> None:
    """What can't be read is refused for good, as a Status in the request's own type."""
    answer = tenant.post(path, body, headers={"Content-Type": kind})
    assert answer.status == status
    if kind == PROTOBUF:
        assert answer.headers["content-type"] == PROTOBUF
        assert status_of(answer.body)[0] == code
    else:
        assert (answer.json["code"], bool(answer.json["message"])) == (code, True)


def test_wrong_key(tenant: Tenant) -> None:
    """A wrong key is told so, in protobuf too."""
    answer = tenant.post("/v1/traces", b"", headers={"Content-Type": PROTOBUF}, key="hf_pub_wrong")
    assert (answer.status, status_of(answer.body)[0]) == (401, 16)


def test_key_in_query(tenant: Tenant) -> None:
    """A browser's beacon can name its key in the address alone, and sends text/plain."""
    body = json.dumps(logs(log("from a beacon"))).encode()
    answer = tenant.server.send(
        "POST",
        f"/v1/logs?key={tenant.public_key}",
        body,
        headers={"Authorization": "", "Content-Type": "text/plain"},
    )
    assert answer.status == 200


def test_bomb(tenant: Tenant) -> None:
    """A small body that unpacks to more than 20 MiB is refused with 413."""
    body = gzip.compress(b" " * (20 * 1024 * 1024 + 1))
    answer = tenant.post("/v1/logs", body, headers={"Content-Type": PROTOBUF, "Content-Encoding": "gzip"})
    assert (answer.status, status_of(answer.body)[0]) == (413, 8)


def test_large(tenant: Tenant) -> None:
    """A few megabytes at once are well within the limit, and each record arrives."""
    at = time_ns()
    records = [log("x" * 1_000, timeUnixNano=str(at + n)) for n in range(3_000)]
    assert tenant.post("/v1/logs", logs(*records)).status == 200
    tenant.arrived()
    assert tenant.sql("SELECT count(), uniqExact(at_ns) FROM logs") == [[3_000, 3_000]]


def test_too_many(strict: Server) -> None:
    """Over the rate exporters are told to try again, soon enough for those that give up after ten seconds."""
    tenant = new_tenant(strict)
    at = time_ns()
    records = [log("x", timeUnixNano=str(at + n)) for n in range(290)]
    answers = [tenant.post("/v1/logs", logs(*records, service=str(n))) for n in range(3)]
    limited = [answer for answer in answers if answer.status != 200]
    assert {answer.status for answer in limited} == {429}
    assert all(
        1 <= int(answer.headers["retry-after"]) <= 5 and answer.json["code"] == 8 for answer in limited
    )


@pytest.mark.parametrize("path", PATHS)
def test_cors(tenant: Tenant, path: str) -> None:
    """A browser's exporter may ask first, and can read refusals."""
    origin = {"Origin": "https://shop.example.org"}
    asked = tenant.server.send("OPTIONS", path, headers=origin)
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (204, origin["Origin"])
    assert "content-type" in asked.headers["access-control-allow-headers"]
    refused = tenant.post(path, b"{", headers=origin)
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (400, origin["Origin"])


def test_personal_data(tenant: Tenant) -> None:
    """Personal data is taken out of attributes and bodies; ids and measurements that look like it stay."""
    trace, card = new_trace(), "4111111111111111"
    secret = [attribute("user.email", "ada@example.org"), attribute("note", "call ada@example.org")]
    tenant.post("/v1/traces", traces(span(trace, spanId=card, attributes=secret)))
    point = {"timeUnixNano": str(time_ns()), "asInt": card}
    metric = {"name": "bytes", "gauge": {"dataPoints": [point]}}
    tenant.post("/v1/metrics", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})
    [found] = tenant.arrived().get(f"/api/traces/{trace}")["spans"]
    assert found["spanId"] == card
    assert "ada@example.org" not in json.dumps(found)
    [series] = tenant.get("/api/metric-points?name=bytes")["series"]
    assert series["points"][0]["value"] == int(card)


def test_same_point_twice(tenant: Tenant) -> None:
    """A cumulative point that is sent again in another request is one point."""
    point = {"timeUnixNano": str(time_ns()), "asDouble": 2, "attributes": [attribute("plan", "pro")]}
    for unit in ({}, {"description": "another body"}):
        metric = {"name": "orders", "sum": {"aggregationTemporality": 2, "dataPoints": [point]}, **unit}
        tenant.post("/v1/metrics", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})
    [series] = tenant.arrived().get("/api/metric-points?name=orders")["series"]
    assert [found["value"] for found in series["points"]] == [2]


def test_search_traces(tenant: Tenant) -> None:
    """Traces are found by service, name, duration and status, and come in pages, newest first, each once."""
    ids = [new_trace() for _ in range(5)]
    at = time_ns()
    for number, trace in enumerate(ids):
        began = at - (5 - number) * 1_000_000_000
        root = span(
            trace,
            name=f"GET /{number}",
            startTimeUnixNano=str(began),
            endTimeUnixNano=str(began + (number + 1) * 100_000_000),
        )
        inner = span(
            trace, parentSpanId=root["spanId"], name="query", kind=3, status={"code": 2 if number == 3 else 0}
        )
        tenant.post("/v1/traces", traces(root, inner, service="even" if number % 2 == 0 else "odd"))
    tenant.arrived()

    def found(query: str = "") -> list[int]:
        return [ids.index(each["traceId"]) for each in tenant.get(f"/api/traces?{query}")["traces"]]

    assert found() == [4, 3, 2, 1, 0]
    assert found("service=odd") == [3, 1]
    assert found("name=/2") == [2]
    assert found("status=error") == [3]
    assert found("minDurationMs=350") == [4, 3]
    assert found("env=elsewhere") == []
    first = tenant.get("/api/traces?limit=3")
    second = tenant.get(f"/api/traces?limit=3&cursor={first['nextCursor']}")
    assert [ids.index(each["traceId"]) for each in [*first["traces"], *second["traces"]]] == [4, 3, 2, 1, 0]
    assert second["nextCursor"] is None
    newest = first["traces"][0]
    assert (newest["name"], newest["service"], newest["spans"], newest["failedSpans"]) == (
        "GET /4",
        "even",
        2,
        0,
    )


def test_search_logs(tenant: Tenant) -> None:
    """Logs are found by severity, words, service, trace and session, and come in pages that miss none."""
    trace = new_trace()
    at = time_ns()
    for number, severity in enumerate((1, 9, 13, 17, 21)):
        record = log(
            f"Record {number}",
            timeUnixNano=str(at - (5 - number) * 1_000_000),
            severityNumber=severity,
            traceId=trace if number == 2 else "",
            attributes=[attribute("session.id", f"s{number}"), attribute("sku", f"A-{number}")],
        )
        tenant.post("/v1/logs", logs(record, service="even" if number % 2 == 0 else "odd"))
    tenant.arrived()

    def found(query: str = "") -> list[int]:
        return [int(each["body"][-1]) for each in tenant.get(f"/api/logs?{query}")["logs"]]

    assert found() == [4, 3, 2, 1, 0]
    assert found("severity=warn") == [4, 3, 2]
    assert found("text=record%201") == [1]
    assert found("text=a-3") == [3]
    assert found("service=odd") == [3, 1]
    assert found(f"trace={trace.upper()}") == [2]
    assert found("session=s4") == [4]
    assert found("range=1h&to=2020-01-01T00:00:00Z") == []
    first = tenant.get("/api/logs?limit=2")
    second = tenant.get(f"/api/logs?limit=3&cursor={first['nextCursor']}")
    assert [each["body"][-1] for each in [*first["logs"], *second["logs"]]] == ["4", "3", "2", "1", "0"]
    assert second["nextCursor"] is None


@pytest.mark.parametrize("path", ["/api/traces", "/api/logs"])
@pytest.mark.parametrize("cursor", ["x", "1", ":", "99999999999999999999:1", "1:x", "-1:1"])
def test_foreign_cursor(tenant: Tenant, path: str, cursor: str) -> None:
    """A cursor that is none of ours is refused or finds nothing, never a fault."""
    answer = tenant.server.send("GET", f"{path}?cursor={cursor}", key=tenant.secret_key)
    assert answer.status in (200, 400), answer


def test_unknown_trace(tenant: Tenant) -> None:
    """A trace that is not kept is a 404; one of another project is not shown."""
    trace = new_trace()
    tenant.post("/v1/traces", traces(span(trace)))
    other = new_tenant(tenant.server).arrived()
    for who, wanted in ((other, trace), (tenant, new_trace())):
        assert who.server.send("GET", f"/api/traces/{wanted}", key=who.secret_key).status == 404


def test_metrics_as_protobuf(tenant: Tenant) -> None:
    """Metric names are listed with their kind and unit."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add()
    metric.name, metric.unit = "queue.length", "{items}"
    point = metric.gauge.data_points.add()
    point.time_unix_nano, point.as_double = time_ns(), 7.5
    assert protobuf(tenant, "/v1/metrics", request.SerializeToString()).status == 200
    [found] = tenant.arrived().get("/api/metric-points?search=QUEUE")["metrics"]
    assert (found["name"], found["kind"], found["unit"], found["series"]) == (
        "queue.length",
        "gauge",
        "{items}",
        1,
    )
    assert tenant.get("/api/metric-points?name=queue.length&limit=1")["isCut"] is False
