"""CORS for the ingest paths alone, on every answer, errors included: a browser must be able to read why it was refused.

The answer names the exact origin and allows credentials, because `sendBeacon` with a JSON blob is sent with cookies and
Chromium drops it otherwise (field/protocols, §5). That gives nothing away: these paths look at the key, never at cookies.
"""

import re

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

INGEST_PATHS = frozenset(
    {
        "/api/telemetry",
        "/api/telemetry/batch",
        "/api/telemetry/resilience",
        "/api/errors",
        "/api/feedback",
        "/api/v1/events",
        "/v1/logs",
        "/v1/metrics",
        "/v1/traces",
    }
)
SENTRY_PATH = re.compile(r"/api/[0-9]+/(?:envelope|store|security|nel|minidump)/?")
ALLOW_HEADERS = (
    b"authorization, authentication, baggage, content-encoding, content-type, idempotency-key, sentry-trace, x-holdfast-key, "
    b"x-requested-with, x-sentry-auth"
)
EXPOSE_HEADERS = b"retry-after, x-sentry-error, x-sentry-rate-limits"


def cors(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Wrap `app`; `origins` are the web origins that may send, `*` for all."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        # Some paths are also read, with a login, by GET: that is nobody's business at other origins.
        sends = scope["type"] == ScopeType.HTTP and scope["method"] in ("POST", "OPTIONS")
        if not sends or not takes_in(scope["path"]):
            await app(scope, receive, send)
            return
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        if origin is None or not ("*" in origins or origin.decode("latin-1") in origins):
            await app(scope, receive, send)
            return
        if scope.get("method") == "OPTIONS":
            await _preflight(origin, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_headers(origin)]
            await send(message)

        await app(scope, receive, sending)

    return middleware


def takes_in(path: str) -> bool:
    return path in INGEST_PATHS or SENTRY_PATH.fullmatch(path) is not None


def _headers(origin: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", EXPOSE_HEADERS),
        (b"vary", b"origin"),
    ]


async def _preflight(origin: bytes, send: Send) -> None:
    headers = [
        *_headers(origin),
        (b"access-control-allow-methods", b"POST, OPTIONS"),
        (b"access-control-allow-headers", ALLOW_HEADERS),
        (b"access-control-max-age", b"86400"),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
