"""GET /api/admin/resilience-metrics: every rate of document B with its status, and each component's health."""

from typing import Any

from .conftest import Tenant

SIGNALS = {
    "optimistic_action_start": 100,
    "optimistic_action_success": 92,
    "optimistic_action_rollback": 8,
    "retry_success": 30,
    "retry_failure": 20,
    "error_boundary_triggered": 10,
    "error_boundary_recovered": 10,
}


def metrics(tenant: Tenant, query: str = "range=1h") -> dict[str, Any]:
    report = tenant.get(f"/api/admin/resilience-metrics?{query}")
    return {item["metric_name"]: item for item in report["metrics"]}


def test_rates_and_status(tenant: Tenant) -> None:
    """B8: each rate by B's definition in percent, with baseline, threshold and status on its own side."""
    signals = [
        {"signal": name, "component": "Cart", "session_id": "s"}
        for name, count in SIGNALS.items()
        for _ in range(count)
    ]
    for start in range(0, len(signals), 100):
        assert tenant.post("/api/telemetry/resilience", signals[start : start + 100]).status == 200
    tenant.arrived()
    found = metrics(tenant)
    shown = {
        name: (item["metric_value"], item["status"], item["sample_size"]) for name, item in found.items()
    }
    assert shown["rollback_rate"] == (8.0, "degraded", 100)
    assert shown["retry_success_rate"] == (60.0, "degraded", 50)
    assert shown["error_recovery_rate"] == (100.0, "healthy", 10)
    assert (found["rollback_rate"]["threshold"], found["rollback_rate"]["baseline"]) == (10, 5)
    assert found["retry_success_rate"]["higher_is_better"] is True


def test_no_data_is_no_data(tenant: Tenant) -> None:
    """A rate that nothing was reported for is null with the status no_data and words, never 0."""
    for item in metrics(tenant).values():
        assert (item["metric_value"], item["status"], item["sample_size"]) == (None, "no_data", 0)
        assert item["message"]


def test_component_health(tenant: Tenant) -> None:
    """B9: components are shown with their own rates, the worst first."""
    for component, rollbacks in (("Fine", 0), ("Broken", 5)):
        tenant.send(
            *[{"type": "optimistic_action_success", "component": component}] * (10 - rollbacks),
            *[{"type": "optimistic_action_rollback", "component": component}] * rollbacks,
        )
    report = tenant.arrived().get("/api/admin/resilience-metrics?range=1h")
    assert [(item["component"], item["signals"], item["status"]) for item in report["components"]] == [
        ("Broken", 10, "alert"),
        ("Fine", 10, "healthy"),
    ]


def test_window_in_document_s_names(tenant: Tenant) -> None:
    """S: start_time and end_time choose the window; signals outside of it don't count."""
    tenant.send({"type": "retry_success", "component": "C"})
    tenant.arrived()
    assert (
        metrics(tenant, "start_time=2020-01-01T00:00:00Z&end_time=2020-01-02T00:00:00Z")[
            "retry_success_rate"
        ]["status"]
        == "no_data"
    )
    assert metrics(tenant, "start_time=2026-01-01T00:00:00Z")["retry_success_rate"]["metric_value"] == 100


def test_windows_that_make_no_sense(tenant: Tenant) -> None:
    """An empty, reversed, endless or unreadable window is a 400; one from the beginning of time is not."""
    for query in (
        "from=5&to=5",
        "from=2026-01-02&to=2026-01-01",
        "from=x",
        "range=0h",
        "range=week",
        "from=1990-01-01&to=2026-01-01",
        "from=-5&to=5",
    ):
        answer = tenant.server.send("GET", f"/api/admin/resilience-metrics?{query}", key=tenant.secret_key)
        assert answer.status == 400, query
    assert (
        tenant.get("/api/admin/resilience-metrics?from=0&to=1971-01-01")["from"] == "1970-01-01T00:00:00.000Z"
    )
