"""Settings: DSN, environment, problems named together, the public API, lazy imports, anonymising."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import TelemetryCollector, TelemetryConfig, anonymise_path, hash_user_id
from holdfast._config import from_environment, parse_dsn, problems
from holdfast.testing import capturing


@pytest.mark.parametrize(
    ("dsn", "url", "key"),
    [
        ("http://hf_k@localhost:8000/1", "http://localhost:8000/api/telemetry/batch", "hf_k"),
        ("https://hf_k@example.com/1", "https://example.com/api/telemetry/batch", "hf_k"),
        ("https://hf_k:secret@example.com/tools/7", "https://example.com/tools/api/telemetry/batch", "hf_k"),
    ],
)
def test_dsn(dsn: str, url: str, key: str) -> None:
    """A DSN is endpoint and key; a prefix before the project stays."""
    settings: dict[str, Any] = {**parse_dsn(dsn)}
    config = TelemetryConfig(**settings)
    assert (config.batch_url, config.key) == (url, key)


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://example.com", "https://example.com/api/telemetry/batch"),
        ("https://example.com/", "https://example.com/api/telemetry/batch"),
        ("https://example.com/events", "https://example.com/events"),
        ("https://example.com/api/telemetry", "https://example.com/api/telemetry"),
    ],
)
def test_endpoint(endpoint: str, url: str) -> None:
    """A host alone gets the server's path; a path is used as it stands."""
    assert TelemetryConfig(endpoint=endpoint).batch_url == url


@pytest.mark.parametrize("dsn", ["", "nonsense", "ftp://k@host/1", "https://host/1", "https://@host/1"])
def test_wrong_dsn(dsn: str) -> None:
    """The error names what was given and the right form."""
    with pytest.raises(ValueError, match="https://<key>@<host>/<project>"):
        parse_dsn(dsn)


def test_environment() -> None:
    """Every plain setting can come from the environment; the documents' switches turn it off."""
    env = {
        "HOLDFAST_DSN": "https://k@example.com/1",
        "HOLDFAST_RELEASE": "1.2",
        "HOLDFAST_MAX_EVENTS": "500",
        "HOLDFAST_SAMPLING_RATE": "0.5",
        "HOLDFAST_DEBUG": "true",
        "HOLDFAST_REDACT_FIELDS": "a, b",
        "TELEMETRY_ENABLED": "false",
    }
    config = TelemetryConfig(**from_environment(env))
    assert (config.key, config.release, config.max_events, config.sampling_rate) == ("k", "1.2", 500, 0.5)
    assert (config.debug, config.redact_fields, config.enabled) == (True, ("a", "b"), False)
    assert from_environment({"ENABLE_ANALYTICS": "0"}) == {"enabled": False}


def test_problems_are_named_together() -> None:
    """All wrong settings at once, each with its name and what is right."""
    found = problems(
        TelemetryConfig(
            endpoint="x", sampling="sometimes", sampling_rate=2.0, max_events=0, transport="pigeon"
        )
    )
    assert len(found) == 5
    assert "sampling='sometimes' is not one of always, never, probabilistic, throttled" in found
    wrong: dict[str, Any] = {"endpoint": "https://e.com", "max_events": "many"}
    assert problems(TelemetryConfig(**wrong)) == ["max_events='many' is not a whole number"]


