"""What the OTLP paths take, for OpenAPI: the outline; the messages are OpenTelemetry's own."""

from dataclasses import dataclass, field
from typing import Any

from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from .otlp_answers import JSON, PROTOBUF


def _body(name: str, message: str) -> Any:
    outline = Schema(
        type=OpenAPIType.OBJECT,
        description=f"{message} in OTLP's JSON: lowerCamelCase names, hexadecimal ids, numbers for enums",
        properties={name: Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT))},
    )
    binary = Schema(type=OpenAPIType.STRING, content_encoding="binary", description=message)
    return field(
        default_factory=lambda: RequestBody(
            required=True,
            content={JSON: OpenAPIMediaType(schema=outline), PROTOBUF: OpenAPIMediaType(schema=binary)},
        )
    )


@dataclass
class TracesOperation(Operation):
    request_body: RequestBody = _body("resourceSpans", "ExportTraceServiceRequest")


@dataclass
class LogsOperation(Operation):
    request_body: RequestBody = _body("resourceLogs", "ExportLogsServiceRequest")


@dataclass
class MetricsOperation(Operation):
    request_body: RequestBody = _body("resourceMetrics", "ExportMetricsServiceRequest")
