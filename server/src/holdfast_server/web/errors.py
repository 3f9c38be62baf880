"""The one place where errors become HTTP: status, the JSON body of DESIGN, Retry-After; pages get a page instead."""

from typing import Any

import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Template

from ..errors import (
    BadInput,
    Busy,
    Conflict,
    HoldfastError,
    NotAllowed,
    NotFound,
    NotKnown,
    QueryFailed,
    QueryRefused,
    TooLarge,
    TooMany,
    UnsupportedType,
)

log = structlog.get_logger(__name__)

STATUS: tuple[tuple[type[HoldfastError], int], ...] = (
    (TooLarge, 413),
    (UnsupportedType, 415),
    (BadInput, 400),
    (NotKnown, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooMany, 429),
    (Busy, 503),
    (QueryRefused, 400),
    (QueryFailed, 400),
)
"""First match wins: a subclass stands before its base."""

HTTP_CODES = {
    400: "bad_input",
    401: "not_authenticated",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
}
WIRE_NAMES = {
    "sort_by": "sortBy",
    "release_in": "releaseIn",
    "event_type": "type",
    "range_": "range",
    "from_": "from",
}
"""Litestar names a wrong parameter as the handler does, and the client needs its own name."""
TITLES = {
    400: "That request can't be used",
    401: "Log in first",
    403: "You may not see this",
    404: "There is nothing here",
    405: "That is not how this works",
    409: "That can't be done now",
    413: "That is too large",
    429: "Too many requests",
    503: "Not available right now",
}


def status_of(error: HoldfastError) -> int:
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def body(code: str, message: str, path: str = "", hint: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "path": path, "hint": hint}}


def on_holdfast_error(request: Request[Any, Any, Any], error: HoldfastError) -> Response[Any]:
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, Busy) else {}
    return answer(request, status_of(error), body(error.code, error.message, error.path, error.hint), headers)


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Litestar's own: wrong paths, methods and parameters."""
    code = HTTP_CODES.get(error.status_code, "internal" if error.status_code >= 500 else "bad_input")
    path, message = "", error.detail
    if isinstance(error, ValidationException) and isinstance(error.extra, list) and error.extra:
        first = error.extra[0]
        key = str(first.get("key", ""))
        path, message = WIRE_NAMES.get(key, key), str(first.get("message", error.detail))
    if error.status_code == 404:
        message = f"there is nothing at {request.url.path}"
    headers = {
        name: value
        for name, value in (error.headers or {}).items()
        if name.lower() in ("allow", "retry-after")
    }
    return answer(request, error.status_code, body(code, message, path), headers)


def on_any(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """What nobody foresaw: logged with its trace, answered without it."""
    log.error("web.failed", path=request.url.path, method=request.method, exc_info=error)
    return answer(
        request,
        500,
        body(
            "internal",
            "something went wrong on our side",
            "",
            "it is in the server's log; try again, and report it if it stays",
        ),
        {},
    )


def answer(
    request: Request[Any, Any, Any], status: int, content: dict[str, Any], headers: dict[str, str]
) -> Response[Any]:
    if wants_page(request):
        error = content["error"]
        context = {
            "status": status,
            "title": TITLES.get(status, "Something went wrong"),
            "sentence": error["message"],
            "hint": error["hint"],
        }
        return Template("pages/error/error.html", context=context, status_code=status, headers=headers)
    return Response(content, status_code=status, headers=headers, media_type=MediaType.JSON)


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """People's browsers ask for HTML; htmx and API clients get JSON."""
    path = request.url.path
    if path.startswith(("/api/", "/v1/", "/sdk/", "/static/", "/schema", "/metrics", "/healthz", "/readyz")):
        return False
    return "text/html" in request.headers.get("accept", "")


HANDLERS: dict[Any, Any] = {
    HoldfastError: on_holdfast_error,
    HTTPException: on_http_exception,
    Exception: on_any,
}
