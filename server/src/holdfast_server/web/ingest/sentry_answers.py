"""Answers as Sentry's relay gives them: `{"id": …}`, `{"detail": …, "causes": […]}`, and which categories should wait.

A client that hears 429 without these headers falls silent for a minute altogether, so both are always there.
"""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.enums import MediaType

from ...errors import Busy, HoldfastError, NotKnown
from ...ingest.sentry_intake import TakenEnvelope
from ..errors import status_of

WORDS = {
    "event": "error", "error": "error", "default": "error", "transaction": "transaction", "span": "span", "log": "log_item",
    "trace_metric": "trace_metric", "statsd": "metric_bucket", "session": "session", "sessions": "session", "check_in": "monitor",
    "feedback": "feedback", "user_report": "user_report", "attachment": "attachment", "raw_security": "security", "nel": "security",
    "client_report": "internal",
}  # fmt: skip
"""What clients call the categories of our item types."""
CAUSES_SHOWN = 20
LIMITED = "this project sends more than it may, or the server has no room; what was named in X-Sentry-Rate-Limits was not kept"


def answer(taken: TakenEnvelope) -> Response[bytes]:
    """429 when anything was limited, 400 when nothing of it could be used, else the event's id."""
    if taken.limited:
        longest = max(taken.limited.values())
        waits: dict[int, list[str]] = {}
        for kind, seconds in sorted(taken.limited.items()):
            waits.setdefault(seconds, []).append(WORDS.get(kind, kind))
        limits = ", ".join(
            f"{seconds}:{';'.join(sorted(set(words)))}:key" for seconds, words in waits.items()
        )
        headers = {"Retry-After": str(longest), "X-Sentry-Rate-Limits": limits}
        return failure(429, LIMITED, taken.refused, headers)
    if taken.refused and not taken.kept:
        return failure(400, "invalid event envelope", taken.refused)
    return success(taken.event_id)


def success(event_id: str) -> Response[bytes]:
    body = b'{"id":"%s"}' % event_id.encode() if event_id else b"{}"
    return Response(body, media_type=MediaType.JSON)


def failure(
    status: int, detail: str, causes: list[str] | None = None, headers: dict[str, str] | None = None
) -> Response[bytes]:
    body = msgspec.json.encode({"detail": detail, "causes": (causes or [])[:CAUSES_SHOWN]})
    shown = {"X-Sentry-Error": detail.encode("ascii", "replace").decode().replace("\n", " ")[:500]}
    return Response(body, status_code=status, media_type=MediaType.JSON, headers=shown | (headers or {}))


def on_error(_: Request[Any, Any, Any], error: HoldfastError) -> Response[bytes]:
    """What concerns the request as a whole."""
    causes = [error.hint] if error.hint else []
    if isinstance(error, NotKnown):
        return failure(401, error.message, causes, {"WWW-Authenticate": "Sentry"})
    if isinstance(error, Busy):
        return failure(status_of(error), error.message, causes, {"Retry-After": str(error.retry_after_s)})
    return failure(status_of(error), error.message, causes)


HANDLERS: dict[Any, Any] = {HoldfastError: on_error}
