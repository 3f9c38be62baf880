"""From wire events to columns: clamp times, name the subject of each event, parse user agents, lift timings.

Runs in the drainer, over a few thousand events at once, column by column: a list comprehension costs 20 ns an event and
column, a Python loop over rows ten times that.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from ..model.limits import MAX_EVENT_AHEAD_S, MAX_NAME_CHARS
from ..model.paths import route_of
from .decode.native import ANY, ENCODER, NOTHING, Name, WireEvent
from .useragent import UserAgents

Columns = dict[str, list[Any]]
EMPTY = b"{}"
DIRECT = {
    "type": "type", "component": "component", "action": "action", "method": "method", "status": "status", "duration_ms": "duration", "value": "value",
    "unit": "unit", "session_id": "sessionId", "user_id": "userId", "anonymous_id": "anonymousId", "platform": "platform", "environment": "environment",
}  # fmt: skip
"""Columns that are the wire's fields as they came."""
LARGEST = {"duration_ms": 1e15, "value": 1e30}
"""Beyond, a number is cut: an infinite Float32 throws in the rollups' views, and its sum would spoil every average."""
ID_BITS = 10
"""Events of one spool entry are numbered in the low bits of the id (≤1,000 of them), the entry's sequence number above."""

LIFTED_TYPES = frozenset(
    {
        "optimistic_action_success", "optimistic_action_rollback", "retry_attempt", "retry_success", "retry_failure",
        "error_boundary_recovered", "loading_skeleton_hidden", "api_latency", "api_call", "performance", "edge_function",
        "http.request",
    }
)  # fmt: skip
"""Types whose documents put timings and subjects into the free data: those are lifted into columns."""


class Lift(msgspec.Struct, gc=False):
    """What can be lifted out of an event's data. Any other shape is left alone."""

    duration_ms: float | None = None
    total_duration_ms: float | None = None
    recovery_time_ms: float | None = None
    latency_ms: float | None = None
    execution_time_ms: float | None = None
    duration: float | None = None
    value: float | None = None
    status: int | None = None
    status_code: int | None = None
    method: Name = None
    endpoint: str | None = None
    api_endpoint: str | None = None
    metric: str | None = None
    name: str | None = None
    function_name: str | None = None
    path: str | None = None
    unit: Name = None


LIFT = msgspec.json.Decoder(Lift)


@dataclass(frozen=True)
class Arrival:
    """What is the same for all events of one request."""

    seq: int
    project_id: int
    received_ms: int
    agent: str
    region: str


@lru_cache(maxsize=50_000)
def route(page: str) -> str:
    return route_of(page)


@lru_cache(maxsize=20_000)
def endpoint_route(endpoint: str) -> str:
    """Paths and addresses lose their ids; a name such as `orders.select` stays as it is."""
    return route_of(endpoint) if "/" in endpoint else endpoint[:MAX_NAME_CHARS]


class Enricher:
    """`node` sets the top bits of event ids; `max_age_s` is how old a client time may be."""

    def __init__(self, agents: UserAgents, *, node: int, max_age_s: float) -> None:
        self.agents = agents
        self.node = node
        self.max_age_ms = round(max_age_s * 1000)

    def event_id(self, seq: int, index: int) -> int:
        return (self.node << 57) | (seq << ID_BITS) | index

    def columns(self, arrivals: list[tuple[Arrival, list[WireEvent]]]) -> Columns:
        """The columns of table `events` for the events of some requests, all of one length. None stands for empty."""
        events = [event for _, found in arrivals for event in found]
        for event in events:
            if event.type in LIFTED_TYPES:
                lift(event)
        pages = [event.page for event in events]
        routes = [route(page) if page else "" for page in pages]
        out: Columns = {column: list(map(attrgetter(field), events)) for column, field in DIRECT.items()}
        for column, limit in LARGEST.items():
            out[column] = bounded(out[column], limit)
        out |= self._of_arrivals(arrivals)
        out["page"], out["route"] = pages, routes
        out["name"] = [
            event.name or subject(event, place) for event, place in zip(events, routes, strict=True)
        ]
        out["release"] = [event.release or event.buildId for event in events]
        flags = out["time_flag"]
        if any(flags) or any(event.data is not NOTHING for event in events):
            out["attributes"] = [attributes(event, flag) for event, flag in zip(events, flags, strict=True)]
        else:
            out["attributes"] = [
                EMPTY if event.metadata is NOTHING else bytes(event.metadata) for event in events
            ]
        return out

    def _of_arrivals(self, arrivals: list[tuple[Arrival, list[WireEvent]]]) -> Columns:
        """The columns in which a request's events are alike, mostly."""
        out: Columns = {
            name: []
            for name in (
                "id",
                "project_id",
                "at",
                "received_at",
                "time_flag",
                "device_type",
                "browser",
                "os",
                "region",
            )
        }
        for arrival, events in arrivals:
            count = len(events)
            base = self.event_id(arrival.seq, 0)
            out["id"] += range(base, base + count)
            out["project_id"] += [arrival.project_id] * count
            out["received_at"] += [arrival.received_ms] * count
            times, flags = self.times(
                arrival.received_ms,
                [event.timestamp if event.timestamp is not None else sent_at(event) for event in events],
            )
            out["at"] += times
            out["time_flag"] += flags
            out["region"] += [event.region or arrival.region for event in events]
            self._add_agents(out, arrival, events)
        return out

    def _add_agents(self, out: Columns, arrival: Arrival, events: list[WireEvent]) -> None:
        agent = self.agents.parse(arrival.agent)
        if any(event.userAgent for event in events):
            agents = [self.agents.parse(event.userAgent) if event.userAgent else agent for event in events]
        else:
            agents = [agent] * len(events)
        out["browser"] += [item.browser for item in agents]
        out["os"] += [item.os for item in agents]
        out["device_type"] += [
            event.deviceType or item.device_type for event, item in zip(events, agents, strict=True)
        ]

    def times(self, received_ms: int, sent: list[Any]) -> tuple[list[int], list[str]]:
        """Client times in epoch ms; one that is absurd gives way to the received time, with a flag that says why."""
        low, high = received_ms - self.max_age_ms, received_ms + MAX_EVENT_AHEAD_S * 1000
        if set(map(type, sent)) == {int} and low <= min(sent) and max(sent) <= high:
            return sent, [""] * len(sent)
        moments = [clamp(value, received_ms, low, high) for value in sent]
        return [moment for moment, _ in moments], [flag for _, flag in moments]

    def moment(self, received_ms: int, sent: Any) -> tuple[int, str]:
        """The same for one."""
        return clamp(sent, received_ms, received_ms - self.max_age_ms, received_ms + MAX_EVENT_AHEAD_S * 1000)


