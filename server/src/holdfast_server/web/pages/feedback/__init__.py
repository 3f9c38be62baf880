"""/admin/feedback: what people said, newest first, to read and to mark as done or spam; and one of them with its picture."""

import asyncio
import re
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from ....accounts.roles import Act
from ....errors import BadInput, NotFound
from ....model.feedback import STATUSES, FeedbackStatus, InboxItem, Screenshot
from ....model.paths import sanitise_url
from ....state_store import feedback as inbox
from ...api.feedback import mark, picture
from ...components.format import exact_count, humanise_count
from ...components.shell import BulkAction, Column, Pager
from ...guards import Reader, allowed, viewer
from ...services import HttpRequest, services
from ..frame import View, offers, page, see, view
from ..sessions import session_url

PATH = "/admin/feedback"
KEPT = ("status", "cursor")
ROWS = 50
THUMB_WIDTH, THUMB_HEIGHT = 96, 56
DONE = BulkAction("done", "Done", "e", "check")
SPAM = BulkAction("spam", "Spam", "i", "eye-off")
OPEN = BulkAction("open", "Open again", "", "refresh")
ACTIONS = {"open": (DONE, SPAM), "done": (OPEN, SPAM), "spam": (OPEN, DONE), "all": (DONE, SPAM, OPEN)}
WORDS = {"open": "open again", "done": "done", "spam": "spam"}
COLUMNS = (
    Column("message", "What was said"),
    Column("picture", "Picture", priority=2),
    Column("release", "Release", priority=3),
    Column("browser", "Browser", priority=3),
    Column("contact", "Contact", priority=2),
    Column("at", "When", align="end"),
)
BROWSERS = (
    ("Edge", "Edg/"), ("Opera", "OPR/"), ("Samsung Internet", "SamsungBrowser/"), ("Firefox", "Firefox/"),
    ("Firefox", "FxiOS/"), ("Chrome", "CriOS/"), ("Chrome", "Chrome/"), ("Safari", "Version/"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("iOS", "iPhone"), ("iPadOS", "iPad"), ("Android", "Android"), ("macOS", "Mac OS X"),
    ("ChromeOS", "CrOS"), ("Linux", "Linux"),
)  # fmt: skip
"""The first that is in the agent wins. For people to read; what is counted is told by the drainer, exactly."""


@get(PATH)
async def feedback_list(request: HttpRequest) -> Template:
    seen = await view(request, keep=KEPT)
    status = _status(seen)

    def ask() -> tuple[list[InboxItem], str | None, dict[FeedbackStatus, int]]:
        found, following = inbox.list_feedback(
            seen.app.state,
            seen.project.id,
            status=None if status == "all" else status,  # type: ignore[arg-type]
            limit=ROWS,
            cursor=seen.bar.keep.get("cursor") or None,
        )
        return found, following, inbox.counts(seen.app.state, seen.project.id)

    found, following, counts = await asyncio.to_thread(ask)
    context: dict[str, Any] = {
        "rows": found,
        "counts": counts,
        "columns": COLUMNS,
        "actions": ACTIONS[status],
        "action_url": seen.bar.url(f"{PATH}/bulk", **seen.bar.keep),
        "pager": _pager(seen, found, following),
        "status": status,
        "thumb": thumb,
        "browser_of": browser_of,
    }
    return await page(
        seen,
        "pages/feedback/feedback.html",
        title="Feedback",
        key="feedback",
        offered=await offers(seen, narrow=False),
        **context,
    )


@post(f"{PATH}/bulk", status_code=303)
async def bulk(request: HttpRequest) -> Redirect:
    seen = await view(request, path=PATH, keep=KEPT, guard=_keeper)
    fields = await request.form()
    ids = [str(value)[:64] for value in fields.getall("id", [])][: inbox.LIMIT_MAX]
    action = _action(fields.get("action", ""))
    changed = await mark(seen.app, seen.who, seen.project.id, ids, action)
    return see(
        seen.bar.url(PATH),
        done=f"{exact_count(changed)} {'message is' if changed == 1 else 'messages are'} {WORDS[action]}.",
    )


@get(f"{PATH}/{{feedback_id:str}}")
async def one(request: HttpRequest, feedback_id: FromPath[str]) -> Template:
    seen = await view(request, path=f"{PATH}/{feedback_id}")
    item = await asyncio.to_thread(_existing, seen, feedback_id)
    metadata = msgspec.json.decode(item.metadata)
    return await page(
        seen,
        "pages/feedback/one.html",
        title="Feedback",
        key="feedback",
        offered=await offers(seen, narrow=False),
        item=item,
        facts=facts_of(item),
        metadata=msgspec.json.format(msgspec.json.encode(metadata), indent=2).decode() if metadata else "",
        actions=ACTIONS[item.status],
        session_url=session_url(seen.bar, item.session_id),
    )


@post(f"{PATH}/{{feedback_id:str}}/status", status_code=303)
async def status(request: HttpRequest, feedback_id: FromPath[str]) -> Redirect:
    seen = await view(request, path=f"{PATH}/{feedback_id}", guard=_keeper)
    await asyncio.to_thread(_existing, seen, feedback_id)
    action = _action((await request.form()).get("action", ""))
    await mark(seen.app, seen.who, seen.project.id, [feedback_id], action)
    return see(seen.bar.url(PATH), done=f"The message is {WORDS[action]}.")


@get(f"{PATH}/{{feedback_id:str}}/screenshot")
async def screenshot(request: HttpRequest, feedback_id: FromPath[str]) -> Response[bytes]:
    """Of any project, for whoever may read: a picture's address stands on pages of several."""
    who = await viewer(request)
    return await asyncio.to_thread(picture, services(request), who.key_project_id, feedback_id)


async def _keeper(request: HttpRequest) -> Reader:
    return await allowed(request, Act.MANAGE_ISSUES)


def _existing(seen: View, feedback_id: str) -> InboxItem:
    item = inbox.get(seen.app.state, seen.project.id, feedback_id[:64])
    if item is None:
        raise NotFound(
            "feedback",
            feedback_id[:64],
            hint=f"it may belong to another project than {seen.project.name}: choose that one in the bar",
        )
    return item


def _status(seen: View) -> str:
    chosen = seen.bar.keep.get("status", "open")
    if chosen not in ACTIONS:
        raise BadInput(
            f"there is no status {chosen!r}", path="status", hint=f"use one of {', '.join(ACTIONS)}"
        )
    return chosen


def _action(sent: Any) -> FeedbackStatus:
    found = next((status for status in STATUSES if status == str(sent)), None)
    if found is None:
        raise BadInput(
            "nothing is known to be done with these messages", path="action", hint="use done, spam or open"
        )
    return found


def _pager(seen: View, found: list[InboxItem], following: str | None) -> Pager:
    return Pager(
        newer=seen.bar.url() if seen.bar.keep.get("cursor") else "",
        older=seen.bar.url(cursor=following) if following else "",
        shown=f"{humanise_count(len(found))} {'message' if len(found) == 1 else 'messages'}",
    )


def thumb(shot: Screenshot) -> tuple[int, int]:
    """The size of a small picture of the same shape."""
    scale = min(THUMB_WIDTH / shot.width, THUMB_HEIGHT / shot.height, 1)
    return max(1, round(shot.width * scale)), max(1, round(shot.height * scale))


def browser_of(agent: str) -> str:
    """A browser and its system in words, "" when they are not known."""
    name = next(((title, mark) for title, mark in BROWSERS if mark in agent), None)
    system = next((title for title, mark in SYSTEMS if mark in agent), "")
    if name is None:
        return system
    version = re.search(re.escape(name[1]) + r"(\d{1,4})", agent)
    return " ".join(
        part for part in (name[0], version[1] if version else "", f"on {system}" if system else "") if part
    )


def facts_of(item: InboxItem) -> list[tuple[str, str]]:
    """What is known around it, in words; links and the contact are the template's."""
    found = (
        ("Page", item.page or sanitise_url(item.url)),
        ("Browser", browser_of(item.user_agent) or item.user_agent),
        ("Release", item.release),
        ("Environment", item.environment),
        ("User", item.user_id or item.anonymous_id),
    )
    return [(name, value) for name, value in found if value]


ROUTES = [feedback_list, bulk, one, status, screenshot]
