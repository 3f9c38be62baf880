"""What the ingest paths take, for OpenAPI: handlers read raw bodies, so the framework can't derive it."""

from dataclasses import dataclass, field
from typing import Any

from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

TEXT = Schema(type=OpenAPIType.STRING)
MOMENT = Schema(one_of=[TEXT, Schema(type=OpenAPIType.NUMBER)], description="ISO 8601 or epoch milliseconds")
FREE = Schema(type=OpenAPIType.OBJECT, description="free data, at most 128 keys and 32 levels")

EVENT = Schema(
    type=OpenAPIType.OBJECT,
    required=["type"],
    description="One event; fields that are not listed are kept in its metadata.",
    properties={
        "type": Schema(type=OpenAPIType.STRING, min_length=1, max_length=200),
        **dict.fromkeys(
            (
                "page",
                "action",
                "component",
                "name",
                "endpoint",
                "method",
                "unit",
                "sessionId",
                "userId",
                "anonymousId",
                "userAgent",
                "platform",
                "deviceType",
                "region",
                "environment",
                "release",
                "buildId",
            ),
            TEXT,
        ),
        **dict.fromkeys(("timestamp", "createdAt", "ts"), MOMENT),
        "status": Schema(type=OpenAPIType.INTEGER, minimum=0, maximum=65535),
        "duration": Schema(type=OpenAPIType.NUMBER, description="milliseconds"),
        "value": Schema(type=OpenAPIType.NUMBER),
        "metadata": FREE,
        "data": FREE,
    },
    examples=[
        {
            "type": "page_view",
            "page": "/flow",
            "sessionId": "abc123",
            "userId": "user_456",
            "deviceType": "desktop",
            "metadata": {"referrer": "/home"},
        }
    ],
)
BATCH = Schema(
    type=OpenAPIType.OBJECT,
    required=["events"],
    properties={
        "events": Schema(type=OpenAPIType.ARRAY, items=EVENT, max_items=100),
        "batchId": Schema(
            type=OpenAPIType.STRING, max_length=128, description="the same id again counts once"
        ),
        "dropped": Schema(
            type=OpenAPIType.ARRAY,
            description="what the client dropped itself, for the ledger",
            items=Schema(
                type=OpenAPIType.OBJECT,
                required=["reason", "quantity"],
                properties={
                    "reason": TEXT,
                    "category": TEXT,
                    "quantity": Schema(type=OpenAPIType.INTEGER, minimum=0),
                },
            ),
        ),
    },
)
SIGNAL = Schema(
    type=OpenAPIType.OBJECT,
    required=["signal", "component"],
    properties={
        "signal": TEXT,
        "component": TEXT,
        "session_id": TEXT,
        "user_id": TEXT,
        "ts": MOMENT,
        "data": FREE,
    },
    examples=[
        {
            "signal": "optimistic_action_rollback",
            "component": "PaymentButton",
            "session_id": "s1",
            "data": {"action_id": "payment_123", "duration_ms": 180, "rollback_reason": "declined"},
        }
    ],
)
REPORT = Schema(
    type=OpenAPIType.OBJECT,
    required=["errorType", "message"],
    properties={
        "severity": Schema(type=OpenAPIType.STRING, enum=["critical", "error", "warning", "info"]),
        "metadata": FREE,
        "timestamp": MOMENT,
        **dict.fromkeys(
            (
                "errorType",
                "message",
                "stack",
                "page",
                "component",
                "userId",
                "sessionId",
                "userAgent",
                "buildId",
                "environment",
            ),
            TEXT,
        ),
    },
    examples=[
        {
            "errorType": "TypeError",
            "message": "Cannot read property 'id' of undefined",
            "page": "/profile",
            "severity": "error",
        }
    ],
)

FEEDBACK = Schema(
    type=OpenAPIType.OBJECT,
    required=["message"],
    properties={
        "message": Schema(type=OpenAPIType.STRING, min_length=1, description="what the person says"),
        "contact": Schema(type=OpenAPIType.STRING, description="how to reach them; only admins see it"),
        "screenshot": Schema(
            type=OpenAPIType.STRING,
            description="a JPEG, PNG or WebP picture of up to 1 MiB as a data URL; in a form, a file",
        ),
        "metadata": FREE,
        "breadcrumbs": Schema(type=OpenAPIType.ARRAY, items=FREE),
        "errorId": Schema(type=OpenAPIType.STRING, description="the errorId of the error that this is about"),
        "id": Schema(type=OpenAPIType.STRING, description="the same id again counts once"),
        **dict.fromkeys(
            ("page", "url", "userAgent", "sessionId", "userId", "anonymousId", "release", "environment"), TEXT
        ),
    },
    examples=[{"message": "The button does nothing", "contact": "ada@example.org", "page": "/checkout"}],
)


def _body(schema: Schema) -> Any:
    return field(
        default_factory=lambda: RequestBody(
            required=True, content={"application/json": OpenAPIMediaType(schema=schema)}
        )
    )


@dataclass
class BatchOperation(Operation):
    request_body: RequestBody = _body(BATCH)


@dataclass
class SignalOperation(Operation):
    request_body: RequestBody = _body(SIGNAL)


@dataclass
class ErrorOperation(Operation):
    request_body: RequestBody = _body(REPORT)


@dataclass
class FeedbackOperation(Operation):
    request_body: RequestBody = field(
        default_factory=lambda: RequestBody(
            required=True,
            content={
                "application/json": OpenAPIMediaType(schema=FEEDBACK),
                "multipart/form-data": OpenAPIMediaType(schema=FEEDBACK),
            },
        )
    )
