"""Source maps by our own API: upload a file, list what is there, delete a release's, and ask why a frame is not mapped."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.params import QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from ...accounts.roles import Act
from ...errors import BadInput, NotFound, TooLarge
from ...event_store.queries import frames
from ...ingest.decode.errors import chain_in
from ...ingest.symbolicate import Explained
from ...insight.source_maps.bundle import MAX_FILE_BYTES
from ...insight.source_maps.reasons import Unmapped
from ...model.artifact import Artifact
from ...model.clock import iso
from ...model.project import Project
from ...state_store import artifacts
from ..guards import allowed, audited, chosen_project, viewer
from ..ingest.body import decompress
from ..services import HttpRequest, Services, services

FILES_SHOWN = 5_000
NEAR_SHOWN = 5
Release = Annotated[str, QueryParameter(description="as the client sends it", max_length=200)]
Dist = Annotated[
    str, QueryParameter(description="the distribution, when the client sends one", max_length=64)
]
Path = Annotated[
    str, QueryParameter(description="where the file is served: ~/assets/app.js", min_length=1, max_length=500)
]
Event = Annotated[str, QueryParameter(description="the event's id", min_length=1, max_length=64)]


@post(
    "/api/sourcemaps",
    status_code=HTTP_201_CREATED,
    tags=["source maps"],
    summary="Upload a script or a source map; the body is the file",
)
async def upload(request: HttpRequest, path: Path, release: Release = "", dist: Dist = "") -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await allowed(request, Act.MANAGE_PROJECTS))
    content = await read_file(request)
    received = await asyncio.to_thread(app.builds.keep_file, project.id, release, dist, path, content)
    return {"files": [file_of(file) for file in received.kept], "notes": received.notes}


@get("/api/sourcemaps", tags=["source maps"], summary="What was uploaded: by release, or the files of one")
async def list_uploaded(
    request: HttpRequest, release: Release | None = None, dist: Dist | None = None
) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    if release is None:
        found = await asyncio.to_thread(artifacts.list_releases, app.state, project.id)
        return {"releases": [{**asdict(line), "uploaded_at": iso(line.uploaded_at_ms)} for line in found]}
    files = await asyncio.to_thread(
        lambda: artifacts.files_of(app.state, project.id, release, dist, limit=FILES_SHOWN)
    )
    return {"files": [file_of(file) for file in files]}


@delete(
    "/api/sourcemaps", status_code=HTTP_200_OK, tags=["source maps"], summary="Delete the files of a release"
)
async def delete_uploaded(request: HttpRequest, release: Release, dist: Dist | None = None) -> dict[str, int]:
    app = services(request)
    who = await allowed(request, Act.MANAGE_PROJECTS)
    project = await chosen_project(request, who)
    gone = await asyncio.to_thread(artifacts.delete_release, app.state, project.id, release, dist)
    if gone:
        await audited(app, who, "source_maps.delete", f"{project.slug} {release}")
    return {"deleted": gone}


@get("/api/sourcemaps/explain", tags=["source maps"], summary="Why the frames of an error are not mapped")
async def explain(request: HttpRequest, event: Event) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    found = await asyncio.to_thread(explained, app, project, event)
    return {
        "event": found["event"],
        "release": found["release"],
        "mapped": found["mapped"],
        "mappable": found["mappable"],
        "frames": [asdict(frame) for frame in found["frames"]],
        "near": found["near"],
    }


def explained(app: Services, project: Project, event: str) -> dict[str, Any]:
    """An occurrence's frames as of now: how many are mapped, how many could be, and the reasons of all others. Blocking."""
    row = frames.by_event(app.facts, project.id, event)
    if row is None:
        raise NotFound("error with the event id", event[:64], hint="copy it from the issue's page")
    exceptions = exceptions_of(row)
    about: dict[str, Any] = {"project_id": project.id, "release": row["release"], "dist": dist_of(row)}
    why = app.symbolicator.explain(exceptions, **about)
    mapped = mapped_in(exceptions)
    now = app.symbolicator.symbolicate(exceptions, **about)
    return {
        "event": row["event_id"] or row["row_id"],
        "title": f"{row['error_type']}: {row['message']}"[:300],
        "issue_id": row["issue_id"],
        "release": row["release"],
        "dist": about["dist"],
        "mapped": mapped,
        "mappable": mapped_in(now or exceptions) - mapped,
        "frames": why,
        "near": near(app, project, row["release"], why),
    }


def with_late_maps(app: Services, project: Project, row: dict[str, Any]) -> dict[str, Any]:
    """The row of an occurrence, its frames mapped as of now: files may have come after the error. Blocking."""
    mapped = app.symbolicator.symbolicate(
        exceptions_of(row), project_id=project.id, release=row["release"], dist=dist_of(row)
    )
    return row if mapped is None else {**row, "exceptions": msgspec.json.encode(mapped).decode()}


def near(app: Services, project: Project, release: str, why: list[Explained]) -> list[str]:
    """Some of the addresses that the release does have, when the ones asked for are none of them."""
    if not any(frame.code == Unmapped.PATH_NOT_IN_RELEASE for frame in why):
        return []
    files = artifacts.files_of(app.state, project.id, release, limit=200)
    return [file.path for file in files if file.kind == "script"][:NEAR_SHOWN]


def exceptions_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    found = decoded(row["exceptions"])
    if isinstance(found, list) and found:
        return [item for item in found if isinstance(item, dict)]
    return chain_in(row["stack"])


def dist_of(row: dict[str, Any]) -> str:
    context = decoded(row["context"])
    dist = context.get("dist") if isinstance(context, dict) else None
    return dist if isinstance(dist, str) else ""


def mapped_in(exceptions: list[dict[str, Any]]) -> int:
    stacks = (exception.get("frames") for exception in exceptions)
    return sum(
        isinstance(frame, dict) and "raw" in frame
        for stack in stacks
        if isinstance(stack, list)
        for frame in stack
    )


def decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


async def read_file(request: HttpRequest) -> bytes:
    """Raises TooLarge beyond the limit, BadInput for an empty body or a wrong encoding."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_FILE_BYTES:
            raise TooLarge("the file", f"{MAX_FILE_BYTES:,} bytes", hint="split the bundle")
        chunks.append(chunk)
    encoding = request.headers.get("content-encoding", "")
    content = await asyncio.to_thread(decompress, b"".join(chunks), encoding, MAX_FILE_BYTES)
    if not content:
        raise BadInput("the body is empty", hint="send the file as the body: curl --data-binary @app.js.map")
    return content


def file_of(file: Artifact) -> dict[str, Any]:
    return {
        "path": file.path,
        "kind": file.kind,
        "release": file.release,
        "dist": file.dist,
        "debugId": file.debug_id,
        "sourceMap": file.reference,
        "sha256": file.sha256,
        "size": file.size,
        "uploadedAt": iso(file.uploaded_at_ms),
    }


ROUTES: list[Any] = [upload, list_uploaded, delete_uploaded, explain]
