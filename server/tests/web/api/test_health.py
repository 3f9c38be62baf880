"""Health over HTTP (P12, P13): the extended report field by field, readiness, liveness, Prometheus."""

from datetime import datetime

from prometheus_client.parser import text_string_to_metric_families

from .conftest import Server, Tenant

DOCUMENT_P = {
    "status": str,
    "timestamp": str,
    "version": str,
    "commit": str,
    "uptime": {"hours": int, "minutes": int, "formatted": str},
    "database": {"status": str, "latencyMs": float},
    "sessions": {"active": int, "windowMinutes": int},
    "errorRate": {"errors": int, "totalEvents": int, "rate": float, "windowHours": int},
    "memory": {"heapUsedMB": float, "heapTotalMB": float, "rssMB": float},
}


def missing(found: object, wanted: object, path: str = "") -> list[str]:
    if isinstance(wanted, dict):
        if not isinstance(found, dict):
            return [path]
        return [
            item for name, kind in wanted.items() for item in missing(found.get(name), kind, f"{path}.{name}")
        ]
    if wanted is float:
        wanted = (int, float)
    return [] if isinstance(found, wanted) else [path]  # type: ignore[arg-type]


def test_extended_report(tenant: Tenant) -> None:
    """P12: every field of the document is there with its type, without a login, as the document's curl line asks."""
    tenant.send({"type": "page_view", "page": "/", "sessionId": "here"})
    tenant.arrived()
    answer = tenant.server.send("GET", "/api/health/extended", headers={"Authorization": ""})
    assert answer.status == 200
    report = answer.json
    assert missing(report, DOCUMENT_P) == []
    assert report["sessions"]["active"] >= 1
    assert report["errorRate"]["totalEvents"] >= 1
    assert report["memory"]["rssMB"] > 10
    assert datetime.fromisoformat(report["timestamp"]).tzinfo is not None


def test_healthz_and_readyz(server: Server) -> None:
    """Liveness and readiness answer without a key, readiness naming each part."""
    assert server.send("GET", "/healthz", headers={"Authorization": ""}).json == {"status": "ok"}
    ready = server.send("GET", "/readyz", headers={"Authorization": ""})
    assert (ready.status, ready.json["ready"]) == (200, True)
    assert set(ready.json["checks"]) == {"events", "state", "spool", "disk"}


def test_prometheus(tenant: Tenant) -> None:
    """/metrics parses, has a help line for each metric, and counts what was refused; nothing in it names a project."""
    tenant.post("/api/telemetry/batch", b"{")
    tenant.send({"type": "ok"}, {"no": "type"})
    text = tenant.server.send(
        "GET", "/metrics", headers={"Authorization": "", "Accept": "text/plain"}
    ).body.decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert all(family.documentation and family.name.startswith("holdfast_") for family in families.values())
    up = {sample.labels["component"]: sample.value for sample in families["holdfast_component_up"].samples}
    assert up == dict.fromkeys(("events", "state", "spool", "disk"), 1)
    refused = [
        sample
        for sample in families["holdfast_refused_events"].samples
        if sample.labels == {"outcome": "invalid", "reason": "bad_input"}
    ]
    assert refused[0].value >= 2
    assert "project" not in text


def test_security_of_open_reports(tenant: Tenant) -> None:
    """What is open to everybody holds no key, no password and no path of the machine."""
    for path in ("/api/health/extended", "/readyz", "/metrics", "/healthz"):
        body = tenant.server.send("GET", path, headers={"Authorization": ""}).body.decode()
        assert str(tenant.server.data) not in body
        assert "hf_" not in body.replace("holdfast_", "")
