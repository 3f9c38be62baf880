"""Which errors a project leaves out as noise: the switches, and patterns of its own."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, Literal

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from ...accounts.roles import Act
from ...model.clock import iso
from ...model.noise import IgnorePattern, NoiseSettings
from ...state_store import noise
from ..guards import Reader, allowed, audited, chosen_project, viewer
from ..services import HttpRequest, Services, services


class Switches(msgspec.Struct, forbid_unknown_fields=True, rename={"script_errors": "scriptErrors"}):
    """True leaves such errors out."""

    crawlers: bool
    extensions: bool
    localhost: bool
    script_errors: bool


class NewPattern(msgspec.Struct, forbid_unknown_fields=True):
    field: Literal["message", "type", "page"]
    pattern: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


@get("/api/noise", tags=["projects"], summary="Which errors are left out as noise")
async def read_noise(request: HttpRequest) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    return await asyncio.to_thread(noise_of, app, project.id)


@put("/api/noise", tags=["projects"], summary="Switch kinds of noise on or off")
async def write_noise(request: HttpRequest, data: JSONBody[Switches]) -> dict[str, Any]:
    app = services(request)
    who = await allowed(request, Act.MANAGE_PROJECTS)
    project = await chosen_project(request, who)
    await switch(app, who, project.id, NoiseSettings(**msgspec.structs.asdict(data)))
    return await asyncio.to_thread(noise_of, app, project.id)


@post("/api/noise/patterns", tags=["projects"], summary="Leave out errors that are like a pattern")
async def make_pattern(request: HttpRequest, data: JSONBody[NewPattern]) -> dict[str, Any]:
    who = await allowed(request, Act.MANAGE_PROJECTS)
    project = await chosen_project(request, who)
    return pattern_of(await add(services(request), who, project.id, data.field, data.pattern))


@delete(
    "/api/noise/patterns/{pattern_id:int}",
    status_code=HTTP_200_OK,
    tags=["projects"],
    summary="Delete a pattern",
)
async def remove_pattern(request: HttpRequest, pattern_id: FromPath[int]) -> dict[str, Any]:
    who = await allowed(request, Act.MANAGE_PROJECTS)
    project = await chosen_project(request, who)
    return pattern_of(await remove(services(request), who, project.id, pattern_id))


async def switch(app: Services, who: Reader, project_id: int, chosen: NoiseSettings) -> None:
    await asyncio.to_thread(noise.put, app.state, project_id, chosen)
    await audited(
        app, who, "noise.switch", f"project {project_id}", msgspec.json.encode(asdict(chosen)).decode()
    )


async def add(app: Services, who: Reader, project_id: int, field: str, text: str) -> IgnorePattern:
    made = await asyncio.to_thread(
        lambda: noise.add_pattern(
            app.state, project_id, field=field, pattern=text, by=who.name, at_ms=app.clock.now_ms()
        )
    )
    await audited(app, who, "noise.pattern", f"project {project_id}: {made.field} {made.pattern}")
    return made


async def remove(app: Services, who: Reader, project_id: int, pattern_id: int) -> IgnorePattern:
    gone = await asyncio.to_thread(noise.delete_pattern, app.state, project_id, pattern_id)
    await audited(app, who, "noise.pattern_delete", f"project {project_id}: {gone.field} {gone.pattern}")
    return gone


def noise_of(app: Services, project_id: int) -> dict[str, Any]:
    switches = asdict(noise.get(app.state, project_id))
    return {
        **{name: switches[name] for name in ("crawlers", "extensions", "localhost")},
        "scriptErrors": switches["script_errors"],
        "patterns": [pattern_of(item) for item in noise.patterns(app.state, project_id)],
    }


def pattern_of(item: IgnorePattern) -> dict[str, Any]:
    return {
        "id": item.id,
        "field": item.field,
        "pattern": item.pattern,
        "createdBy": item.created_by,
        "createdAt": iso(item.created_at_ms),
    }


ROUTES = [read_noise, write_noise, make_pattern, remove_pattern]
