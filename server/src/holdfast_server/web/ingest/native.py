"""The native JSON paths: P2, T12, S1, P3 and the bulk path. Each answers when what it took is on disk."""

from typing import Any

from litestar import Response, post
from litestar.enums import MediaType
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from ...errors import BadInput, UnsupportedType
from ...ingest.decode.native import batch_of_signals
from ...ingest.pipeline import Sender, Taken
from ...model.limits import MAX_BATCH_EVENTS, MAX_BULK_EVENTS
from ...model.outcome import Outcome
from ..guards import writer_key
from ..services import HttpRequest, intake
from .body import JSON_TYPES, read_body
from .schema import BatchOperation, ErrorOperation, SignalOperation

REFUSALS_SHOWN = 20
"""An answer explains so many refused events at the most; `failed` counts all."""


@post(
    "/api/telemetry/batch",
    status_code=HTTP_200_OK,
    tags=["ingest"],
    operation_class=BatchOperation,
    summary="Record a batch of events",
)
async def batch(request: HttpRequest) -> Response[dict[str, Any]]:
    return Response(_answer(await _take(request, MAX_BATCH_EVENTS)), media_type=MediaType.JSON)


@post(
    "/api/v1/events",
    status_code=HTTP_202_ACCEPTED,
    tags=["ingest"],
    operation_class=BatchOperation,
    summary="Record up to 1,000 events",
)
async def bulk(request: HttpRequest) -> Response[dict[str, Any]]:
    return Response(
        _answer(await _take(request, MAX_BULK_EVENTS)),
        media_type=MediaType.JSON,
        status_code=HTTP_202_ACCEPTED,
    )


@post(
    "/api/telemetry",
    status_code=HTTP_204_NO_CONTENT,
    tags=["ingest"],
    operation_class=BatchOperation,
    summary="Record a batch of events, without an answer's body",
)
async def quiet(request: HttpRequest) -> None:
    taken = await _take(request, MAX_BATCH_EVENTS)
    if taken.failed and not taken.recorded:
        first = taken.refused[0] if taken.refused else {"message": "no event could be used", "path": "events"}
        raise BadInput(str(first["message"]), path=str(first["path"]))


@post(
    "/api/telemetry/resilience",
    status_code=HTTP_200_OK,
    tags=["ingest"],
    operation_class=SignalOperation,
    summary="Record resilience signals, one or many",
)
async def resilience(request: HttpRequest) -> Response[dict[str, Any]]:
    sender = await sender_of(request)
    body = await _body(request, sender)
    try:
        body = batch_of_signals(body)
    except BadInput as exc:
        intake(request).ledger.count(sender.project_id, Outcome.INVALID, exc.code)
        raise
    taken = await intake(request).pipeline.take_batch(sender, body, batch_id=idempotency_key(request))
    if taken.total == 1 and taken.failed:
        raise BadInput(
            str(taken.refused[0]["message"]), path=str(taken.refused[0]["path"]).removeprefix("events[0].")
        )
    return Response(_answer(taken), media_type=MediaType.JSON)


@post(
    "/api/errors",
    status_code=HTTP_200_OK,
    tags=["ingest"],
    operation_class=ErrorOperation,
    summary="Report one error",
)
async def error(request: HttpRequest) -> Response[dict[str, Any]]:
    sender = await sender_of(request)
    body = await _body(request, sender, "error")
    taken = await intake(request).pipeline.take_error(sender, body, batch_id=idempotency_key(request))
    return Response(
        {"success": True, "errorId": taken.error_id, "duplicate": taken.duplicate}, media_type=MediaType.JSON
    )


async def _take(request: HttpRequest, max_events: int) -> Taken:
    sender = await sender_of(request)
    body = await _body(request, sender)
    return await intake(request).pipeline.take_batch(
        sender, body, batch_id=idempotency_key(request), max_events=max_events
    )


async def sender_of(request: HttpRequest) -> Sender:
    key = await writer_key(request)
    headers = request.headers
    return Sender(key.project_id, headers.get("user-agent", ""), headers.get("cf-ipcountry", ""))


async def _body(request: HttpRequest, sender: Sender, category: str = "event") -> bytes:
    """The plain body; a refusal here is in the ledger like any other."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind not in JSON_TYPES:
            raise UnsupportedType(kind, "application/json, or text/plain from sendBeacon")
        return await read_body(request)
    except BadInput as exc:
        intake(request).ledger.count(sender.project_id, Outcome.INVALID, exc.code, category=category)
        raise


def idempotency_key(request: HttpRequest) -> str | None:
    return request.headers.get("idempotency-key")


def _answer(taken: Taken) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "success": taken.recorded > 0 or taken.total == 0,
        "recorded": taken.recorded,
        "failed": taken.failed,
        "total": taken.total,
    }
    if taken.refused:
        answer["errors"] = list(taken.refused[:REFUSALS_SHOWN])
    return answer


ROUTES = [batch, bulk, quiet, resilience, error]
