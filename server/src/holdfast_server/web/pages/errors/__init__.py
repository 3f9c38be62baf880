"""/admin/errors: issues to triage by keyboard, and one issue with its latest occurrence. Resolving is written to the audit log."""

import asyncio
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from ....accounts.roles import Act
from ....errors import BadInput, NotFound
from ....event_store.queries import issues as occurrences
from ....insight import releases
from ....model.issue import SEVERITIES, Issue, IssueCounts
from ....state_store import issue_actions, issue_list, issues
from ...components.chart import Chart
from ...components.format import exact_count, humanise_count
from ...components.shell import BulkAction, Column, Pager
from ...guards import allowed, audited
from ...services import HttpRequest
from ..charts import step_of, step_words, time_chart
from ..frame import View, offers, page, see, view
from .occurrence import occurrence_of

PATH = "/admin/errors"
KEPT = ("sort", "severity", "status", "search", "cursor")
SORTS = {"lastSeen": "Last seen", "frequency": "Times", "createdAt": "First seen", "severity": "Severity"}
STATUSES = {"open": False, "resolved": True, "all": None}
ROWS = 50
RESOLVE = BulkAction("resolve", "Resolve", "e", "check")
REOPEN = BulkAction("reopen", "Reopen", "", "refresh")


@get(PATH)
async def error_list(request: HttpRequest) -> Template:
    seen = await view(request, keep=KEPT)
    asked = _asked(seen)

    def ask() -> tuple[list[Issue], str | None, IssueCounts]:
        found, following = issue_list.list_issues(seen.app.state, seen.project.id, limit=ROWS, **asked)
        return found, following, issues.counts(seen.app.state, seen.project.id)

    found, following, counts = await asyncio.to_thread(ask)
    status = seen.bar.keep.get("status", "open")
    context: dict[str, Any] = {
        "rows": found,
        "counts": counts,
        "columns": _columns(seen),
        "actions": {"open": (RESOLVE,), "resolved": (REOPEN,)}.get(status, (RESOLVE, REOPEN)),
        "action_url": seen.bar.url(f"{PATH}/bulk", **seen.bar.keep),
        "pager": _pager(seen, found, following),
        "chosen": {
            "severity": seen.bar.keep.get("severity", ""),
            "status": status,
            "search": seen.bar.keep.get("search", ""),
        },
        "severities": SEVERITIES,
        "hidden": {**seen.bar.fields, **({"sort": seen.bar.keep["sort"]} if "sort" in seen.bar.keep else {})},
        "is_filtered": any(seen.bar.keep.get(name) for name in ("severity", "search")) or status != "open",
    }
    return await page(
        seen,
        "pages/errors/errors.html",
        title="Errors",
        key="errors",
        offered=await offers(seen, narrow=False),
        **context,
    )


@post(f"{PATH}/bulk", status_code=303)
async def bulk(request: HttpRequest) -> Redirect:
    seen = await view(request, path=PATH, keep=KEPT, guard=_triage)
    fields = await request.form()
    ids = [str(value) for value in fields.getall("id", [])][: issue_list.LIMIT_MAX]
    action = str(fields.get("action", ""))
    if action not in ("resolve", "reopen"):
        raise BadInput(
            "nothing is known to be done with these errors", path="action", hint="use resolve or reopen"
        )
    changed = await _set_resolved(seen, ids, action == "resolve")
    word = "resolved" if action == "resolve" else "open again"
    return see(
        seen.bar.url(PATH),
        done=f"{exact_count(changed)} {'error is' if changed == 1 else 'errors are'} {word}.",
    )


@get(f"{PATH}/{{error_id:str}}")
async def one_error(request: HttpRequest, error_id: FromPath[str]) -> Template:
    seen = await view(request, path=f"{PATH}/{error_id}")
    issue = await asyncio.to_thread(_existing, seen, error_id)
    step = step_words(step_of(seen.scope.window))
    title = f"{issue.error_type}: {issue.message}" if issue.message else issue.error_type
    return await page(
        seen,
        "pages/errors/error.html",
        title=issue.error_type,
        key="errors",
        issue=issue,
        whole_title=title,
        step=step,
    )


@get(f"{PATH}/{{error_id:str}}/latest")
async def latest(request: HttpRequest, error_id: FromPath[str]) -> Template:
    """The latest occurrence: how it happened, and what is known around it."""
    seen = await view(request, path=f"{PATH}/{error_id}")
    rows = await asyncio.to_thread(occurrences.newest, seen.app.facts, seen.project.id, error_id)
    found = occurrence_of(rows[0]) if rows else None
    return Template("pages/errors/occurrence.html", context={"occurrence": found, "bar": seen.bar})


