"""Errors as issues: the list of document P, one issue with its occurrences, and marking as resolved."""

import asyncio
from typing import Annotated, Any, Literal

import msgspec
from litestar import get, patch
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from ...accounts.roles import Act
from ...errors import NotFound
from ...model.clock import iso
from ...model.issue import Issue
from ...state_store import issue_actions, issue_list, issues
from ..guards import allowed, audited, chosen_project, viewer
from ..services import HttpRequest, services


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What may be changed on an issue."""

    resolved: bool


@get("/api/errors", tags=["errors"], summary="Issues, most recent first")
async def list_errors(
    request: HttpRequest,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    severity: FromQuery[Literal["critical", "error", "warning", "info"] | None] = None,
    resolved: FromQuery[bool | None] = None,
    sort_by: Annotated[
        Literal["frequency", "lastSeen", "createdAt"], QueryParameter(name="sortBy")
    ] = "lastSeen",
    search: Annotated[str, QueryParameter(max_length=200)] = "",
    cursor: Annotated[str, QueryParameter(max_length=500)] = "",
) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))

    def ask() -> tuple[list[Issue], str | None, Any]:
        found, following = issue_list.list_issues(
            app.state,
            project.id,
            limit=limit,
            cursor=cursor or None,
            severity=severity,
            resolved=resolved,
            sort_by=sort_by,
            search=search,
        )
        return found, following, issues.counts(app.state, project.id)

    found, following, counts = await asyncio.to_thread(ask)
    return {
        "errors": [error_of(issue) for issue in found],
        "nextCursor": following,
        "total": counts.unresolved + counts.resolved,
        "unresolved": counts.unresolved,
    }


@get("/api/errors/{error_id:str}", tags=["errors"], summary="One issue")
async def one_error(request: HttpRequest, error_id: FromPath[str]) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    return error_of(await asyncio.to_thread(_existing, app, project.id, error_id))


@patch("/api/errors/{error_id:str}", tags=["errors"], summary="Resolve or reopen an issue")
async def change_error(
    request: HttpRequest, error_id: FromPath[str], data: JSONBody[Change]
) -> dict[str, Any]:
    app = services(request)
    who = await allowed(request, Act.MANAGE_ISSUES)
    project = await chosen_project(request, who)

    def change() -> Issue:
        _existing(app, project.id, error_id)
        act = issue_actions.resolve if data.resolved else issue_actions.reopen
        act(app.state, project.id, [error_id], actor=who.name, at_ms=app.clock.now_ms())
        return _existing(app, project.id, error_id)

    changed = await asyncio.to_thread(change)
    await audited(app, who, "issue.resolve" if data.resolved else "issue.reopen", error_id)
    return error_of(changed)


def _existing(app: Any, project_id: int, error_id: str) -> Issue:
    issue = issues.get(app.state, project_id, error_id)
    if issue is None:
        raise NotFound("error", error_id, hint="GET /api/errors lists them")
    return issue


def error_of(issue: Issue) -> dict[str, Any]:
    """An issue in document P's words (ErrorLog); what only the latest occurrence knows comes from its sample."""
    sample = msgspec.json.decode(issue.sample) if issue.sample else {}
    return {
        "id": issue.id,
        "errorType": issue.error_type,
        "message": issue.message,
        "culprit": issue.culprit,
        "severity": issue.severity,
        "status": issue.status,
        "resolved": issue.resolved,
        "frequency": issue.frequency,
        "firstSeen": iso(issue.first_seen_ms),
        "lastSeen": iso(issue.last_seen_ms),
        "firstRelease": issue.first_release,
        "lastRelease": issue.last_release,
        "environment": issue.environment,
        "fingerprintVersion": issue.fingerprint_version,
        **{
            name: sample.get(name)
            for name in (
                "stack",
                "page",
                "userAgent",
                "userId",
                "sessionId",
                "buildId",
                "component",
                "metadata",
            )
        },
    }


ROUTES = [list_errors, one_error, change_error]