def test_wrong_settings_leave_it_off(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host goes on, is told once, and nothing is recorded."""
    monkeypatch.setattr("holdfast._log._said_at_s", {})  # another test may have heard the sentence
    monkeypatch.setattr(
        logging.getLogger("holdfast"), "disabled", False
    )  # some libraries' set-ups disable it
    collector = TelemetryCollector(endpoint="https://e.com", sampling="nonsense")
    collector.track("e")
    assert not collector.get_config().enabled
    assert collector.get_buffer_status().size == 0
    assert "telemetry is off, because sampling='nonsense'" in caplog.text


def test_unknown_setting_is_a_type_error() -> None:
    """A mistyped name is a mistake in the program, found at once."""
    with pytest.raises(TypeError, match="max_event"):
        TelemetryCollector(max_event=5)


def test_everything_works_before_init() -> None:
    """The functions beside `init` do nothing, without it and after `close`."""
    former = holdfast._client.use_client(None)
    try:
        holdfast.track("e")
        assert holdfast.capture_error(ValueError("x")) == ""
        holdfast.add_breadcrumb(message="m")
        holdfast.set_user("u")
        assert holdfast.flush(1)
        assert holdfast.close()
    finally:
        holdfast._client.use_client(former)


def test_identity_and_scope() -> None:
    """A scope wins over the process's user, arguments win over both."""
    with capturing() as captured:
        holdfast.set_user("process")
        holdfast.track("a")
        with holdfast.scope(user_id="scope", page="/cart"):
            holdfast.track("b")
            with holdfast.scope(session_id="inner"):
                holdfast.track("c", user_id="argument")
        a, b, c = captured.events
        assert (a["userId"], b["userId"], c["userId"]) == ("process", "scope", "argument")
        assert (b["page"], c["page"], c["sessionId"]) == ("/cart", "/cart", "inner")


def test_before_send() -> None:
    """A host may change an event or keep it back; what is kept back is counted."""

    def before_send(event: dict[str, Any]) -> dict[str, Any] | None:
        return None if event["type"] == "secret" else {**event, "metadata": {"changed": True}}

    with capturing(before_send=before_send) as captured:
        holdfast.track("secret")
        holdfast.track("open", {"a": 1})
        assert [event["metadata"] for event in captured.events] == [{"changed": True}]
        assert captured.client.collector.get_buffer_status().dropped == 1


def test_anonymise() -> None:
    """User ids are hashed, ids in paths replaced, queries cut, as document P asks for."""
    with capturing(anonymise=True) as captured:
        holdfast.track(
            "page_view",
            user_id="ann",
            page="/orders/8312/items?token=x",
            endpoint="/u/550e8400-e29b-41d4-a716-446655440000",
        )
        (event,) = captured.events
        assert event["userId"] == hash_user_id("ann") != "ann"
        assert (event["page"], event["endpoint"]) == ("/orders/[id]/items", "/u/[id]")
    assert anonymise_path("/products/summer-sale") == "/products/summer-sale"


def test_import_is_lazy() -> None:
    """Importing the package and making a collector loads neither urllib3 nor msgspec nor anything heavy."""
    code = """
import sys, json, holdfast
holdfast.TelemetryCollector(endpoint='https://e.com')
heavy = ['urllib3', 'msgspec', 'ssl', 'http', 'asyncio', 'logging', 'inspect', 'dataclasses', 'traceback', 'uuid', 'email']
print(json.dumps([name for name in heavy if name in sys.modules]))
"""
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(Path(holdfast.__file__).parents[1])!r})\n{code}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == []


def test_integrations_wait_for_their_library(tmp_path: Path) -> None:
    """`auto` imports no library; it integrates one when the program imports it."""
    code = """
import sys, holdfast
holdfast.init(endpoint='http://127.0.0.1:9', shutdown_timeout_ms=1)
before = 'tenacity' in sys.modules or 'openai' in sys.modules
import tenacity
print(before, hasattr(tenacity.BaseRetrying.iter, '__wrapped__'))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_public_api() -> None:
    """The names that hosts may rely on; a change here is a change of the contract with them."""
    assert sorted(holdfast.__all__) == [
        "AIOperationsSummary", "BufferStatus", "Client", "ConversationStats", "CoreWebVitals", "ErrorGroup",
        "ErrorSeverity", "ErrorStats", "ErrorTracking", "EventFields", "FeatureStats", "HealthCheck", "HealthReport",
        "HealthStatus", "PerformanceMetrics", "ProactiveMetrics", "ProviderStats", "Resilience", "ResourceMetrics",
        "Scope", "ServiceHealth", "Summary", "TelemetryCollector", "TelemetryConfig", "UsageAnalytics",
        "add_breadcrumb", "anonymise_path", "capture_error", "close", "flush", "get_client", "hash_user_id", "init",
        "scope", "set_consent", "set_user", "track",
    ]  # fmt: skip
    assert all(getattr(holdfast, name) is not None for name in holdfast.__all__)
    assert set(holdfast.__all__) <= set(dir(holdfast))
    methods = {
        name: sorted(m for m in vars(getattr(holdfast, name)) if not m.startswith("_"))
        for name in ("ErrorTracking", "HealthCheck", "UsageAnalytics")
    }
    assert methods == {
        "ErrorTracking": [
            "add_breadcrumb", "capture_error", "destroy", "get_error_groups", "get_stats", "track_recovery",
            "watch_loop",
        ],
        "HealthCheck": [
            "aget_health_report", "ais_healthy", "asgi_app", "destroy", "get_health_report", "get_service_health",
            "is_healthy", "register_service", "unregister_service", "wsgi_app",
        ],
        "UsageAnalytics": [
            "destroy", "end_conversation", "end_session", "get_conversation_stats", "get_feature_adoption_stats",
            "get_proactive_metrics", "get_provider_stats", "start_conversation", "start_session", "track_feature",
            "track_message", "track_proactive_acceptance", "track_proactive_dismissal", "track_proactive_suggestion",
            "track_provider_request",
        ],
    }  # fmt: skip


def test_manual_clock() -> None:
    """In tests time stands still until it is told to pass."""
    with capturing() as captured:
        holdfast.track("a")
        captured.clock.advance(60)
        holdfast.track("b")
        first, second = captured.events
        assert second["timestamp"] - first["timestamp"] == 60_000


def test_capturing_is_strict() -> None:
    """A mistake that production would only log fails the test."""
    with pytest.raises(LookupError), capturing() as captured:
        captured.client.performance.measure("m", "never set")
