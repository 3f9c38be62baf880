"""OTLP's answers: in the request's own content type, failures as google.rpc.Status, overload as what exporters try again."""

from typing import Any

import msgspec
import structlog
from google.protobuf.message import Message
from litestar import Request, Response
from litestar.exceptions import HTTPException
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ...errors import Busy, HoldfastError, UnsupportedType
from ..errors import status_of

log = structlog.get_logger(__name__)

JSON, PROTOBUF = "application/json", "application/x-protobuf"
TYPES = {
    PROTOBUF: PROTOBUF,
    "application/protobuf": PROTOBUF,
    "application/x-google-protobuf": PROTOBUF,
    JSON: JSON,
    "text/plain": JSON,
}
"""What is taken, and what its answer is. `text/plain` is what sendBeacon sends."""
MAX_RETRY_AFTER_S = 5
"""Python's exporter gives a batch up at once when it would have to wait past its ten seconds."""
RPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 8, 415: 3, 429: 8, 503: 14}
INTERNAL = 13
RESPONSES: dict[str, tuple[type[Message], str]] = {
    "spans": (ExportTraceServiceResponse, "rejected_spans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "points": (ExportMetricsServiceResponse, "rejected_data_points"),
}


def type_of(request: Request[Any, Any, Any]) -> str:
    """JSON or PROTOBUF. Raises UnsupportedType."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    found = TYPES.get(sent)
    if found is None:
        raise UnsupportedType(sent, f"{PROTOBUF} or {JSON}")
    return found


def success(kind: str, media_type: str, rejected: int, message: str) -> Response[bytes]:
    """Nothing to say but yes, or how many records were rejected and why."""
    if not rejected:
        return Response(b"{}" if media_type == JSON else b"", media_type=media_type)
    response, field = RESPONSES[kind]
    if media_type == JSON:
        head, *rest = field.split("_")
        name = head + "".join(word.title() for word in rest)
        partial = {"partialSuccess": {name: str(rejected), "errorMessage": message}}
        return Response(msgspec.json.encode(partial), media_type=JSON)
    partial_success = {field: rejected, "error_message": message}
    return Response(
        response(partial_success=partial_success).SerializeToString(),
        media_type=PROTOBUF,
    )


def on_error(request: Request[Any, Any, Any], error: HoldfastError) -> Response[bytes]:
    headers = (
        {"Retry-After": str(min(MAX_RETRY_AFTER_S, error.retry_after_s))} if isinstance(error, Busy) else {}
    )
    sentence = f"{error.message}; {error.hint}" if error.hint else error.message
    return failure(request, status_of(error), sentence, headers)


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    return failure(request, error.status_code, error.detail, {})


def on_any(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("otlp.failed", path=request.url.path, exc_info=error)
    return failure(request, 500, "something went wrong on our side; it is in the server's log", {})


def failure(
    request: Request[Any, Any, Any], status: int, message: str, headers: dict[str, str]
) -> Response[bytes]:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    code = RPC_CODES.get(status, INTERNAL if status >= 500 else 3)
    media_type = TYPES.get(sent, JSON)
    body = (
        msgspec.json.encode({"code": code, "message": message})
        if media_type == JSON
        else _status(code, message)
    )
    return Response(body, status_code=status, headers=headers, media_type=media_type)


def _status(code: int, message: str) -> bytes:
    """google.rpc.Status in protobuf: `code` is its field 1, `message` its field 2."""
    text = message.encode("utf-8", "replace")[:2_000].decode("utf-8", "ignore").encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


HANDLERS: dict[Any, Any] = {HoldfastError: on_error, HTTPException: on_http, Exception: on_any}
