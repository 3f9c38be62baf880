"""Sentry's transactions and span containers as spans.

A transaction is a root span with its children beside it; newer clients stream spans with attributes instead.
"""

from typing import Any

from ...errors import BadInput
from ...model.limits import MAX_SPANS, MAX_TEXT_CHARS
from .records import Span
from .sentry import sdk_of, sent_tags, session_of
from .sentry_shapes import Json, text_of
from .sentry_values import Identify, attributes_of, dict_at, ns_of, take_user, text_at, within_limits

KIND_OF_OP = {
    "http.server": "server", "rpc.server": "server", "websocket.server": "server", "http.client": "client", "rpc.client": "client", "http": "client",
    "queue.publish": "producer", "queue.submit": "producer", "queue.process": "consumer", "queue.task": "consumer", "queue.receive": "consumer",
}  # fmt: skip
KIND_OF_FAMILY = {"db": "client", "cache": "client", "gen_ai": "client", "ai": "client"}


def spans_of_transaction(value: Json, identify: Identify) -> tuple[list[Span], int]:
    """(spans, how many could not be read). Raises BadInput when the transaction itself is no span."""
    trace = dict_at(dict_at(value, "contexts"), "trace")
    root = _span(trace | {name: value.get(name) for name in ("start_timestamp", "timestamp")})
    if root is None:
        raise BadInput("the transaction has no trace or no times")
    root.name = text_at(value, "transaction", MAX_TEXT_CHARS)
    root.is_segment = True
    root.attributes = within_limits(_about(value) | root.attributes)
    tags = {name: tag or "" for name, tag in sent_tags(value["tags"]).items()} if _has_tags(value) else {}
    common = {
        "environment": text_at(value, "environment"),
        "release": text_at(value, "release"),
        "sdk": sdk_of(dict_at(value, "sdk")),
        "session_id": session_of(tags, dict_at(value, "contexts"))[:200],
        "user_id": identify(dict_at(value, "user"))[:200],
        "service": text_at(dict_at(dict_at(dict_at(value, "contexts"), "otel"), "resource"), "service.name"),
    }
    sent = value.get("spans")
    sent = sent if isinstance(sent, list) else []
    found = [
        _span({"trace_id": root.trace_id} | item) for item in sent[: MAX_SPANS - 1] if isinstance(item, dict)
    ]
    spans = [root, *(span for span in found if span is not None)]
    for span in spans:
        for name, text in common.items():
            setattr(span, name, text)
    return spans, 1 + len(sent) - len(spans)


def spans_of_container(items: list[Any], identify: Identify) -> tuple[list[Span], int]:
    """(spans, how many could not be read)."""
    found = [_streamed(item, identify) for item in items[:MAX_SPANS] if isinstance(item, dict)]
    spans = [span for span in found if span is not None]
    return spans, len(items) - len(spans)


def _span(sent: Json) -> Span | None:
    start_ns, end_ns = ns_of(sent.get("start_timestamp")), ns_of(sent.get("timestamp"))
    trace_id, span_id = text_at(sent, "trace_id", 64), text_at(sent, "span_id", 32)
    if start_ns is None or not trace_id or not span_id:
        return None
    op = text_at(sent, "op")
    attributes = dict(dict_at(sent, "data"))
    for name in ("origin", "tags"):
        if sent.get(name):
            attributes[f"sentry.{name}"] = sent[name]
    return Span(
        trace_id,
        span_id,
        start_ns,
        max(start_ns, start_ns if end_ns is None else end_ns),
        name=text_of(sent.get("description"))[:MAX_TEXT_CHARS],
        parent_id=text_at(sent, "parent_span_id", 32),
        op=op,
        kind=kind_of(op),
        status=text_at(sent, "status"),
        attributes=within_limits(attributes),
    )


def _about(value: Json) -> Json:
    """What a transaction says besides its spans."""
    request = dict_at(value, "request")
    named = {
        "http.request.method": request.get("method"),
        "url.full": request.get("url"),
        "sentry.source": dict_at(value, "transaction_info").get("source"),
        "sentry.tags": value.get("tags"),
        "sentry.measurements": value.get("measurements"),
        "server.name": value.get("server_name"),
        "sentry.extra": value.get("extra"),
        "sentry.contexts": {k: v for k, v in dict_at(value, "contexts").items() if k != "trace"},
    }
    return {name: item for name, item in named.items() if item}


def _streamed(sent: Json, identify: Identify) -> Span | None:
    start_ns = ns_of(sent.get("start_timestamp"))
    end_ns = ns_of(sent.get("end_timestamp", sent.get("timestamp")))
    trace_id, span_id = text_at(sent, "trace_id", 64), text_at(sent, "span_id", 32)
    if start_ns is None or not trace_id or not span_id:
        return None
    attributes = attributes_of(sent.get("attributes"))
    user_id = take_user(attributes, identify)
    op = text_at(attributes, "sentry.op")
    links = sent.get("links")
    return Span(
        trace_id,
        span_id,
        start_ns,
        max(start_ns, start_ns if end_ns is None else end_ns),
        name=text_of(sent.get("name"))[:MAX_TEXT_CHARS],
        parent_id=text_at(sent, "parent_span_id", 32),
        op=op,
        kind=text_at(attributes, "sentry.kind") or text_at(sent, "kind") or kind_of(op),
        status=text_at(sent, "status"),
        service=text_at(attributes, "service.name"),
        session_id=text_at(attributes, "session.id") or text_at(attributes, "sentry.replay_id"),
        user_id=user_id[:200],
        environment=text_at(attributes, "sentry.environment"),
        release=text_at(attributes, "sentry.release"),
        sdk=f"{text_at(attributes, 'sentry.sdk.name')} {text_at(attributes, 'sentry.sdk.version')}".strip(),
        is_segment=sent.get("is_segment") is True,
        attributes=attributes,
        links=links[:128] if isinstance(links, list) else [],
    )


def kind_of(op: str) -> str:
    return KIND_OF_OP.get(op) or KIND_OF_FAMILY.get(op.partition(".")[0], "internal")


def _has_tags(value: Json) -> bool:
    return isinstance(value.get("tags"), dict | list)
