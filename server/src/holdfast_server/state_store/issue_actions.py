"""What people do with issues: resolve, reopen, ignore, assign. Each is bounded, audited in the activity log, and answers how
many issues changed. Who may do it is the caller's to know; ids may be those of any fingerprint.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from holdfast_server.errors import BadInput, NotFound
from holdfast_server.model.issue import IgnoreKind, ResolveKind
from holdfast_server.state_store import releases
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.issue_activity import Happened, write
from holdfast_server.state_store.issue_merge import roots_of
from holdfast_server.state_store.issue_turn import take_turn
from holdfast_server.state_store.issue_wake import OPEN
from holdfast_server.state_store.rows import Values, by_key, changed, write_changes
from holdfast_server.state_store.tables import issues, users
from holdfast_server.state_store.text import storable

COUNT_MAX = 1_000_000_000
STATE_NAMES = ("status", "assigned_to", *OPEN)
Decide = Callable[[Mapping[str, Any]], Values | None]
"""The new state of an issue, or None to leave it alone."""


def resolve(
    store: StateStore,
    project_id: int,
    ids: Sequence[str],
    *,
    actor: str,
    at_ms: int,
    kind: ResolveKind = "now",
    release: str = "",
) -> int:
    """Now, in a release, or in the next one: whatever comes later than that is a regression. Raises BadInput."""
    if kind == "release" and not release.strip():
        raise BadInput("no release was named", path="release", hint="name the release that has the fix")
    with store.begin() as connection:
        take_turn(store, connection)
        fixed_in = {
            "now": None,
            "release": storable(release.strip(), 200),
            "next_release": releases.newest_of(connection, project_id) if kind == "next_release" else "",
        }[kind]
        state = OPEN | {
            "status": "resolved",
            "resolved": True,
            "resolved_at_ms": at_ms,
            "resolve_kind": kind,
            "resolved_in_release": fixed_in,
        }
        detail: dict[str, object] = {"kind": kind} | ({"release": fixed_in} if fixed_in else {})
        entry = Happened(project_id, "", at_ms, actor, "resolve", detail)
        same = {name: value for name, value in state.items() if name != "resolved_at_ms"}
        return _change(connection, ids, entry, lambda row: state if changed(row, same) else None)


def reopen(store: StateStore, project_id: int, ids: Sequence[str], *, actor: str, at_ms: int) -> int:
    """Resolved and ignored ones are ongoing again."""
    entry = Happened(project_id, "", at_ms, actor, "reopen", {})
    state = OPEN | {"status": "ongoing"}
    with store.begin() as connection:
        take_turn(store, connection)
        return _change(
            connection, ids, entry, lambda row: state if row["status"] in ("resolved", "ignored") else None
        )


def ignore(
    store: StateStore,
    project_id: int,
    ids: Sequence[str],
    *,
    actor: str,
    at_ms: int,
    kind: IgnoreKind = "forever",
    count: int | None = None,
    until_ms: int | None = None,
) -> int:
    """For good, until `count` more occurrences, or until a moment. Raises BadInput."""
    if kind == "count" and not 1 <= (count or 0) <= COUNT_MAX:
        raise BadInput(
            f"{count} is no number of occurrences to wait for",
            path="count",
            hint="use a number of at least 1",
        )
    if kind == "time" and (until_ms is None or until_ms <= at_ms):
        raise BadInput("the time until which to ignore has passed", path="until", hint="use a time to come")
    state = OPEN | {
        "status": "ignored",
        "ignore_kind": kind,
        "ignored_left": count if kind == "count" else None,
        "ignored_until_ms": until_ms if kind == "time" else None,
    }
    detail: dict[str, object] = {"kind": kind}
    detail |= {"count": count} if kind == "count" else {"untilMs": until_ms} if kind == "time" else {}
    entry = Happened(project_id, "", at_ms, actor, "ignore", detail)
    with store.begin() as connection:
        take_turn(store, connection)
        return _change(connection, ids, entry, lambda row: state if changed(row, state) else None)


def assign(
    store: StateStore, project_id: int, ids: Sequence[str], *, actor: str, at_ms: int, user_id: int | None
) -> int:
    """To a person who may log in, or to nobody. Raises NotFound."""
    entry = Happened(project_id, "", at_ms, actor, "assign", {"user": user_id})
    with store.begin() as connection:
        take_turn(store, connection)
        if user_id is not None:
            found = select(users.c.id).where(users.c.id == user_id, users.c.disabled.is_(False))
            if connection.execute(found).first() is None:
                raise NotFound("user", user_id, hint="choose somebody who may log in")
        state = {"assigned_to": user_id}
        return _change(connection, ids, entry, lambda row: state if changed(row, state) else None)


def _change(connection: Connection, ids: Sequence[str], entry: Happened, decide: Decide) -> int:
    """Sets the state of those issues that `decide` says, and writes the entry for each."""
    roots = set(roots_of(connection, entry.project_id, ids).values())
    columns = [issues.c[name] for name in ("id", *STATE_NAMES)]
    changes: dict[str, Values] = {}
    for row in by_key(connection, issues.c.id, roots, columns):
        state = decide(row)
        if state is not None:
            changes[row["id"]] = changed(row, state)
    write_changes(connection, issues.c.id, changes)
    write(
        connection,
        [
            Happened(entry.project_id, issue_id, entry.at_ms, entry.actor, entry.action, entry.detail)
            for issue_id in sorted(changes)
        ],
    )
    return len(changes)
