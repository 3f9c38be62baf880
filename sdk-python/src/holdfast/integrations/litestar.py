"""Litestar: `Litestar(plugins=[HoldfastPlugin()])`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar.middleware import DefineMiddleware
from litestar.plugins import InitPlugin

from holdfast._client import get_client
from holdfast.integrations.asgi import HoldfastMiddleware

if TYPE_CHECKING:
    from litestar.config.app import AppConfig

    from holdfast._client import Client


class HoldfastPlugin(InitPlugin):
    """Adds the ASGI middleware, and records the exceptions that Litestar answers with a 5xx."""

    def __init__(self, client: Client | None = None) -> None:
        self._client = client

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        app_config.middleware.insert(0, DefineMiddleware(HoldfastMiddleware, client=self._client))
        app_config.after_exception.append(self._after_exception)
        return app_config

    def _after_exception(self, error: Exception, scope: Any) -> None:
        if getattr(error, "status_code", 500) >= 500:
            context = {"method": scope.get("method", ""), "endpoint": str(scope.get("path_template", ""))}
            client = self._client or get_client()
            client.errors.capture_error(error, handled=False, context=context)
