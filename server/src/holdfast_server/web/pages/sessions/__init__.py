"""/admin/sessions/{id}: all that one session did, in order, around a moment of it; narrowed by kind, read on both ways."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from ....errors import BadInput
from ....event_store.connect import Row
from ....event_store.queries.session import KINDS, Kind
from ....insight.session_story import LATEST_MS, NS_PER_MS, Asked, Story, story
from ...components.format import exact_count, humanise_ms
from ...components.shell import Bar
from ...services import HttpRequest
from ..frame import View, page, view

PATH = "/admin/sessions"
KEPT = ("id", "kind", "at", "around", "before", "after")
TITLES: dict[Kind, str] = {"event": "Events", "error": "Errors", "log": "Logs", "span": "Spans"}
ICONS: dict[str, str] = {"event": "point", "error": "bug", "log": "file-text", "span": "trace"}
PAGE_VIEWS = ("page_view", "screen_view")
BAD = ("critical", "error", "fatal")
ROWS = 100
DETAIL_CHARS = 400


@dataclass(frozen=True)
class Item:
    """One row. `offset` is how long after the session began, `is_here` marks the moment that one came from."""

    kind: str
    at_ms: int
    offset: str
    title: str
    detail: str
    rest: str
    took: str
    tone: str
    icon: str
    href: str
    more: str
    is_here: bool


def session_url(bar: Bar, session_id: str, **more: str) -> str:
    """The address of a session's page. An id with a slash stands in the query: no server splits that."""
    if "/" in session_id or session_id in (".", ".."):
        return bar.url(PATH, id=session_id, **more)
    return bar.url(f"{PATH}/{quote(session_id, safe='')}", **more)


@get(f"{PATH}/{{session_id:str}}")
async def named_session(request: HttpRequest, session_id: FromPath[str]) -> Template:
    return await session_page(request, session_id)


@get(PATH)
async def asked_session(request: HttpRequest) -> Template:
    session_id = request.query_params.get("id", "")
    if not session_id:
        raise BadInput("no session is named", path="id", hint="open one from an occurrence of an error")
    return await session_page(request, session_id)


async def session_page(request: HttpRequest, session_id: str) -> Template:
    seen = await view(request, keep=KEPT)
    asked = asked_of(seen, session_id)
    found = await asyncio.to_thread(story, seen.app.facts, seen.project.id, asked, seen.now_ms)
    counts, chosen = found.summary.counts, seen.bar.keep.get("kind", "")
    tabs = [("", "All", sum(counts.values())), *((kind, TITLES[kind], counts[kind]) for kind in KINDS)]
    return await page(
        seen,
        "pages/sessions/session.html",
        title="Session",
        key="errors",
        session_id=session_id,
        summary=found.summary,
        sentence=sentence_of(found),
        items=[item_of(row, found, seen) for row in found.items],
        tabs=[
            (value, word, count, seen.bar.url(kind=value, before="", after="")) for value, word, count in tabs
        ],
        chosen=chosen,
        earlier=seen.bar.url(before=found.earlier, after="", at="", around="") if found.earlier else "",
        later=seen.bar.url(after=found.later, before="", at="", around="") if found.later else "",
        start=seen.bar.url(before="", after="", at="", around=""),
        is_part=bool(found.earlier or found.later),
    )


def asked_of(seen: View, session_id: str) -> Asked:
    query = seen.bar.keep
    kind, at = query.get("kind", ""), query.get("at", "")
    kinds = tuple(each for each in KINDS if each == kind) or KINDS
    at_ms = int(at) if at.isascii() and at.isdigit() and len(at) < 16 else None
    return Asked(
        session_id[:500],
        kinds,
        min(at_ms, LATEST_MS) if at_ms is not None else None,
        query.get("before", ""),
        query.get("after", ""),
        ROWS,
    )


def sentence_of(found: Story) -> str:
    summary = found.summary
    lasted = summary.last_ms - summary.first_ms
    counts = summary.counts
    errors = f"{exact_count(counts['error'])} error{'' if counts['error'] == 1 else 's'}"
    rest = sum(counts.values()) - counts["error"]
    how_long = f"in {humanise_ms(lasted)}" if lasted else "in one moment"
    return f"{errors} and {exact_count(rest)} other {'thing' if rest == 1 else 'things'} {how_long}."


def item_of(row: Row, found: Story, seen: View) -> Item:
    kind, order_ns = row["item"], int(row["order_ns"])
    title, detail, rest = words_of(row)
    return Item(
        kind=kind,
        at_ms=order_ns // NS_PER_MS,
        offset=offset_words(order_ns / NS_PER_MS - found.summary.first_ms),
        title=title,
        detail=detail[:DETAIL_CHARS],
        rest=rest[:DETAIL_CHARS],
        took=humanise_ms(row["took_ms"]) if row["took_ms"] is not None else "",
        tone=tone_of(row),
        icon="browser" if row["title"] in PAGE_VIEWS and kind == "event" else ICONS[kind],
        href=href_of(row, seen),
        more=row["more"] if row["more"] not in ("", "{}", "null") else "",
        is_here=kind == "error" and str(row["id"]) == seen.bar.keep.get("around", ""),
    )


def offset_words(after_ms: float) -> str:
    """As a stopwatch shows it: +12.3 s, +4:05, +1:02:03."""
    tenths = max(0, round(after_ms / 100))
    if tenths < 600:
        return f"+{tenths / 10:.1f} s"
    hours, rest = divmod(tenths // 10, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"+{hours}:{minutes:02}:{seconds:02}" if hours else f"+{minutes}:{seconds:02}"


def words_of(row: Row) -> tuple[str, str, str]:
    """A row in a few words: what it was, about what, and where."""
    kind, status = row["item"], str(row["status"]) if row["status"] else ""
    if kind == "event":
        about = (row["subject"] or row["page"], status)
        return row["title"], *joined(about, (row["component"], row["detail"], row["page"]))
    if kind == "log":
        return row["level"] or "log", *joined((row["detail"],), (row["title"], row["subject"]))
    return row["title"] or kind, *joined((row["detail"],), (row["component"], row["subject"]))


def joined(about: tuple[str, ...], where: tuple[str, ...]) -> tuple[str, str]:
    """Both as text; what stands in the first is not said again in the second."""
    return (
        " ".join(part for part in about if part),
        " · ".join(dict.fromkeys(part for part in where if part and part not in about)),
    )


def tone_of(row: Row) -> str:
    if row["item"] == "event":
        return "bad" if row["status"] >= 500 else "warning" if row["status"] >= 400 else ""
    return "bad" if row["level"] in BAD else "warning" if row["level"] == "warning" else ""


def href_of(row: Row, seen: View) -> str:
    if row["issue_id"]:
        return seen.bar.url(f"/admin/errors/{row['issue_id']}", event=str(row["id"]))
    trace: Any = row["trace_id"]
    return seen.bar.url(f"/admin/traces/{trace}") if trace and trace.isalnum() else ""


ROUTES = [named_session, asked_session]
