"""Projects and their keys: list, make, rename, issue and revoke. A secret key is shown once, in the answer that made it."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from ...accounts import keys
from ...accounts.projects import create_project
from ...accounts.roles import Act
from ...errors import NotAllowed
from ...model.clock import iso
from ...model.project import ApiKey, KeyKind, Project
from ...state_store import projects
from ..guards import Reader, allowed, audited, chosen_project, viewer
from ..services import HttpRequest, Services, services


class NewProjectBody(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class NewKeyBody(msgspec.Struct, forbid_unknown_fields=True):
    kind: KeyKind
    label: Annotated[str, msgspec.Meta(max_length=100)] = ""


@get("/api/projects", tags=["projects"], summary="Projects that you may read")
async def list_projects(request: HttpRequest) -> dict[str, Any]:
    who = await viewer(request)
    if who.key_project_id is not None:
        return {"projects": [project_of(await chosen_project(request, who))]}
    found = await asyncio.to_thread(projects.list_projects, services(request).state)
    return {"projects": [project_of(item) for item in found]}


@post("/api/projects", tags=["projects"], summary="Make a project with its first keys")
async def make_project(request: HttpRequest, data: JSONBody[NewProjectBody]) -> dict[str, Any]:
    app = services(request)
    who = await allowed(request, Act.MANAGE_PROJECTS)
    if who.user is None:
        raise NotAllowed(
            "a project's key can't make another project",
            hint="log in, or use holdfast project create on the server",
        )
    made = await asyncio.to_thread(create_project, app.state, data.name, app.clock)
    await audited(app, who, "project.create", made.project.slug)
    return created_of(app, made.project, made.public_key, made.secret_key)


@get(
    "/api/projects/{project:str}/keys",
    tags=["projects"],
    summary="The keys of a project, without their secrets",
)
async def list_keys(request: HttpRequest, project: FromPath[str]) -> dict[str, Any]:
    app = services(request)
    _, found = await _managed(request, project)
    kept = await asyncio.to_thread(keys.list_keys, app.state, found.id)
    return {"keys": [key_of(app, item) for item in kept]}


@post("/api/projects/{project:str}/keys", tags=["projects"], summary="Issue a key")
async def make_key(
    request: HttpRequest, project: FromPath[str], data: JSONBody[NewKeyBody]
) -> dict[str, Any]:
    app = services(request)
    who, found = await _managed(request, project)
    issued = await asyncio.to_thread(
        lambda: keys.create(app.state, found.id, data.kind, app.clock, label=data.label)
    )
    await audited(app, who, "key.create", f"{found.slug} {issued.key.hint}")
    return {**key_of(app, issued.key), "key": issued.value}


@delete(
    "/api/projects/{project:str}/keys/{key_id:int}",
    tags=["projects"],
    status_code=HTTP_200_OK,
    summary="Revoke a key",
)
async def revoke_key(request: HttpRequest, project: FromPath[str], key_id: FromPath[int]) -> dict[str, Any]:
    app = services(request)
    who, found = await _managed(request, project)
    revoked = await asyncio.to_thread(keys.revoke, app.state, found.id, key_id, app.clock, app.keys)
    await audited(app, who, "key.revoke", f"{found.slug} {revoked.hint}")
    return key_of(app, revoked)


async def _managed(request: HttpRequest, project: str) -> tuple[Reader, Project]:
    who = await allowed(request, Act.MANAGE_KEYS)
    request.query_params["project"] = project
    return who, await chosen_project(request, who)


def created_of(app: Services, project: Project, public_key: str, secret_key: str) -> dict[str, Any]:
    """The names of `holdfast project create --json`."""
    return {
        "project_id": project.id,
        "slug": project.slug,
        "name": project.name,
        "public_key": public_key,
        "secret_key": secret_key,
        "dsn": keys.dsn(app.settings.base_url, public_key, project.id),
    }


def project_of(project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "slug": project.slug,
        "name": project.name,
        "createdAt": iso(project.created_at_ms),
    }


def key_of(app: Services, key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "kind": key.kind.value,
        "hint": key.hint,
        "label": key.label,
        "publicKey": key.public_key,
        "dsn": keys.dsn(app.settings.base_url, key.public_key, key.project_id) if key.public_key else None,
        "createdAt": iso(key.created_at_ms),
        "lastUsedAt": iso(key.last_used_at_ms) if key.last_used_at_ms else None,
        "revokedAt": iso(key.revoked_at_ms) if key.revoked_at_ms else None,
    }


ROUTES = [list_projects, make_project, list_keys, make_key, revoke_key]
