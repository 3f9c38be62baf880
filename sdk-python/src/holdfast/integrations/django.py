"""Django: put `holdfast.integrations.django.HoldfastMiddleware` first in MIDDLEWARE. Sync and async.

Errors that a view raises are recorded although Django turns them into an answer; the user is the logged-in one.
"""

from __future__ import annotations

from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from holdfast.integrations._request import SESSION_COOKIE, RequestSpan


class HoldfastMiddleware:
    """The answer of a streaming view counts as finished when it begins."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        if self._is_async:
            return self._answer(request)
        span = _span(request)
        try:
            response = self.get_response(request)
            span.finished(response.status_code, _template(request))
            return response
        finally:
            span.leave()

    async def _answer(self, request: Any) -> Any:
        span = _span(request)
        try:
            response = await self.get_response(request)
            span.finished(response.status_code, _template(request))
            return response
        finally:
            span.leave()

    def process_exception(self, request: Any, exception: BaseException) -> None:
        """Django calls this for what a view raised, before it makes an answer of it."""
        span = getattr(request, "_holdfast_span", None)
        if span is not None:
            span.failed(exception, _template(request))


def _span(request: Any) -> RequestSpan:
    session_id = request.headers.get("X-Holdfast-Session", "") or request.COOKIES.get(SESSION_COOKIE, "")
    span = RequestSpan(None, request.method, request.path, session_id[:200])
    request._holdfast_span = span  # noqa: SLF001 - Django's way to hang something on a request
    return span


def _template(request: Any) -> str:
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match is not None and match.route is not None else ""
