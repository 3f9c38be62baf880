"""/admin/errors: the errors to finish, by keyboard: sorted, filtered, searched, and acted on in bulk."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.response import Redirect, Template

from ....errors import BadInput, HoldfastError
from ....model.issue import SEVERITIES, STATUSES, Issue, IssueCounts
from ....state_store import fingerprints, issue_list, issues
from ...components.format import exact_count
from ...components.shell import BulkAction, Column, Pager
from ...services import HttpRequest
from ..frame import View, offers, page, see, view
from . import acts
from .sparks import Spark, sparks

PATH = "/admin/errors"
KEPT = ("sort", "severity", "status", "assigned", "search", "cursor")
SORTS = {
    "lastSeen": "Last seen",
    "frequency": "Times",
    "users": "People",
    "createdAt": "First seen",
    "severity": "Severity",
}
TABS = (("open", "Open"), *((status, status.capitalize()) for status in STATUSES), ("all", "All"))
ROWS = 50
KEYS = (
    ("j k", "Next and previous error"),
    ("x", "Select"),
    ("e", "Resolve"),
    ("i", "Ignore"),
    ("a", "Assign to me"),
)


@dataclass(frozen=True)
class Found:
    """What the state store says for one page of the list."""

    rows: list[Issue]
    following: str | None
    counts: IssueCounts
    owners: dict[str, list[str]]
    people: list[tuple[int, str]]


@get(PATH)
async def error_list(request: HttpRequest) -> Template:
    seen = await view(request, keep=KEPT)
    asked = asked_of(seen)
    found, offered = await asyncio.gather(asyncio.to_thread(ask, seen, asked), offers(seen))
    drawn = await asyncio.to_thread(draw, seen, found.owners)
    status = str(asked["status"])
    return await page(
        seen,
        "pages/errors/errors.html",
        title="Errors",
        key="errors",
        offered=offered,
        rows=found.rows,
        sparks=drawn,
        counts=found.counts,
        names=dict(found.people),
        people=found.people,
        me=seen.who.user.id if seen.who.user else None,
        columns=columns(seen),
        actions=actions(seen, status, found.people),
        action_url=seen.bar.url(f"{PATH}/bulk", **seen.bar.keep),
        pager=pager(seen, found),
        tabs=[
            (
                value,
                title,
                count_of(found.counts, value),
                seen.bar.url(status="" if value == "open" else value),
            )
            for value, title in TABS
        ],
        status=status,
        chosen={name: seen.bar.keep.get(name, "") for name in ("severity", "assigned", "search")},
        severities=SEVERITIES,
        hidden={
            **seen.bar.fields,
            **{name: seen.bar.keep[name] for name in ("sort", "status") if name in seen.bar.keep},
        },
        is_filtered=bool(
            any(seen.bar.keep.get(name) for name in ("severity", "assigned", "search"))
            or seen.scope.environment
            or seen.scope.release
        ),
        page_keys=KEYS,
    )


@post(f"{PATH}/bulk", status_code=303)
async def bulk(request: HttpRequest) -> Redirect:
    seen = await view(request, path=PATH, keep=KEPT, guard=acts.triage)
    fields = await request.form()
    ids = [str(value) for value in fields.getall("id", [])]
    if not ids:
        raise BadInput("no error is selected", path="id", hint="select rows with x or their boxes")
    try:
        done = await acts.act(seen, ids, fields)
    except BadInput as problem:
        return see(seen.bar.url(PATH), problem=problem)
    return see(seen.bar.url(PATH), done=done.words)


def ask(seen: View, asked: dict[str, Any]) -> Found:
    state, project_id = seen.app.state, seen.project.id
    rows, following = issue_list.list_issues(state, project_id, limit=ROWS, **asked)
    return Found(
        rows,
        following,
        issues.counts(state, project_id),
        fingerprints.ids_of(state, project_id, [row.id for row in rows]),
        acts.people_of(seen),
    )


def draw(seen: View, owners: dict[str, list[str]]) -> dict[str, Spark]:
    """When the event store is away, the list stands without its charts."""
    try:
        return sparks(seen.app.facts, seen.scope, owners, seen.window_words)
    except HoldfastError:
        return {}


def asked_of(seen: View) -> dict[str, Any]:
    """The list's own question; what does not exist is refused by the list."""
    query = seen.bar.keep
    return {
        "cursor": query.get("cursor") or None,
        "severity": query.get("severity") or None,
        "status": query.get("status") or "open",
        "assigned": assigned_of(seen, query.get("assigned", "")),
        "sort_by": query.get("sort") or "lastSeen",
        "search": query.get("search", ""),
        "release": seen.scope.release,
        "environment": seen.scope.environment,
    }


def assigned_of(seen: View, text: str) -> int | str | None:
    if text == "me":
        return seen.who.user.id if seen.who.user else None
    if text in ("", "nobody"):
        return text or None
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise BadInput(f"nobody is called {text!r}", path="assigned", hint="use me, nobody, or a person's number")


def actions(seen: View, status: str, people: Sequence[tuple[int, str]]) -> tuple[BulkAction, ...]:
    me = seen.who.user.id if seen.who.user else None
    assign = (
        *((BulkAction("assign:me", "To me", "a", "user-check"),) if me is not None else ()),
        acts.assign_menu(people, me),
    )
    change: tuple[BulkAction, ...] = (acts.RESOLVE, acts.RESOLVE_NEXT, acts.IGNORE)
    if status in ("resolved", "ignored"):
        change = (acts.REOPEN, *(() if status == "resolved" else (acts.RESOLVE,)))
    elif status == "all":
        change = (*change, acts.REOPEN)
    return (*change, *assign, acts.MERGE)


def count_of(counts: IssueCounts, tab: str) -> int:
    if tab == "open":
        return counts.open
    return counts.unresolved + counts.resolved if tab == "all" else counts.by_status.get(tab, 0)


def columns(seen: View) -> list[Column]:
    chosen = seen.bar.keep.get("sort") or "lastSeen"

    def sortable(key: str, sort: str, **more: Any) -> Column:
        direction = "" if sort != chosen else "ascending" if sort == "severity" else "descending"
        return Column(key, SORTS[sort], sort_url=seen.bar.url(sort=sort), sorted=direction, **more)  # type: ignore[arg-type]

    return [
        Column("error", "Error"),
        sortable("severity", "severity", priority=2),
        Column("spark", "Trend", priority=2, hint=f"How often in the {seen.window_words}"),
        sortable("times", "frequency", align="end", hint="Since it was first seen"),
        sortable(
            "users", "users", align="end", priority=2, hint="People hit since it was first seen, within 2 %"
        ),
        Column("release", "Release", priority=3, hint="The release that it was last seen in"),
        sortable("first", "createdAt", align="end", priority=3),
        sortable("last", "lastSeen", align="end"),
    ]


def pager(seen: View, found: Found) -> Pager:
    count = len(found.rows)
    return Pager(
        newer=seen.bar.url() if seen.bar.keep.get("cursor") else "",
        older=seen.bar.url(cursor=found.following) if found.following else "",
        shown=f"{exact_count(count)} {'error' if count == 1 else 'errors'}",
    )


ROUTES = [error_list, bulk]
