"""OTLP's values as plain ones: attributes within a record's limits, numbers, ids, and what a resource says about its sender.

What is too much is cut and counted, never refused: OTLP's own rule for attributes. Pure; nothing here fails on hostile input.
"""

import base64
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...model.limits import MAX_ATTRIBUTES, MAX_NAME_CHARS, MAX_TEXT_CHARS
from .otlp_shapes import AnyValue, KeyValue, Number, Resource, Scope
from .records import MAX_ATTRIBUTES_BYTES

MAX_LEVELS = 16
MAX_VALUE_CHARS = 16_384
MAX_RESOURCE_CHARS = 16_384
NUMBER_CHARS = 8
TOO_DEEP = "[too deep]"
LARGEST_UINT = 2**64 - 1
LARGEST_INT = 2**63 - 1
WHOLE = re.compile(r"-?[0-9]{1,20}")
HEX = {size: re.compile(rf"[0-9a-f]{{{size}}}") for size in (16, 32)}
SESSION = ("session.id",)
USER = ("user.id", "enduser.id", "enduser.pseudo.id")
DROPPED = "otel.dropped_attributes_count"


@dataclass
class Room:
    """What one record may still hold; `dropped` counts the attributes that found no place."""

    keys: int = MAX_ATTRIBUTES
    chars: int = MAX_ATTRIBUTES_BYTES
    dropped: int = 0

    @property
    def full(self) -> bool:
        return self.keys <= 0 or self.chars <= 0


@dataclass(frozen=True)
class Origin:
    """What all records of one resource and scope share. `size` is about what that adds to each."""

    resource: dict[str, Any]
    scope: str = ""
    scope_attributes: dict[str, Any] | None = None
    size: int = 0

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The fields that every kind of record has."""
        return {
            "service": _named(self.resource, "service.name"),
            "release": _named(self.resource, "service.version"),
            "environment": _named(self.resource, "deployment.environment.name", "deployment.environment"),
            "resource": self.resource,
            "scope": self.scope,
        }

    @cached_property
    def sdk(self) -> str:
        sdk = _named(self.resource, "telemetry.sdk.name")
        language = _named(self.resource, "telemetry.sdk.language")
        name = ".".join(part for part in (sdk, language) if part)
        return f"{name} {_named(self.resource, 'telemetry.sdk.version')}".strip()[:MAX_NAME_CHARS]


def origin_of(resource: Resource | None) -> Origin:
    room = Room(chars=MAX_RESOURCE_CHARS)
    found = attributes_of(resource.attributes if resource is not None else None, room)
    return Origin(with_dropped(found, room), size=MAX_RESOURCE_CHARS - room.chars)


def scoped(origin: Origin, scope: Scope | None) -> Origin:
    """The same resource with the name of who instrumented; its attributes join those of each record."""
    if scope is None:
        return origin
    room = Room(keys=32, chars=4_096)
    attributes = {
        f"otel.scope.{name}": value for name, value in attributes_of(scope.attributes, room).items()
    }
    name = " ".join(part for part in (text_of(scope.name), text_of(scope.version)) if part)
    return Origin(origin.resource, name[:MAX_NAME_CHARS], attributes, origin.size + 4_096 - room.chars)


def attributes_of(pairs: Iterable[KeyValue] | None, room: Room) -> dict[str, Any]:
    return _pairs(pairs, room, 1)


def record_attributes(
    origin: Origin, pairs: Iterable[KeyValue] | None, client_dropped: Number, **more: str
) -> dict[str, Any]:
    """One record's attributes, with what OTLP keeps in fields of its own under the names of its mapping to other formats."""
    room = Room()
    found = attributes_of(pairs, room)
    if origin.scope_attributes:
        found = origin.scope_attributes | found
    found |= {name: value for name, value in more.items() if value}
    return with_dropped(found, room, whole(client_dropped))


def with_dropped(found: dict[str, Any], room: Room, before: int = 0) -> dict[str, Any]:
    dropped = room.dropped + before
    return found | {DROPPED: dropped} if dropped else found


