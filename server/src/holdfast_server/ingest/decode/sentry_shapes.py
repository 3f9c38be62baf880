"""A Sentry event's fields with their types, and a slow reading for what does not fit them: real clients send odd shapes.

Frames, breadcrumbs and contexts stay free data: typing them costs more than all the rest.
"""

import json
from typing import Any

import msgspec

from ...errors import BadInput
from .native import ANY, ENCODER, storable

Json = dict[str, Any]


class Stacktrace(msgspec.Struct):
    frames: list[Json | None] | None = None


class Raised(msgspec.Struct):
    """One exception of the chain. JS sends messages as one without a type."""

    type: str | None = None
    value: str | None = None
    module: str | None = None
    mechanism: Json | None = None
    stacktrace: Stacktrace | None = None


class RaisedValues(Raised):
    """The chain, or the single exception itself in its place."""

    values: list[Raised | None] | None = None


class Thread(msgspec.Struct):
    stacktrace: Stacktrace | None = None
    name: str | None = None
    crashed: bool | None = None
    current: bool | None = None


class ThreadValues(msgspec.Struct):
    values: list[Thread | None] | None = None


class Values(msgspec.Struct):
    values: list[Any] | None = None


class Message(msgspec.Struct):
    message: str | None = None
    formatted: str | None = None
    params: list[Any] | Json | None = None


class Ours(msgspec.Struct):
    """What the handler wrote into the event: its attachments."""

    files: list[Json] = []


class Event(msgspec.Struct):
    event_id: str | None = None
    timestamp: str | float | None = None
    level: str | None = None
    platform: str | None = None
    logger: str | None = None
    transaction: str | None = None
    server_name: str | None = None
    release: str | None = None
    dist: str | None = None
    environment: str | None = None
    exception: RaisedValues | list[Raised | None] | None = None
    threads: ThreadValues | list[Thread | None] | None = None
    stacktrace: Stacktrace | None = None
    message: str | Message | None = None
    logentry: Message | None = None
    tags: Json | list[Any] | None = None
    fingerprint: list[Any] | str | None = None
    user: Json | None = None
    request: Json | None = None
    contexts: Json | None = None
    breadcrumbs: Values | list[Any] | None = None
    extra: Json | None = None
    modules: Json | None = None
    sdk: Json | None = None
    debug_meta: Json | None = None
    type: str | None = None
    ours: Ours = msgspec.field(name="_holdfast", default_factory=Ours)


EVENT = msgspec.json.Decoder(Event)
KINDS = {info.encode_name: (info.name, info.type) for info in msgspec.structs.fields(Event)}


def event_of(body: bytes) -> Event:
    """Raises BadInput when the text is no JSON object at all."""
    try:
        return EVENT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return tolerant(object_of(body))


def object_of(body: bytes) -> Json:
    """The JSON object, also with NaN and numbers beyond all bounds in it. Raises BadInput."""
    try:
        value = ANY.decode(storable(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            value = json.loads(storable(body), parse_constant=lambda _: None)
        except (ValueError, RecursionError) as exc:
            raise BadInput(f"invalid JSON data: {exc}") from exc
    if not isinstance(value, dict):
        raise BadInput("an event must be an object")
    return value


def tolerant(value: Json) -> Event:
    """Each field for itself: what does not fit is read as well as it can be, or left out."""
    event = Event()
    for sent_name, (name, kind) in KINDS.items():
        sent = value.get(sent_name)
        if sent is None:
            continue
        try:
            setattr(event, name, msgspec.convert(sent, kind))
        except (msgspec.ValidationError, RecursionError):
            setattr(event, name, _repaired(name, sent))
    return event


def _repaired(name: str, sent: Any) -> Any:
    if name == "exception":
        return [_raised(item) for item in items_of(sent) if isinstance(item, dict)]
    if name == "threads":
        return [
            Thread(_stacktrace(item.get("stacktrace"))) for item in items_of(sent) if isinstance(item, dict)
        ]
    if name == "stacktrace":
        return _stacktrace(sent)
    if name in ("message", "logentry"):
        return _message(sent)
    if name == "user":
        return {"id": text_of(sent)}
    if name == "ours":
        return Ours()
    if name == "breadcrumbs":
        return items_of(sent)
    if name in ("tags", "contexts", "request", "extra", "modules", "sdk", "debug_meta"):
        return {"value": sent} if name == "extra" else None
    if name == "fingerprint":
        return [text_of(sent)]
    return text_of(sent)


def _raised(item: Json) -> Raised:
    mechanism = item.get("mechanism")
    return Raised(
        _optional(item.get("type")),
        _optional(item.get("value")),
        _optional(item.get("module")),
        mechanism if isinstance(mechanism, dict) else None,
        _stacktrace(item.get("stacktrace")),
    )


def _stacktrace(sent: Any) -> Stacktrace | None:
    frames = sent.get("frames") if isinstance(sent, dict) else sent
    if not isinstance(frames, list):
        return None
    return Stacktrace([frame for frame in frames if isinstance(frame, dict)])


def _message(sent: Any) -> Message:
    if not isinstance(sent, dict):
        return Message(text_of(sent))
    return Message(_optional(sent.get("message")), _optional(sent.get("formatted")))


def items_of(sent: Any) -> list[Any]:
    """A list that may be wrapped as `{"values": […]}`; a single object is a list of one."""
    if isinstance(sent, dict):
        values = sent.get("values")
        return values if isinstance(values, list) else [sent]
    return sent if isinstance(sent, list) else []


def _optional(sent: Any) -> str | None:
    return None if sent is None else text_of(sent)


def text_of(sent: Any) -> str:
    if isinstance(sent, str):
        return sent
    return "" if sent is None else ENCODER.encode(sent).decode()
