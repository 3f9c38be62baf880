"""A Sentry event as a report. Runs in the drainer: the handler only frames, checks and scrubs what it answers for."""

from typing import Any

import msgspec

from ...errors import BadInput
from .errors import Report, report_of
from .native import ANY, storable


def report_of_sentry(body: bytes) -> Report:
    """Read the payload of an `event` item. Raises BadInput when it is no event."""
    try:
        value: Any = ANY.decode(storable(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise BadInput(f"the event can't be read: {exc}") from exc
    if not isinstance(value, dict):
        raise BadInput("an event must be an object")
    exceptions = (value.get("exception") or {}).get("values") or []
    thrown = exceptions[-1] if exceptions else {}
    return report_of(
        {
            "errorType": thrown.get("type") or "Error",
            "message": thrown.get("value") or str(value.get("message") or ""),
            "exceptions": exceptions,
            "eventId": value.get("event_id"),
        }
    )
