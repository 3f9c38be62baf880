"""Issues: what the drainer adds to them, exactly once, and what people set on them. Listing is in `issue_list.py`.

`apply` is one transaction with the watermark of its spool: a drainer that crashed anywhere simply calls it again.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, case, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from holdfast_server.model.issue import SEVERITIES, Issue, IssueCounts, IssueDelta
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.issue_list import issue_of
from holdfast_server.state_store.tables import drained, issues, projects
from holdfast_server.state_store.text import storable

SAMPLE_LIMIT = 65_536
UNKNOWN_SEVERITY_RANK = SEVERITIES.index("error")
IDS_PER_QUERY = 5_000
"""Far below what both engines take as parameters (SQLite: 32,766)."""
ADVISORY_LOCK = 2_342_108_151
"""Any fixed number: the name of the lock under which drainers that share a PostgreSQL take turns."""


def apply(store: StateStore, spool_id: str, last_seq: int, deltas: Sequence[IssueDelta]) -> list[str]:
    """Adds what a drained block says about issues and answers the ids that were not known before.

    Does nothing when this spool's watermark is at `last_seq` or beyond: the block was counted already.
    Deltas of a project that does not exist are left out, because one of them would stop the drainer for ever.
    Last-seen facts (message, release, sample …) come from the newest occurrence, severity is the worst ever seen,
    and what people set (resolved) stays.
    """
    with store.begin() as connection:
        _wait_for_turn(store, connection)
        if not _advance(store, connection, spool_id, last_seq):
            return []
        rows = _rows(deltas, _existing_projects(connection, {delta.project_id for delta in deltas}))
        old = _existing(connection, list(rows))
        if rows:
            # in the order of ids, as `set_resolved` locks them: the two never wait for each other in a ring
            connection.execute(_upsert(store), [rows[issue_id] for issue_id in sorted(rows)])
    return [issue_id for issue_id in rows if issue_id not in old]


def watermark(store: StateStore, spool_id: str) -> int | None:
    """The last sequence number of this spool that `apply` has counted."""
    with store.read() as connection:
        return connection.execute(select(drained.c.last_seq).where(drained.c.spool_id == spool_id)).scalar()


def known(store: StateStore, project_id: int, ids: Iterable[str]) -> set[str]:
    """Those of `ids` that are issues of this project."""
    with store.read() as connection:
        return _existing(connection, list(ids), project_id)


def get(store: StateStore, project_id: int, issue_id: str) -> Issue | None:
    statement = select(issues).where(issues.c.id == issue_id, issues.c.project_id == project_id)
    with store.read() as connection:
        row = connection.execute(statement).one_or_none()
    return issue_of(row) if row else None


def set_resolved(store: StateStore, project_id: int, ids: Sequence[str], resolved: bool, at_ms: int) -> int:
    """Marks issues as resolved, or open again; answers how many changed."""
    with store.begin() as connection:
        changed = 0
        for chunk in _chunks(sorted(set(ids))):
            mine = (
                issues.c.id.in_(chunk) & (issues.c.project_id == project_id) & (issues.c.resolved != resolved)
            )
            locked = connection.execute(
                select(issues.c.id).where(mine).order_by(issues.c.id).with_for_update()
            ).scalars()
            statement = update(issues).where(issues.c.id.in_(list(locked)))
            changed += connection.execute(
                statement.values(
                    resolved=resolved,
                    status="resolved" if resolved else "new",
                    resolved_at_ms=at_ms if resolved else None,
                )
            ).rowcount
    return changed


def counts(store: StateStore, project_id: int) -> IssueCounts:
    statement = (
        select(issues.c.resolved, issues.c.severity_rank, func.count().label("number"))
        .where(issues.c.project_id == project_id)
        .group_by(issues.c.resolved, issues.c.severity_rank)
    )
    by_severity: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
    resolved = 0
    with store.read() as connection:
        for row in connection.execute(statement):
            if row.resolved:
                resolved += row.number
            else:
                by_severity[SEVERITIES[row.severity_rank]] += row.number
    return IssueCounts(unresolved=sum(by_severity.values()), resolved=resolved, by_severity=by_severity)


def _wait_for_turn(store: StateStore, connection: Connection) -> None:
    """Without it two drainers could both call an issue new. SQLite's BEGIN IMMEDIATE is a turn already."""
    if store.is_postgres:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})


