"""Starlette and FastAPI: `watch(app)`, or `app.add_middleware(HoldfastMiddleware)` by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from starlette.applications import Starlette

from holdfast.integrations.asgi import HoldfastMiddleware

if TYPE_CHECKING:
    from holdfast._client import Client

App = TypeVar("App", bound=Starlette)


def watch(app: App, client: Client | None = None) -> App:
    """Record the requests of this app; returns it. Call it before the first request."""
    app.add_middleware(HoldfastMiddleware, client=client)
    return app


__all__ = ["HoldfastMiddleware", "watch"]
