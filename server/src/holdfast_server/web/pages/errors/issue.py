"""/admin/errors/{id}: one error: how far it reaches, how it happened, who was hit, and what people did about it.

The id may be that of any of its fingerprints. The page itself asks the state store alone; its panels ask for the rest.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from ....errors import BadInput, NotFound
from ....event_store.connect import Row
from ....event_store.queries import issues as counted
from ....event_store.queries import occurrences
from ....insight import releases as appeared
from ....model.issue import Issue
from ....state_store import feedback, fingerprints, issue_activity, issues, releases
from ...api.sourcemaps import with_late_maps
from ...components.chart import Chart
from ...services import HttpRequest
from ..charts import step_of, step_words, time_chart
from ..frame import View, page, see, view
from ..sessions import session_url
from . import acts, words
from .grouped import grouped_by
from .occurrence import Occurrence, occurrence_of

PATH = "/admin/errors"
KEPT = ("event",)
KEYS = (
    ("e", "Resolve or reopen"), ("i", "Ignore"), ("a", "Assign to me"), ("c", "Copy as Markdown"), ("n p", "Newer and older occurrence"),
)  # fmt: skip
RELEASES_OFFERED = 20
USERS_SHOWN = 10


@dataclass(frozen=True)
class Subject:
    """An error and the question about it."""

    seen: View
    issue: Issue
    ids: list[str]


async def subject_of(request: HttpRequest, error_id: str, **more: Any) -> Subject:
    """Any of its fingerprints leads to an error. Raises NotFound."""
    seen = await view(request, path=f"{PATH}/{error_id}", keep=KEPT, **more)

    def ask() -> Subject:
        issue = issues.get(seen.app.state, seen.project.id, error_id)
        if issue is None:
            raise NotFound(
                "error",
                error_id,
                hint=f"it may belong to another project than {seen.project.name}: choose that one in the bar",
            )
        return Subject(seen, issue, issues.fingerprint_ids(seen.app.state, seen.project.id, issue.id))

    return await asyncio.to_thread(ask)


@get(f"{PATH}/{{error_id:str}}")
async def one_error(request: HttpRequest, error_id: FromPath[str]) -> Template | Redirect:
    about = await subject_of(request, error_id)
    seen, issue = about.seen, about.issue
    if issue.id != error_id:
        return Redirect(seen.bar.url(f"{PATH}/{issue.id}", **seen.bar.keep), status_code=303)
    people, offered = await asyncio.to_thread(
        lambda: (
            acts.people_of(seen),
            releases.list_releases(seen.app.state, seen.project.id, limit=RELEASES_OFFERED),
        )
    )
    me = seen.who.user.id if seen.who.user else None
    return await page(
        seen,
        "pages/errors/error.html",
        title=issue.error_type,
        key="errors",
        issue=issue,
        own=f"{PATH}/{issue.id}",
        state_words=words.state_words(issue),
        state_icon_name=words.STATE_ICON[issue.status],
        step=step_words(step_of(seen.scope.window)),
        names=dict(people),
        me=me,
        assign=acts.assign_menu(people, me),
        ignore=acts.IGNORE,
        releases=[each.version for each in offered],
        fingerprint_count=len(about.ids),
        page_keys=KEYS,
    )


@get(f"{PATH}/{{error_id:str}}/occurrence")
async def occurrence(request: HttpRequest, error_id: FromPath[str]) -> Template:
    """The chosen occurrence (`?event=`) or the newest: how it happened, and what is known around it."""
    about = await subject_of(request, error_id)

    def ask() -> tuple[Occurrence | None, occurrences.Neighbours, Any, list[Any]]:
        row = row_of(about)
        if row is None:
            return None, occurrences.Neighbours(), None, []
        found = occurrence_of(with_late_maps(about.seen.app, about.seen.project, row))
        near = occurrences.neighbours(
            about.seen.app.facts, about.seen.scope, about.ids, found.at_ms, found.id
        )
        said = (
            feedback.about_event(about.seen.app.state, about.seen.project.id, found.event_id)
            if found.event_id
            else []
        )
        return found, near, grouped_by(row), said

    found, near, grouping, said = await asyncio.to_thread(ask)
    return Template(
        "pages/errors/occurrence.html",
        context={
            "occurrence": found,
            "near": near,
            "grouping": grouping,
            "feedback": said,
            "bar": about.seen.bar,
            "view": about.seen,
            "own": f"{PATH}/{about.issue.id}",
            "session_url": session_url,
        },
    )


def row_of(about: Subject) -> Row | None:
    """The row of the occurrence that is asked for. Raises NotFound for one that is not this error's."""
    facts, scope, wanted = about.seen.app.facts, about.seen.scope, about.seen.bar.keep.get("event", "")
    if not wanted:
        rows = occurrences.newest(facts, scope, about.ids)
        return rows[0] if rows else None
    row = occurrences.one(facts, scope, about.ids, wanted[:64])
    if row is None:
        raise NotFound(
            "occurrence",
            wanted[:64],
            hint="it may be older than what is kept; leave out event for the newest",
        )
    return row


