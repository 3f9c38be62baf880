"""Merging and unmerging. Fingerprints are a forest, and each tree is one issue: a merge hangs the root of one tree below a
fingerprint of another, and cutting that edge restores exactly what was before. The sums of an issue are always those of its
fingerprints.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, func, insert, select, update

from holdfast_server.errors import BadInput, Conflict, NotFound, TooLarge
from holdfast_server.model.issue import Issue
from holdfast_server.state_store import fingerprints as prints
from holdfast_server.state_store import issues as reading
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.issue_activity import Happened, write
from holdfast_server.state_store.issue_turn import take_turn
from holdfast_server.state_store.rows import Values, by_key, changed, chunks, write_changes
from holdfast_server.state_store.tables import fingerprints, issues

IDS_MAX = 1_000


def merge(
    store: StateStore,
    project_id: int,
    ids: Sequence[str],
    *,
    actor: str,
    at_ms: int,
    into: str | None = None,
) -> Issue:
    """Makes the issues one: `into` stays, or the oldest, with its state. Raises NotFound, and Conflict for a single issue."""
    with store.begin() as connection:
        take_turn(store, connection)
        roots = roots_of(connection, project_id, [*ids, *([into] if into else [])])
        if into is not None and into not in roots:
            raise NotFound("error", into, hint="GET /api/errors lists them")
        if len(set(roots.values())) < 2:
            raise Conflict("these are one issue already", hint="choose at least two different ones")
        stays = roots[into] if into is not None else _oldest(connection, set(roots.values()))
        others = sorted(set(roots.values()) - {stays})
        attach(connection, others, stays, stays)
        recount(connection, [stays])
        entries = [Happened(project_id, stays, at_ms, actor, "merge", {"issues": others[:100]})]
        entries += [Happened(project_id, other, at_ms, actor, "merged", {"into": stays}) for other in others]
        write(connection, entries)
    return _existing(store, project_id, stays)


def unmerge(
    store: StateStore, project_id: int, fingerprint_ids: Sequence[str], *, actor: str, at_ms: int
) -> list[str]:
    """Takes fingerprints, and what was merged into them before, out of their issues; answers the issues that are there again.

    The fingerprint that an issue began with stays; raises Conflict when nothing else was named.
    """
    with store.begin() as connection:
        take_turn(store, connection)
        roots = roots_of(connection, project_id, fingerprint_ids)
        cut = detach(connection, [one for one, root in roots.items() if one != root])
        if not cut:
            raise Conflict(
                "an issue can't be taken out of itself",
                hint="choose the fingerprints that were merged into it",
            )
        left = sorted({roots[one] for one in cut})
        recount(connection, [*left, *cut])
        entries = [
            Happened(
                project_id,
                root,
                at_ms,
                actor,
                "unmerge",
                {"issues": [c for c in cut if roots[c] == root][:100]},
            )
            for root in left
        ]
        entries += [Happened(project_id, one, at_ms, actor, "unmerged", {"from": roots[one]}) for one in cut]
        write(connection, entries)
    return cut


def roots_of(connection: Connection, project_id: int, ids: Collection[str]) -> dict[str, str]:
    """The issue of each id; ids that the project does not have are left out. Raises TooLarge."""
    if len(set(ids)) > IDS_MAX + 1:
        raise TooLarge("the number of issues", f"{IDS_MAX} at once", path="ids")
    columns = [fingerprints.c[name] for name in ("id", "issue_id", "project_id")]
    found = by_key(connection, fingerprints.c.id, set(ids), columns)
    return {row["id"]: row["issue_id"] for row in found if row["project_id"] == project_id}


def attach(
    connection: Connection, roots: Iterable[str], below: str, issue_id: str, rule_id: int | None = None
) -> None:
    """Hangs whole issues below a fingerprint of another issue. The caller counts that one anew."""
    for chunk in chunks(roots, 1_000):
        connection.execute(
            update(fingerprints).where(fingerprints.c.id.in_(chunk)).values(parent_id=below, rule_id=rule_id)
        )
        connection.execute(
            update(fingerprints).where(fingerprints.c.issue_id.in_(chunk)).values(issue_id=issue_id)
        )
        connection.execute(update(issues).where(issues.c.id.in_(chunk)).values(merged_into=below))


def detach(connection: Connection, ids: Collection[str]) -> list[str]:
    """Cuts the edges above fingerprints: each is the root of an issue again. The caller counts both sides anew."""
    for chunk in chunks(ids, 1_000):
        connection.execute(
            update(fingerprints).where(fingerprints.c.id.in_(chunk)).values(parent_id=None, rule_id=None)
        )
        connection.execute(update(issues).where(issues.c.id.in_(chunk)).values(merged_into=None))
    trees: dict[str, Values] = {}
    for chunk in chunks(ids, 1_000):
        trees |= {row.id: {"issue_id": row.root} for row in connection.execute(_trees(chunk))}
    write_changes(connection, fingerprints.c.id, trees)
    return sorted(ids)


def recount(connection: Connection, ids: Collection[str]) -> None:
    """Makes the sums of issues those of their fingerprints. An issue without a row gets one: it was born merged."""
    columns = [issues.c[name] for name in ("id", "latest_id", "people_due", *prints.COUNTED)]
    known = {row["id"]: row for row in by_key(connection, issues.c.id, ids, columns)}
    changes: dict[str, Values] = {}
    fresh: list[Values] = []
    for chunk in chunks(sorted(set(ids)), 1_000):
        for issue_id, sums in _sums(connection, chunk).items():
            counted = {name: value for name, value in sums.items() if name != "project_id"}
            if issue_id in known:
                changes[issue_id] = changed(known[issue_id], counted | {"people_due": True})
            else:
                fresh.append(reading.STATE | sums | {"id": issue_id})
    write_changes(connection, issues.c.id, changes)
    if fresh:
        connection.execute(insert(issues), fresh)


def _trees(roots: Sequence[str]) -> Any:
    top = (
        select(fingerprints.c.id, fingerprints.c.id.label("root"))
        .where(fingerprints.c.id.in_(roots))
        .cte("tree", recursive=True)
    )
    below = select(fingerprints.c.id, top.c.root).join(top, fingerprints.c.parent_id == top.c.id)
    tree = top.union_all(below)
    return select(tree.c.id, tree.c.root)


def _sums(connection: Connection, ids: Sequence[str]) -> dict[str, Values]:
    mine = fingerprints.c.issue_id.in_(ids)
    totals = select(
        fingerprints.c.issue_id,
        func.sum(fingerprints.c.frequency).label("frequency"),
        func.min(fingerprints.c.severity_rank).label("severity_rank"),
    ).where(mine)
    found: dict[str, Values] = {
        row["issue_id"]: {"frequency": int(row["frequency"]), "severity_rank": row["severity_rank"]}
        for row in connection.execute(totals.group_by(fingerprints.c.issue_id)).mappings()
    }
    newest = [fingerprints.c[name] for name in ("project_id", *prints.FROM_NEWEST)]
    newest_first = (fingerprints.c.last_seen_ms.desc(), fingerprints.c.n.desc())
    for row in _first_of_each(
        connection, mine, [fingerprints.c.id.label("latest_id"), *newest], newest_first
    ):
        found[row["issue_id"]] |= {
            name: value for name, value in row.items() if name not in ("issue_id", "place")
        }
    earliest = [fingerprints.c.first_seen_ms, fingerprints.c.first_release]
    for row in _first_of_each(connection, mine, earliest, (fingerprints.c.first_seen_ms, fingerprints.c.n)):
        found[row["issue_id"]] |= {
            "first_seen_ms": row["first_seen_ms"],
            "first_release": row["first_release"],
        }
    return found


def _first_of_each(
    connection: Connection, mine: Any, columns: Sequence[Column[Any] | Any], order: Sequence[Any]
) -> list[Values]:
    place = func.row_number().over(partition_by=fingerprints.c.issue_id, order_by=order).label("place")
    ranked = select(fingerprints.c.issue_id, place, *columns).where(mine).subquery()
    rows = connection.execute(select(ranked).where(ranked.c.place == 1)).mappings()
    return [dict(row) for row in rows]


def _oldest(connection: Connection, ids: Collection[str]) -> str:
    found = by_key(connection, issues.c.id, ids, [issues.c.id, issues.c.first_seen_ms])
    return str(min(found, key=lambda row: (row["first_seen_ms"], row["id"]))["id"])


def _existing(store: StateStore, project_id: int, issue_id: str) -> Issue:
    found = reading.get(store, project_id, issue_id)
    if found is None:
        raise BadInput(f"{issue_id!r} is no issue any more", hint="load the list again")
    return found
