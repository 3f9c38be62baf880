"""Puts the routes together into one ASGI application: ingest, API, pages, static files, OpenAPI."""

from pathlib import Path

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import RedocRenderPlugin
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig
from litestar.types import ASGIApp

from .. import __version__
from . import routes
from .components.environment import build_environment
from .cors import cors
from .errors import HANDLERS
from .services import Services

HERE = Path(__file__).parent


def build(app_services: Services) -> ASGIApp:
    """The application over `app_services`; it holds no state of its own."""
    app = Litestar(
        route_handlers=routes.BY_ROLE[app_services.settings.server.role],
        exception_handlers=HANDLERS,
        template_config=TemplateConfig(
            instance=JinjaTemplateEngine.from_environment(build_environment(now_ms=app_services.clock.now_ms))
        ),
        openapi_config=OpenAPIConfig(
            title="Holdfast",
            version=__version__,
            description="Events in, answers out. Log in, or send a project key.",
            render_plugins=[
                RedocRenderPlugin(
                    path="/",
                    js_url="/static/openapi/redoc.js",
                    google_fonts=False,
                    favicon="<link rel='icon' href='data:,'>",
                )
            ],
        ),
        compression_config=CompressionConfig(
            backend="gzip",
            gzip_compress_level=6,
            minimum_size=1024,
            exclude=["^/live", "^/api/telemetry", "^/api/errors", "^/api/v1", "^/v1"],
        ),
        state=State({"services": app_services}),
        request_max_body_size=None,
        debug=False,
        logging_config=None,
    )
    return cors(app, app_services.settings.accounts.cors_origins)
