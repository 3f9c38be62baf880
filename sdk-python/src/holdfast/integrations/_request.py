"""What every web framework's middleware does with a request once it knows its parts."""

from __future__ import annotations

from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, Any

from holdfast._client import get_client
from holdfast._scope import Scope, current_scope
from holdfast._trail import request_trail
from holdfast.privacy import anonymise_path

if TYPE_CHECKING:
    from contextvars import Token

    from holdfast._client import Client

SESSION_HEADER = "x-holdfast-session"
SESSION_COOKIE = "holdfast_session"


class RequestSpan:
    """From the first byte in to the last byte out. `client=None` is the program's client at that time."""

    __slots__ = (
        "_client",
        "_method",
        "_path",
        "_scope",
        "_scope_token",
        "_started_s",
        "_trail",
        "_trail_token",
    )

    def __init__(
        self, client: Client | None, method: str, path: str, session_id: str, user_id: str = ""
    ) -> None:
        self._client = client or get_client()
        self._method = method
        self._path = path
        self._started_s = perf_counter()
        self._scope = Scope(session_id, user_id) if session_id or user_id else None
        self._trail: deque[Any] = deque(maxlen=50)
        self.enter()

    def enter(self) -> None:
        """What is recorded from here on belongs to this request. Nothing of an outer scope shines through."""
        self._scope_token: Token[Scope | None] = current_scope.set(self._scope)
        self._trail_token: Token[deque[Any] | None] = request_trail.set(self._trail)

    def failed(self, error: BaseException, template: str) -> None:
        """An exception that left the application."""
        context = {"method": self._method, "endpoint": template or anonymise_path(self._path)}
        self._client.errors.capture_error(error, handled=False, context=context)

    def finished(self, status: int, template: str) -> None:
        """Record the request; call once."""
        fields: dict[str, Any] = {
            "method": self._method,
            "endpoint": template or anonymise_path(self._path),
            "status": status,
            "duration": (perf_counter() - self._started_s) * 1000,
        }
        if self._scope is not None:  # the body of an answer may be closed outside of the request's context
            fields |= {"session_id": self._scope.session_id, "user_id": self._scope.user_id}
        self._client.collector.record("api_call", None, fields)

    def leave(self) -> None:
        """Give the context back what it had."""
        current_scope.reset(self._scope_token)
        request_trail.reset(self._trail_token)


def session_of_cookie(cookie: str) -> str:
    """The session id that the browser client keeps in a cookie, from a Cookie header."""
    start = cookie.find(SESSION_COOKIE + "=")
    if start < 0:
        return ""
    return cookie[start + len(SESSION_COOKIE) + 1 :].partition(";")[0].strip()[:200]
