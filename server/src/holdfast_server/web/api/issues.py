"""Errors as issues: the list of document P with its filters, one issue and its log, and all that people do with them."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from litestar import get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from ...accounts.roles import Act
from ...errors import BadInput, NotFound
from ...model.clock import iso
from ...model.issue import Activity, Fingerprint, Issue
from ...model.project import Project
from ...state_store import fingerprints, issue_actions, issue_activity, issue_list, issue_merge, issues
from ..guards import Reader, allowed, audited, chosen_project, viewer
from ..services import HttpRequest, Services, services
from .parameters import moment

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Ids = Annotated[list[Id], msgspec.Meta(min_length=1, max_length=issue_merge.IDS_MAX)]
OF_SAMPLE = ("stack", "page", "userAgent", "userId", "sessionId", "buildId", "component", "metadata")


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What document P changes on an issue."""

    resolved: bool


class Action(msgspec.Struct, forbid_unknown_fields=True):
    """What to do with issues. `resolve` takes `in` (and `release`), `ignore` takes `for` (and `count` or `until`), `assign`
    takes `user`: an id, `me` or `nobody`."""

    ids: Ids
    action: Literal["resolve", "reopen", "ignore", "assign"]
    fixed_in: Literal["now", "release", "next_release"] = msgspec.field(name="in", default="now")
    release: Annotated[str, msgspec.Meta(max_length=200)] = ""
    ignored_for: Literal["forever", "count", "time"] = msgspec.field(name="for", default="forever")
    count: int | None = None
    until: Annotated[str, msgspec.Meta(max_length=40)] = ""
    user: int | Literal["me", "nobody"] = "nobody"


class Merge(msgspec.Struct, forbid_unknown_fields=True):
    """Issues that are one; `into` names the one that stays, else it is the oldest."""

    ids: Ids
    into: Id | None = None


class Unmerge(msgspec.Struct, forbid_unknown_fields=True):
    """Fingerprints to take out; what was merged into them before comes along."""

    fingerprints: Ids


@get(
    "/api/errors",
    tags=["errors"],
    summary="Issues, most recent first",
    description="A page of a project's issues. `nextCursor` leads to the next page, with the same order and filters. "
    "`search` looks for a piece of text in type, message, functions and files.",
)
async def list_errors(
    request: HttpRequest,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    severity: FromQuery[Literal["critical", "error", "warning", "info"] | None] = None,
    status: FromQuery[Literal["all", "open", "new", "ongoing", "regressed", "resolved", "ignored"]] = "all",
    resolved: FromQuery[bool | None] = None,
    sort_by: Annotated[
        Literal["frequency", "lastSeen", "createdAt", "severity", "users"], QueryParameter(name="sortBy")
    ] = "lastSeen",
    assigned: Annotated[
        str, QueryParameter(description="me, nobody, or a user's id", pattern=r"^(me|nobody|\d{1,9})?$")
    ] = "",
    release: Annotated[str, QueryParameter(description="seen in this release", max_length=200)] = "",
    release_in: Annotated[
        Literal["any", "first", "last"],
        QueryParameter(
            name="releaseIn", description="whether it was the first, the last, or any that it was seen in"
        ),
    ] = "any",
    environment: Annotated[str, QueryParameter(description="seen in this environment", max_length=100)] = "",
    search: Annotated[str, QueryParameter(max_length=200)] = "",
    cursor: Annotated[str, QueryParameter(max_length=500)] = "",
) -> dict[str, Any]:
    app = services(request)
    who = await viewer(request)
    project = await chosen_project(request, who)
    someone = _person(who, assigned) if assigned else None

    def ask() -> tuple[list[Issue], str | None, Any]:
        found, following = issue_list.list_issues(
            app.state,
            project.id,
            limit=limit,
            cursor=cursor or None,
            sort_by=sort_by,
            severity=severity,
            status=status,
            resolved=resolved,
            assigned="nobody" if assigned == "nobody" else someone,
            release=release,
            release_in=release_in,
            environment=environment,
            search=search,
        )
        return found, following, issues.counts(app.state, project.id)

    found, following, counts = await asyncio.to_thread(ask)
    return {
        "errors": [error_of(issue) for issue in found],
        "nextCursor": following,
        "total": counts.unresolved + counts.resolved,
        "unresolved": counts.unresolved,
        "open": counts.open,
        "byStatus": counts.by_status,
    }


