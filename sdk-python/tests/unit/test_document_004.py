"""The Python twin of every example of the client's specification (document 004), in its order, with what it must do."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast import (
    ErrorSeverity,
    ErrorTracking,
    HealthCheck,
    HealthStatus,
    PerformanceMetrics,
    TelemetryCollector,
    TelemetryConfig,
    UsageAnalytics,
    get_client,
    init,
)
from holdfast.testing import CaptureTransport


class Bench:
    """A collector whose events can be read."""

    def __init__(self) -> None:
        self.sent = CaptureTransport()
        self.collectors: list[TelemetryCollector] = []

    def collector(self, **settings: Any) -> TelemetryCollector:
        options = {"transport": "custom", "custom_transport": self.sent, "max_events": 10_000, **settings}
        self.collectors.append(TelemetryCollector(**options))
        return self.collectors[-1]

    @property
    def events(self) -> list[dict[str, Any]]:
        for collector in self.collectors:
            collector.flush(5)
        return self.sent.events

    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    for collector in bench.collectors:
        collector.destroy(1)


def failed(message: str = "boom") -> RuntimeError:
    try:
        raise RuntimeError(message)
    except RuntimeError as error:
        return error


def test_collector_basic_usage(wire: Any) -> None:
    """Components, 1: construct, track, track_performance, track_error, flush, destroy."""
    collector = TelemetryCollector(
        enabled=True,
        transport="http",
        endpoint=f"{wire.url}/events",
        max_buffer_size=50,
        flush_interval_ms=30_000,
        sampling="always",
        redact_pii=True,
    )
    collector.track(
        {
            "type": "feature.used",
            "timestamp": time.time() * 1000,
            "data": {"feature_id": "proactive-suggestions"},
        }
    )
    collector.track_performance({"name": "api.latency", "value": 150, "unit": "ms"})
    collector.track_error(failed(), {"context": "api-call"})
    assert collector.flush()
    collector.destroy()
    assert [event["type"] for event in wire.events] == ["feature.used", "performance", "error"]
    assert wire.events[1]["value"] == 150
    assert wire.events[2]["metadata"]["context"] == {"context": "api-call"}
    assert wire.requests[0]["path"] == "/events"


def test_performance_metrics(bench: Bench) -> None:
    """Components, 2: AI operations, marks and measures, web vitals, summaries."""
    metrics = PerformanceMetrics(
        bench.collector(), track_core_web_vitals=True, track_resources=True, max_timings=1000
    )
    metrics.track_ai_operation(
        {
            "contextGatheringMs": 50,
            "contextCompressionMs": 30,
            "apiCallMs": 200,
            "totalMs": 280,
            "tokens": 500,
            "contextSizeBytes": 1024,
        }
    )
    metrics.track_ai_operation(
        context_gathering_ms=50,
        context_compression_ms=30,
        api_call_ms=200,
        total_ms=280,
        tokens=500,
        context_size_bytes=1024,
    )
    metrics.mark("operation-start")
    metrics.mark("operation-end")
    duration = metrics.measure("operation", "operation-start", "operation-end")
    assert 0 <= duration < 1_000
    metrics.record_web_vital("LCP", 1_800)
    cwv = metrics.get_core_web_vitals()
    assert (cwv.lcp, cwv.fid, cwv.cls) == (1_800, None, None)
    summary = metrics.get_ai_operations_summary()
    assert (summary.count, summary.total_tokens, summary.p95) == (2, 1_000, 280)
    assert bench.types() == ["ai_operation", "ai_operation", "performance", "web_vital"]
    assert bench.events[0]["metadata"] == bench.events[1]["metadata"]
    assert bench.events[0]["duration"] == 280
    metrics.destroy()


def test_usage_analytics(bench: Bench) -> None:
    """Components, 3: features, conversations, providers, proactive suggestions, and their statistics."""
    analytics = UsageAnalytics(
        bench.collector(),
        track_features=True,
        track_conversations=True,
        track_providers=True,
        track_proactive=True,
    )
    analytics.track_feature("proactive-suggestions", "enabled", {"userId": "user-123"})
    analytics.start_conversation("conv-1", "openai")
    analytics.track_message("conv-1", 50, "user")
    analytics.track_message("conv-1", 200, "assistant")
    analytics.end_conversation("conv-1", True)
    analytics.track_provider_request("openai", 150, True, 500)
    analytics.track_proactive_suggestion("sugg-1", {"intrusionLevel": "low"})
    analytics.track_proactive_acceptance("sugg-1", 5000)
    (feature,) = analytics.get_feature_adoption_stats()
    assert (feature.feature, feature.total, feature.unique_users) == ("proactive-suggestions", 1, 1)
    conversations = analytics.get_conversation_stats()
    assert (conversations.messages, conversations.tokens, conversations.completion_rate) == (2, 250, 1.0)
    proactive = analytics.get_proactive_metrics()
    assert (proactive.acceptance_rate, proactive.mean_time_to_accept_ms) == (1.0, 5000)
    assert bench.events[0]["userId"] == "user-123"
    assert bench.types() == [
        "feature",
        "conversation_start",
        "conversation_message",
        "conversation_message",
        "conversation_end",
        "provider_request",
        "proactive_suggestion",
        "proactive_suggestion",
    ]


def test_error_tracking(bench: Bench) -> None:
    """Components, 4: breadcrumbs, capture with severity, context and user, recovery, groups, statistics."""
    error_tracking = ErrorTracking(
        bench.collector(),
        enabled=True,
        capture_unhandled=True,
        capture_unhandled_rejections=True,
        max_breadcrumbs=50,
        deduplicate=True,
    )
    error_tracking.add_breadcrumb(
        {"category": "navigation", "message": "User navigated to settings", "level": "info"}
    )
    error_id = error_tracking.capture_error(
        failed(),
        {
            "severity": ErrorSeverity.ERROR,
            "context": {"endpoint": "/api/chat", "method": "POST"},
            "user": {"id": "user-123", "sessionId": "session-456"},
        },
    )
    error_tracking.track_recovery(error_id, True, {"strategy": "retry", "attempts": 2})
    groups = error_tracking.get_error_groups()
    assert groups[0].count == 1
    stats = error_tracking.get_stats()
    assert (stats.total_errors, stats.unique_groups, stats.recovery_rate) == (1, 1, 1.0)
    error, recovery = bench.events
    assert (error["userId"], error["sessionId"]) == ("user-123", "session-456")
    assert error["metadata"]["context"] == {"endpoint": "/api/chat", "method": "POST"}
    assert error["metadata"]["breadcrumbs"][0]["message"] == "User navigated to settings"
    assert recovery["metadata"] == {"strategy": "retry", "attempts": 2, "errorId": error_id, "success": True}
    error_tracking.destroy()


async def test_health_check(bench: Bench) -> None:
    """Components, 5: an async check that answers in the document's words, the report, is_healthy."""
    health_check = HealthCheck(bench.collector(), enabled=True, check_interval_ms=60_000, failure_threshold=3)

    async def check_api() -> dict[str, Any]:
        try:
            await asyncio.sleep(0)
            return {
                "service": "api",
                "status": HealthStatus.HEALTHY,
                "timestamp": time.time() * 1000,
                "responseTime": 100,
            }
        except OSError as error:
            return {"service": "api", "status": HealthStatus.UNHEALTHY, "message": str(error)}

    health_check.register_service("api", check_api)
    report = await health_check.aget_health_report()
    assert report.status == HealthStatus.HEALTHY
    assert report.uptime >= 0
    assert report.services["api"].response_time == 100
    assert await health_check.ais_healthy()
    assert health_check.is_healthy()
    health_check.destroy()


