"""Grouping rules of a project: list, try, make, change, take away. Each merges issues, and gives them back when it goes."""

import asyncio
from typing import Annotated, Any, Literal

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from ...accounts.roles import Act
from ...model.clock import iso
from ...model.issue import GroupingRule
from ...state_store import rules
from ..guards import allowed, audited, chosen_project, viewer
from ..services import HttpRequest, services
from .issues import fingerprint_of

Field = Literal["message", "type", "culprit"]
Kind = Literal["glob", "regex"]
Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """What a rule collects: issues whose message, type or culprit fits the pattern, upper and lower case alike.

    A glob (`*`, `?`) fits the whole text, a regular expression (RE2) any piece of it.
    """

    field: Field
    kind: Kind
    pattern: Pattern


class NewRule(Wanted, forbid_unknown_fields=True):
    name: Name


class RuleChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays. Another pattern gives back what the rule merged and merges what fits now."""

    name: Name | None = None
    field: Field | None = None
    kind: Kind | None = None
    pattern: Pattern | None = None
    enabled: bool | None = None


@get(
    "/api/grouping-rules",
    tags=["errors"],
    summary="The grouping rules of a project, in the order they are tried",
)
async def list_rules(request: HttpRequest) -> dict[str, Any]:
    project = await chosen_project(request, await viewer(request))
    found = await asyncio.to_thread(rules.list_rules, services(request).state, project.id)
    return {"rules": [rule_of(rule) for rule in found]}


@post(
    "/api/grouping-rules/preview",
    tags=["errors"],
    status_code=HTTP_200_OK,
    summary="What a rule would make one issue: up to 20 of them",
)
async def preview_rule(request: HttpRequest, data: JSONBody[Wanted]) -> dict[str, Any]:
    who = await allowed(request, Act.MANAGE_ISSUES)
    project = await chosen_project(request, who)
    found = await asyncio.to_thread(
        lambda: rules.preview(
            services(request).state, project.id, field=data.field, kind=data.kind, pattern=data.pattern
        )
    )
    return {"fingerprints": [fingerprint_of(each) for each in found]}


@post("/api/grouping-rules", tags=["errors"], summary="Make a rule, and merge what it fits already")
async def make_rule(request: HttpRequest, data: JSONBody[NewRule]) -> dict[str, Any]:
    app = services(request)
    who = await allowed(request, Act.MANAGE_ISSUES)
    project = await chosen_project(request, who)
    made = await asyncio.to_thread(
        lambda: rules.create(
            app.state,
            project.id,
            name=data.name,
            field=data.field,
            kind=data.kind,
            pattern=data.pattern,
            actor=who.name,
            at_ms=app.clock.now_ms(),
        )
    )
    await audited(app, who, "grouping_rule.create", f"{project.slug} {made.name}")
    return rule_of(made)


@patch("/api/grouping-rules/{rule_id:int}", tags=["errors"], summary="Change, disable or enable a rule")
async def change_rule(
    request: HttpRequest, rule_id: FromPath[int], data: JSONBody[RuleChange]
) -> dict[str, Any]:
    app = services(request)
    who = await allowed(request, Act.MANAGE_ISSUES)
    project = await chosen_project(request, who)
    changed = await asyncio.to_thread(
        lambda: rules.edit(
            app.state,
            project.id,
            rule_id,
            actor=who.name,
            at_ms=app.clock.now_ms(),
            name=data.name,
            field=data.field,
            kind=data.kind,
            pattern=data.pattern,
            enabled=data.enabled,
        )
    )
    await audited(app, who, "grouping_rule.change", f"{project.slug} {changed.name}")
    return rule_of(changed)


@delete(
    "/api/grouping-rules/{rule_id:int}",
    tags=["errors"],
    status_code=HTTP_200_OK,
    summary="Take a rule away: what it merged are issues of their own again",
)
async def remove_rule(request: HttpRequest, rule_id: FromPath[int]) -> dict[str, Any]:
    app = services(request)
    who = await allowed(request, Act.MANAGE_ISSUES)
    project = await chosen_project(request, who)
    back = await asyncio.to_thread(
        lambda: rules.delete(app.state, project.id, rule_id, actor=who.name, at_ms=app.clock.now_ms())
    )
    await audited(app, who, "grouping_rule.delete", f"{project.slug} {rule_id}")
    return {"unmerged": back}


def rule_of(rule: GroupingRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "field": rule.field,
        "kind": rule.kind,
        "pattern": rule.pattern,
        "enabled": rule.enabled,
        "errorId": rule.fingerprint_id,
        "createdBy": rule.created_by,
        "createdAt": iso(rule.created_at_ms),
    }


ROUTES = [list_rules, preview_rule, make_rule, change_rule, remove_rule]