def _advance(store: StateStore, connection: Connection, spool_id: str, last_seq: int) -> bool:
    """Moves the watermark; False when it is there already."""
    statement = store.insert(drained).values(spool_id=spool_id, last_seq=last_seq)
    statement = statement.on_conflict_do_update(
        index_elements=["spool_id"],
        set_={"last_seq": statement.excluded.last_seq},
        where=drained.c.last_seq < statement.excluded.last_seq,
    )
    return connection.execute(statement.returning(drained.c.last_seq)).one_or_none() is not None


def _rows(deltas: Iterable[IssueDelta], project_ids: set[int]) -> dict[str, dict[str, Any]]:
    """One row an issue, because PostgreSQL's upsert may not touch a row twice in one statement."""
    rows: dict[str, dict[str, Any]] = {}
    for delta in deltas:
        if delta.project_id in project_ids:
            row = _row(delta)
            before = rows.get(delta.issue_id)
            rows[delta.issue_id] = row if before is None else _joined(before, row)
    return rows


def _row(delta: IssueDelta) -> dict[str, Any]:
    release = storable(delta.release, 200)
    known_severity = delta.severity in SEVERITIES
    return {
        "id": delta.issue_id,
        "project_id": delta.project_id,
        "fingerprint_version": delta.fingerprint_version,
        "error_type": storable(delta.error_type, 200),
        "message": storable(delta.message, 2000),
        "culprit": storable(delta.culprit, 400),
        "severity_rank": SEVERITIES.index(delta.severity) if known_severity else UNKNOWN_SEVERITY_RANK,
        "status": "new",
        "resolved": False,
        "frequency": delta.count,
        "first_seen_ms": delta.first_seen_ms,
        "last_seen_ms": delta.last_seen_ms,
        "first_release": storable(delta.first_release or delta.release, 200),
        "last_release": release,
        "environment": storable(delta.environment, 100),
        # cut JSON is no JSON; the occurrence itself is in the event store
        "sample": storable(delta.sample, SAMPLE_LIMIT) if len(delta.sample) <= SAMPLE_LIMIT else "{}",
    }


def _joined(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Two rows of one issue as one, by the rules of `_upsert`."""
    joined = dict(after if after["last_seen_ms"] >= before["last_seen_ms"] else before)
    earliest = after if after["first_seen_ms"] < before["first_seen_ms"] else before
    joined["first_release"] = earliest["first_release"]
    joined["first_seen_ms"] = earliest["first_seen_ms"]
    joined["frequency"] = before["frequency"] + after["frequency"]
    joined["severity_rank"] = min(before["severity_rank"], after["severity_rank"])
    return joined


FROM_NEWEST = (
    "fingerprint_version",
    "error_type",
    "message",
    "culprit",
    "last_seen_ms",
    "last_release",
    "environment",
    "sample",
)


def _upsert(store: StateStore) -> postgresql.Insert | sqlite.Insert:
    statement = store.insert(issues)
    new, old = statement.excluded, issues.c
    newest = new.last_seen_ms >= old.last_seen_ms
    earlier = new.first_seen_ms < old.first_seen_ms
    worse = new.severity_rank < old.severity_rank
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={
            **{name: case((newest, new[name]), else_=old[name]) for name in FROM_NEWEST},
            "frequency": old.frequency + new.frequency,
            "first_seen_ms": case((earlier, new.first_seen_ms), else_=old.first_seen_ms),
            "first_release": case((earlier, new.first_release), else_=old.first_release),
            "severity_rank": case((worse, new.severity_rank), else_=old.severity_rank),
        },
    )


def _existing(connection: Connection, ids: Sequence[str], project_id: int | None = None) -> set[str]:
    found: set[str] = set()
    for chunk in _chunks(ids):
        statement = select(issues.c.id).where(issues.c.id.in_(chunk))
        if project_id is not None:
            statement = statement.where(issues.c.project_id == project_id)
        found.update(connection.execute(statement).scalars())
    return found


def _existing_projects(connection: Connection, ids: set[int]) -> set[int]:
    return set(connection.execute(select(projects.c.id).where(projects.c.id.in_(ids))).scalars())


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(ids)
    while chunk := list(islice(left, IDS_PER_QUERY)):
        yield chunk
