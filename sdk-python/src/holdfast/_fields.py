"""What an event may carry, and the document's form of an event as the arguments of the short one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from holdfast._settle import clip, settle_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_LONGEST_TYPE = 200

_ALIASES = {
    "sessionId": "session_id",
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "userAgent": "user_agent",
    "deviceType": "device_type",
    "deviceId": "device_id",
}


class EventFields(TypedDict, total=False):
    """What an event may carry beside its type and data. Timestamps: datetime, epoch s or ms; duration in ms."""

    timestamp: float | datetime | str
    session_id: str
    user_id: str
    anonymous_id: str
    page: str
    action: str
    duration: float
    component: str
    name: str
    value: float
    unit: str
    method: str
    status: int
    endpoint: str
    release: str
    environment: str
    platform: str
    user_agent: str
    device_type: str
    device_id: str
    region: str


def known_fields(mapping: Mapping[str, Any]) -> Any:
    return {_ALIASES.get(name, name): value for name, value in mapping.items()}


def unpacked(event: Any, data: Any, fields: Any) -> tuple[str, Any, Any]:
    """The document's form, one mapping with `type`, `timestamp` and `data`, as the arguments of the short form."""
    if isinstance(event, str):
        return str(event), data, fields
    rest = dict(event)
    kind = clip(str(rest.pop("type", "event")), _LONGEST_TYPE)
    data = rest.pop("data", None) or rest.pop("metadata", None) or data
    if data is not None and not hasattr(data, "items"):
        data = settle_mapping(data)
    return kind, data, {**known_fields(rest), **fields}
