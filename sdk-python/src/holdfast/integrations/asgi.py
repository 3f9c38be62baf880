"""ASGI middleware: each request with method, route template, status and duration; what it raised as an error.

    app = HoldfastMiddleware(app)

Works with Starlette, FastAPI, Litestar, Quart, Django and bare applications. WebSockets and lifespan pass through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.integrations._request import SESSION_HEADER, RequestSpan, session_of_cookie

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast._client import Client

_CLOSED_BY_CLIENT = 499


class HoldfastMiddleware:
    """`user_of(scope)` may name the user of a request; what it raises counts as nobody."""

    def __init__(
        self, app: Any, client: Client | None = None, *, user_of: Callable[[Any], str] | None = None
    ) -> None:
        self.app = app
        self._client = client
        self._user_of = user_of

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        span = RequestSpan(self._client, scope["method"], scope["path"], _session(scope), self._user(scope))
        status = _CLOSED_BY_CLIENT

        async def watched(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            status = 500
            span.failed(error, route_template(scope))
            raise
        finally:
            span.finished(status, route_template(scope))
            span.leave()

    def _user(self, scope: Any) -> str:
        if self._user_of is None:
            return ""
        try:
            return self._user_of(scope) or ""
        except Exception:  # noqa: BLE001 - the host's function may raise anything
            return ""


def route_template(scope: Any) -> str:
    """`/orders/{order_id}` as the framework knows it, "" when it does not say."""
    template = scope.get("path_template")  # Litestar
    if template:
        return str(template)
    path = getattr(scope.get("route"), "path", None)  # FastAPI, Starlette
    if isinstance(path, str):
        return path
    return _from_parameters(scope)


def _from_parameters(scope: Any) -> str:
    """The path with its parameters' values replaced by their names."""
    parameters = scope.get("path_params")
    if not parameters:
        return ""
    parts = scope["path"].split("/")
    names = {str(value): name for name, value in parameters.items()}
    return "/".join(f"{{{names[part]}}}" if part in names else part for part in parts)


def _session(scope: Any) -> str:
    for name, value in scope["headers"]:
        if name == b"x-holdfast-session":
            return str(value.decode("latin-1"))[:200]
        if name == b"cookie":
            session_id = session_of_cookie(value.decode("latin-1"))
            if session_id:
                return session_id
    return ""


__all__ = ["SESSION_HEADER", "HoldfastMiddleware", "route_template"]