def test_quick_start(bench: Bench) -> None:
    """Quick start: collector, subsystems, use, cleanup."""
    collector = bench.collector(redact_pii=True)
    performance = PerformanceMetrics(collector)
    analytics = UsageAnalytics(collector)
    errors = ErrorTracking(collector)
    health = HealthCheck(collector)
    analytics.track_feature("chat", "started")
    performance.track_ai_operation({"totalMs": 150, "tokens": 500})
    collector.destroy()
    performance.destroy()
    errors.destroy()
    health.destroy()
    assert [event["type"] for event in bench.sent.events] == ["feature", "ai_operation"]


def test_configuration_defaults() -> None:
    """Configuration: every field of the document, with its default."""
    config = TelemetryConfig()
    assert (config.enabled, config.sampling, config.redact_pii, config.debug) == (True, "always", True, False)
    assert (config.max_buffer_size, config.flush_interval_ms, config.max_events) == (50, 30_000, 100)
    assert (config.throttle_window_ms, config.max_events_per_window) == (60_000, 100)
    assert config.max_payload_bytes <= 10_240
    for name in ("sampling_rate", "transport", "endpoint", "custom_transport", "redact_fields"):
        assert hasattr(config, name)


def test_privacy_configuration(bench: Bench) -> None:
    """Configuration, privacy: listed fields are redacted, own ones too."""
    fields = ("email", "password", "token", "apiKey", "secret", "creditCard", "ssn", "nickname")
    collector = bench.collector(redact_pii=True, redact_fields=fields)
    collector.track("e", dict.fromkeys(fields, "x") | {"kept": "x"})
    assert bench.events[0]["metadata"] == dict.fromkeys(fields, "[REDACTED]") | {"kept": "x"}


