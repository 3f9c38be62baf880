"""What of an occurrence leaves the pages: its raw JSON, its Markdown for a ticket, and the files that came along.

A file is a stranger's: it is never shown by our address but saved, as bytes without a type that a browser would run, in a
sandbox. Only pictures are shown, after their bytes were looked at.
"""

import asyncio
import re
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from ....errors import NotFound
from ....model.files import Files
from ...services import HttpRequest
from ..frame import base_url
from .issue import PATH, Subject, row_of, subject_of
from .markdown import markdown
from .occurrence import json_of, occurrence_of, whole
from .stack import list_of

FOLDER = "attachments"
PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
SANDBOX = "default-src 'none'; sandbox"
PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


@get(f"{PATH}/{{error_id:str}}/json")
async def raw_json(request: HttpRequest, error_id: FromPath[str]) -> Response[bytes]:
    about = await subject_of(request, error_id)
    row = await asyncio.to_thread(existing, about)
    text = msgspec.json.format(msgspec.json.encode(whole(row)), indent=2)
    headers = saved(f"occurrence-{row['id']}.json") if "download" in request.query_params else {}
    return Response(text, media_type="application/json", headers=headers)


@get(f"{PATH}/{{error_id:str}}/markdown")
async def as_markdown(request: HttpRequest, error_id: FromPath[str]) -> Response[str]:
    about = await subject_of(request, error_id)
    row = await asyncio.to_thread(row_of, about)
    found = occurrence_of(row) if row is not None else None
    link = about.seen.bar.url(f"{PATH}/{about.issue.id}", event=str(found.id) if found else "")
    text = markdown(about.issue, found, base_url(request) + link)
    return Response(text, media_type="text/markdown; charset=utf-8")


@get(f"{PATH}/{{error_id:str}}/files/{{index:int}}")
async def one_file(request: HttpRequest, error_id: FromPath[str], index: FromPath[int]) -> Response[bytes]:
    about = await subject_of(request, error_id)

    def ask() -> tuple[dict[str, Any], bytes]:
        found = [item for item in list_of(json_of(existing(about)["files"])) if isinstance(item, dict)]
        item = found[index] if 0 <= index < len(found) else {}
        if not isinstance(item.get("sha256"), str):
            raise NotFound(
                "file", str(index), hint="this occurrence has no such file, or only its name was kept"
            )
        return item, Files(about.seen.app.settings.server.data / "files" / FOLDER).read(item["sha256"])

    item, content = await asyncio.to_thread(ask)
    picture = picture_type(content)
    if "show" in request.query_params and picture:
        return Response(content, media_type=picture, headers={"Content-Security-Policy": SANDBOX})
    return Response(
        content,
        media_type="application/octet-stream",
        headers=saved(str(item.get("name") or "file")) | {"Content-Security-Policy": SANDBOX},
    )


def existing(about: Subject) -> Any:
    row = row_of(about)
    if row is None:
        raise NotFound("occurrence", "newest", hint="the occurrences are no longer kept")
    return row


def picture_type(content: bytes) -> str:
    """By the bytes themselves; what the client called it does not count."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((media for magic, media in PICTURES.items() if content.startswith(magic)), "")


def saved(name: str) -> dict[str, str]:
    """Headers that make a browser save it under a plain name."""
    plain = PLAIN.sub("_", name).strip("._")[:100] or "file"
    return {"Content-Disposition": f'attachment; filename="{plain}"', "X-Content-Type-Options": "nosniff"}


ROUTES = [raw_json, as_markdown, one_file]
