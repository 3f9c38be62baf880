"""What all calls of Sentry's tools have in common: whose key it is, the JSON that they send, the errors that they print."""

import asyncio
from typing import Any, TypeVar

import msgspec
from litestar import MediaType, Response
from litestar.exceptions import HTTPException

from ....errors import BadInput, Busy, HoldfastError, NotAllowed, NotFound
from ....model.project import KeyKind, Project
from ....state_store import projects
from ...errors import on_any, status_of
from ...guards import writer_key
from ...ingest.body import read_body
from ...services import HttpRequest, services

T = TypeVar("T")


async def uploader(request: HttpRequest) -> Project:
    """The project of the secret key that the request carries. Raises NotKnown or NotAllowed."""
    key = await writer_key(request)
    if key.kind is not KeyKind.SECRET:
        raise NotAllowed(
            "a public key may not upload files",
            hint="set SENTRY_AUTH_TOKEN to the project's secret key (hf_sec_…)",
        )
    project = await asyncio.to_thread(projects.get, services(request).state, key.project_id)
    if project is None:
        raise NotFound("project", key.project_id)
    return project


def same_project(own: Project, named: list[str | int]) -> None:
    """Raises NotAllowed when another project is named than the key's own."""
    others = [str(name) for name in named if str(name) not in (own.slug, str(own.id))]
    if others:
        raise NotAllowed(
            f"this key belongs to the project {own.slug!r}, and the upload names {others[0][:100]!r}",
            hint=f"use --project {own.slug}, or the key of the other project",
        )


async def body_of(request: HttpRequest, kind: type[T]) -> T:
    """Raises BadInput with the place of the fault."""
    try:
        return msgspec.json.decode(await read_body(request), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise BadInput(f"the body can't be used: {exc}", hint="send what sentry-cli sends") from exc


def on_error(_request: HttpRequest, error: HoldfastError) -> Response[Any]:
    """Sentry's tools print `detail`; a 404 they put into words of their own."""
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, Busy) else {}
    detail = f"{error.message}; {error.hint}" if error.hint else error.message
    return told(status_of(error), detail, headers)


def on_http(request: HttpRequest, error: HTTPException) -> Response[Any]:
    return told(error.status_code, f"{error.detail}: {request.method} {request.url.path[:200]}", {})


def on_anything(request: HttpRequest, error: Exception) -> Response[Any]:
    on_any(request, error)
    return told(500, "something went wrong on our side; it is in the server's log", {})


def told(status: int, detail: str, headers: dict[str, str]) -> Response[Any]:
    return Response({"detail": detail}, status_code=status, headers=headers, media_type=MediaType.JSON)


HANDLERS: dict[Any, Any] = {HoldfastError: on_error, HTTPException: on_http, Exception: on_anything}
