"""The ledger adds up (DESIGN, decision 4), the switches of the documents filter (P8), a rate limit limits."""

from collections.abc import Callable

from .conftest import Server, Tenant, new_tenant

PAGE_VIEW = {"type": "page_view", "page": "/"}
SIGNAL = {"type": "retry_success", "component": "c"}


def test_everything_sent_is_accounted_for(strict: Server) -> None:
    """After a mix of everything: sent = accepted + filtered + sampled + limited + invalid, each with its reason, once."""
    tenant = new_tenant(strict)
    dropped = [
        {"reason": "sample_rate", "quantity": 7},
        {"reason": "buffer_full", "quantity": 3},
        {"reason": "before_send", "quantity": 2, "category": "error"},
        {"reason": "Joe's own words <joe@example.com>", "quantity": 1},
        {"reason": "s.123-45-6789", "quantity": 1},
    ]
    for _ in range(2):
        answer = tenant.send(*[SIGNAL] * 10, *[PAGE_VIEW] * 5, {"no": "type"}, batchId="b", dropped=dropped)
        assert (answer["recorded"], answer["failed"], answer["total"]) == (15, 1, 16)
    tenant.post("/api/errors", {"errorType": "E", "message": "m"})
    assert tenant.post("/api/errors", {"message": "m"}).status == 400
    assert tenant.post("/api/telemetry", b"{").status == 400
    limited = tenant.post("/api/v1/events", {"events": [SIGNAL] * 290})
    assert limited.status == 429
    assert int(limited.headers["retry-after"]) >= 1
    tenant.arrived().wait_outcomes(
        {
            ("accepted", ""): 11,
            ("filtered", "analytics_off"): 5,
            ("filtered", "before_send"): 2,
            ("sampled", "sample_rate"): 7,
            ("limited", "buffer_full"): 3,
            ("limited", "other"): 2,
            ("limited", "rate"): 290,
            ("invalid", "bad_input"): 3,
        }
    )
    ledger = tenant.get("/api/ledger?range=1h")
    assert ledger["sent"] == sum(row["quantity"] for row in ledger["outcomes"]) == 323
    assert len(tenant.events()) == 11


def test_analytics_off(strict: Server) -> None:
    """P8: with ENABLE_ANALYTICS=0 usage is answered with success and not kept; errors, signals and latency are."""
    tenant = new_tenant(strict)
    kept = [SIGNAL, {"type": "api_call", "endpoint": "/x", "duration": 5}, {"type": "error", "name": "E"}]
    usage = [
        PAGE_VIEW,
        {"type": "action", "action": "a"},
        {"type": "session_start"},
        {"type": "feature.used"},
    ]
    assert tenant.send(*kept, *usage) == {"success": True, "recorded": 7, "failed": 0, "total": 7}
    assert sorted(event["type"] for event in tenant.events()) == ["api_call", "error", "retry_success"]


def test_telemetry_off(serve: Callable[..., Server]) -> None:
    """P8: with TELEMETRY_ENABLED=false every path answers with success, nothing is kept, all of it is counted as filtered."""
    tenant = new_tenant(serve(TELEMETRY_ENABLED="false"))
    assert tenant.send(PAGE_VIEW, SIGNAL)["recorded"] == 2
    assert tenant.post("/api/telemetry", {"events": [PAGE_VIEW]}).status == 204
    answer = tenant.post("/api/errors", {"errorType": "E", "message": "m"})
    assert (answer.json["success"], answer.json["duplicate"]) == (True, False)
    tenant.wait_outcomes({("filtered", "telemetry_off"): 4})
    assert tenant.events() == []
    assert tenant.get("/api/errors")["errors"] == []


def test_full_spool_is_a_503_and_recovers(serve: Callable[..., Server], tenant: Tenant) -> None:
    """When the disk has no room left: 503 with Retry-After, counted as limited, and the server still reads."""
    full = new_tenant(serve(HOLDFAST_DISK_RESERVE_MB="9999999"))
    answer = full.post("/api/telemetry/batch", {"events": [PAGE_VIEW]})
    assert (answer.status, answer.json["error"]["code"]) == (503, "spool_full")
    assert int(answer.headers["retry-after"]) >= 1
    assert full.get("/api/events")["events"] == []
    assert "holdfast_refused_events_total" in full.server.send("GET", "/metrics").body.decode()
