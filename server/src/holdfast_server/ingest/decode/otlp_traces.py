"""OTLP spans as records. A span without usable ids belongs to no trace: it is rejected alone."""

from typing import Any

from ...model.limits import MAX_NAME_CHARS
from .otlp_shapes import ResourceSpans, SpanEvent, SpanLink, Traces, WireSpan
from .otlp_taken import Taken
from .otlp_values import (
    Origin,
    Room,
    attributes_of,
    id_of,
    line_of,
    origin_of,
    person_of,
    record_attributes,
    scoped,
    whole,
    with_dropped,
    word_of,
)
from .records import Span

KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
STATUSES = {0: "unset", 1: "ok", 2: "error"}
MAX_EVENTS = 128
MAX_LINKS = 128
"""Both are the SDKs' own defaults."""
HAS_REMOTE_PARENT = 0x300


def spans_of(request: Traces) -> Taken[Span]:
    taken: Taken[Span] = Taken([])
    for group in request.resource_spans or ():
        _add(taken, group)
    return taken


def _add(taken: Taken[Span], group: ResourceSpans) -> None:
    origin = origin_of(group.resource)
    for scope_spans in group.scope_spans or ():
        own = scoped(origin, scope_spans.scope)
        for span in scope_spans.spans or ():
            found = _span(span, own)
            if found is None:
                taken.reject("bad_id", "a span needs a trace id of 32 and a span id of 16 hexadecimal digits")
            else:
                taken.add(found, own.size)


def _span(span: WireSpan, origin: Origin) -> Span | None:
    trace_id, span_id = id_of(span.trace_id, 32), id_of(span.span_id, 16)
    if not trace_id or not span_id:
        return None
    status = span.status
    attributes = record_attributes(
        origin,
        span.attributes,
        span.dropped_attributes_count,
        **{
            "otel.status_description": line_of(status.message) if status is not None else "",
            "w3c.tracestate": line_of(span.trace_state),
        },
    )
    kind, parent = word_of(span.kind, KINDS, "span_kind_"), id_of(span.parent_span_id, 16)
    began = whole(span.start_time_unix_nano)
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        start_ns=began,
        end_ns=whole(span.end_time_unix_nano) or began,
        name=line_of(span.name),
        parent_id=parent,
        kind=kind,
        status=word_of(status.code if status is not None else 0, STATUSES, "status_code_") or "unset",
        sdk=origin.sdk,
        is_segment=not parent
        or kind in ("server", "consumer")
        or whole(span.flags) & HAS_REMOTE_PARENT == HAS_REMOTE_PARENT,
        attributes=attributes,
        events=_events(span, began),
        links=[_link(link) for link in list(span.links or ())[:MAX_LINKS]],
        **person_of(attributes, origin.resource),
        **origin.fields,
    )


def _events(span: WireSpan, began: int) -> list[Any]:
    room = Room()
    return [_event(event, room, began) for event in list(span.events or ())[:MAX_EVENTS]]


def _event(event: SpanEvent, room: Room, began: int) -> dict[str, Any]:
    """All events of a span share the room for characters, so that many do not make a giant of it; keys each has its own."""
    own = Room(chars=room.chars)
    attributes = with_dropped(attributes_of(event.attributes, own), own)
    room.chars = own.chars
    return {
        "name": line_of(event.name, MAX_NAME_CHARS),
        "timeUnixNano": str(whole(event.time_unix_nano) or began),
        "attributes": attributes,
    }


def _link(link: SpanLink) -> dict[str, Any]:
    room = Room(keys=32, chars=2_048)
    attributes = attributes_of(link.attributes, room)
    return {
        "traceId": id_of(link.trace_id, 32),
        "spanId": id_of(link.span_id, 16),
        "attributes": with_dropped(attributes, room),
    }
