"""Captured records into batches ready for the wire: named, filled, scrubbed, encoded, compressed, small enough.

Runs on the sender thread. One record that can't be encoded is counted as dropped and never takes others with it.
"""

from __future__ import annotations

import zlib
from typing import Any

import msgspec

from holdfast import _drops
from holdfast._config import TelemetryConfig
from holdfast._drops import Counts, DropCounts
from holdfast._scope import Scope, new_uuid
from holdfast._scrub import Scrubber
from holdfast._settle import clip, safe_str, settle_mapping
from holdfast.privacy import anonymise_path, hash_user_id
from holdfast.transports import Batch

MAX_EVENTS = 100  # of one batch on the documents' path
MAX_EVENT_BYTES = 60_000  # contract/limits.json `metadataBytes` is 65,536
MAX_ERROR_BYTES = 240_000  # and `listBytes`, which each list of an error has for itself, is 262,144

Record = tuple[str, float, Scope, Any, dict[str, Any]]

WIRE_NAMES = {
    "session_id": "sessionId",
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "user_agent": "userAgent",
    "device_type": "deviceType",
    "device_id": "deviceId",
} | {
    name: name
    for name in [
        "type",
        "timestamp",
        "page",
        "action",
        "duration",
        "component",
        "name",
        "value",
        "unit",
        "method",
        "status",
        "endpoint",
        "release",
        "environment",
        "platform",
        "region",
    ]
}
# Keys and characters of an event that is settled a second time, columns included.
_WHOLE_EVENT = (256, 200_000)
_WHOLE_ERROR = (4_900, 300_000)
_NUMBERS = ("duration", "value", "status")
_SECONDS_BELOW = 100_000_000_000  # a smaller timestamp is in seconds: as ms it would lie before March 1973


