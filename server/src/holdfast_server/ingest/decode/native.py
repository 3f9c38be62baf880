"""The native JSON protocol: a body becomes wire events, and those that can't be used are refused alone.

Fast path: the whole batch decodes in one go and its own bytes are what the spool keeps. Only when that fails is each
event taken by itself, unknown fields folded into its metadata, and the body written anew from the good ones.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from ...errors import BadInput, TooLarge
from ...model.limits import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_LIST_BYTES,
    MAX_METADATA_BYTES,
    MAX_NAME_CHARS,
    MAX_REPORT_KEYS,
    MAX_TEXT_CHARS,
)

NOTHING = Raw(b"")
TypeName = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS)]
Name = Annotated[str, Meta(max_length=MAX_NAME_CHARS)] | None
Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)] | None
Moment = str | int | float | None


class WireEvent(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One event as clients send it (P5, T, B and C name the same things differently; all of them stand here).

    `duration` is milliseconds; `createdAt`, `timestamp` and `ts` are ISO 8601 or epoch milliseconds. Texts that are too
    long don't decode here and are cut on the slow path, so that nothing behind needs to look at lengths.
    """

    type: TypeName
    timestamp: Moment = None
    createdAt: Moment = None  # noqa: N815 - the documents' own names
    ts: Moment = None
    page: Text = None
    action: Name = None
    component: Name = None
    name: Name = None
    endpoint: Name = None
    method: Name = None
    status: Annotated[int, Meta(ge=0, le=65535)] | None = None
    duration: float | None = None
    value: float | None = None
    unit: Name = None
    sessionId: Name = None  # noqa: N815
    userId: Name = None  # noqa: N815
    anonymousId: Name = None  # noqa: N815
    userAgent: Text = None  # noqa: N815
    platform: Name = None
    deviceType: Name = None  # noqa: N815
    region: Name = None
    environment: Name = None
    release: Name = None
    buildId: Name = None  # noqa: N815
    metadata: Raw = NOTHING
    data: Raw = NOTHING


class ClientDrop(msgspec.Struct):
    """What a client says that it dropped itself, for the ledger."""

    reason: Annotated[str, Meta(max_length=64)]
    quantity: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    category: Annotated[str, Meta(max_length=32)] = "event"


