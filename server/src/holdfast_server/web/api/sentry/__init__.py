"""What sentry-cli and the bundler plugins call to upload source maps and to name releases, as they call it.

Sentry's contract, not ours: paths, fields and states are theirs, and errors are `{"detail": sentence}`, which they print.
The organisation may have any name. The project is the one of the secret key; another one's name is refused.
"""

from typing import Any

from litestar import Router, get

from ....model.clock import iso
from ...services import HttpRequest
from . import releases, uploads
from .calls import HANDLERS, uploader


@get("/organizations/{org:str}/repos")
async def repositories(request: HttpRequest) -> list[dict[str, Any]]:
    await uploader(request)
    return []


@get("/organizations/{org:str}/projects")
async def organisation_projects(request: HttpRequest) -> list[dict[str, Any]]:
    project = await uploader(request)
    return [{"id": str(project.id), "slug": project.slug, "name": project.name, "team": None}]


@get("/organizations")
async def organisations(request: HttpRequest) -> list[dict[str, Any]]:
    project = await uploader(request)
    return [
        {
            "id": "1",
            "slug": "holdfast",
            "name": "Holdfast",
            "dateCreated": iso(project.created_at_ms),
            "isEarlyAdopter": False,
            "require2FA": False,
            "requireEmailVerification": False,
            "features": [],
        }
    ]


@get("/")
async def who_am_i(request: HttpRequest) -> dict[str, Any]:
    """For `sentry-cli info`."""
    await uploader(request)
    return {"version": "0", "auth": {"scopes": ["project:releases", "project:read"]}, "user": None}


ROUTES: list[Any] = [
    Router(
        "/api/0",
        route_handlers=[
            who_am_i,
            organisations,
            organisation_projects,
            repositories,
            *uploads.ROUTES,
            *releases.ROUTES,
        ],
        exception_handlers=HANDLERS,
        include_in_schema=False,
    )
]