@get(f"{PATH}/{{error_id:str}}/numbers")
async def numbers(request: HttpRequest, error_id: FromPath[str]) -> Template:
    seen = await view(request, path=f"{PATH}/{error_id}")
    issue, occurred = await asyncio.gather(
        asyncio.to_thread(_existing, seen, error_id),
        asyncio.to_thread(occurrences.total, seen.app.facts, seen.scope, error_id),
    )
    return Template(
        "pages/errors/numbers.html",
        context={"issue": issue, "occurred": occurred, "view": seen, "bar": seen.bar},
    )


@get(f"{PATH}/{{error_id:str}}/times.json")
async def times(request: HttpRequest, error_id: FromPath[str]) -> Response[Chart]:
    seen = await view(request, path=f"{PATH}/{error_id}")

    def ask() -> Chart:
        step_s = step_of(seen.scope.window)
        counted: dict[int, float | None] = dict(
            occurrences.series(seen.app.facts, seen.scope, error_id, step_s)
        )
        marks = releases.appeared(seen.app.facts, seen.scope)
        return time_chart(
            "Occurrences",
            "count",
            seen.scope.window,
            step_s,
            seen.now_ms,
            {"error": counted},
            missing=0,
            releases=marks,
        )

    return Response(await asyncio.to_thread(ask))


@post(f"{PATH}/{{error_id:str}}/status", status_code=303)
async def status(request: HttpRequest, error_id: FromPath[str]) -> Redirect:
    seen = await view(request, path=f"{PATH}/{error_id}", guard=_triage)
    await asyncio.to_thread(_existing, seen, error_id)
    resolved = str((await request.form()).get("action", "")) == "resolve"
    await _set_resolved(seen, [error_id], resolved)
    return see(seen.bar.url(), done="Resolved. It opens again by hand." if resolved else "Open again.")


async def _triage(request: HttpRequest) -> Any:
    return await allowed(request, Act.MANAGE_ISSUES)


async def _set_resolved(seen: View, ids: list[str], resolved: bool) -> int:
    changed = await asyncio.to_thread(
        lambda: (issue_actions.resolve if resolved else issue_actions.reopen)(
            seen.app.state, seen.project.id, ids, actor=seen.who.name, at_ms=seen.now_ms
        )
    )
    if changed:
        detail = msgspec.json.encode({"project": seen.project.slug, "ids": ids}).decode()
        await audited(
            seen.app,
            seen.who,
            "issue.resolve" if resolved else "issue.reopen",
            ids[0] if len(ids) == 1 else f"{changed} issues",
            detail,
        )
    return changed


def _existing(seen: View, error_id: str) -> Issue:
    issue = issues.get(seen.app.state, seen.project.id, error_id)
    if issue is None:
        raise NotFound(
            "error",
            error_id,
            hint=f"it may belong to another project than {seen.project.name}: choose that one in the bar",
        )
    return issue


def _asked(seen: View) -> dict[str, Any]:
    """The list's own query; what does not exist is refused by the list."""
    query = seen.bar.keep
    status = query.get("status", "open")
    if status not in STATUSES:
        raise BadInput(
            f"there is no status {status!r}", path="status", hint=f"use one of {', '.join(STATUSES)}"
        )
    return {
        "cursor": query.get("cursor") or None,
        "severity": query.get("severity") or None,
        "resolved": STATUSES[status],
        "sort_by": query.get("sort", "lastSeen"),
        "search": query.get("search", ""),
    }


def _columns(seen: View) -> list[Column]:
    chosen = seen.bar.keep.get("sort", "lastSeen")

    def sortable(key: str, sort: str, **more: Any) -> Column:
        direction = "" if sort != chosen else "ascending" if sort == "severity" else "descending"
        return Column(key, SORTS[sort], sort_url=seen.bar.url(sort=sort), sorted=direction, **more)  # type: ignore[arg-type]

    return [
        Column("error", "Error"),
        sortable("severity", "severity", priority=2),
        sortable("times", "frequency", align="end"),
        Column("release", "Release", priority=3, hint="The release that it was last seen in"),
        sortable("first", "createdAt", align="end", priority=3),
        sortable("last", "lastSeen", align="end"),
    ]


def _pager(seen: View, found: list[Issue], following: str | None) -> Pager:
    shown = f"{humanise_count(len(found))} {'error' if len(found) == 1 else 'errors'}"
    return Pager(
        newer=seen.bar.url() if seen.bar.keep.get("cursor") else "",
        older=seen.bar.url(cursor=following) if following else "",
        shown=shown,
    )


ROUTES = [error_list, bulk, one_error, latest, numbers, times, status]
