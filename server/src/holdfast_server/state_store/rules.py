"""Grouping rules of a project: what matches a pattern becomes one issue, now and when it comes.

A rule collects whole issues by the facts of the fingerprint that each began with. Existing ones are merged in batches, each a
transaction of its own, so that counting goes on meanwhile; taking the rule away cuts exactly the edges that it made.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy import delete as sql_delete

from holdfast_server.errors import BadInput, Conflict, NotFound
from holdfast_server.model.issue import Fingerprint, GroupingRule
from holdfast_server.state_store import rule_match
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.fingerprints import fingerprint_of
from holdfast_server.state_store.issue_activity import Happened, write
from holdfast_server.state_store.issue_merge import attach, detach, recount
from holdfast_server.state_store.issue_turn import take_turn
from holdfast_server.state_store.rule_match import COLUMNS, PATTERN_LIMIT, Matcher
from holdfast_server.state_store.tables import fingerprints, grouping_rules
from holdfast_server.state_store.text import storable

RULES_MAX = 50
"""In one project: each new fingerprint is held against all of them."""
BATCH = 1_000
NAME_LIMIT = 200
KINDS = ("glob", "regex")


def list_rules(store: StateStore, project_id: int) -> list[GroupingRule]:
    """Oldest first, which is the order in which they are tried."""
    mine = grouping_rules.c.project_id == project_id
    with store.read() as connection:
        rows = connection.execute(select(grouping_rules).where(mine).order_by(grouping_rules.c.id)).mappings()
        return [GroupingRule(**row) for row in rows]


def get(store: StateStore, project_id: int, rule_id: int) -> GroupingRule:
    """Raises NotFound."""
    with store.read() as connection:
        return _existing(connection, project_id, rule_id)


def create(
    store: StateStore,
    project_id: int,
    *,
    name: str,
    field: str,
    kind: str,
    pattern: str,
    actor: str,
    at_ms: int,
) -> GroupingRule:
    """Makes the rule and merges what matches already. Raises BadInput, and Conflict for one too many."""
    values = _checked(name, field, kind, pattern)
    with store.begin() as connection:
        take_turn(store, connection)
        counted = select(func.count()).where(grouping_rules.c.project_id == project_id)
        if connection.execute(counted.select_from(grouping_rules)).scalar_one() >= RULES_MAX:
            raise Conflict(
                f"the project has {RULES_MAX} grouping rules already",
                hint="delete one that is not needed, or widen the pattern of another",
            )
        values |= {
            "project_id": project_id,
            "enabled": True,
            "created_by": storable(actor, 254),
            "created_at_ms": at_ms,
        }
        made = connection.execute(
            insert(grouping_rules).values(values).returning(grouping_rules.c.id)
        ).scalar_one()
    apply(store, project_id, made, actor=actor, at_ms=at_ms)
    return get(store, project_id, made)


def edit(
    store: StateStore,
    project_id: int,
    rule_id: int,
    *,
    actor: str,
    at_ms: int,
    name: str | None = None,
    field: str | None = None,
    kind: str | None = None,
    pattern: str | None = None,
    enabled: bool | None = None,
) -> GroupingRule:
    """Changes what is named. Another pattern starts afresh: what the rule merged goes back, and what matches now is merged.

    Disabled, it merges nothing more; what it merged stays.
    """
    before = get(store, project_id, rule_id)
    values = _checked(
        before.name if name is None else name,
        before.field if field is None else field,
        before.kind if kind is None else kind,
        before.pattern if pattern is None else pattern,
    )
    enabled = before.enabled if enabled is None else enabled
    is_other = any(values[part] != getattr(before, part) for part in ("field", "kind", "pattern"))
    if is_other:
        _set(store, project_id, rule_id, enabled=False)
        _give_back(store, project_id, rule_id, actor=actor, at_ms=at_ms)
        values["fingerprint_id"] = None
    _set(store, project_id, rule_id, **values, enabled=enabled)
    if enabled and (is_other or not before.enabled):
        apply(store, project_id, rule_id, actor=actor, at_ms=at_ms)
    return get(store, project_id, rule_id)


def delete(store: StateStore, project_id: int, rule_id: int, *, actor: str, at_ms: int) -> int:
    """Takes the rule away; answers how many issues are there again. Raises NotFound."""
    _set(store, project_id, rule_id, enabled=False)
    back = _give_back(store, project_id, rule_id, actor=actor, at_ms=at_ms)
    with store.begin() as connection:
        take_turn(store, connection)
        connection.execute(sql_delete(grouping_rules).where(grouping_rules.c.id == rule_id))
    return back


def preview(
    store: StateStore, project_id: int, *, field: str, kind: str, pattern: str, limit: int = 20
) -> list[Fingerprint]:
    """What the rule would make one issue, the oldest first; looks at the oldest 100,000 fingerprints. Raises BadInput."""
    checked = _checked("preview", field, kind, pattern)
    matcher = Matcher(checked["field"], checked["kind"], checked["pattern"])
    found: list[Fingerprint] = []
    last = 0
    with store.read() as connection:
        for _ in range(100):
            rows = _roots(connection, project_id, last)
            found += [fingerprint_of(row) for row in rows if matcher.matches(row)]
            if len(rows) < BATCH or len(found) >= limit:
                break
            last = rows[-1]["n"]
    return found[:limit]


def apply(store: StateStore, project_id: int, rule_id: int, *, actor: str, at_ms: int) -> int:
    """Merges the issues that match and are there already; answers how many went into another. Safe to repeat."""
    merged, last = 0, 0
    while True:
        with store.begin() as connection:
            take_turn(store, connection)
            rule = _existing(connection, project_id, rule_id)
            if not rule.enabled:
                return merged
            rows = _roots(connection, project_id, last)
            merged += _collect(connection, rule, rows, actor, at_ms)
        if len(rows) < BATCH:
            return merged
        last = rows[-1]["n"]


def _collect(
    connection: Connection, rule: GroupingRule, rows: Sequence[dict[str, Any]], actor: str, at_ms: int
) -> int:
    """Hangs the matching roots of one batch below the rule's leader."""
    matcher = Matcher(rule.field, rule.kind, rule.pattern)
    matching = [row["id"] for row in rows if matcher.matches(row)]
    if not matching:
        return 0
    leader = rule.fingerprint_id or matching[0]
    if rule.fingerprint_id is None:
        rule_match.set_leader(connection, rule.id, leader)
    issue_id = connection.execute(
        select(fingerprints.c.issue_id).where(fingerprints.c.id == leader)
    ).scalar_one()
    others = [each for each in matching if each != issue_id]
    if others:
        attach(connection, others, leader, issue_id, rule.id)
        recount(connection, [issue_id])
        detail: dict[str, object] = {"rule": rule.name, "count": len(others)}
        write(connection, [Happened(rule.project_id, issue_id, at_ms, actor, "rule", detail)])
    return len(others)


