"""/admin/projects and a project's settings: its name, its keys and DSN, and snippets with its real values.

A secret key is shown once, in the answer that made it, and is not kept anywhere in plain text.
"""

import asyncio
from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from ....accounts import keys
from ....accounts.projects import NewProject, create_project, rename_project
from ....accounts.roles import Act
from ....errors import BadInput, HoldfastError, NotFound
from ....event_store.queries import activity
from ....event_store.queries.scope import Scope
from ....model.project import KeyKind, Project
from ....model.window import Window
from ....state_store import noise, projects
from ...guards import Reader, allowed, audited, viewer
from ...services import HttpRequest, Services, services
from ..frame import bare_page, base_url, plain_page, see
from . import filters
from .snippets import snippets

PATH = "/admin/projects"
DAY_S = 86_400


@get(PATH)
async def project_list(request: HttpRequest) -> Template:
    app = services(request)
    who = await viewer(request)

    def ask() -> list[tuple[Project, int | None, int | None]]:
        return [(item, *_activity(app, item)) for item in projects.list_projects(app.state)]

    rows = await asyncio.to_thread(ask)
    return await bare_page(
        request, who, "pages/projects/projects.html", title="Projects", key="projects", rows=rows
    )


@post(PATH, status_code=200)
async def make_project(request: HttpRequest) -> Any:
    """The new project's own page, with its keys: the secret one this once."""
    app = services(request)
    who = await allowed(request, Act.MANAGE_PROJECTS)
    name = str((await request.form()).get("name", ""))
    try:
        made = await asyncio.to_thread(create_project, app.state, name, app.clock)
    except BadInput as error:
        return see(PATH, problem=error)
    await audited(app, who, "project.create", made.project.slug)
    return await _settings_page(request, who, made.project, made=made)


@get(f"{PATH}/{{slug:str}}/settings")
async def project_settings(request: HttpRequest, slug: FromPath[str]) -> Template:
    who = await _keeper(request)
    return await _settings_page(request, who, await _named(request, slug))


@post(f"{PATH}/{{slug:str}}/name", status_code=303)
async def rename(request: HttpRequest, slug: FromPath[str]) -> Redirect:
    app = services(request)
    who = await allowed(request, Act.MANAGE_PROJECTS)
    project = await _named(request, slug)
    name = str((await request.form()).get("name", ""))
    try:
        renamed = await asyncio.to_thread(rename_project, app.state, project.id, name)
    except BadInput as error:
        return see(_settings_url(project), problem=error)
    await audited(app, who, "project.rename", project.slug)
    return see(_settings_url(project), done=f"The project is called {renamed.name} now.")


@post(f"{PATH}/{{slug:str}}/keys", status_code=200)
async def make_key(request: HttpRequest, slug: FromPath[str]) -> Any:
    app = services(request)
    who = await _keeper(request)
    project = await _named(request, slug)
    fields = await request.form()
    kind, label = str(fields.get("kind", "")), str(fields.get("label", ""))[:100]
    if kind not in [item.value for item in KeyKind]:
        raise BadInput(f"there is no kind of key {kind!r}", path="kind", hint="use public or secret")
    issued = await asyncio.to_thread(
        lambda: keys.create(app.state, project.id, KeyKind(kind), app.clock, label=label)
    )
    await audited(app, who, "key.create", f"{project.slug} {issued.key.hint}")
    return await _settings_page(request, who, project, issued=issued)


@post(f"{PATH}/{{slug:str}}/keys/{{key_id:int}}/revoke", status_code=303)
async def revoke_key(request: HttpRequest, slug: FromPath[str], key_id: FromPath[int]) -> Redirect:
    app = services(request)
    who = await _keeper(request)
    project = await _named(request, slug)
    try:
        key = await asyncio.to_thread(keys.revoke, app.state, project.id, key_id, app.clock, app.keys)
    except NotFound as error:
        return see(_settings_url(project), problem=error)
    await audited(app, who, "key.revoke", f"{project.slug} {key.hint}")
    return see(_settings_url(project), done=f"The key {key.hint} is revoked.")


@get(f"{PATH}/{{slug:str}}/keys")
async def keys_again(slug: FromPath[str]) -> Redirect:
    """Where a browser lands that loads the answer to a new key again."""
    return Redirect(f"{PATH}/{slug}/settings", status_code=303)


async def _keeper(request: HttpRequest) -> Reader:
    return await allowed(request, Act.MANAGE_KEYS)


async def _named(request: HttpRequest, slug: str) -> Project:
    app = services(request)
    found = await asyncio.to_thread(projects.by_slug, app.state, slug[:200])
    if found is None:
        raise NotFound("project", slug, hint="the projects are listed at /admin/projects")
    return found


async def _settings_page(
    request: HttpRequest,
    who: Reader,
    project: Project,
    *,
    made: NewProject | None = None,
    issued: keys.IssuedKey | None = None,
) -> Template:
    app = services(request)
    kept = await asyncio.to_thread(keys.list_keys, app.state, project.id)
    public = next((item.public_key for item in kept if item.public_key), None)
    base = base_url(request)
    context: dict[str, Any] = {
        "keys": kept,
        "dsns": {item.id: keys.dsn(base, item.public_key, project.id) for item in kept if item.public_key},
        "dsn": keys.dsn(base, public, project.id) if public else "",
        "snippets": snippets(base, public, project.id) if public else [],
        "secret": made.secret_key
        if made
        else issued.value
        if issued and issued.key.kind is KeyKind.SECRET
        else "",
        "made": made,
        "issued": issued,
        "url": _settings_url(project),
        "noise": await asyncio.to_thread(noise.get, app.state, project.id),
        "patterns": await asyncio.to_thread(noise.patterns, app.state, project.id),
        "switches": filters.SWITCHES,
        "pattern_fields": filters.FIELDS,
    }
    return plain_page(
        request,
        who,
        "pages/projects/settings.html",
        title=f"{project.name}: settings",
        key="settings",
        project=project,
        **context,
    )


def _settings_url(project: Project) -> str:
    return f"{PATH}/{project.slug}/settings"


def _activity(app: Services, project: Project) -> tuple[int | None, int | None]:
    """Events of the last day, and when the last one came (epoch s); None each while the event store is away."""
    try:
        day = Scope(project.id, Window.last(DAY_S, app.clock.now_ms()))
        return sum(activity.numbers_by_type(app.facts, day).values()), activity.last_seen_s(
            app.facts, project.id
        )
    except HoldfastError:
        return None, None


ROUTES = [
    project_list,
    make_project,
    project_settings,
    rename,
    make_key,
    revoke_key,
    keys_again,
    *filters.ROUTES,
]
