"""Small values that all of Sentry's items share: times, ids, attributes with a type, and who it was about."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ...errors import BadInput
from .native import ANY, ENCODER, storable
from .records import MAX_ATTRIBUTES_BYTES
from .sentry_shapes import Json, text_of
from .sentry_trim import bounded

Identify = Callable[[Json], str]
"""From a user's fields to the id that stands for them: their own, or a pseudonym of what is personal."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
PERSONAL = ("email", "username", "name", "ip_address")
LATEST_S = 253_402_300_799


def json_of(payload: bytes) -> Any:
    """Raises BadInput for what is no JSON."""
    try:
        return ANY.decode(storable(payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise BadInput(f"invalid JSON data: {exc}") from exc


def object_in(payload: bytes) -> Json:
    value = json_of(payload)
    if not isinstance(value, dict):
        raise BadInput("the item must be an object")
    return value


def container_of(payload: bytes) -> list[Any]:
    """The members of `{"items": […]}`."""
    items = object_in(payload).get("items")
    if not isinstance(items, list):
        raise BadInput("the container has no items")
    return items


def event_id_in(sent: Any) -> str:
    """An event's id, dashed or not; "" when it is none."""
    plain = sent.replace("-", "").lower() if isinstance(sent, str) and len(sent) < 50 else ""
    try:
        return plain if len(plain) == 32 and len(bytes.fromhex(plain)) == 16 else ""
    except ValueError:
        return ""


def ns_of(sent: Any) -> int | None:
    """ISO 8601 text or epoch seconds as epoch nanoseconds, to the microsecond; None when it is no time."""
    if isinstance(sent, str):
        try:
            moment = datetime.fromisoformat(sent)
        except ValueError:
            return None
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND * 1000
    if isinstance(sent, bool) or not isinstance(sent, int | float):
        return None
    if not math.isfinite(sent) or not 0 <= sent <= LATEST_S:
        return None
    return round(sent * 1_000_000) * 1000


def attributes_of(sent: Any) -> Json:
    """`{"k": {"value": 1, "type": "integer"}}` as `{"k": 1}`; bounded."""
    if not isinstance(sent, dict):
        return {}
    flat = {
        name: value["value"] if isinstance(value, dict) and "value" in value else value
        for name, value in sent.items()
    }
    return within_limits(flat)


def within_limits(attributes: Json) -> Json:
    for max_text, max_items in ((4_096, 128), (256, 64), (64, 16)):
        if len(ENCODER.encode(attributes)) <= MAX_ATTRIBUTES_BYTES:
            return attributes
        attributes = bounded(attributes, max_text, max_items)
    return {}


def take_user(attributes: Json, identify: Identify) -> str:
    """Who it was, out of `user.*` attributes; what is personal in them is taken away."""
    user = {
        name: attributes.pop(f"user.{name}") for name in ("id", *PERSONAL) if f"user.{name}" in attributes
    }
    return identify(user) if user else ""


def text_at(sent: Json, name: str, limit: int = 200) -> str:
    return text_of(sent.get(name))[:limit]


def dict_at(sent: Json, name: str) -> Json:
    value = sent.get(name)
    return value if isinstance(value, dict) else {}


def whole_number(sent: Any, largest: int = 2**31) -> int:
    if isinstance(sent, bool) or not isinstance(sent, int | float) or not math.isfinite(sent):
        return 0
    return min(largest, max(0, int(sent)))
