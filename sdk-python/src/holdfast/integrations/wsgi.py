"""WSGI middleware: each request with method, route template, status and duration; what it raised as an error.

    application = HoldfastMiddleware(application)

The route template is what a framework's integration left in `environ["holdfast.route"]`, else the path without ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.integrations._request import RequestSpan, session_of_cookie

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from holdfast._client import Client

ROUTE = "holdfast.route"


class HoldfastMiddleware:
    """`user_of(environ)` may name the user of a request; what it raises counts as nobody."""

    def __init__(
        self, app: Any, client: Client | None = None, *, user_of: Callable[[Any], str] | None = None
    ) -> None:
        self.app = app
        self._client = client
        self._user_of = user_of

    def __call__(self, environ: Any, start_response: Any) -> Any:
        session_id = environ.get("HTTP_X_HOLDFAST_SESSION", "")[:200] or session_of_cookie(
            environ.get("HTTP_COOKIE", "")
        )
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        span = RequestSpan(self._client, method, path, session_id, self._user(environ))
        status = [500]

        def watched(line: str, *args: Any, **kwargs: Any) -> Any:
            status[0] = int(line[:3])
            return start_response(line, *args, **kwargs)

        try:
            body = self.app(environ, watched)
        except Exception as error:
            span.failed(error, environ.get(ROUTE, ""))
            span.finished(500, environ.get(ROUTE, ""))
            raise
        finally:
            span.leave()  # a server that forgets close() must not hand this request's session to the next
        return _Body(body, span, status, environ)

    def _user(self, environ: Any) -> str:
        if self._user_of is None:
            return ""
        try:
            return self._user_of(environ) or ""
        except Exception:  # noqa: BLE001 - the host's function may raise anything
            return ""


class _Body:
    """The answer's body; the request is over when the server closes it."""

    def __init__(self, body: Any, span: RequestSpan, status: list[int], environ: Any) -> None:
        self._body = body
        self._span = span
        self._status = status
        self._environ = environ
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        self._span.enter()
        try:
            yield from self._body
        except Exception as error:
            self._status[0] = 500
            self._span.failed(error, self._environ.get(ROUTE, ""))
            raise
        finally:
            self._span.leave()

    def __len__(self) -> int:
        return len(self._body)

    def close(self) -> None:
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            if self._open:
                self._open = False
                self._span.finished(self._status[0], self._environ.get(ROUTE, ""))
