"""What people do to errors, on one page or to many at once: resolve, reopen, ignore, assign, merge, take apart.

A form says it in one word, `verb:kind:value` ("ignore:count:10"), so that every choice of a menu is a plain button. Each act
is written into the errors' activity by the state store, and into the audit log here.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from ....accounts import roles
from ....accounts.roles import Act
from ....errors import BadInput
from ....model.issue import IgnoreKind, Issue, ResolveKind
from ....state_store import issue_actions, issue_merge, users
from ...components.format import exact_count
from ...components.shell import BulkAction
from ...guards import Reader, allowed, audited
from ...services import HttpRequest
from ..frame import View

IDS_MAX = 200
COUNTS = (10, 100, 1_000)
SPANS = ((3_600, "1 hour"), (86_400, "1 day"), (604_800, "1 week"))
LARGEST_COUNT = 1_000_000_000
LONGEST_S = 366 * 86_400
HINT = "load the page again and use its buttons"

RESOLVE = BulkAction("resolve:now", "Resolve", "e", "check")
RESOLVE_NEXT = BulkAction("resolve:next_release", "Resolve in the next release")
REOPEN = BulkAction("reopen", "Reopen", "", "refresh")
MERGE = BulkAction("merge", "Merge", "", "merge", "Merge the selected errors into the oldest of them?")
IGNORE_MENU = (
    *(BulkAction(f"ignore:count:{count}", f"Until it happens {exact_count(count)} more times") for count in COUNTS),
    *(BulkAction(f"ignore:time:{seconds}", f"For {words}") for seconds, words in SPANS),
    BulkAction("ignore:forever", "For good"),
)  # fmt: skip
IGNORE = BulkAction("", "Ignore", "i", "eye-off", menu=IGNORE_MENU)


@dataclass(frozen=True)
class Order:
    """What a form says: on which errors, and what stands behind the verb."""

    seen: View
    ids: Sequence[str]
    rest: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """What an act changed: its name for the audit log, the words for the page, and the errors themselves."""

    action: str
    words: str
    changed: int
    issue: Issue | None = None


async def triage(request: HttpRequest) -> Reader:
    return await allowed(request, Act.MANAGE_ISSUES)


def may_triage(seen: View) -> bool:
    return roles.may(seen.who.role, Act.MANAGE_ISSUES)


def assign_menu(people: Sequence[tuple[int, str]], me: int | None) -> BulkAction:
    """`a` takes it oneself, at the top of the menu; the others follow by name."""
    own = (BulkAction("assign:me", "To me"),) if me is not None else ()
    others = (BulkAction(f"assign:{user}", f"To {name}") for user, name in people if user != me)
    return BulkAction(
        "", "Assign", "", "user-plus", menu=(*own, *others, BulkAction("assign:nobody", "To nobody"))
    )


def people_of(seen: View) -> list[tuple[int, str]]:
    """Who may be given an error, by name."""
    found = [
        (user.id, user.name or user.email) for user in users.list_users(seen.app.state) if not user.disabled
    ]
    return sorted(found, key=lambda item: item[1].lower())


async def act(seen: View, ids: Sequence[str], fields: Mapping[str, Any]) -> Done:
    """Does what the form says. Raises BadInput for what is not known, and whatever the state store refuses."""
    verb, _, rest = str(fields.get("action", "")).partition(":")
    doing = VERBS.get(verb)
    if doing is None:
        raise BadInput("nothing is known to be done with these errors", path="action", hint=HINT)
    ids = list(dict.fromkeys(ids))[:IDS_MAX]
    done = await asyncio.to_thread(doing, Order(seen, ids, rest, fields))
    if done.changed:
        subject = ids[0] if len(ids) == 1 else f"{done.changed} issues"
        detail = {"project": seen.project.slug, "ids": ids, "asked": str(fields.get("action", ""))[:100]}
        await audited(seen.app, seen.who, done.action, subject, msgspec.json.encode(detail).decode())
    return done


def resolve(order: Order) -> Done:
    kind, _, release = (order.rest or "now").partition(":")
    if kind not in ("now", "release", "next_release"):
        raise BadInput(f"there is no way to resolve called {kind!r}", path="action", hint=HINT)
    release = release or str(order.fields.get("release", ""))
    if kind == "release" and not release:
        raise BadInput("no release is named", path="release", hint="choose the release that has the repair")
    how = cast("ResolveKind", kind)
    changed = issue_actions.resolve(
        order.seen.app.state,
        order.seen.project.id,
        order.ids,
        actor=order.seen.who.name,
        at_ms=order.seen.now_ms,
        kind=how,
        release=release[:200] if kind == "release" else "",
    )
    where = {"now": "", "release": f" in {release}", "next_release": " in the next release"}[kind]
    return Done("issue.resolve", said(changed, f"resolved{where}"), changed)


def reopen(order: Order) -> Done:
    changed = issue_actions.reopen(
        order.seen.app.state,
        order.seen.project.id,
        order.ids,
        actor=order.seen.who.name,
        at_ms=order.seen.now_ms,
    )
    return Done("issue.reopen", said(changed, "open again"), changed)


def ignore(order: Order) -> Done:
    kind, _, value = (order.rest or "forever").partition(":")
    count, until_ms, how = None, None, "for good"
    if kind == "count":
        count = number(value or order.fields.get("count"), "count", LARGEST_COUNT)
        how = f"until {'it happens' if len(order.ids) == 1 else 'they happen'} {exact_count(count)} more {'time' if count == 1 else 'times'}"
    elif kind == "time":
        hours = order.fields.get("hours")
        span_s = (
            number(value, "action", LONGEST_S) if value else number(hours, "hours", LONGEST_S // 3600) * 3600
        )
        until_ms, how = order.seen.now_ms + span_s * 1000, f"for {span_words(span_s)}"
    elif kind != "forever":
        raise BadInput(f"there is no way to ignore called {kind!r}", path="action", hint=HINT)
    changed = issue_actions.ignore(
        order.seen.app.state,
        order.seen.project.id,
        order.ids,
        actor=order.seen.who.name,
        at_ms=order.seen.now_ms,
        kind=cast("IgnoreKind", kind),
        count=count,
        until_ms=until_ms,
    )
    return Done("issue.ignore", said(changed, f"ignored {how}"), changed)


def assign(order: Order) -> Done:
    people = dict(people_of(order.seen))
    if order.rest == "nobody":
        user_id, whom = None, "nobody's"
    elif order.rest == "me" and order.seen.who.user is not None:
        user_id, whom = order.seen.who.user.id, "yours"
    elif order.rest.isascii() and order.rest.isdigit() and len(order.rest) < 10 and int(order.rest) in people:
        user_id = int(order.rest)
        whom = f"given to {people[user_id]}"
    else:
        raise BadInput("there is no such person to assign to", path="action", hint=HINT)
    changed = issue_actions.assign(
        order.seen.app.state,
        order.seen.project.id,
        order.ids,
        actor=order.seen.who.name,
        at_ms=order.seen.now_ms,
        user_id=user_id,
    )
    return Done("issue.assign", said(changed, whom), changed)


def merge(order: Order) -> Done:
    other = id_in(str(order.fields.get("with", "")))
    every = [*order.ids, *([other] if other else [])]
    if len(set(every)) < 2:
        raise BadInput(
            "one error alone can't be merged", path="id", hint="select two or more, or name the other one"
        )
    into = order.ids[0] if other else None
    kept = issue_merge.merge(
        order.seen.app.state,
        order.seen.project.id,
        every,
        actor=order.seen.who.name,
        at_ms=order.seen.now_ms,
        into=into,
    )
    return Done(
        "issue.merge",
        f"{exact_count(len(set(every)))} errors are one now, {kept.error_type}. Its page takes them apart again.",
        len(every),
        kept,
    )


def unmerge(order: Order) -> Done:
    back = issue_merge.unmerge(
        order.seen.app.state,
        order.seen.project.id,
        order.ids,
        actor=order.seen.who.name,
        at_ms=order.seen.now_ms,
    )
    return Done("issue.unmerge", said(len(back), "on its own again", "on their own again"), len(back))


Doing = Callable[[Order], Done]
VERBS: dict[str, Doing] = {
    "resolve": resolve,
    "reopen": reopen,
    "ignore": ignore,
    "assign": assign,
    "merge": merge,
    "unmerge": unmerge,
}


def id_in(text: str) -> str:
    """The error's id in what somebody pasted: the id itself, or the address of its page."""
    text = text.strip().partition("?")[0].rstrip("/")
    return text.rpartition("/")[2][:64]


def number(value: Any, path: str, most: int) -> int:
    text = str(value or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 12 and 1 <= int(text) <= most):
        raise BadInput(
            f"{text or 'nothing'} is no number that can be used here",
            path=path,
            hint=f"use a whole number from 1 to {most:,}",
        )
    return int(text)


def span_words(seconds: int) -> str:
    for unit_s, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % unit_s == 0:
            return f"{exact_count(seconds // unit_s)} {word}{'' if seconds == unit_s else 's'}"
    return f"{exact_count(seconds)} seconds"


def said(changed: int, one: str, many: str = "") -> str:
    if changed == 0:
        return "Nothing changed: somebody else was faster, or it was so already."
    return f"{exact_count(changed)} {'error is' if changed == 1 else 'errors are'} {one if changed == 1 else many or one}."