def sent_at(event: WireEvent) -> Any:
    if event.timestamp is not None:
        return event.timestamp
    return event.createdAt if event.createdAt is not None else event.ts


def clamp(value: Any, received_ms: int, low: int, high: int) -> tuple[int, str]:
    """(epoch ms, flag): flag is empty, `too_old`, `ahead` or `invalid`."""
    if value is None:
        return received_ms, ""
    at = epoch_ms(value)
    if at is None:
        return received_ms, "invalid"
    if at < low:
        return received_ms, "too_old"
    return (received_ms, "ahead") if at > high else (at, "")


def bounded(numbers: list[float | None], limit: float) -> list[float | None]:
    """The column itself when all is within ±limit, which is nearly always."""
    sent = [number for number in numbers if number]
    if not sent or -limit <= min(sent) <= max(sent) <= limit:
        return numbers
    return [None if number is None else min(limit, max(-limit, number)) for number in numbers]


SECONDS_BELOW = 100_000_000_000
"""A number below this is taken for epoch seconds (as milliseconds it would lie in 1973)."""


def epoch_ms(value: Any) -> int | None:
    """ISO 8601 text or a number as epoch ms; None when it is neither. A time without a zone is UTC."""
    if isinstance(value, int | float):
        if abs(value) > 1e17:
            return None
        return round(value * 1000) if 0 < value < SECONDS_BELOW else round(value)
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    try:
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (OverflowError, ValueError):
        return None


def cut(text: str | None) -> str:
    if not text:
        return ""
    return text if len(text) <= MAX_NAME_CHARS else text[:MAX_NAME_CHARS]


def subject(event: WireEvent, place: str) -> str | None:
    """What an event without a name is about, in one word that rollups group by: an endpoint, a page, an action."""
    if event.type == "page_view":
        return place
    if event.endpoint:
        return (
            f"{event.method} {endpoint_route(event.endpoint)}"[:MAX_NAME_CHARS]
            if event.method
            else endpoint_route(event.endpoint)
        )
    if event.method:
        return f"{event.method} {place}"[:MAX_NAME_CHARS]
    return event.action


def attributes(event: WireEvent, flag: str) -> bytes:
    """The event's free data as JSON text; a time that was not believed is kept in it."""
    if event.metadata is NOTHING and event.data is NOTHING and not flag:
        return EMPTY
    if not flag and (event.data is NOTHING or event.metadata is NOTHING):
        return bytes(event.metadata if event.data is NOTHING else event.data)
    merged = _decoded(event.data) | _decoded(event.metadata)
    if flag:
        merged["clientTime"] = sent_at(event)
    return ENCODER.encode(merged)


def _decoded(raw: msgspec.Raw) -> dict[str, Any]:
    return ANY.decode(bytes(raw)) if raw is not NOTHING and bytes(raw) else {}


def lift(event: WireEvent) -> None:
    """Fill timing, status and subject from the event's data where the event itself does not say them."""
    raw = event.data if event.metadata is NOTHING else event.metadata
    if raw is NOTHING:
        return
    try:
        found = LIFT.decode(raw)
    except msgspec.DecodeError:
        return
    if event.duration is None:
        event.duration = found.duration_ms if found.duration_ms is not None else took_ms(found)
    if event.value is None:
        event.value = found.value
    if event.status is None:
        status = found.status if found.status is not None else found.status_code
        event.status = status if status is not None and 0 <= status <= 65535 else None
    event.method = event.method or found.method
    event.unit = event.unit or found.unit
    if not event.name and not event.endpoint:
        event.endpoint = (
            found.endpoint
            or found.api_endpoint
            or found.metric
            or found.name
            or found.function_name
            or found.path
        )


def took_ms(found: Lift) -> float | None:
    """The documents' other names for how long something took."""
    named = (
        found.total_duration_ms,
        found.recovery_time_ms,
        found.latency_ms,
        found.execution_time_ms,
        found.duration,
    )
    return next((value for value in named if value is not None), None)
