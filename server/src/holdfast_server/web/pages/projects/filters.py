"""The part of a project's settings that says which errors are left out as noise."""

import asyncio
from dataclasses import fields

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect

from ....accounts.roles import Act
from ....errors import HoldfastError, NotFound
from ....model.noise import NoiseSettings
from ....model.project import Project
from ....state_store import projects
from ...api import noise as changes
from ...guards import allowed
from ...services import HttpRequest, services
from ..frame import see

PATH = "/admin/projects"
SWITCHES = (
    ("crawlers", "Crawlers", "Programs that read the web on their own, by their user agent."),
    (
        "extensions",
        "Browser extensions",
        "Errors thrown in a script that the visitor's browser brought along.",
    ),
    ("script_errors", "Empty script errors", "“Script error.” without a frame: the browser says no more."),
    ("localhost", "Localhost", "Errors of pages on somebody's own machine."),
)
FIELDS = (
    ("message", "Message", "ResizeObserver loop*"),
    ("type", "Type", "AbortError"),
    ("page", "Page", "/preview/*"),
)


@post(f"{PATH}/{{slug:str}}/noise", status_code=303)
async def switch(request: HttpRequest, slug: FromPath[str]) -> Redirect:
    who = await allowed(request, Act.MANAGE_PROJECTS)
    project = await _named(request, slug)
    form = await request.form()
    chosen = NoiseSettings(**{field.name: form.get(field.name) == "on" for field in fields(NoiseSettings)})
    await changes.switch(services(request), who, project.id, chosen)
    return see(_url(project), done="Noise is filtered like this within a few seconds.")


@post(f"{PATH}/{{slug:str}}/noise/patterns", status_code=303)
async def add_pattern(request: HttpRequest, slug: FromPath[str]) -> Redirect:
    who = await allowed(request, Act.MANAGE_PROJECTS)
    project = await _named(request, slug)
    form = await request.form()
    field, text = str(form.get("field", "")), str(form.get("pattern", ""))
    try:
        made = await changes.add(services(request), who, project.id, field, text)
    except HoldfastError as error:
        return see(_url(project), problem=error)
    return see(_url(project), done=f"Errors whose {made.field} is like “{made.pattern}” are left out.")


@post(f"{PATH}/{{slug:str}}/noise/patterns/{{pattern_id:int}}/delete", status_code=303)
async def delete_pattern(request: HttpRequest, slug: FromPath[str], pattern_id: FromPath[int]) -> Redirect:
    who = await allowed(request, Act.MANAGE_PROJECTS)
    project = await _named(request, slug)
    try:
        gone = await changes.remove(services(request), who, project.id, pattern_id)
    except NotFound as error:
        return see(_url(project), problem=error)
    return see(_url(project), done=f"Errors like “{gone.pattern}” are kept again.")


async def _named(request: HttpRequest, slug: str) -> Project:
    found = await asyncio.to_thread(projects.by_slug, services(request).state, slug[:200])
    if found is None:
        raise NotFound("project", slug[:200], hint="the projects are listed at /admin/projects")
    return found


def _url(project: Project) -> str:
    return f"{PATH}/{project.slug}/settings#noise"


ROUTES = [switch, add_pattern, delete_pattern]
