"""What pages need to hear of spans as ordinary events: requests answered, calls made, models asked, web vitals.

The spans themselves are kept as spans; an event beside them feeds latency, error rates and AI usage, for Sentry and
OpenTelemetry clients alike. Names are OpenTelemetry's conventions with the older spellings of both worlds.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ...model.limits import MAX_NAME_CHARS, MAX_TEXT_CHARS
from ...model.paths import route_of
from .native import ENCODER, WireEvent
from .records import Span

METHOD = ("http.request.method", "http.method", "http.request_method", "method")
STATUS = ("http.response.status_code", "http.status_code", "http.response_status_code", "status_code")
ROUTE = ("http.route", "url.template", "http.target", "url.path")
ADDRESS = ("url.full", "http.url", "url")
HOST = ("server.address", "net.peer.name", "http.host", "peer.service")
PROVIDER = ("gen_ai.provider.name", "gen_ai.system", "ai.model.provider")
MODEL = ("gen_ai.request.model", "gen_ai.response.model", "ai.model_id", "ai.model.id")
TOKENS_IN = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "ai.prompt_tokens.used")
TOKENS_OUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "ai.completion_tokens.used")
TOKENS = ("gen_ai.usage.total_tokens", "ai.total_tokens.used")
AROUND_MODELS = ("agent", "tool", "handoff", "pipeline", "workflow", "run.")
"""Steps around a model's call, not the call: its tokens would count twice."""
STATUS_OF_WORD = {
    "error": 500, "internal_error": 500, "internal": 500, "unknown_error": 500, "data_loss": 500, "unimplemented": 501, "unavailable": 503,
    "deadline_exceeded": 504, "invalid_argument": 400, "failed_precondition": 400, "out_of_range": 400, "unauthenticated": 401,
    "permission_denied": 403, "not_found": 404, "already_exists": 409, "aborted": 409, "resource_exhausted": 429, "cancelled": 499,
}  # fmt: skip
"""For spans that say how they ended in a word only."""
VITALS = ("lcp", "inp", "cls", "fcp", "ttfb")
MEASUREMENTS = "sentry.measurements"
"""Where decode/sentry_spans.py puts what a transaction measured."""
GOOD_WORDS = frozenset({"", "ok", "unset"})


def events_of_spans(spans: Iterable[Span]) -> list[WireEvent]:
    """`http.request` for requests answered, `api_latency` for calls made, `ai_operation` for models asked, `performance` for
    the web vitals of a page."""
    found: list[WireEvent] = []
    for span in spans:
        event = event_of(span)
        if event is not None:
            found.append(event)
        found += vitals_of(span)
    return found


def event_of(span: Span) -> WireEvent | None:
    operation = ai_operation(span)
    if operation:
        return None if any(word in operation for word in AROUND_MODELS) else _model_asked(span, operation)
    method = text_in(span.attributes, *METHOD)
    if span.kind == "server" and (method or span.op == "http.server"):
        return _request_answered(span, method)
    if span.kind == "client" and (method or span.op == "http.client"):
        return _call_made(span, method)
    return None


def vitals_of(span: Span) -> list[WireEvent]:
    """What a page load measured, as our own browser client tells it."""
    measured = span.attributes.get(MEASUREMENTS)
    found: list[WireEvent] = []
    for name in VITALS:
        value = span.attributes.get(f"browser.web_vital.{name}.value")
        if value is None and isinstance(measured, dict):
            told = measured.get(name)
            value = told.get("value") if isinstance(told, dict) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e7:
            event = _event("performance", span)
            event.duration = None
            event.name, event.value, event.unit = name.upper(), value, "score" if name == "cls" else "ms"
            event.page = text_in(span.attributes, *ADDRESS) or None
            found.append(event)
    return found


def ai_operation(span: Span) -> str:
    """What was asked of a model, "" when the span is about something else."""
    named = text_in(span.attributes, "gen_ai.operation.name")
    if named:
        return named
    family, _, rest = span.op.partition(".")
    return (rest or family) if family in ("gen_ai", "ai") else ""


def _request_answered(span: Span, method: str) -> WireEvent:
    route = text_in(span.attributes, *ROUTE) or path_of(text_in(span.attributes, *ADDRESS)) or span.name
    event = _event("http.request", span)
    event.method = method[:MAX_NAME_CHARS] or None
    event.endpoint = route.removeprefix(f"{method} ")[:MAX_NAME_CHARS]
    event.status = status_of(span)
    return event


def _call_made(span: Span, method: str) -> WireEvent:
    url = text_in(span.attributes, *ADDRESS) or span.name.removeprefix(f"{method} ")
    template = text_in(span.attributes, "url.template")
    host = host_of(url) or text_in(span.attributes, *HOST)
    event = _event("api_latency", span)
    event.method = method[:MAX_NAME_CHARS] or None
    event.name = f"{method} {host}{template or route_of(url)}".strip()[:MAX_NAME_CHARS]
    event.status = status_of(span)
    return event


def _model_asked(span: Span, operation: str) -> WireEvent:
    """The words of the Python client's `track_ai_operation`."""
    given, made = number_in(span.attributes, *TOKENS_IN), number_in(span.attributes, *TOKENS_OUT)
    total = number_in(span.attributes, *TOKENS)
    data: dict[str, Any] = {
        "provider": text_in(span.attributes, *PROVIDER),
        "model": text_in(span.attributes, *MODEL),
        "operation": operation,
        "total_ms": duration_ms(span),
        "tokens": total if total is not None else (given or 0) + (made or 0),
        "input_tokens": given,
        "output_tokens": made,
    }
    if span.status not in GOOD_WORDS:
        data["error"] = text_in(span.attributes, "error.type") or span.status
    event = _event("ai_operation", span)
    event.name = "ai.operation"
    event.metadata = _raw(
        _about(span) | {key: value for key, value in data.items() if value not in ("", None)}
    )
    return event


def _event(kind: str, span: Span) -> WireEvent:
    return WireEvent(
        type=kind,
        timestamp=span.start_ns // 1_000_000,
        duration=duration_ms(span),
        component=span.service[:MAX_NAME_CHARS] or None,
        sessionId=span.session_id[:MAX_NAME_CHARS] or None,
        userId=span.user_id[:MAX_NAME_CHARS] or None,
        environment=span.environment[:MAX_NAME_CHARS] or None,
        release=span.release[:MAX_NAME_CHARS] or None,
        metadata=_raw(_about(span)),
    )


def _about(span: Span) -> dict[str, Any]:
    return {"traceId": span.trace_id, "spanId": span.span_id, "span": span.name[:MAX_TEXT_CHARS]}


def _raw(value: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(ENCODER.encode(value))


def duration_ms(span: Span) -> float:
    return max(0, span.end_ns - span.start_ns) / 1_000_000


def status_of(span: Span) -> int | None:
    code = number_in(span.attributes, *STATUS)
    if code is None:
        code = STATUS_OF_WORD.get(span.status)
    return code if code is not None and 0 <= code <= 65_535 else None


def host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def path_of(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def text_in(attributes: dict[str, Any], *names: str) -> str:
    """The first of these attributes that is text; some clients send lists of one."""
    for name in names:
        value = attributes.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str) and value:
            return value[:MAX_TEXT_CHARS]
    return ""


def number_in(attributes: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = attributes.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            value = int(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
            return int(value)
    return None
