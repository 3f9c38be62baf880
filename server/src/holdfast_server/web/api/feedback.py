"""Feedback as the inbox has it: list, one, its picture, and marking it as done or spam. Contacts are for admins only."""

import asyncio
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get, patch
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from ...accounts import roles
from ...accounts.roles import Act
from ...errors import NotFound
from ...model.clock import iso
from ...model.feedback import InboxItem
from ...state_store import feedback as inbox
from ..guards import Reader, allowed, audited, chosen_project, viewer
from ..services import HttpRequest, Services, services

PICTURE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=3600",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Cookie, Authorization",
}
"""A stranger made it: whatever else its bytes might be, a browser takes it for a picture of this type or for nothing."""
Status = Literal["open", "done", "spam"]


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What may be changed on a feedback."""

    status: Status


@get("/api/feedback", tags=["feedback"], summary="Feedback, newest first")
async def list_feedback(
    request: HttpRequest,
    status: FromQuery[Status | None] = None,
    error_id: Annotated[str, QueryParameter(name="errorId", max_length=64)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    cursor: Annotated[str, QueryParameter(max_length=500)] = "",
) -> dict[str, Any]:
    who = await viewer(request)
    app, project = services(request), await chosen_project(request, who)
    found, following = await asyncio.to_thread(
        lambda: inbox.list_feedback(
            app.state,
            project.id,
            status=status,
            error_ids=[error_id] if error_id else None,
            limit=limit,
            cursor=cursor or None,
        )
    )
    counts = await asyncio.to_thread(inbox.counts, app.state, project.id)
    return {
        "feedback": [feedback_of(item, who) for item in found],
        "nextCursor": following,
        "counts": counts,
    }


@get("/api/feedback/{feedback_id:str}", tags=["feedback"], summary="One feedback")
async def one_feedback(request: HttpRequest, feedback_id: FromPath[str]) -> dict[str, Any]:
    who = await viewer(request)
    project = await chosen_project(request, who)
    return feedback_of(await asyncio.to_thread(existing, services(request), project.id, feedback_id), who)


@patch("/api/feedback/{feedback_id:str}", tags=["feedback"], summary="Mark a feedback as done, spam or open")
async def change_feedback(
    request: HttpRequest, feedback_id: FromPath[str], data: JSONBody[Change]
) -> dict[str, Any]:
    app = services(request)
    who = await allowed(request, Act.MANAGE_ISSUES)
    project = await chosen_project(request, who)
    await asyncio.to_thread(existing, app, project.id, feedback_id)
    await mark(app, who, project.id, [feedback_id], data.status)
    return feedback_of(await asyncio.to_thread(existing, app, project.id, feedback_id), who)


@get("/api/feedback/{feedback_id:str}/screenshot", tags=["feedback"], summary="The picture of a feedback")
async def screenshot(request: HttpRequest, feedback_id: FromPath[str]) -> Response[bytes]:
    project = await chosen_project(request, await viewer(request))
    return await asyncio.to_thread(picture, services(request), project.id, feedback_id)


def existing(app: Services, project_id: int | None, feedback_id: str) -> InboxItem:
    found = inbox.get(app.state, project_id, feedback_id[:64])
    if found is None:
        raise NotFound("feedback", feedback_id[:64], hint="GET /api/feedback lists them")
    return found


def picture(app: Services, project_id: int | None, feedback_id: str) -> Response[bytes]:
    kept = existing(app, project_id, feedback_id).screenshot
    if kept is None:
        raise NotFound("picture of feedback", feedback_id[:64])
    return Response(
        app.screenshots.read(kept.sha256), media_type=kept.media_type, headers=dict(PICTURE_HEADERS)
    )


async def mark(app: Services, who: Reader, project_id: int, ids: list[str], status: Status) -> int:
    """Change the status of some, and write down who did it."""
    changed = await asyncio.to_thread(
        lambda: inbox.set_status(app.state, project_id, ids, status, by=who.name, at_ms=app.clock.now_ms())
    )
    if changed:
        detail = msgspec.json.encode({"project": project_id, "ids": ids}).decode()
        subject = ids[0] if len(ids) == 1 else f"{changed} feedbacks"
        await audited(app, who, f"feedback.{status}", subject, detail)
    return changed


def feedback_of(item: InboxItem, who: Reader) -> dict[str, Any]:
    shot = item.screenshot
    return {
        "id": item.id,
        "createdAt": iso(item.at_ms),
        "status": item.status,
        "message": item.message,
        "hasContact": bool(item.contact),
        **({"contact": item.contact} if roles.may(who.role, Act.MANAGE_ISSUES) else {}),
        "screenshot": {
            "url": f"/api/feedback/{item.id}/screenshot",
            "type": shot.media_type,
            "width": shot.width,
            "height": shot.height,
            "bytes": shot.size,
        }
        if shot
        else None,
        "metadata": msgspec.json.decode(item.metadata),
        "page": item.page,
        "url": item.url,
        "userAgent": item.user_agent,
        "sessionId": item.session_id,
        "userId": item.user_id,
        "anonymousId": item.anonymous_id,
        "release": item.release,
        "environment": item.environment,
        "errorId": item.error_id,
        "namesError": item.names_error,
        "eventId": item.event_id,
        "source": item.source,
        "changedBy": item.changed_by,
        "changedAt": iso(item.changed_at_ms) if item.changed_at_ms is not None else None,
    }


ROUTES = [list_feedback, one_feedback, change_feedback, screenshot]
