"""OpenAPI: the document is valid and complete, and its page works without any other host."""

import re

import pytest

from .conftest import Server

ENDPOINTS = {
    "/api/telemetry/batch": {"post"},
    "/api/telemetry": {"get", "post"},
    "/api/telemetry/resilience": {"post"},
    "/api/errors": {"get", "post"},
    "/api/v1/events": {"post"},
    "/api/feedback": {"get", "post"},
    "/api/feedback/{feedback_id}": {"get"},
    "/api/noise": {"get"},
    "/api/admin/resilience-metrics": {"get"},
    "/api/health/extended": {"get"},
    "/api/metrics/get_recent_errors": {"get"},
    "/api/metrics/get_api_latency_stats": {"get"},
    "/api/metrics/get_metrics_summary": {"get"},
    "/api/metrics/get_error_rate_timeseries": {"get"},
    "/api/metrics/cleanup_old_metrics": {"post"},
    "/api/query": {"post"},
    "/v1/traces": {"post"},
    "/v1/logs": {"post"},
    "/v1/metrics": {"post"},
    "/api/traces": {"get"},
    "/api/traces/{trace_id}": {"get"},
    "/api/logs": {"get"},
    "/api/metric-points": {"get"},
    "/healthz": {"get"},
    "/readyz": {"get"},
    "/metrics": {"get"},
}


def test_document_is_valid(server: Server) -> None:
    """The document validates against the OpenAPI 3.1 meta-schema, and holds each endpoint with a summary."""
    import jsonschema_rs

    document = server.send("GET", "/schema/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert {path: set(document["paths"][path]) & {"get", "post"} for path in ENDPOINTS} == ENDPOINTS
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation.get("summary"), (method, path)
    schemas = [
        media["schema"]
        for item in document["paths"].values()
        for operation in item.values()
        for media in operation.get("requestBody", {}).get("content", {}).values()
    ]
    for schema in [*schemas, *document["components"]["schemas"].values()]:
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


@pytest.mark.parametrize("path", ["/schema", "/schema/"])
def test_page_needs_no_other_host(server: Server, path: str) -> None:
    """The page's scripts, styles and icon are the server's own, and answer."""
    page = server.send("GET", path, headers={"Authorization": "", "Accept": "text/html"})
    assert page.status == 200
    head = page.body.decode().partition("<body>")[0]
    assert re.findall(r"https?://[^\"' ]+", head) == []
    scripts = re.findall(r'<script src="([^"]+)"', head)
    assert scripts
    for script in scripts:
        answer = server.send("GET", script, headers={"Authorization": ""})
        assert (answer.status, "javascript" in answer.headers["content-type"]) == (200, True)
        assert b"cdn." not in answer.body
