"""OTLP/HTTP: POST /v1/traces, /v1/logs and /v1/metrics, as protobuf or JSON. Each answers when what it took is on disk.

A repeated body counts once, so an exporter that did not hear our answer may send again.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from litestar import Response, Router, post

from ...errors import BadInput
from ...ingest.at_once import Hold
from ...ingest.decode.otlp import Telemetry, decode_logs, decode_metrics, decode_traces
from ...ingest.pipeline import Sender
from ...model.outcome import Outcome
from ..guards import writer_key
from ..services import HttpRequest, TakesIn, intake, services
from .body import decompress, encoding_of, read_packed
from .otlp_answers import HANDLERS, JSON, success, type_of
from .otlp_schema import LogsOperation, MetricsOperation, TracesOperation

MAX_BYTES = 20 * 1024 * 1024
"""As it arrives and after decompression: what the specification recommends."""


@dataclass(frozen=True)
class Signal:
    """One path: how its body is read, the ledger's word for its records, and who tells of its exceptions."""

    decode: Callable[..., Telemetry]
    category: str
    teller: Literal["spans", "logs"] = "spans"


TRACES = Signal(decode_traces, "span")
LOGS = Signal(decode_logs, "log", "logs")
METRICS = Signal(decode_metrics, "metric")


@post("/traces", status_code=200, tags=["ingest"], operation_class=TracesOperation, summary="OTLP: spans")
async def traces(request: HttpRequest) -> Response[bytes]:
    return await _take(request, TRACES)


@post("/logs", status_code=200, tags=["ingest"], operation_class=LogsOperation, summary="OTLP: log records")
async def logs(request: HttpRequest) -> Response[bytes]:
    return await _take(request, LOGS)


@post(
    "/metrics",
    status_code=200,
    tags=["ingest"],
    operation_class=MetricsOperation,
    summary="OTLP: metric points",
)
async def metrics(request: HttpRequest) -> Response[bytes]:
    return await _take(request, METRICS)


async def _take(request: HttpRequest, signal: Signal) -> Response[bytes]:
    key = await writer_key(request)
    sender = Sender(key.project_id, _agent(request), request.headers.get("cf-ipcountry", ""))
    ours = intake(request)
    try:
        media_type = type_of(request)
        with ours.pipeline.at_once.hold() as hold:
            found, batch_id = await _decode(request, signal, hold, is_json=media_type == JSON)
            await _keep(ours, sender, signal, found, batch_id)
    except BadInput as exc:
        ours.ledger.count(sender.project_id, Outcome.INVALID, exc.code, category=signal.category)
        raise
    return success(found.kind, media_type, found.rejected, found.taken.message)


async def _decode(
    request: HttpRequest, signal: Signal, hold: Hold, *, is_json: bool
) -> tuple[Telemetry, str | None]:
    packed = await read_packed(request, MAX_BYTES, on_bytes=hold.grow)
    encoding = encoding_of(request, packed)
    now_ns = services(request).clock.now_ms() * 1_000_000

    def work() -> tuple[Telemetry, str | None]:
        body = decompress(packed, encoding, MAX_BYTES)
        found = signal.decode(body, is_json=is_json, now_ns=now_ns)
        # Records without a time of their own may well be the same and yet be others.
        return found, None if found.taken.is_timeless else hashlib.sha256(body).hexdigest()

    return await intake(request).pipeline.at_once.decode(work, len(packed), is_packed=bool(encoding))


async def _keep(
    ours: TakesIn, sender: Sender, signal: Signal, found: Telemetry, batch_id: str | None
) -> None:
    pipeline = ours.pipeline
    if found.records:
        await pipeline.take_records(sender, found.kind, found.records, batch_id=batch_id)
    reports = pipeline.told_twice.new_ones(sender.project_id, signal.teller, found.reports)
    await pipeline.take_reports(sender, reports, batch_id=batch_id)
    await pipeline.take_events(sender, found.events, batch_id=batch_id)
    for reason, count in found.taken.rejected.items():
        ours.ledger.count(sender.project_id, Outcome.INVALID, reason, count, signal.category)
    if found.taken.empty:
        ours.ledger.count(
            sender.project_id, Outcome.FILTERED, "no_recorded_value", found.taken.empty, signal.category
        )


def _agent(request: HttpRequest) -> str:
    """A browser's user agent is the person's; an exporter's own is nobody's."""
    agent = request.headers.get("user-agent", "")
    return agent if "Mozilla" in agent else ""


ROUTES: list[Any] = [
    Router(path="/v1", route_handlers=[traces, logs, metrics], exception_handlers=HANDLERS),
]