def test_provider_and_hook(wire: Any) -> None:
    """React integration: one client for the program, reached from anywhere, closed at its end."""
    telemetry = init(endpoint=wire.url, integrations="none", capture_unhandled=False, capture_logging=False)
    try:
        assert get_client() is telemetry
        get_client().performance.observe("render", 12.0)
        telemetry.flush(5)
    finally:
        telemetry.close()
    assert wire.events[0]["name"] == "render"


def test_ai_system_integration(bench: Bench) -> None:
    """AI system integration: marks around a request, its tokens, its errors."""
    collector = bench.collector(enabled=True)
    performance = PerformanceMetrics(collector)

    def on_request() -> None:
        performance.mark("ai-request-start")

    def on_response(total_tokens: int) -> None:
        performance.mark("ai-request-end")
        duration = performance.measure("ai-request", "ai-request-start", "ai-request-end")
        performance.track_ai_operation(total_ms=duration, tokens=total_tokens)

    def on_error(error: BaseException) -> None:
        collector.track_error(error, {"context": "ai-request"})

    on_request()
    on_response(12)
    on_error(failed())
    assert bench.types() == ["performance", "ai_operation", "error"]


def test_server_side_integration() -> None:
    """Server-side integration: an async custom transport, a request event by hand, a relay for clients' events."""
    batches: list[list[dict[str, Any]]] = []

    async def send_batch(events: list[dict[str, Any]]) -> None:
        await asyncio.sleep(0)
        batches.append(events)

    collector = TelemetryCollector(enabled=True, transport="custom", custom_transport=send_batch)
    start = time.time()
    collector.track(
        {
            "type": "http.request",
            "timestamp": time.time() * 1000,
            "data": {"method": "GET", "path": "/", "status": 200, "duration": (time.time() - start) * 1000},
        }
    )
    for event in [{"type": "page_view", "sessionId": "s", "page": "/cart"}]:
        collector.track(event)
    assert collector.flush(5)
    collector.destroy()
    request, relayed = batches[0]
    assert request["metadata"]["status"] == 200
    assert (relayed["type"], relayed["sessionId"], relayed["page"]) == ("page_view", "s", "/cart")


def test_pii_redaction(bench: Bench) -> None:
    """Privacy: the document's login event."""
    collector = bench.collector(redact_pii=True, redact_fields=("email", "password", "token", "apiKey"))
    collector.track(
        {
            "type": "user.login",
            "timestamp": time.time() * 1000,
            "data": {"email": "user@example.com", "password": "secret123", "username": "john_doe"},
        }
    )
    assert bench.events[0]["metadata"] == {
        "email": "[REDACTED]",
        "password": "[REDACTED]",
        "username": "john_doe",
    }


def test_pii_patterns(bench: Bench) -> None:
    """Privacy: e-mail addresses, social security numbers, cards and phones inside text."""
    texts = ["mail jo@example.com", "ssn 123-45-6789", "card 4111 1111 1111 1111", "call (415) 555-2671"]
    bench.collector().track("e", {"texts": texts})
    assert bench.events[0]["metadata"]["texts"] == [f"{text.split()[0]} [REDACTED]" for text in texts]


def test_opt_in_and_opt_out(bench: Bench) -> None:
    """Privacy: nothing before consent, everything after, nothing again once it is withdrawn."""
    stored = {"telemetry-consent": "denied"}
    collector = bench.collector(enabled=stored["telemetry-consent"] == "granted")

    def update_consent(consent: str) -> None:
        stored["telemetry-consent"] = consent
        collector.update_config(enabled=consent == "granted")

    collector.track("before")
    update_consent("granted")
    collector.track("between")
    collector.flush(5)
    collector.track("not sent yet")
    update_consent("denied")
    collector.track("after")
    assert bench.types() == ["between"]
    assert collector.get_buffer_status().size == 0


def test_overhead_measurement(bench: Bench) -> None:
    """Performance: a thousand events of the document's own measurement all arrive."""
    collector = bench.collector(enabled=True)
    start = time.perf_counter()
    for index in range(1_000):
        collector.track({"type": "test.event", "timestamp": time.time() * 1000, "data": {"index": index}})
    duration_ms = (time.perf_counter() - start) * 1000
    print("Overhead per event:", duration_ms / 1000, "ms")
    assert len(bench.events) == 1_000


def test_memory_management(bench: Bench) -> None:
    """Performance: resource use can be read; the buffer is bounded."""
    resources = PerformanceMetrics(bench.collector()).get_resource_metrics()
    assert resources.memory_usage
    assert resources.memory_usage > 1_000_000
    limited = TelemetryCollector(
        transport="custom", custom_transport=lambda events: time.sleep(0.2), max_buffer_size=50
    )
    for _ in range(1_000):
        limited.track("e")
    status = limited.get_buffer_status()
    assert status.size <= status.max_size == 100
    limited.destroy(0)


