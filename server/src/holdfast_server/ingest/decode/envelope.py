"""Sentry's envelope: a header line, then items of a header line and a payload each. Frames only; payloads stay bytes.

Never fails on a broken item: it is skipped alone, with a reason, and reading goes on at the next line that can only be an
item's header. The work is linear in the body, and the number of items is bounded.
"""

from typing import NamedTuple

import msgspec

from ...errors import BadInput, TooLarge
from ...model.limits import MAX_ENVELOPE_ITEMS, MAX_ENVELOPE_LINE_BYTES

ITEM_TYPES = frozenset({
    "event", "transaction", "attachment", "session", "sessions", "user_report", "feedback", "client_report", "check_in", "log", "span",
    "trace_metric", "statsd", "metric_buckets", "metric_meta", "profile", "profile_chunk", "replay_event", "replay_recording", "replay_video",
    "raw_security", "nel", "minidump", "unreal_report", "form_data", "otel_span", "otel_log", "error", "default", "security", "hpkp", "csp",
    "expectct", "expectstaple",
})  # fmt: skip
"""Known words of `type`. Others are skipped as Sentry does; after a broken item only these mark the next one."""


class EnvelopeHeader(msgspec.Struct):
    event_id: str | None = None
    dsn: str | None = None
    sent_at: str | None = None


class ItemHeader(msgspec.Struct):
    type: str
    length: int | None = None
    filename: str | None = None
    content_type: str | None = None
    attachment_type: str | None = None


class Item(NamedTuple):
    type: str
    payload: bytes
    header: ItemHeader


class Envelope(NamedTuple):
    """`broken` are the reasons and types of items that could not be read."""

    header: EnvelopeHeader
    items: list[Item]
    broken: list[tuple[str, str]]


class LooseHeader(msgspec.Struct):
    """Fields of any kind: what does not fit is left out one by one."""

    event_id: object = None
    dsn: object = None
    sent_at: object = None


class LooseItemHeader(msgspec.Struct):
    type: object = None
    length: object = None
    filename: object = None
    content_type: object = None
    attachment_type: object = None


HEADER = msgspec.json.Decoder(EnvelopeHeader)
LOOSE_HEADER = msgspec.json.Decoder(LooseHeader)
ITEM_HEADER = msgspec.json.Decoder(ItemHeader)
LOOSE_ITEM_HEADER = msgspec.json.Decoder(LooseItemHeader)


def parse_envelope(body: bytes) -> Envelope:
    """Raises BadInput when there is no envelope header, TooLarge when it is too long."""
    end = _line_end(body, 0)
    header = parse_header(body[:end])
    items: list[Item] = []
    broken: list[tuple[str, str]] = []
    place = end + 1
    while place < len(body):
        if len(items) + len(broken) >= MAX_ENVELOPE_ITEMS:
            broken.append(("too_many_items", "unknown"))
            break
        place = _take_item(body, place, items, broken)
    return Envelope(header, items, broken)


def parse_header(line: bytes) -> EnvelopeHeader:
    if len(line) > MAX_ENVELOPE_LINE_BYTES:
        raise TooLarge("the envelope's header", f"{MAX_ENVELOPE_LINE_BYTES} bytes")
    try:
        return HEADER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        loose = LOOSE_HEADER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise BadInput("invalid event envelope", hint=f"invalid envelope header: {exc}") from exc
    return EnvelopeHeader(_text(loose.event_id), _text(loose.dsn), _text(loose.sent_at))


def _take_item(body: bytes, place: int, items: list[Item], broken: list[tuple[str, str]]) -> int:
    """Read the item whose header begins at `place`; returns where the next one begins."""
    end = _line_end(body, place)
    line = body[place:end]
    if not line.strip():
        return end + 1  # an empty line between items, or at the end
    header = item_header(line)
    if header is None:
        broken.append(("bad_item_header", "unknown"))
        return _next_header(body, end + 1)
    start = end + 1
    if header.length is None:
        stop = _line_end(body, start)
    else:
        stop = start + header.length
        if stop > len(body) or (stop < len(body) and body[stop] != 10):
            reason = "truncated" if stop > len(body) else "bad_length"
            broken.append((reason, header.type))
            return _next_header(body, start)
    items.append(Item(header.type, body[start:stop], header))
    return stop + 1


def item_header(line: bytes) -> ItemHeader | None:
    if len(line) > MAX_ENVELOPE_LINE_BYTES:
        return None
    header: ItemHeader | None
    try:
        header = ITEM_HEADER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        header = _loosely(line)
    return header if header and header.type and (header.length or 0) >= 0 else None


def _loosely(line: bytes) -> ItemHeader | None:
    try:
        loose = LOOSE_ITEM_HEADER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    kind = _text(loose.type)
    if kind is None:
        return None
    length = loose.length if isinstance(loose.length, int) and not isinstance(loose.length, bool) else None
    return ItemHeader(
        kind, length, _text(loose.filename), _text(loose.content_type), _text(loose.attachment_type)
    )


def _next_header(body: bytes, place: int) -> int:
    """The beginning of the next line that can only be an item's header, or the end."""
    while place < len(body):
        end = _line_end(body, place)
        line = body[place:end]
        if line[:1] == b"{" and b'"type"' in line[:MAX_ENVELOPE_LINE_BYTES]:
            header = item_header(line)
            # A payload may have a type as well, but then it has no length and is longer.
            if header and header.type in ITEM_TYPES and (header.length is not None or len(line) < 200):
                return place
        place = end + 1
    return place


def _line_end(body: bytes, place: int) -> int:
    end = body.find(b"\n", place)
    return len(body) if end < 0 else end


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