def value_of(value: AnyValue | None, room: Room, level: int = 0) -> Any:
    kind = value.WhichOneof("value") if value is not None else None
    if value is None or kind is None:
        return None
    if kind == "string_value":
        return _fitting(text_of(value.string_value), room)
    room.chars -= NUMBER_CHARS
    if kind == "bool_value":
        return value.bool_value
    if kind == "int_value":
        return signed(value.int_value)
    if kind == "double_value":
        return finite_or_word(value.double_value)
    if kind == "bytes_value":
        return _fitting(_base64(value.bytes_value), room)
    if level >= MAX_LEVELS:
        return TOO_DEEP
    if kind == "array_value" and value.array_value is not None:
        return _items(value.array_value.values or (), room, level + 1)
    if kind == "kvlist_value" and value.kvlist_value is not None:
        return _pairs(value.kvlist_value.values, room, level + 1)
    return None


def _pairs(pairs: Iterable[KeyValue] | None, room: Room, level: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs or ():
        if room.full:
            room.dropped += 1
            continue
        key = text_of(pair.key)[:MAX_NAME_CHARS]
        room.keys -= 1
        room.chars -= len(key)
        found[key] = value_of(pair.value, room, level)
    return found


def _items(items: Iterable[AnyValue | None], room: Room, level: int) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if room.full:
            break
        room.chars -= 1
        found.append(value_of(item, room, level))
    return found


def _fitting(text: str, room: Room) -> str:
    kept = text[: max(0, min(MAX_VALUE_CHARS, room.chars))]
    room.chars -= len(kept)
    return kept


def _base64(value: str | bytes | None) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else text_of(value)


def text_of(text: str | None) -> str:
    """Text that the stores can keep: a NUL ends it for some of them."""
    return text.replace("\0", "\ufffd") if text else ""


def line_of(text: str | None, limit: int = MAX_TEXT_CHARS) -> str:
    return text_of(text)[:limit]


def whole(value: Number) -> int:
    """An unsigned number of a field, 0 for what is none."""
    return min(LARGEST_UINT, max(0, _integer(value)))


def signed(value: Number) -> int:
    if type(value) is int and -LARGEST_INT <= value <= LARGEST_INT:
        return value
    return min(LARGEST_INT, max(-LARGEST_INT - 1, _integer(value)))


def _integer(value: Number) -> int:
    if isinstance(value, str):
        return int(value) if WHOLE.fullmatch(value) else 0
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else 0
    return value or 0


def real(value: Number) -> float:
    """A double as it was meant, NaN for text that is no number."""
    if isinstance(value, int) and abs(value) > LARGEST_UINT:
        return math.inf if value > 0 else -math.inf
    try:
        return float(value[:64]) if isinstance(value, str) else float(value or 0)
    except ValueError:
        return math.nan


def finite_or_word(value: Number) -> float | str:
    number = real(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def id_of(value: str | bytes | None, size: int) -> str:
    """A trace's or span's id in small hex letters; "" when it is absent, zero or no id."""
    if not value:
        return ""
    text = value.hex() if isinstance(value, bytes) else value.lower()
    return text if HEX[size].fullmatch(text) and text.strip("0") else ""


def word_of(value: Number, words: dict[int, str], prefix: str) -> str:
    """The word of an enum's number; its name, which some senders write instead, is understood too."""
    if isinstance(value, str) and not WHOLE.fullmatch(value):
        name = value.lower().removeprefix(prefix)
        return name if name in words.values() else ""
    return words.get(_integer(value), "")


def first_text(attributes: dict[str, Any], *names: str, limit: int = MAX_NAME_CHARS) -> str:
    """The first of these attributes that says something; a number counts as its digits."""
    for name in names:
        value = attributes.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if value not in (None, "") and not isinstance(value, dict | list):
            return str(value)[:limit]
    return ""


def person_of(attributes: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any]:
    """Whose session it was, as far as the record or its sender says."""
    return {
        "session_id": first_text(attributes, *SESSION) or first_text(resource, *SESSION),
        "user_id": first_text(attributes, *USER) or first_text(resource, *USER),
    }


def _named(resource: dict[str, Any], *names: str) -> str:
    return first_text(resource, *names)
