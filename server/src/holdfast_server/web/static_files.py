"""Static files: the bundled assets (names with content hashes, cached for ever), the reader of the OpenAPI page, and the
browser client under /sdk.
"""

from pathlib import Path
from typing import Any

from litestar import Response, Router
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

HERE = Path(__file__).parent


def for_all_origins(response: Response[Any]) -> Response[Any]:
    """Pages of other origins load the client with an integrity hash, and that needs CORS."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def files(path: str, folder: str, name: str, cache: CacheControlHeader, **more: Any) -> Router:
    return create_static_files_router(
        path=path,
        directories=[HERE / folder],
        cache_control=cache,
        include_in_schema=False,
        name=name,
        **more,
    )


ROUTES = [
    files(
        "/static/dist",
        "static/dist",
        "assets",
        CacheControlHeader(public=True, max_age=31_536_000, immutable=True),
    ),
    files(
        "/static/openapi", "static/openapi", "openapi-reader", CacheControlHeader(public=True, max_age=86_400)
    ),
    files("/sdk", "sdk", "sdk", CacheControlHeader(public=True, max_age=3600), after_request=for_all_origins),
]
