"""What Sentry's paths take, for OpenAPI: handlers read raw bodies, so the framework can't derive it."""

from dataclasses import dataclass, field
from typing import Any

from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

ENVELOPE = Schema(
    type=OpenAPIType.STRING,
    description="A header line, then items of a header line and a payload each.",
    examples=['{}\n{"type":"event"}\n{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","message":"hello"}\n'],
)
EVENT = Schema(
    type=OpenAPIType.OBJECT,
    description="An event with the fields of Sentry's event payload.",
    examples=[{"event_id": "9ec79c33ec9942ab8353589fcb2e04dc", "message": "hello", "level": "error"}],
)
REPORT = Schema(
    type=OpenAPIType.OBJECT,
    examples=[{"csp-report": {"document-uri": "https://example.org/", "effective-directive": "script-src"}}],
)


def _body(media_type: str, schema: Schema) -> Any:
    return field(
        default_factory=lambda: RequestBody(
            required=True, content={media_type: OpenAPIMediaType(schema=schema)}
        )
    )


@dataclass
class EnvelopeOperation(Operation):
    request_body: RequestBody = _body("application/x-sentry-envelope", ENVELOPE)


@dataclass
class StoreOperation(Operation):
    request_body: RequestBody = _body("application/json", EVENT)


@dataclass
class SecurityOperation(Operation):
    request_body: RequestBody = _body("application/csp-report", REPORT)


@dataclass
class MinidumpOperation(Operation):
    request_body: RequestBody = _body("multipart/form-data", Schema(type=OpenAPIType.OBJECT))
