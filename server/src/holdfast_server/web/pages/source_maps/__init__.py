"""/admin/source-maps: what was uploaded for each release, how to upload, and why the frames of one error are not mapped."""

import asyncio
from typing import Any

from litestar import get, post
from litestar.response import Redirect, Template

from ....accounts.roles import Act
from ....errors import HoldfastError
from ....state_store import artifacts
from ...api.sourcemaps import explained
from ...components.shell import Column
from ...guards import allowed, audited, chosen_project
from ...services import HttpRequest, services
from ..frame import View, base_url, plain_page, said, see, view
from .upload import ways

PATH = "/admin/source-maps"
KEPT = ("of", "dist", "event")
FILES_SHOWN = 500
RELEASES = (
    Column("release", "Release"),
    Column("files", "Files", align="end"),
    Column("maps", "Maps", align="end", priority=2),
    Column("size", "Size", align="end", priority=2),
    Column("at", "Uploaded", align="end"),
    Column("delete", "", align="end"),
)
FILES = (
    Column("path", "Address"),
    Column("kind", "Kind"),
    Column("size", "Size", align="end", priority=2),
    Column("at", "Uploaded", align="end", priority=2),
)


@get(PATH)
async def source_maps(request: HttpRequest) -> Template:
    """The releases; with `of` the files of one, with `event` the reasons of one error's frames."""
    seen = await view(request, keep=KEPT)
    release = seen.request.query_params.get("of")
    lines = await asyncio.to_thread(artifacts.list_releases, seen.app.state, seen.project.id)
    context: dict[str, Any] = {
        "lines": lines,
        "release": release,
        "dist": seen.bar.keep.get("dist", ""),
        "files": await _files(seen, release) if release is not None else [],
        "files_shown": FILES_SHOWN,
        "release_columns": RELEASES,
        "file_columns": FILES,
        "event": seen.bar.keep.get("event", ""),
        **await _why(seen),
    }
    return plain_page(
        request,
        seen.who,
        "pages/source_maps/source_maps.html",
        title="Source maps",
        key="settings",
        project=seen.project,
        ways=ways(base_url(request), seen.project.slug),
        sentence=_sentence(len({line.release for line in lines}), sum(line.maps for line in lines)),
        **context,
    )


@post(f"{PATH}/delete", status_code=303)
async def delete_files(request: HttpRequest) -> Redirect:
    who = await allowed(request, Act.MANAGE_KEYS)
    project = await chosen_project(request, who)
    fields = await request.form()
    release, dist = str(fields.get("release", ""))[:200], str(fields.get("dist", ""))[:64]
    app = services(request)
    gone = await asyncio.to_thread(artifacts.delete_release, app.state, project.id, release, dist)
    await audited(app, who, "source_maps.delete", f"{project.slug} {release}")
    named = f"of release {release}" if release else "without a release"
    return see(f"{PATH}?project={project.slug}", done=f"{gone} files {named} are deleted.")


async def _files(seen: View, release: str) -> list[Any]:
    return await asyncio.to_thread(
        lambda: artifacts.files_of(
            seen.app.state, seen.project.id, release, seen.bar.keep.get("dist"), limit=FILES_SHOWN
        )
    )


async def _why(seen: View) -> dict[str, Any]:
    """The answer about one event, or the sentence why there is none; nothing when none was asked about."""
    event = seen.bar.keep.get("event", "").strip()
    if not event:
        return {"why": None, "why_problem": ""}
    try:
        return {"why": await asyncio.to_thread(explained, seen.app, seen.project, event), "why_problem": ""}
    except HoldfastError as error:
        return {"why": None, "why_problem": said(error)}


def _sentence(releases: int, maps: int) -> str:
    if not releases:
        return "Nothing is uploaded yet: errors from minified code are shown as they run."
    named = f"{maps} {'source map' if maps == 1 else 'source maps'} of {releases} {'release' if releases == 1 else 'releases'}"
    return f"Minified frames are turned into your own source by {named}."


ROUTES: list[Any] = [source_maps, delete_files]
