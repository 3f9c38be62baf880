"""OTLP/HTTP's three requests, from a plain body to records: what the handlers ask for, whatever the encoding.

Bytes become messages (otlp_read), messages become records (otlp_traces, otlp_logs, otlp_metrics), and exceptions among them
become error reports (otlp_exceptions). Only a body that can't be read as a whole raises.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from .errors import Report
from .native import WireEvent
from .otlp_exceptions import reports_of_logs, reports_of_spans
from .otlp_logs import logs_of
from .otlp_metrics import points_of
from .otlp_read import LOGS, METRICS, TRACES
from .otlp_taken import Taken
from .otlp_traces import spans_of
from .span_events import events_of_spans


@dataclass(frozen=True)
class Telemetry:
    """`kind` is the spool's word for the records; `taken` says what was rejected."""

    kind: str
    taken: Taken[Any]
    reports: list[Report]
    events: list[WireEvent]

    @property
    def records(self) -> list[msgspec.Struct]:
        return self.taken.records

    @property
    def rejected(self) -> int:
        return self.taken.rejected.total()


def decode_traces(body: bytes, *, is_json: bool, now_ns: int) -> Telemetry:  # noqa: ARG001 - a span has times of its own
    taken = spans_of(TRACES.read(body, is_json=is_json))
    return Telemetry("spans", taken, reports_of_spans(taken.records), events_of_spans(taken.records))


def decode_logs(body: bytes, *, is_json: bool, now_ns: int) -> Telemetry:
    taken = logs_of(LOGS.read(body, is_json=is_json), now_ns)
    return Telemetry("logs", taken, reports_of_logs(taken.records), [])


def decode_metrics(body: bytes, *, is_json: bool, now_ns: int) -> Telemetry:
    return Telemetry("points", points_of(METRICS.read(body, is_json=is_json), now_ns), [], [])
