"""/admin/errors/rules: what matches a pattern becomes one error. Made with a preview, switched off and on, taken back whole."""

import asyncio
from typing import cast

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from ....errors import BadInput, Conflict, HoldfastError
from ....model.issue import Fingerprint, GroupingRule, RuleField, RuleKind
from ....state_store import rules
from ...components.format import exact_count
from ...guards import audited
from ...services import HttpRequest
from ..frame import View, offers, page, see, view
from .acts import may_triage, triage

PATH = "/admin/errors/rules"
FIELDS = (("message", "Message"), ("type", "Type"), ("culprit", "Place"))
KINDS = (("glob", "Text with * and ?"), ("regex", "Regular expression"))
ASKED = ("name", "field", "kind", "pattern")
PREVIEWED = 20


@get(PATH)
async def rule_list(request: HttpRequest) -> Template:
    """With a pattern in the query the page previews what it would match."""
    seen = await view(request, path=PATH)
    given = {name: request.query_params.get(name, "")[:500] for name in ASKED}
    found, offered = await asyncio.gather(
        asyncio.to_thread(rules.list_rules, seen.app.state, seen.project.id), offers(seen, narrow=False)
    )
    matched, problem = await asyncio.to_thread(previewed, seen, given)
    return await page(
        seen,
        "pages/errors/rules.html",
        title="Grouping rules",
        key="errors",
        offered=offered,
        rows=found,
        field_names=dict(FIELDS),
        kind_names=dict(KINDS),
        given=given,
        matched=matched,
        problem=problem,
        previewed=PREVIEWED,
        may_change=may_triage(seen),
    )


def previewed(seen: View, given: dict[str, str]) -> tuple[list[Fingerprint] | None, HoldfastError | None]:
    if not given["pattern"]:
        return None, None
    try:
        field, kind = choice(given, "field", FIELDS), choice(given, "kind", KINDS)
        return (
            rules.preview(
                seen.app.state,
                seen.project.id,
                field=cast("RuleField", field),
                kind=cast("RuleKind", kind),
                pattern=given["pattern"],
                limit=PREVIEWED,
            ),
            None,
        )
    except BadInput as problem:
        return None, problem


@post(PATH, status_code=303)
async def create(request: HttpRequest) -> Redirect:
    seen = await view(request, path=PATH, guard=triage)
    form = await request.form()
    given = {name: str(form.get(name, ""))[:500] for name in ASKED}

    def make() -> GroupingRule:
        return rules.create(
            seen.app.state,
            seen.project.id,
            name=given["name"].strip() or given["pattern"][:100],
            field=cast("RuleField", choice(given, "field", FIELDS)),
            kind=cast("RuleKind", choice(given, "kind", KINDS)),
            pattern=given["pattern"],
            actor=seen.who.name,
            at_ms=seen.now_ms,
        )

    try:
        made = await asyncio.to_thread(make)
    except (BadInput, Conflict) as problem:
        return see(seen.bar.url(**{name: value for name, value in given.items() if value}), problem=problem)
    await audited(seen.app, seen.who, "rule.create", f"{seen.project.slug}: {made.name}"[:200])
    return see(seen.bar.url(), done=f"The rule {made.name} groups what matches, from now on and before.")


@post(f"{PATH}/{{rule_id:int}}", status_code=303)
async def change(request: HttpRequest, rule_id: FromPath[int]) -> Redirect:
    seen = await view(request, path=PATH, guard=triage)
    action = str((await request.form()).get("action", ""))
    rule = await asyncio.to_thread(rules.get, seen.app.state, seen.project.id, rule_id)
    doing = {"enable": switched_on, "disable": switched_off, "delete": deleted}.get(action)
    if doing is None:
        raise BadInput(
            "nothing is known to be done with this rule", path="action", hint="use the page's buttons"
        )
    said = await asyncio.to_thread(doing, seen, rule)
    await audited(seen.app, seen.who, f"rule.{action}", f"{seen.project.slug}: {rule.name}"[:200])
    return see(seen.bar.url(), done=said)


def switched_on(seen: View, rule: GroupingRule) -> str:
    rules.edit(seen.app.state, seen.project.id, rule.id, actor=seen.who.name, at_ms=seen.now_ms, enabled=True)
    return f"The rule {rule.name} joins again, also what came meanwhile."


def switched_off(seen: View, rule: GroupingRule) -> str:
    rules.edit(
        seen.app.state, seen.project.id, rule.id, actor=seen.who.name, at_ms=seen.now_ms, enabled=False
    )
    return f"The rule {rule.name} is off. What it joined stays together; deleting the rule takes it apart."


def deleted(seen: View, rule: GroupingRule) -> str:
    back = rules.delete(seen.app.state, seen.project.id, rule.id, actor=seen.who.name, at_ms=seen.now_ms)
    own = "error is on its own" if back == 1 else "errors are on their own"
    return f"The rule {rule.name} is deleted; {exact_count(back)} {own} again."


def choice(given: dict[str, str], name: str, offered: tuple[tuple[str, str], ...]) -> str:
    value = given[name] or offered[0][0]
    if value not in dict(offered):
        raise BadInput(
            f"there is no {name} {value!r}", path=name, hint=f"use one of {', '.join(dict(offered))}"
        )
    return value


ROUTES = [rule_list, create, change]