@get(
    "/api/errors/{error_id:str}",
    tags=["errors"],
    summary="One issue",
    description="By the `errorId` of any of its reports; the answer's `id` is another one when issues were merged.",
)
async def one_error(request: HttpRequest, error_id: FromPath[str]) -> dict[str, Any]:
    app, project = await _read(request)
    return error_of(await asyncio.to_thread(_existing, app, project.id, error_id))


@get("/api/errors/{error_id:str}/fingerprints", tags=["errors"], summary="What an issue is made of")
async def list_fingerprints(
    request: HttpRequest, error_id: FromPath[str], limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    app, project = await _read(request)

    def ask() -> list[Fingerprint]:
        _existing(app, project.id, error_id)
        return fingerprints.of_issue(app.state, project.id, error_id, limit=limit)

    return {"fingerprints": [fingerprint_of(each) for each in await asyncio.to_thread(ask)]}


@get(
    "/api/errors/{error_id:str}/activity", tags=["errors"], summary="What happened to an issue, latest first"
)
async def list_activity(
    request: HttpRequest,
    error_id: FromPath[str],
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    before: Annotated[int, QueryParameter(ge=0, le=2**53, description="`next` of the page before")] = 0,
) -> dict[str, Any]:
    app, project = await _read(request)

    def ask() -> list[Activity]:
        issue = _existing(app, project.id, error_id)
        return issue_activity.activity(app.state, project.id, issue.id, limit=limit, before_id=before or None)

    found = await asyncio.to_thread(ask)
    following = found[-1].id if len(found) == limit else None
    return {"activity": [activity_of(each) for each in found], "next": following}


@patch("/api/errors/{error_id:str}", tags=["errors"], summary="Resolve or reopen an issue")
async def change_error(
    request: HttpRequest, error_id: FromPath[str], data: JSONBody[Change]
) -> dict[str, Any]:
    who, app, project = await _manage(request)
    act = issue_actions.resolve if data.resolved else issue_actions.reopen

    def change() -> Issue:
        _existing(app, project.id, error_id)
        act(app.state, project.id, [error_id], actor=who.name, at_ms=app.clock.now_ms())
        return _existing(app, project.id, error_id)

    changed = await asyncio.to_thread(change)
    await audited(app, who, "issue.resolve" if data.resolved else "issue.reopen", changed.id)
    return error_of(changed)


@post(
    "/api/errors/actions",
    tags=["errors"],
    status_code=HTTP_200_OK,
    summary="Resolve, reopen, ignore or assign up to 1,000 issues",
    description="Resolved `in` a `release` or the `next_release`, an issue comes back only when it is seen in a later one. "
    "Ignored `for` a `count` or until a `time`, it wakes by itself. Answers how many issues changed.",
)
async def act_on_errors(request: HttpRequest, data: JSONBody[Action]) -> dict[str, Any]:
    who, app, project = await _manage(request)
    changed = await asyncio.to_thread(_decided(app, who, project, data))
    await _audit(app, who, project, data.action, data.ids)
    return {"changed": changed}


@post(
    "/api/errors/merge", tags=["errors"], status_code=HTTP_200_OK, summary="Make issues one; it can be undone"
)
async def merge_errors(request: HttpRequest, data: JSONBody[Merge]) -> dict[str, Any]:
    who, app, project = await _manage(request)
    now_ms = app.clock.now_ms()
    merged = await asyncio.to_thread(
        lambda: issue_merge.merge(
            app.state, project.id, data.ids, actor=who.name, at_ms=now_ms, into=data.into
        )
    )
    await _audit(app, who, project, "merge", data.ids)
    return error_of(merged)


@post(
    "/api/errors/unmerge",
    tags=["errors"],
    status_code=HTTP_200_OK,
    summary="Take fingerprints out of the issue that they were merged into",
)
async def unmerge_errors(request: HttpRequest, data: JSONBody[Unmerge]) -> dict[str, Any]:
    who, app, project = await _manage(request)
    now_ms = app.clock.now_ms()
    back = await asyncio.to_thread(
        lambda: issue_merge.unmerge(app.state, project.id, data.fingerprints, actor=who.name, at_ms=now_ms)
    )
    await _audit(app, who, project, "unmerge", data.fingerprints)
    return {"errors": back}


def _decided(app: Services, who: Reader, project: Project, data: Action) -> Callable[[], int]:
    """The call that the request asks for."""
    now_ms = app.clock.now_ms()
    until_ms = moment(data.until, "until") if data.until else None
    user_id = None if data.user == "nobody" else _person(who, str(data.user))

    def change() -> int:
        state, project_id, ids, actor = app.state, project.id, data.ids, who.name
        if data.action == "resolve":
            return issue_actions.resolve(
                state, project_id, ids, actor=actor, at_ms=now_ms, kind=data.fixed_in, release=data.release
            )
        if data.action == "ignore":
            return issue_actions.ignore(
                state,
                project_id,
                ids,
                actor=actor,
                at_ms=now_ms,
                kind=data.ignored_for,
                count=data.count,
                until_ms=until_ms,
            )
        if data.action == "assign":
            return issue_actions.assign(state, project_id, ids, actor=actor, at_ms=now_ms, user_id=user_id)
        return issue_actions.reopen(state, project_id, ids, actor=actor, at_ms=now_ms)

    return change


def _person(who: Reader, word: str) -> int | None:
    if word == "nobody":
        return None
    if word != "me":
        return int(word)
    if who.user is None:
        raise BadInput("a key is nobody's: there is no me", hint="name a user by id, or log in")
    return who.user.id


async def _read(request: HttpRequest) -> tuple[Services, Project]:
    return services(request), await chosen_project(request, await viewer(request))


async def _manage(request: HttpRequest) -> tuple[Reader, Services, Project]:
    who = await allowed(request, Act.MANAGE_ISSUES)
    return who, services(request), await chosen_project(request, who)


async def _audit(app: Services, who: Reader, project: Project, action: str, ids: list[str]) -> None:
    detail = msgspec.json.encode({"project": project.slug, "ids": ids[:100]}).decode()
    await audited(app, who, f"issue.{action}", ids[0] if len(ids) == 1 else f"{len(ids)} issues", detail)


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
        "resolvedAt": iso(issue.resolved_at_ms) if issue.resolved_at_ms is not None else None,
        "resolvedIn": issue.resolved_in_release,
        "ignoredUntil": iso(issue.ignored_until_ms) if issue.ignored_until_ms is not None else None,
        "ignoredLeft": issue.ignored_left,
        "assignedTo": issue.assigned_to,
        "frequency": issue.frequency,
        "users": issue.users,
        "sessions": issue.sessions,
        "firstSeen": iso(issue.first_seen_ms),
        "lastSeen": iso(issue.last_seen_ms),
        "firstRelease": issue.first_release,
        "lastRelease": issue.last_release,
        "environment": issue.environment,
        "fingerprintVersion": issue.fingerprint_version,
        **{name: sample.get(name) for name in OF_SAMPLE},
    }


def fingerprint_of(each: Fingerprint) -> dict[str, Any]:
    return {
        "id": each.id,
        "mergedInto": each.parent_id,
        "rule": each.rule_id,
        "errorType": each.error_type,
        "message": each.message,
        "culprit": each.culprit,
        "severity": each.severity,
        "frequency": each.frequency,
        "firstSeen": iso(each.first_seen_ms),
        "lastSeen": iso(each.last_seen_ms),
    }


def activity_of(entry: Activity) -> dict[str, Any]:
    return {
        "id": entry.id,
        "errorId": entry.issue_id,
        "at": iso(entry.at_ms),
        "actor": entry.actor,
        "action": entry.action,
        "detail": entry.detail,
    }


ROUTES = [
    list_errors,
    act_on_errors,
    merge_errors,
    unmerge_errors,
    one_error,
    list_fingerprints,
    list_activity,
    change_error,
]