class WireBatch(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    events: list[WireEvent]
    batchId: Annotated[str, Meta(max_length=128)] | None = None  # noqa: N815
    dropped: list[ClientDrop] = []


class LooseBatch(msgspec.Struct):
    """The same with each event still as its bytes."""

    events: list[Raw]
    batchId: Annotated[str, Meta(max_length=128)] | None = None  # noqa: N815
    dropped: list[ClientDrop] = []


class Refusal(msgspec.Struct, frozen=True):
    """Why one event of a batch was not taken: its place, a stable reason and a sentence."""

    index: int
    reason: str
    message: str
    path: str


class Decoded(msgspec.Struct):
    """What one request brought. `body` is JSON `{"events": […]}` of exactly the accepted events."""

    events: list[WireEvent]
    body: bytes
    refused: list[Refusal]
    batch_id: str | None
    dropped: list[ClientDrop]

    @property
    def total(self) -> int:
        return len(self.events) + len(self.refused)


BATCH = msgspec.json.Decoder(WireBatch)
LOOSE = msgspec.json.Decoder(LooseBatch)
EVENT = msgspec.json.Decoder(WireEvent)
ANY = msgspec.json.Decoder()
ENCODER = msgspec.json.Encoder()
FIELDS = frozenset(WireEvent.__struct_fields__)
LONG_FIELDS = frozenset({"page", "userAgent"})
SNAKE = {
    "user_id": "userId",
    "session_id": "sessionId",
    "anonymous_id": "anonymousId",
    "created_at": "createdAt",
    "signal": "type",
}
"""Document B's spelling of the same fields."""

REPORT_LISTS = frozenset({"breadcrumbs", "frames", "exceptions", "debugImages"})
"""The lists of an error report, which are longer than any event's attributes."""

UNSTORABLE = re.compile(rb"\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u(?:0000|[dD][89a-fA-F]..)", re.DOTALL)
"""In this order: an escaped backslash (so that what follows is plain text), a whole surrogate pair, a NUL or half a pair."""


def storable(body: bytes) -> bytes:
    """Make text storable: bytes that are not UTF-8, NUL characters and halves of surrogate pairs become U+FFFD."""
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            body = body.decode("utf-8", "replace").encode()
    return UNSTORABLE.sub(_replaced, body) if b"\\" in body else body


def _replaced(found: "re.Match[bytes]") -> bytes:
    return b"\\ufffd" if len(found.group()) == 6 else found.group()


def decode_batch(body: bytes, *, max_events: int) -> Decoded:
    """Read `{"events": […]}`. Raises BadInput when the body as a whole is not one, TooLarge beyond `max_events`."""
    body = storable(body)
    try:
        batch = BATCH.decode(body)
    except (msgspec.ValidationError, RecursionError):
        return decode_each(body, max_events=max_events)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise malformed(exc) from exc
    limit_count(len(batch.events), max_events)
    if plain(batch.events):
        return Decoded(batch.events, body, [], batch.batchId, batch.dropped)
    return decode_each(body, max_events=max_events)


def limit_count(count: int, max_events: int) -> None:
    if count > max_events:
        raise TooLarge(
            f"a batch of {count} events",
            f"{max_events} events",
            path="events",
            hint="send them in several batches",
        )


def loosely(body: bytes) -> LooseBatch:
    try:
        return LOOSE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise malformed(exc) from exc


def malformed(exc: Exception) -> BadInput:
    """The body as a whole can't be read: say where, in the words of the decoder."""
    if isinstance(exc, RecursionError):
        return TooLarge("the nesting of the body", f"{MAX_DEPTH} levels")
    sentence, path = split_path(str(exc))
    return BadInput(
        f"the body is not a batch of events: {sentence}",
        path=path,
        hint='send JSON such as {"events": [{"type": "page_view", "page": "/"}]}',
    )


def split_path(message: str) -> tuple[str, str]:
    """msgspec says "Expected `str`, got `int` - at `$.events[0].type`": the sentence, and `events[0].type`."""
    sentence, _, place = message.partition(" - at `$")
    return sentence, place.rstrip("`").lstrip(".")


def decode_each(body: bytes, *, max_events: int, clean: Callable[[bytes], bytes] | None = None) -> Decoded:
    """Take each event alone, through `clean` (the scrubber) when given; the good ones make a new body."""
    batch = loosely(storable(body))
    limit_count(len(batch.events), max_events)
    good: list[WireEvent] = []
    refused: list[Refusal] = []
    for index, raw in enumerate(batch.events):
        try:
            good.append(decode_one(clean(bytes(raw)) if clean else bytes(raw)))
        except BadInput as exc:
            refused.append(
                Refusal(
                    index, exc.code, exc.message, f"events[{index}]" + (f".{exc.path}" if exc.path else "")
                )
            )
    return Decoded(good, ENCODER.encode({"events": good}), refused, batch.batchId, batch.dropped)


def decode_one(raw: bytes) -> WireEvent:
    """One event from its bytes. Raises BadInput that says which field is wrong."""
    try:
        event = EVENT.decode(raw)
    except RecursionError as exc:
        raise TooLarge("the nesting of the event", f"{MAX_DEPTH} levels") from exc
    except (msgspec.DecodeError, UnicodeDecodeError):
        event = folded(raw)
    check(event)
    return event


def folded(raw: bytes) -> WireEvent:
    """An event with fields that we do not know: they move into its metadata, so that nothing is dropped (P5)."""
    try:
        value = ANY.decode(raw)
        if not isinstance(value, dict):
            raise BadInput(
                "an event must be an object", hint='for example {"type": "page_view", "page": "/"}'
            )
        return msgspec.convert(fold(value), WireEvent)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        sentence, path = split_path(str(exc))
        raise BadInput(sentence, path=path) from exc


def fold(value: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, item in value.items():
        field = SNAKE.get(key, key)
        if field in FIELDS and (field == key or field not in value):
            known[field] = item
        else:
            extra[key] = item
    for name in ("metadata", "data"):
        item = known.get(name)
        if item is None:
            known.pop(name, None)
        elif not isinstance(item, dict):
            raise BadInput(f"`{name}` must be an object", path=name)
    if extra:
        known["metadata"] = extra | known.get("metadata", {})
    return {key: _fitting(key, item) for key, item in known.items()}


def _fitting(key: str, item: Any) -> Any:
    if key in ("metadata", "data"):
        return Raw(ENCODER.encode(item))
    if isinstance(item, str) and key != "type":
        return item[: MAX_TEXT_CHARS if key in LONG_FIELDS else MAX_NAME_CHARS]
    return item


FLAT_BYTES = 600
"""So many bytes can't hold more than MAX_ATTRIBUTES keys: each takes at least 5, as in `"":0,`."""


def plain(events: list[WireEvent]) -> bool:
    """Whether no event needs a closer look, because all free data is small and flat. Asked of all at once: 0.1 µs an event."""
    texts = [bytes(event.metadata) for event in events if event.metadata is not NOTHING]
    texts += [bytes(event.data) for event in events if event.data is not NOTHING]
    if not texts:
        return True
    joined = b"".join(texts)
    # Each begins with a brace, and there are no more braces than texts: then each has that one only.
    return (
        {text[:1] for text in texts} == {b"{"}
        and joined.count(b"{") == len(texts)
        and b"[" not in joined
        and max(map(len, texts)) <= FLAT_BYTES
    )


def check(event: WireEvent) -> None:
    """Hold metadata to its limits exactly. Raises BadInput or TooLarge."""
    for name in ("metadata", "data"):
        raw: Raw = getattr(event, name)
        text = bytes(raw)
        if raw is NOTHING:
            continue
        if text == b"null":
            setattr(event, name, NOTHING)
            continue
        if text[:1] != b"{":
            raise BadInput(f"`{name}` must be an object", path=name)
        if event.type == "error":
            check_error(text, name)
            continue
        if len(text) > MAX_METADATA_BYTES:
            raise TooLarge(f"`{name}`", f"{MAX_METADATA_BYTES} bytes", path=name)
        check_shape(ANY.decode(text), name)


def check_error(text: bytes, path: str) -> None:
    """An error's lists have room of their own, as on its own path; what is left keeps to the limits of any event."""
    if len(text) > MAX_METADATA_BYTES + len(REPORT_LISTS) * MAX_LIST_BYTES:
        raise TooLarge(f"`{path}`", f"{MAX_METADATA_BYTES} bytes", path=path)
    details: dict[str, Any] = ANY.decode(text)
    check_shape(details, path, max_keys=MAX_REPORT_KEYS)
    for name in REPORT_LISTS & details.keys():
        if len(ENCODER.encode(details.pop(name))) > MAX_LIST_BYTES:
            raise TooLarge(f"`{name}`", f"{MAX_LIST_BYTES} bytes", path=f"{path}.{name}")
    if len(ENCODER.encode(details)) > MAX_METADATA_BYTES:
        raise TooLarge(f"`{path}`", f"{MAX_METADATA_BYTES} bytes", path=path)
    check_shape(details, path)


def check_shape(value: Any, path: str, *, max_keys: int = MAX_ATTRIBUTES) -> None:
    """Walk level by level, so that hostile nesting costs no stack."""
    level, depth, keys = [value], 1, 0
    while level:
        if depth >= MAX_DEPTH:
            raise TooLarge("the nesting", f"{MAX_DEPTH} levels", path=path)
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                keys += len(item)
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
        if keys > max_keys:
            raise TooLarge("the number of attributes", f"{max_keys} keys", path=path)
        level = [item for item in deeper if isinstance(item, dict | list)]
        depth += 1


def batch_of_signals(body: bytes) -> bytes:
    """Document S's path takes one signal, a list of them, or a batch under its own name: all become `{"events": […]}`."""
    try:
        value = ANY.decode(storable(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise malformed(exc) from exc
    if not isinstance(value, dict):
        return ENCODER.encode({"events": value})
    for name in ("events", "signals", "metrics"):
        if isinstance(value.get(name), list):
            rest = {key: item for key, item in value.items() if key in ("batchId", "dropped")}
            return ENCODER.encode({**rest, "events": value[name]})
    return ENCODER.encode({"events": [value]})
