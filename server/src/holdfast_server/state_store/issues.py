"""Issues: what the drainer adds to them, exactly once, and reading one. Listing is in `issue_list.py`, what people do in
`issue_actions.py`.

`apply` is one transaction with the watermark of its spool: a drainer that crashed anywhere simply calls it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select

from holdfast_server.model.issue import SEVERITIES, STATUSES, Applied, Issue, IssueCounts, IssueDelta
from holdfast_server.state_store import fingerprints as prints
from holdfast_server.state_store import issue_wake
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.issue_turn import take_turn
from holdfast_server.state_store.rows import Values, by_key, changed, write_changes
from holdfast_server.state_store.tables import drained, fingerprints, issues, projects, samples

STATE: Values = {
    "status": "new",
    "resolved": False,
    "users": 0,
    "sessions": 0,
    "people_due": True,
    "people_at_ms": 0,
}
"""How an issue begins."""


def apply(store: StateStore, spool_id: str, last_seq: int, deltas: Sequence[IssueDelta]) -> Applied:
    """Adds what a drained block says about issues and answers what it did to them.

    Does nothing when this spool's watermark is at `last_seq` or beyond: the block was counted already.
    Last-seen facts (message, release, sample …) come from the newest occurrence, severity is the worst ever seen, and what
    people set stays, unless the block is a reason to open the issue again (`issue_wake.py`).
    """
    with store.begin() as connection:
        take_turn(store, connection)
        if not _advance(store, connection, spool_id, last_seq):
            return Applied()
        rows = prints.rows_of(deltas, _existing_projects(connection, {delta.project_id for delta in deltas}))
        if not rows:
            return Applied()
        issue_of = prints.count(store, connection, rows)
        return _count(connection, _by_issue(rows, issue_of))


def watermark(store: StateStore, spool_id: str) -> int | None:
    """The last sequence number of this spool that `apply` has counted."""
    with store.read() as connection:
        return connection.execute(select(drained.c.last_seq).where(drained.c.spool_id == spool_id)).scalar()


def known(store: StateStore, project_id: int, ids: Iterable[str]) -> set[str]:
    """Those of `ids` that are fingerprints of this project."""
    columns = (fingerprints.c.id, fingerprints.c.project_id)
    with store.read() as connection:
        found = by_key(connection, fingerprints.c.id, list(ids), columns)
    return {row["id"] for row in found if row["project_id"] == project_id}


def get(store: StateStore, project_id: int, any_id: str) -> Issue | None:
    """The issue that has this fingerprint; its own id may be another."""
    with store.read() as connection:
        root = select(fingerprints.c.issue_id).where(
            fingerprints.c.id == any_id, fingerprints.c.project_id == project_id
        )
        row = (
            connection.execute(WITH_SAMPLE.where(issues.c.id == root.scalar_subquery()))
            .mappings()
            .one_or_none()
        )
    return issue_of(dict(row)) if row else None


def fingerprint_ids(store: StateStore, project_id: int, issue_id: str, *, limit: int = 1_000) -> list[str]:
    """What the event store knows an issue by, seen last first; empty for an issue of another project."""
    statement = (
        select(fingerprints.c.id)
        .where(fingerprints.c.issue_id == issue_id, prints.of_project(project_id))
        .order_by(fingerprints.c.last_seen_ms.desc(), fingerprints.c.n.desc())
        .limit(limit)
    )
    with store.read() as connection:
        return list(connection.execute(statement).scalars())


def counts(store: StateStore, project_id: int) -> IssueCounts:
    statement = (
        select(issues.c.status, issues.c.severity_rank, func.count().label("number"))
        .where(issues.c.project_id == project_id, issues.c.merged_into.is_(None))
        .group_by(issues.c.status, issues.c.severity_rank)
    )
    by_severity: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
    by_status: dict[str, int] = dict.fromkeys(STATUSES, 0)
    with store.read() as connection:
        for row in connection.execute(statement):
            by_status[row.status] += row.number
            if row.status not in ("resolved", "ignored"):
                by_severity[SEVERITIES[row.severity_rank]] += row.number
    resolved = by_status["resolved"]
    return IssueCounts(sum(by_status.values()) - resolved, resolved, by_severity, by_status)


PLAIN = [issues.c[name] for name in Issue.__struct_fields__ if name not in ("severity", "sample")] + [
    issues.c.severity_rank
]
WITH_SAMPLE = select(*PLAIN, samples.c.sample).join_from(
    issues, samples, samples.c.fingerprint_id == issues.c.latest_id, isouter=True
)


def issue_of(row: Mapping[str, Any]) -> Issue:
    values = {name: row[name] for name in Issue.__struct_fields__ if name not in ("severity", "sample")}
    return Issue(severity=SEVERITIES[row["severity_rank"]], sample=row["sample"] or "{}", **values)


def _advance(store: StateStore, connection: Connection, spool_id: str, last_seq: int) -> bool:
    """Moves the watermark; False when it is there already."""
    statement = store.insert(drained).values(spool_id=spool_id, last_seq=last_seq)
    statement = statement.on_conflict_do_update(
        index_elements=["spool_id"],
        set_={"last_seq": statement.excluded.last_seq},
        where=drained.c.last_seq < statement.excluded.last_seq,
    )
    return connection.execute(statement.returning(drained.c.last_seq)).one_or_none() is not None


def _existing_projects(connection: Connection, ids: set[int]) -> set[int]:
    return set(connection.execute(select(projects.c.id).where(projects.c.id.in_(ids))).scalars())


def _by_issue(rows: Mapping[str, Values], issue_of: Mapping[str, str]) -> dict[str, Values]:
    """What the block adds to each issue: the rows of its fingerprints as one."""
    added: dict[str, Values] = {}
    for fingerprint_id, row in rows.items():
        issue_id = issue_of[fingerprint_id]
        own = {name: row[name] for name in prints.COUNTED} | {
            "latest_id": fingerprint_id,
            "project_id": row["project_id"],
            "releases": row["releases"],
        }
        before = added.get(issue_id)
        if before is not None:
            newest = own if own["last_seen_ms"] >= before["last_seen_ms"] else before
            joined = prints.folded(before, own) | {"releases": {**before["releases"], **own["releases"]}}
            own = newest | joined
        added[issue_id] = own
    return added


def _count(connection: Connection, added: Mapping[str, Values]) -> Applied:
    columns = [issues.c[name] for name in ("id", "project_id", "latest_id", "people_due", *prints.COUNTED)]
    known = {
        row["id"]: row for row in by_key(connection, issues.c.id, added, [*columns, *issue_wake.COLUMNS])
    }
    new = [issue_id for issue_id in added if issue_id not in known]
    changes = {
        issue_id: changed(before, _sums(before, added[issue_id])) for issue_id, before in known.items()
    }
    woken = issue_wake.wake(connection, known, added)
    for issue_id, values in woken.changes.items():
        changes[issue_id] |= values
    write_changes(connection, issues.c.id, changes)
    if new:
        connection.execute(insert(issues), [_first(issue_id, added[issue_id]) for issue_id in new])
    return Applied(new, woken.regressed, woken.woken)


def _sums(before: Mapping[str, Any], added: Values) -> Values:
    newest = added["last_seen_ms"] >= before["last_seen_ms"]
    return {
        **prints.folded(before, added),
        "latest_id": added["latest_id"] if newest else before["latest_id"],
        "people_due": True,
    }


def _first(issue_id: str, added: Values) -> Values:
    return {"id": issue_id, **{name: value for name, value in added.items() if name != "releases"}, **STATE}
