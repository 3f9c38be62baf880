"""The pages, a folder per screen with its handlers and templates. `PAGES` hangs them on the application under one router,
which sends people without a session to the login and gives every answer the headers that browsers need to be strict.
"""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, Router
from litestar.response import Redirect

from ...errors import NotKnown
from ..errors import on_holdfast_error
from . import (
    dashboard,
    errors,
    feed,
    feedback,
    ledger,
    login,
    logs,
    metrics,
    people,
    projects,
    sessions,
    source_maps,
    traces,
)

POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
"""No inline script or style anywhere; htmx runs without eval."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Cookie, HX-Request",
}


def to_login(request: Request[Any, Any, Any], error: NotKnown) -> Response[Any]:
    """A page goes to the login and comes back afterwards; a panel, chart or stream says so in its own place."""
    boosted = "hx-boosted" in request.headers
    if (
        request.method not in ("GET", "HEAD")
        or not (boosted or "text/html" in request.headers.get("accept", ""))
        or ("hx-request" in request.headers and not boosted)
    ):
        return on_holdfast_error(request, error)
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    url = "/login" if asked == "/" else f"/login?next={quote(asked, safe='')}"
    if boosted:
        return Response(b"", status_code=200, headers={"HX-Redirect": url})
    return Redirect(url, status_code=303)


def strict(response: Response[Any]) -> Response[Any]:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


PAGES: list[Any] = [
    Router(
        path="/",
        route_handlers=[
            *login.ROUTES,
            *dashboard.ROUTES,
            *metrics.ROUTES,
            *errors.ROUTES,
            *traces.ROUTES,
            *logs.ROUTES,
            *sessions.ROUTES,
            *projects.ROUTES,
            *people.ROUTES,
            *ledger.ROUTES,
            *feed.ROUTES,
            *feedback.ROUTES,
            *source_maps.ROUTES,
        ],
        exception_handlers={NotKnown: to_login},
        after_request=strict,
        include_in_schema=False,
    )
]
