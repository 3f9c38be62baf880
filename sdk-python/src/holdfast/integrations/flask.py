"""Flask: `watch(app)` records its requests with their rule, and the errors that Flask itself answers with 500."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, got_request_exception, request

from holdfast._client import get_client
from holdfast.integrations.wsgi import ROUTE, HoldfastMiddleware

if TYPE_CHECKING:
    from holdfast._client import Client


def watch(app: Flask, client: Client | None = None) -> Flask:
    """Wrap `app.wsgi_app`; returns the app."""
    middleware = HoldfastMiddleware(app.wsgi_app, client)
    app.wsgi_app = middleware  # type: ignore[method-assign]

    def keep_route() -> None:
        if request.url_rule is not None:
            request.environ[ROUTE] = request.url_rule.rule

    def on_error(_sender: Any, exception: BaseException, **_: Any) -> None:
        context = {"method": request.method, "endpoint": request.environ.get(ROUTE, "")}
        (client or get_client()).errors.capture_error(exception, handled=False, context=context)

    app.before_request_funcs.setdefault(None, []).insert(0, keep_route)
    got_request_exception.connect(on_error, app, weak=False)
    return app
