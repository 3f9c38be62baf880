"""What Sentry and OpenTelemetry clients send besides errors, in one form for both: spans, log records, metric points and
application sessions. Decoders make them, the spool keeps lists of them as JSON, the drainer turns them into columns.

Times are epoch nanoseconds, so that what was sent is what is shown. Latency and AI usage out of spans become ordinary
events (`http.request`, `api_latency`, `ai_operation`), so that every page and rate sees them.
"""

from typing import Any, TypeVar

import msgspec

MAX_RECORDS = 1_000
"""Records in one entry of the spool: their ids are numbered in ten bits."""
MAX_ATTRIBUTES_BYTES = 65_536

T = TypeVar("T")


class Span(msgspec.Struct, omit_defaults=True, gc=False):
    """`kind`: server, client, internal, producer, consumer; `status`: ok, error, unset, or the client's own word."""

    trace_id: str
    span_id: str
    start_ns: int
    end_ns: int
    name: str = ""
    parent_id: str = ""
    op: str = ""
    kind: str = ""
    status: str = ""
    service: str = ""
    session_id: str = ""
    user_id: str = ""
    environment: str = ""
    release: str = ""
    sdk: str = ""
    is_segment: bool = False
    attributes: dict[str, Any] = {}
    resource: dict[str, Any] = {}
    scope: str = ""
    events: list[Any] = []
    links: list[Any] = []


class LogRecord(msgspec.Struct, omit_defaults=True, gc=False):
    """`severity_number` as OpenTelemetry counts, 1 (trace) to 24 (fatal); `body` is text, or JSON text of anything else."""

    at_ns: int
    body: str = ""
    severity: str = ""
    severity_number: int = 0
    event_name: str = ""
    trace_id: str = ""
    span_id: str = ""
    service: str = ""
    session_id: str = ""
    user_id: str = ""
    environment: str = ""
    release: str = ""
    sdk: str = ""
    attributes: dict[str, Any] = {}
    resource: dict[str, Any] = {}
    scope: str = ""


class Point(msgspec.Struct, omit_defaults=True, gc=False):
    """One metric point. `kind`: gauge, sum, histogram, exponential_histogram, summary, counter, distribution.

    `buckets` holds bounds and counts (or quantiles) as they came.
    """

    name: str
    kind: str
    at_ns: int
    start_ns: int = 0
    unit: str = ""
    description: str = ""
    temporality: str = ""
    is_monotonic: bool = False
    value: float = 0.0
    count: int = 0
    sum: float = 0.0
    min: float | None = None
    max: float | None = None
    buckets: dict[str, Any] = {}
    trace_id: str = ""
    service: str = ""
    environment: str = ""
    release: str = ""
    attributes: dict[str, Any] = {}
    resource: dict[str, Any] = {}
    scope: str = ""


class AppSession(msgspec.Struct, omit_defaults=True, gc=False):
    """A session of the application as its client last told: `status` ok, exited, errored, unhandled, crashed or abnormal.

    `session_id` "" stands for an aggregate of `quantity` sessions. The highest `version` of a session wins.
    """

    started_ns: int
    session_id: str = ""
    user_id: str = ""
    status: str = "ok"
    errors: int = 0
    quantity: int = 1
    duration_ms: float | None = None
    version: int = 0
    environment: str = ""
    release: str = ""
    sdk: str = ""


def decoder(kind: type[T]) -> "msgspec.json.Decoder[list[T]]":
    return msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