def test_probabilistic_sampling(bench: Bench) -> None:
    """Performance: about the asked share is kept, errors all, and the rest is counted."""
    collector = bench.collector(sampling="probabilistic", sampling_rate=0.1)
    for _ in range(3_000):
        collector.track("e")
    collector.track_error(failed())
    kept = bench.types().count("e")
    assert 180 < kept < 420
    assert bench.types().count("error") == 1
    assert collector.get_buffer_status().dropped == 3_000 - kept


def test_throttled_sampling(bench: Bench) -> None:
    """Performance: so many a window, no more."""
    collector = bench.collector(sampling="throttled", max_events_per_window=100, throttle_window_ms=60_000)
    for _ in range(150):
        collector.track("e")
    assert len(bench.events) == 100


def test_structured_events(bench: Bench) -> None:
    """Best practices, 2: structure survives as it was given."""
    data = {"feature": "proactive-suggestions", "action": "accepted", "suggestionId": "sugg-123"}
    bench.collector().track({"type": "feature.interaction", "timestamp": time.time() * 1000, "data": data})
    assert bench.events[0]["metadata"] == data


def test_breadcrumb_trail(bench: Bench) -> None:
    """Best practices, 3: the error carries the trail, in order, with data."""
    errors = ErrorTracking(bench.collector())
    errors.add_breadcrumb({"category": "navigation", "message": "Navigated to chat page", "level": "info"})
    errors.add_breadcrumb(
        {
            "category": "user-action",
            "message": "Clicked send button",
            "level": "info",
            "data": {"messageLength": 150},
        }
    )
    errors.capture_error(failed())
    errors.destroy()
    trail = bench.events[0]["metadata"]["breadcrumbs"]
    assert [crumb["message"] for crumb in trail] == ["Navigated to chat page", "Clicked send button"]
    assert trail[1]["data"] == {"messageLength": 150}


def test_monitor_health(bench: Bench) -> None:
    """Best practices, 4: several services, one failing: degraded, below the threshold."""
    health_check = HealthCheck(bench.collector(), check_interval_ms=0)
    health_check.register_service("database", lambda: True)
    health_check.register_service("api", lambda: False)
    health_check.register_service("cache", lambda: {"status": "degraded"}, required=False)
    report = health_check.get_health_report()
    assert report.status == HealthStatus.DEGRADED
    assert report.services["api"].consecutive_failures == 1
    health_check.destroy()


def test_clean_up(bench: Bench) -> None:
    """Best practices, 5: flush and destroy everything; after that nothing is recorded."""
    collector = bench.collector()
    parts: list[Any] = [PerformanceMetrics(collector), ErrorTracking(collector), HealthCheck(collector)]
    collector.track("last")
    assert collector.flush()
    collector.destroy()
    for part in parts:
        part.destroy()
    collector.track("after")
    assert [event["type"] for event in bench.sent.events] == ["last"]


def test_troubleshooting(bench: Bench) -> None:
    """Troubleshooting: configuration and buffer can be read and changed while running."""
    collector = bench.collector(endpoint="https://holdfast.example.com")
    assert collector.get_config().enabled
    assert collector.get_config().endpoint == "https://holdfast.example.com"
    collector.track("e")
    status = collector.get_buffer_status()
    assert (status.size, status.max_size) == (1, 10_000)
    assert collector.flush()
    collector.update_config(max_buffer_size=25)
    collector.update_config(flush_interval_ms=15_000)
    collector.update_config(sampling="probabilistic", sampling_rate=0.5)
    config = collector.get_config()
    assert (config.max_buffer_size, config.flush_interval_ms, config.sampling_rate) == (25, 15_000, 0.5)


def test_custom_transport_with_retries() -> None:
    """Troubleshooting: a transport that retries by itself; what it raises at last is retried by the collector."""
    attempts = 0
    delivered: list[dict[str, Any]] = []

    async def custom_transport(events: list[dict[str, Any]]) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise ConnectionError("away")
        delivered.extend(events)

    collector = TelemetryCollector(transport="custom", custom_transport=custom_transport, retry_base_ms=1)
    collector.track("e")
    assert collector.flush(5)
    collector.destroy()
    assert (attempts, len(delivered)) == (3, 1)


def test_debug_mode(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Troubleshooting: debug mode tells each delivery through logging."""
    collector = bench.collector(debug=True)
    logging.getLogger("holdfast").disabled = False  # some libraries' set-ups disable existing loggers
    with caplog.at_level("DEBUG", logger="holdfast"):
        collector.track("e")
        assert collector.flush(5)
    assert any("batch" in record.message and "accepted" in record.message for record in caplog.records)
