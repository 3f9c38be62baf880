"""Reading back: GET /api/telemetry, single events, document C's five functions, SQL."""

import json
from typing import Any

import pytest

from holdfast_server.event_store.queries.maintenance import RAW_TABLES

from .conftest import Tenant

API = [
    {"type": "api_call", "endpoint": "/api/orders/8841", "method": "GET", "duration": ms, "status": 200}
    for ms in range(10, 1010, 10)
]


def test_telemetry_totals(tenant: Tenant) -> None:
    """P: GET /api/telemetry counts by type, with people and sessions, durations, and a row for every step of the window."""
    tenant.send(
        *({"type": "page_view", "page": "/", "userId": f"u{n % 3}", "sessionId": f"s{n}"} for n in range(6)),
        *API[:10],
    )
    report = tenant.arrived().get("/api/telemetry?days=1")
    assert report["totalEvents"] == 16
    types = {row["type"]: row for row in report["types"]}
    assert (
        types["page_view"]["count"],
        types["page_view"]["uniqueUsers"],
        types["page_view"]["uniqueSessions"],
    ) == (6, 3, 6)
    assert types["api_call"]["durationMs"]["p50"] == pytest.approx(50, rel=0.05)
    assert types["page_view"]["durationMs"] is None
    assert sum(sum(row["counts"].values()) for row in report["series"]) == 16
    assert len(report["series"]) in (24, 25)


def test_telemetry_of_one_type(tenant: Tenant) -> None:
    """P: type narrows the answer to one type; days reaches as far back as asked."""
    tenant.send({"type": "page_view", "page": "/"}, {"type": "action", "action": "buy"})
    report = tenant.arrived().get("/api/telemetry?days=30&type=action")
    assert [row["type"] for row in report["types"]] == ["action"]
    assert report["totalEvents"] == 1


@pytest.mark.parametrize("query", ["days=0", "days=-1", "days=x", "days=99999", "days=NaN", "days=inf"])
def test_days_out_of_range(tenant: Tenant, query: str) -> None:
    """A span that makes no sense is a 400 that names days."""
    answer = tenant.server.send("GET", f"/api/telemetry?{query}", key=tenant.secret_key)
    assert (answer.status, answer.json["error"]["path"]) == (400, "days")


def test_event_filters(tenant: Tenant) -> None:
    """Events are narrowed by type, component, session, user and environment, newest first."""
    tenant.send(
        {"type": "a", "component": "C", "sessionId": "s", "userId": "u", "environment": "prod"},
        {"type": "b"},
        {"type": "a"},
    )
    for query in ("type=b", "component=C", "session=s", "user=u", "env=prod"):
        assert len(tenant.events(query)) == 1, query
    assert [event["type"] for event in tenant.events("limit=2")] == ["a", "b"]
    newest = tenant.events("limit=1")[0]["id"]
    assert tenant.events(f"after={newest}") == []


def test_five_functions_of_document_c(tenant: Tenant) -> None:
    """C2: each function answers under its own name with the figures of what was sent."""
    tenant.send(*API)
    tenant.send({"type": "page_view", "page": "/", "userId": "u"})
    tenant.post("/api/errors", {"errorType": "E", "message": "m", "userId": "u"})
    tenant.arrived()
    [latest] = tenant.get("/api/metrics/get_recent_errors?hours=1")
    assert (latest["error_type"], latest["message"], latest["user_id"]) == ("E", "m", "u")
    [latency] = tenant.get("/api/metrics/get_api_latency_stats?hours=1")
    assert (latency["endpoint"], latency["request_count"], latency["error_count"]) == (
        "GET /api/orders/[id]",
        100,
        0,
    )
    assert (latency["avg_ms"], latency["max_ms"]) == (505, 1000)
    for name, exact in (("p50_ms", 500), ("p95_ms", 950), ("p99_ms", 990)):
        assert latency[name] == pytest.approx(exact, rel=0.05)
    summary = tenant.get("/api/metrics/get_metrics_summary?hours=1")
    assert (summary["totalEvents"], summary["errors"], summary["uniqueUsers"]) == (102, 1, 1)
    assert summary["errorRate"] == pytest.approx(1 / 102)
    series = tenant.get("/api/metrics/get_error_rate_timeseries?hours=2&bucket_minutes=30")
    assert (sum(row["errors"] for row in series), sum(row["total"] for row in series)) == (1, 102)
    assert [row["rate"] for row in series if not row["total"]].count(None) == len(series) - sum(
        1 for row in series if row["total"]
    )
    cleaned = tenant.server.send(
        "POST", "/api/metrics/cleanup_old_metrics?retention_days=1", {}, key=tenant.secret_key
    )
    assert cleaned.json == {"deleted": dict.fromkeys(RAW_TABLES, 0), "retentionDays": 1}


