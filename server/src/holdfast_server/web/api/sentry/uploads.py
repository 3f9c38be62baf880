"""Uploads as sentry-cli and the bundler plugins make them: chunks by their SHA-1, then the order to put them together."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import MediaType, Response, get, post
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK
from multipart import MultipartError, PushMultipartParser

from ....errors import BadInput, TooLarge
from ....ingest.artifacts import CHUNK_BYTES
from ....ingest.assemblies import Order, Phase, Progress
from ....insight.source_maps.bundle import MAX_BUNDLE_BYTES
from ....model.project import Project
from ...ingest.body import decompress
from ...ingest.forms import boundary_of
from ...services import HttpRequest, services
from .calls import body_of, same_project, uploader

CHUNKS_PER_REQUEST = 64
REQUEST_BYTES = 32 * 1024 * 1024
MAX_REQUEST_BYTES = REQUEST_BYTES + 1024 * 1024
MAX_PART_HEADER_BYTES = 4_096
MAX_CHUNKS = MAX_BUNDLE_BYTES // CHUNK_BYTES
WAIT_S = 5.0
Sha1 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{40}$")]


class AssembleBody(msgspec.Struct):
    checksum: Sha1
    chunks: Annotated[list[Sha1], msgspec.Meta(max_length=MAX_CHUNKS)]
    projects: Annotated[list[str | int], msgspec.Meta(max_length=100)] = []
    version: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    dist: Annotated[str, msgspec.Meta(max_length=64)] | None = None


@get("/organizations/{org:str}/chunk-upload")
async def upload_options(request: HttpRequest, org: FromPath[str]) -> dict[str, Any]:
    await uploader(request)
    return {
        "url": upload_address(request, f"/organizations/{quote(org, safe='')}/chunk-upload/"),
        "chunkSize": CHUNK_BYTES,
        "chunksPerRequest": CHUNKS_PER_REQUEST,
        "maxFileSize": MAX_BUNDLE_BYTES,
        "maxRequestSize": REQUEST_BYTES,
        "maxWait": 300,
        "concurrency": 4,
        "hashAlgorithm": "sha1",
        "compression": ["gzip"],
        "accept": ["release_files", "artifact_bundles", "artifact_bundles_v2"],
    }


@post(
    "/organizations/{org:str}/chunk-upload", status_code=HTTP_200_OK, request_max_body_size=MAX_REQUEST_BYTES
)
async def upload_chunks(request: HttpRequest) -> Response[None]:
    """Parts named `file` or `file_gzip`, each with its SHA-1 as the file's name."""
    app = services(request)
    project = await uploader(request)
    async for name, sha1, content in file_parts(request):
        if name == "file_gzip":
            content = await asyncio.to_thread(decompress, content, "gzip", CHUNK_BYTES)
        await asyncio.to_thread(app.builds.put_chunk, project.id, sha1, content)
    return Response(None, status_code=HTTP_200_OK, media_type=MediaType.JSON)


@post("/organizations/{org:str}/artifactbundle/assemble", status_code=HTTP_200_OK)
async def assemble_bundle(request: HttpRequest) -> dict[str, Any]:
    project = await uploader(request)
    wanted = await body_of(request, AssembleBody)
    same_project(project, wanted.projects)
    return await ask(request, project, wanted, wanted.version or "")


def upload_address(request: HttpRequest, path: str) -> str:
    """Absolute, for the client inside the bundler plugins knows no other, and takes none of another host or scheme than
    those that it called. Behind a proxy that ends TLS, X-Forwarded-Proto or the public URL says the scheme."""
    host, public = request.headers.get("host", ""), services(request).settings.base_url
    secure = public == f"https://{host}" or request.headers.get("x-forwarded-proto") == "https"
    return f"{'https' if secure else 'http'}://{host}/api/0{path}"


async def file_parts(request: HttpRequest) -> AsyncIterator[tuple[str, str, bytes]]:
    """The parts that are files: name, file's name and content, one after the other as they arrive."""
    boundary = boundary_of(request.headers.get("content-type", ""))
    name, filename, data = "", None, bytearray()
    try:
        with PushMultipartParser(
            boundary, max_segment_count=CHUNKS_PER_REQUEST, max_header_size=MAX_PART_HEADER_BYTES, strict=True
        ) as parser:
            async for piece in request.stream():
                for found in parser.parse(piece):
                    if isinstance(found, bytes | bytearray):
                        data += found
                    elif found is not None:
                        name, filename, data = found.name, found.filename, bytearray()
                    elif filename is not None and name in ("file", "file_gzip"):
                        yield name, filename.lower(), bytes(data)
                if len(data) > CHUNK_BYTES * 2:
                    raise TooLarge("a chunk", f"{CHUNK_BYTES:,} bytes")
            parser.close()
    except (MultipartError, ValueError) as exc:
        raise BadInput(f"the form can't be read: {exc}", hint="upload with sentry-cli") from exc


async def ask(request: HttpRequest, project: Project, wanted: AssembleBody, version: str) -> dict[str, Any]:
    order = Order(project.id, wanted.checksum, tuple(wanted.chunks), version, wanted.dist or "")
    progress: Progress = await asyncio.to_thread(services(request).assemblies.ask, order, wait_s=WAIT_S)
    return {
        "state": progress.phase.value,
        "missingChunks": list(progress.missing if progress.phase is Phase.NOT_FOUND else ()),
        "detail": progress.detail,
    }


ROUTES: list[Any] = [upload_options, upload_chunks, assemble_bundle]