@get(f"{PATH}/{{error_id:str}}/numbers")
async def numbers(request: HttpRequest, error_id: FromPath[str]) -> Template:
    return await panel(
        request,
        error_id,
        "numbers",
        lambda about: {"occurred": counted.total(about.seen.app.facts, about.seen.scope, about.ids)},
    )


@get(f"{PATH}/{{error_id:str}}/tags")
async def tags(request: HttpRequest, error_id: FromPath[str]) -> Template:
    return await panel(
        request,
        error_id,
        "tags",
        lambda about: {"shares": occurrences.shares(about.seen.app.facts, about.seen.scope, about.ids)},
    )


@get(f"{PATH}/{{error_id:str}}/releases")
async def in_releases(request: HttpRequest, error_id: FromPath[str]) -> Template:
    return await panel(
        request,
        error_id,
        "releases",
        lambda about: {"rows": counted.by_release(about.seen.app.facts, about.seen.scope, about.ids)},
    )


@get(f"{PATH}/{{error_id:str}}/users")
async def hit_users(request: HttpRequest, error_id: FromPath[str]) -> Template:
    return await panel(
        request,
        error_id,
        "users",
        lambda about: {
            "rows": occurrences.users(about.seen.app.facts, about.seen.scope, about.ids, USERS_SHOWN),
            "sample": occurrences.SAMPLE,
            "session_url": session_url,
        },
    )


@get(f"{PATH}/{{error_id:str}}/activity")
async def activity(request: HttpRequest, error_id: FromPath[str]) -> Template:
    def ask(about: Subject) -> dict[str, Any]:
        names = dict(acts.people_of(about.seen))
        found = issue_activity.activity(about.seen.app.state, about.seen.project.id, about.issue.id)
        rows = [(item, words.actor_words(item), words.activity_words(item, names)) for item in found]
        return {"rows": rows}

    return await panel(request, error_id, "activity", ask)


@get(f"{PATH}/{{error_id:str}}/feedback")
async def said(request: HttpRequest, error_id: FromPath[str]) -> Template:
    def ask(about: Subject) -> dict[str, Any]:
        found, _ = feedback.list_feedback(
            about.seen.app.state, about.seen.project.id, error_ids=about.ids, limit=10
        )
        return {"rows": found}

    return await panel(request, error_id, "feedback", ask)


@get(f"{PATH}/{{error_id:str}}/merged")
async def merged(request: HttpRequest, error_id: FromPath[str]) -> Template:
    def ask(about: Subject) -> dict[str, Any]:
        return {
            "rows": fingerprints.of_issue(about.seen.app.state, about.seen.project.id, about.issue.id),
            "csrf": about.seen.csrf,
        }

    return await panel(request, error_id, "merged", ask)


@get(f"{PATH}/{{error_id:str}}/times.json")
async def times(request: HttpRequest, error_id: FromPath[str]) -> Response[Chart]:
    about = await subject_of(request, error_id)
    seen = about.seen

    def ask() -> Chart:
        step_s = step_of(seen.scope.window)
        found: dict[int, float | None] = dict(counted.series(seen.app.facts, seen.scope, about.ids, step_s))
        marks = appeared.appeared(seen.app.facts, seen.scope)
        return time_chart(
            "Occurrences",
            "count",
            seen.scope.window,
            step_s,
            seen.now_ms,
            {"error": found},
            missing=0,
            releases=marks,
        )

    return Response(await asyncio.to_thread(ask))


@post(f"{PATH}/{{error_id:str}}/act", status_code=303)
async def change(request: HttpRequest, error_id: FromPath[str]) -> Redirect:
    """What a button of the page says; `id` names fingerprints where only some are meant."""
    about = await subject_of(request, error_id, guard=acts.triage)
    fields = await request.form()
    ids = [str(value) for value in fields.getall("id", [])] or [about.issue.id]
    own = about.seen.bar.url(f"{PATH}/{about.issue.id}")
    try:
        done = await acts.act(about.seen, ids, fields)
    except BadInput as problem:
        return see(own, problem=problem)
    return see(about.seen.bar.url(f"{PATH}/{done.issue.id}") if done.issue else own, done=done.words)


async def panel(
    request: HttpRequest, error_id: str, name: str, ask: Callable[[Subject], dict[str, Any]]
) -> Template:
    about = await subject_of(request, error_id)
    found: Awaitable[dict[str, Any]] = asyncio.to_thread(ask, about)
    shared = {
        "issue": about.issue,
        "view": about.seen,
        "bar": about.seen.bar,
        "own": f"{PATH}/{about.issue.id}",
        "may_change": acts.may_triage(about.seen),
    }
    return Template(f"pages/errors/{name}.html", context=shared | await found)


ROUTES = [
    one_error,
    occurrence,
    numbers,
    tags,
    in_releases,
    hit_users,
    activity,
    said,
    merged,
    times,
    change,
]