def test_cleanup_takes_what_is_old_alone(tenant: Tenant) -> None:
    """C2: cleanup deletes raw events older than asked, keeps newer ones, and keeps the aggregates."""
    tenant.send({"type": "old", "timestamp": three_days_ago()}, {"type": "new"})
    tenant.arrived()
    answer = tenant.server.send(
        "POST", "/api/metrics/cleanup_old_metrics?retention_days=2", {}, key=tenant.secret_key
    )
    assert answer.json["deleted"] == dict.fromkeys(RAW_TABLES, 0) | {"events": 1}
    assert [event["type"] for event in tenant.events()] == ["new"]
    assert tenant.get("/api/telemetry?days=7")["totalEvents"] == 2


def three_days_ago() -> int:
    from holdfast_server.model.clock import SystemClock

    return SystemClock().now_ms() - 3 * 86_400_000


def test_question_in_sql(tenant: Tenant) -> None:
    """B13: a person's SELECT is answered with columns and rows."""
    tenant.send({"type": "page_view", "page": "/"})
    answer = tenant.arrived().server.send(
        "POST",
        "/api/query",
        {"sql": "SELECT type, count() AS n FROM events GROUP BY type"},
        key=tenant.secret_key,
    )
    assert [column["name"] for column in answer.json["columns"]] == ["type", "n"]
    assert (answer.json["rows"], answer.json["rowCount"]) == ([["page_view", 1]], 1)


@pytest.mark.parametrize(
    "table", ["resilience_metrics", "resilience_metrics_hourly", "resilience_metrics_daily"]
)
def test_names_of_document_b_in_sql(tenant: Tenant, table: str) -> None:
    """B's tables answer under B's names with what was sent, and nothing else."""
    tenant.send(
        {"type": "retry_success", "component": "Cart", "userId": "u"}, {"type": "page_view", "page": "/"}
    )
    tenant.arrived()
    assert tenant.sql(f"SELECT component, signal FROM {table}") == [["Cart", "retry_success"]]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE events",
        "SELECT * FROM system.tables",
        "SELECT file('/etc/passwd')",
        "SELECT 1; SELECT 2",
        "",
        "SELEC",
    ],
)
def test_refused_sql(tenant: Tenant, sql: str) -> None:
    """What is not one plain SELECT over our tables is a 400, and says why."""
    answer = tenant.server.send("POST", "/api/query", {"sql": sql}, key=tenant.secret_key)
    assert answer.status == 400
    assert answer.json["error"]["message"]


def test_sql_that_fails_is_a_400(tenant: Tenant) -> None:
    """A question that the store refuses is the asker's to mend: 400 with its words."""
    answer = tenant.server.send(
        "POST", "/api/query", {"sql": "SELECT no_such_column FROM events"}, key=tenant.secret_key
    )
    assert (answer.status, answer.json["error"]["code"]) == (400, "query_failed")


def test_live_stream(tenant: Tenant) -> None:
    """GET /live/events shows an event that arrives while somebody watches (B: no reload needed)."""
    import urllib.request

    request = urllib.request.Request(
        f"{tenant.server.url}/live/events", headers={"Authorization": f"Bearer {tenant.secret_key}"}
    )
    with urllib.request.urlopen(request, timeout=20) as stream:
        assert read_message(stream)[0] == "ready"
        kind, data = "", {}
        while (
            kind != "events"
        ):  # the feed begins with its first look at the store, which may fall before or after this
            tenant.send({"type": "seen", "page": "/live"})
            kind, data = read_message(stream)
    assert data["events"][0]["type"] == "seen"


def read_message(stream: Any) -> tuple[str, Any]:
    kind, data = "", ""
    while True:
        line = stream.readline().decode().rstrip("\r\n")
        if not line and (kind or data):
            return kind, json.loads(data or "{}")
        if line.startswith("event:"):
            kind = line[6:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