class Packer:
    """Makes batches by one configuration; a changed configuration means a new packer."""

    def __init__(self, config: TelemetryConfig, drops: DropCounts) -> None:
        self._config = config
        self._drops = drops
        self._scrubber = Scrubber(tuple(config.redact_fields)) if config.redact_pii else None
        self._common = {
            name: getattr(config, name)
            for name in ("release", "environment", "platform")
            if getattr(config, name)
        }

    def pack(self, records: list[Record]) -> list[Batch]:
        """One batch, or as many as the payload limit asks for. Drop counts travel with the first."""
        ready: list[tuple[dict[str, Any], bytes]] = []
        for record in records:
            try:
                event = self.event(record)
                if event is not None:
                    ready.append(self._encode(event))
            except Exception:  # noqa: BLE001 - one unreadable record fails alone
                self._drops.add(_drops.UNREADABLE, category(record[0]))
        return self._split(ready, self._drops.take()) if ready else []

    def event(self, record: Record) -> dict[str, Any] | None:
        """The wire form of one record, scrubbed; None when the host's `before_send` kept it back."""
        kind, at_s, scope, data, fields = record
        event: dict[str, Any] = {"type": clip(kind, 200), "timestamp": int(at_s * 1000), **self._common}
        for name, value in zip(Scope._fields, scope, strict=True):
            if value:
                event[WIRE_NAMES[name]] = value
        if data.__class__ is not dict:
            data = data.details() if data is not None else {}
        data = _place(event, fields, data)
        if data:
            event["metadata"] = data
        if self._config.anonymise:
            _anonymise(event)
        if self._scrubber is not None:
            event = self._scrubber.clean(event)
        return self._filtered(event)

    def _filtered(self, event: dict[str, Any]) -> dict[str, Any] | None:
        if self._config.before_send is None:
            return event
        kept = self._config.before_send(event)
        if kept is None:
            self._drops.add(_drops.FILTERED, category(event["type"]))
            return None
        return _settled(kept)

    def _encode(self, event: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        try:
            raw = msgspec.json.encode(event)
        except (TypeError, ValueError, OverflowError, RecursionError):
            event = _settled(event)
            raw = msgspec.json.encode(event)
        most = MAX_ERROR_BYTES if event.get("type") == "error" else MAX_EVENT_BYTES
        for limit in (2_000, 400, 0):
            if len(raw) <= most:
                break
            event = _shortened(event, limit)
            raw = msgspec.json.encode(event)
        return event, raw

    def _split(self, ready: list[tuple[dict[str, Any], bytes]], dropped: Counts) -> list[Batch]:
        if len(ready) <= MAX_EVENTS:
            batch = _batch(ready, dropped)
            if len(batch.body) <= self._config.max_payload_bytes:
                return [batch]
            if len(ready) == 1:
                return [self._trimmed(batch)]
        half = (len(ready) + 1) // 2
        return self._split(ready[:half], dropped) + self._split(ready[half:], {})

    def _trimmed(self, batch: Batch) -> Batch:
        """A lone event over the payload limit: long strings are cut harder, and at last its metadata is left out."""
        event = batch.events[0]
        for limit in (1_000, 500, 200, 0):
            event = _shortened(event, limit)
            smaller = _batch([(event, msgspec.json.encode(event))], batch.dropped)
            if len(smaller.body) <= self._config.max_payload_bytes:
                return smaller
        return smaller


def category(kind: str) -> str:
    """The ledger's word for what was dropped."""
    return "error" if kind == "error" else "event"


def halves(batch: Batch) -> list[Batch]:
    """Two batches with ids of their own, after the server refused one as too large (so it counted nothing)."""
    ready = [(event, msgspec.json.encode(event)) for event in batch.events]
    middle = (len(ready) + 1) // 2
    return [_batch(ready[:middle], batch.dropped), _batch(ready[middle:], {})]


def _batch(ready: list[tuple[dict[str, Any], bytes]], dropped: Counts) -> Batch:
    batch_id = new_uuid()
    plain = b'{"batchId":"%s","events":[%s],"dropped":%s}' % (
        batch_id.encode(),
        b",".join(raw for _, raw in ready),
        msgspec.json.encode(_drops.as_wire(dropped)),
    )
    # 16 for the gzip header, a window of 16 KB and a small state: 100 KB of memory instead of 270, as good on bodies
    # of this size.
    packer = zlib.compressobj(6, zlib.DEFLATED, 16 + 14, 6)
    return Batch(batch_id, packer.compress(plain) + packer.flush(), [event for event, _ in ready], dropped)


def _place(event: dict[str, Any], fields: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Named fields into the event's columns; what has no column, or does not fit it, joins the metadata."""
    for name, value in fields.items():
        wire = WIRE_NAMES.get(name)
        if value is None or value == "":
            continue
        if name == "timestamp":
            event[name] = _epoch_ms(value, event[name])
        elif wire is None or (wire in _NUMBERS and not isinstance(value, (int, float))):
            data = {**data, name: value}
        else:
            event[wire] = value if wire in _NUMBERS else clip(safe_str(value), 1_000)
    return data


def _epoch_ms(value: Any, captured_ms: int) -> int:
    """Epoch ms of a number (s or ms) or ISO 8601 text; without a zone it is UTC. Unreadable: the time of capture."""
    if isinstance(value, (int, float)) and value == value:
        return int(value * 1000) if abs(value) < _SECONDS_BELOW else int(value)
    try:
        from datetime import UTC, datetime

        moment = datetime.fromisoformat(str(value))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return captured_ms


def _anonymise(event: dict[str, Any]) -> None:
    if event.get("userId"):
        event["userId"] = hash_user_id(event["userId"])
    for name in ("page", "endpoint"):
        if event.get(name):
            event[name] = anonymise_path(event[name])


def _shortened(event: dict[str, Any], limit: int) -> dict[str, Any]:
    if limit == 0:
        return {k: v for k, v in event.items() if k != "metadata"} | {
            "metadata": {"cut": "over the payload limit"}
        }
    return {key: _cut(value, limit) for key, value in event.items()}


def _settled(event: Any) -> dict[str, Any]:
    is_error = isinstance(event, dict) and event.get("type") == "error"
    return settle_mapping(event, *(_WHOLE_ERROR if is_error else _WHOLE_EVENT))


def _cut(value: Any, limit: int) -> Any:
    """Strings shorter, and of long lists the end: the newest breadcrumbs, the innermost frames."""
    if isinstance(value, str):
        return clip(value, limit)
    if isinstance(value, list):
        return [_cut(item, limit) for item in value[-max(10, limit // 20) :]]
    if isinstance(value, dict):
        return {key: _cut(item, limit) for key, item in value.items()}
    return value