def _give_back(store: StateStore, project_id: int, rule_id: int, *, actor: str, at_ms: int) -> int:
    """Cuts every edge that the rule made, in batches."""
    back = 0
    columns = (fingerprints.c.id, fingerprints.c.issue_id)
    while True:
        with store.begin() as connection:
            take_turn(store, connection)
            mine = select(*columns).where(fingerprints.c.rule_id == rule_id).limit(BATCH)
            rows = connection.execute(mine).all()
            if not rows:
                return back
            cut = detach(connection, [row.id for row in rows])
            recount(connection, [*{row.issue_id for row in rows}, *cut])
            left = sorted({row.issue_id for row in rows} - set(cut))
            detail: dict[str, object] = {"rule": rule_id, "count": len(cut)}
            write(connection, [Happened(project_id, each, at_ms, actor, "unmerge", detail) for each in left])
        back += len(cut)


def _roots(connection: Connection, project_id: int, after: int) -> list[dict[str, Any]]:
    """The next fingerprints that an issue began with, in the order in which they came."""
    statement = (
        select(fingerprints)
        .where(
            fingerprints.c.project_id == project_id,
            fingerprints.c.n > after,
            fingerprints.c.parent_id.is_(None),
        )
        .order_by(fingerprints.c.n)
        .limit(BATCH)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def _existing(connection: Connection, project_id: int, rule_id: int) -> GroupingRule:
    mine = (grouping_rules.c.id == rule_id) & (grouping_rules.c.project_id == project_id)
    row = connection.execute(select(grouping_rules).where(mine)).mappings().one_or_none()
    if row is None:
        raise NotFound("grouping rule", rule_id, hint="GET /api/grouping-rules lists them")
    return GroupingRule(**row)


def _set(store: StateStore, project_id: int, rule_id: int, **values: Any) -> None:
    with store.begin() as connection:
        take_turn(store, connection)
        _existing(connection, project_id, rule_id)
        connection.execute(update(grouping_rules).where(grouping_rules.c.id == rule_id).values(values))


def _checked(name: str, field: str, kind: str, pattern: str) -> dict[str, Any]:
    if not name.strip():
        raise BadInput("the rule has no name", path="name", hint="say in a few words what it collects")
    for path, value, possible in (("field", field, tuple(COLUMNS)), ("kind", kind, KINDS)):
        if value not in possible:
            raise BadInput(
                f"there is no {path} {value!r}", path=path, hint=f"use one of {', '.join(possible)}"
            )
    if not 1 <= len(pattern) <= PATTERN_LIMIT or not pattern.strip():
        raise BadInput(
            f"the pattern has {len(pattern)} characters",
            path="pattern",
            hint=f"write 1 to {PATTERN_LIMIT} characters that are not all blank",
        )
    kept = storable(pattern, PATTERN_LIMIT)
    Matcher(field, kind, kept)
    return {"name": storable(name.strip(), NAME_LIMIT), "field": field, "kind": kind, "pattern": kept}
