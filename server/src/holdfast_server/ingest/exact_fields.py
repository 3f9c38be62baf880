"""Which fields of a record are ids and measurements: they are kept as they are, for no rule of scrubbing is about them.

A byte counter may read like a card number, and so may the digits of a trace id. What only looks like an id is scrubbed.
"""

import re
from collections.abc import Callable
from typing import Any

HEX = re.compile(r"[0-9a-f]+")
NUMBER_WORD = re.compile(r"-?[0-9]{1,20}|NaN|-?Infinity")
IDS = {
    "trace_id": 32, "span_id": 16, "parent_id": 16, "event_id": 32, "traceId": 32, "spanId": 16, "eventId": 32,
}  # fmt: skip
"""And how long each is."""
NUMBERS = frozenset(
    {
        "start_ns", "end_ns", "at_ns", "started_ns", "severity_number", "value", "count", "sum", "min", "max", "errors", "quantity",
        "duration_ms", "version",
    }
)  # fmt: skip
LISTS = ("events", "links")
OBJECTS = ("attributes", "resource")
Scrub = Callable[[dict[str, Any]], dict[str, Any]]


def scrub_record(record: dict[str, Any], scrub: Scrub) -> dict[str, Any]:
    """A span, log record, point or session through `scrub`, its ids and numbers around it."""
    kept = {name: value for name, value in record.items() if is_exact(name, value)}
    for name in LISTS:
        if isinstance(record.get(name), list):
            kept[name] = [_item(item, scrub) for item in record[name]]
    clean = scrub({name: value for name, value in record.items() if name not in kept}) | kept
    # A project may list `resource` itself as a field to redact: what is read back must be an object all the same.
    return clean | {name: {} for name in OBJECTS if not isinstance(clean.get(name, {}), dict)}


def is_exact(name: str, value: Any) -> bool:
    if name in IDS:
        return isinstance(value, str) and len(value) == IDS[name] and HEX.fullmatch(value) is not None
    if name in NUMBERS:
        return isinstance(value, int | float)
    return name == "buckets" and is_numeric(value)


def is_numeric(value: Any, level: int = 0) -> bool:
    """Whether bounds, counts and quantiles are all there is: words are scrubbed like any others."""
    if isinstance(value, dict):
        return level < 4 and all(name in IDS or is_numeric(item, level + 1) for name, item in value.items())
    if isinstance(value, list):
        return level < 4 and all(is_numeric(item, level + 1) for item in value)
    return isinstance(value, int | float) or (
        isinstance(value, str) and NUMBER_WORD.fullmatch(value) is not None
    )


def _item(item: Any, scrub: Scrub) -> Any:
    if not isinstance(item, dict):
        return scrub({"item": item})["item"]
    kept = {name: value for name, value in item.items() if is_exact(name, value) or name == "timeUnixNano"}
    return scrub({name: value for name, value in item.items() if name not in kept}) | kept
