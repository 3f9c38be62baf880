"""Releases as sentry-cli names, finalizes and lists them.

A release is known here once an event names it, so naming one in advance is answered and not stored; those listed are the
ones that have files. Commits and deploys are answered too, so that a pipeline written for Sentry goes on.
"""

import asyncio
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
from litestar import Response, delete, get, post, put
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from ....errors import BadInput, NotFound
from ....model.clock import iso
from ....model.project import Project
from ....state_store import artifacts
from ...services import HttpRequest, Services, services
from .calls import body_of, same_project, uploader
from .uploads import AssembleBody, ask

Text = Annotated[str, msgspec.Meta(max_length=2000)]


class ReleaseBody(msgspec.Struct):
    version: Annotated[str, msgspec.Meta(max_length=200)] = ""
    projects: Annotated[list[str | int], msgspec.Meta(max_length=100)] | None = None
    dateReleased: Text | None = None  # noqa: N815 - Sentry's names
    url: Text | None = None


class DeployBody(msgspec.Struct):
    environment: Text
    name: Text | None = None
    url: Text | None = None
    dateStarted: Text | None = None  # noqa: N815
    dateFinished: Text | None = None  # noqa: N815


@post("/organizations/{org:str}/releases", status_code=HTTP_201_CREATED)
async def new_release(request: HttpRequest) -> dict[str, Any]:
    project = await uploader(request)
    wanted = await body_of(request, ReleaseBody)
    same_project(project, wanted.projects or [])
    if not wanted.version:
        raise BadInput("a release needs a version", path="version")
    return release_of(services(request), project, wanted.version, wanted.dateReleased)


@get("/organizations/{org:str}/releases")
async def list_releases(request: HttpRequest) -> list[dict[str, Any]]:
    return await known_releases(services(request), await uploader(request))


@get("/projects/{org:str}/{project:str}/releases")
async def list_project_releases(request: HttpRequest, project: FromPath[str]) -> list[dict[str, Any]]:
    own = await uploader(request)
    same_project(own, [project])
    return await known_releases(services(request), own)


@get("/organizations/{org:str}/releases/{rest:path}")
async def read_release(request: HttpRequest) -> Response[Any]:
    app, project = services(request), await uploader(request)
    version, what = named(request)
    if what == "":
        known = await known_releases(app, project)
        found = next((release for release in known if release["version"] == version), None)
        return Response(found or release_of(app, project, version, None))
    if what == "previous-with-commits":
        return Response({})
    if what in ("deploys", "commits"):
        return Response([])
    raise NotFound("path", f"releases/{version}/{what}"[:200])


@post("/organizations/{org:str}/releases/{rest:path}", status_code=HTTP_200_OK)
async def add_to_release(request: HttpRequest) -> Response[Any]:
    project = await uploader(request)
    version, what = named(request)
    if what == "assemble":
        return Response(await ask(request, project, await body_of(request, AssembleBody), version))
    if what == "deploys":
        deploy = await body_of(request, DeployBody)
        return Response({"id": "0", **msgspec.to_builtins(deploy)}, status_code=HTTP_201_CREATED)
    raise NotFound("path", f"releases/{version}/{what}"[:200])


@put("/organizations/{org:str}/releases/{rest:path}")
async def change_release(request: HttpRequest) -> dict[str, Any]:
    """Finalize and set-commits: answered, so that a pipeline goes on."""
    project = await uploader(request)
    version, what = named(request)
    if what:
        raise NotFound("path", f"releases/{version}/{what}"[:200])
    wanted = await body_of(request, ReleaseBody)
    same_project(project, wanted.projects or [])
    return release_of(services(request), project, version, wanted.dateReleased)


@delete("/organizations/{org:str}/releases/{rest:path}", status_code=204)
async def delete_release(request: HttpRequest) -> None:
    """The files of the release go; what happened in it stays."""
    app, project = services(request), await uploader(request)
    version, what = named(request)
    if what.partition("/")[0] not in ("", "files"):
        raise NotFound("path", f"releases/{version}/{what}"[:200])
    await asyncio.to_thread(artifacts.delete_release, app.state, project.id, version)


def named(request: HttpRequest) -> tuple[str, str]:
    """The version and what stands behind it, from the path as it was sent: a version may hold an encoded slash."""
    after = (
        request.scope["raw_path"].decode("latin-1").partition("?")[0].partition("/releases/")[2].strip("/")
    )
    version, _, what = after.partition("/")
    version = unquote(version)
    if not 0 < len(version) <= 200:
        raise BadInput("a release has 1 to 200 characters", path="version")
    return version, what


async def known_releases(app: Services, project: Project) -> list[dict[str, Any]]:
    """Those that have files, the latest first; one that was uploaded without a release has no name to list."""
    found = await asyncio.to_thread(artifacts.list_releases, app.state, project.id)
    moments: dict[str, int] = {}
    for line in found:
        if line.release:
            moments.setdefault(line.release, line.uploaded_at_ms)
    return [release_of(app, project, version, None, at_ms) for version, at_ms in moments.items()]


def release_of(
    app: Services, project: Project, version: str, released: str | None, at_ms: int | None = None
) -> dict[str, Any]:
    return {
        "version": version,
        "shortVersion": version,
        "url": None,
        "dateCreated": iso(app.clock.now_ms() if at_ms is None else at_ms),
        "dateReleased": released,
        "lastEvent": None,
        "newGroups": 0,
        "lastCommit": None,
        "projects": [{"slug": project.slug, "name": project.name}],
    }


ROUTES: list[Any] = [
    new_release,
    list_releases,
    list_project_releases,
    read_release,
    add_to_release,
    change_release,
    delete_release,
]
