"""Events out of spans, whichever client made the spans."""

import msgspec
import pytest

from holdfast_server.ingest.decode.native import BATCH
from holdfast_server.ingest.decode.records import Span
from holdfast_server.ingest.decode.span_events import events_of_spans

START_NS = 1_795_000_000_000_000_000


def span(**fields: object) -> Span:
    given = {
        "trace_id": "a" * 32,
        "span_id": "b" * 16,
        "start_ns": START_NS,
        "end_ns": START_NS + 12_500_000,
    } | fields
    return msgspec.convert(given, Span)


def test_server_span() -> None:
    """A request answered feeds latency under its route, with method, status and duration."""
    attributes = {
        "http.request.method": "GET",
        "http.route": "/orders/{id}",
        "http.response.status_code": 503,
    }
    [event] = events_of_spans(
        [span(kind="server", attributes=attributes, service="shop", user_id="u1", release="1.0")]
    )
    assert (event.type, event.method, event.endpoint, event.status, event.duration) == (
        "http.request", "GET", "/orders/{id}", 503, 12.5,
    )  # fmt: skip
    assert (event.timestamp, event.component, event.userId, event.release) == (
        START_NS // 1_000_000, "shop", "u1", "1.0",
    )  # fmt: skip
    assert msgspec.json.decode(event.metadata)["traceId"] == "a" * 32


@pytest.mark.parametrize(
    "attributes",
    [
        {"http.method": "GET", "http.status_code": "404", "http.target": "/a"},
        {"http.request.method": ["GET"], "http.response.status_code": 404, "url.full": "https://h/a?x=1"},
    ],
)
def test_older_spellings(attributes: dict[str, object]) -> None:
    """The older names of the same attributes are read too."""
    [event] = events_of_spans([span(kind="server", attributes=attributes)])
    assert (event.method, event.endpoint, event.status) == ("GET", "/a", 404)


def test_name_with_method() -> None:
    """Without route attributes the span's name serves, without the method in it; a status may be a word."""
    [event] = events_of_spans(
        [
            span(
                kind="server",
                name="POST /pay/:id",
                attributes={"http.method": "POST"},
                status="internal_error",
            )
        ]
    )
    assert (event.endpoint, event.status) == ("/pay/:id", 500)


def test_client_span() -> None:
    """A call made is named by method, host and path template."""
    attributes = {
        "http.request.method": "POST",
        "url.full": "https://user:pw@api.example.org/v1/orders/88412?k=1",
    }
    [event] = events_of_spans([span(kind="client", attributes=attributes)])
    assert (event.type, event.name) == ("api_latency", "POST api.example.org/v1/orders/[id]")


def test_model_asked() -> None:
    """A model's call becomes an AI operation with the words of the Python client."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-x",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 8,
    }
    [event] = events_of_spans([span(kind="client", attributes=attributes)])
    data = msgspec.json.decode(event.metadata)
    assert (event.type, event.name, event.duration) == ("ai_operation", "ai.operation", 12.5)
    assert {key: data[key] for key in ("provider", "model", "tokens", "input_tokens", "total_ms")} == {
        "provider": "openai",
        "model": "gpt-x",
        "tokens": 20,
        "input_tokens": 12,
        "total_ms": 12.5,
    }
    assert "error" not in data


@pytest.mark.parametrize(
    "op", ["gen_ai.invoke_agent", "gen_ai.execute_tool", "ai.pipeline", "db", "http", ""]
)
def test_nothing_to_tell(op: str) -> None:
    """Steps around a model's call, and spans about neither HTTP nor models, make no event."""
    assert events_of_spans([span(op=op)]) == []


@pytest.mark.parametrize(
    "attributes",
    [
        {
            "browser.web_vital.lcp.value": 812.5,
            "browser.web_vital.cls.value": 0.02,
            "url.full": "https://h/a",
        },
        {
            "sentry.measurements": {
                "lcp": {"value": 812.5, "unit": "millisecond"},
                "cls": {"value": 0.02},
                "fp": {},
            },
            "url": "https://h/a",
        },
    ],
)
def test_web_vitals(attributes: dict[str, object]) -> None:
    """What a page load measured is told as our own browser client tells it."""
    found = events_of_spans([span(op="pageload", attributes=attributes)])
    assert [(event.type, event.name, event.value, event.unit, event.page, event.duration) for event in found] == [
        ("performance", "LCP", 812.5, "ms", "https://h/a", None), ("performance", "CLS", 0.02, "score", "https://h/a", None),
    ]  # fmt: skip


def test_long_and_odd_values_stay_storable() -> None:
    """Whatever attributes hold, the event can be read back from the spool."""
    for attributes in (
        {"http.method": "G" * 5000, "http.route": "/" * 5000, "http.status_code": 10**9},
        {"http.method": 7, "http.url": "http://[", "http.route": None},
        {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 1e300, "gen_ai.request.model": ["m"]},
    ):
        for kind in ("server", "client"):
            events = events_of_spans(
                [span(kind=kind, op=f"http.{kind}", name="n" * 9000, attributes=attributes)]
            )
            assert len(events) == 1
            BATCH.decode(msgspec.json.encode({"events": events}))
