"""What happens to issues by the clock: ignored ones wake, new ones get old, estimates of people are asked for anew.

Each call is one bounded transaction; the schedule in app.py calls again.
"""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select

from holdfast_server.model.issue import HOLDFAST, People, StalePeople
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.issue_activity import Happened, write
from holdfast_server.state_store.issue_turn import take_turn
from holdfast_server.state_store.issue_wake import OPEN
from holdfast_server.state_store.rows import Values, by_key, changed, write_changes
from holdfast_server.state_store.tables import fingerprints, issues, projects

NEW_MS = 7 * 86_400_000
BATCH = 1_000
FINGERPRINTS_ASKED = 100
"""Of one issue; beyond that the estimate of people is that of those seen last."""


def wake_ignored(store: StateStore, now_ms: int) -> list[str]:
    """Ignored until a time that has come: ongoing again. Answers which."""
    due = issues.c.ignored_until_ms <= now_ms
    return _set_status(store, due, OPEN | {"status": "ongoing"}, "woken", now_ms)


def age_new(store: StateStore, now_ms: int) -> int:
    """New for seven days: ongoing. Answers how many."""
    aged = 0
    with store.read() as connection:
        project_ids = list(connection.execute(select(projects.c.id)).scalars())
    for project_id in project_ids:
        old = (
            (issues.c.project_id == project_id)
            & (issues.c.status == "new")
            & (issues.c.first_seen_ms < now_ms - NEW_MS)
        )
        aged += len(_set_status(store, old, {"status": "ongoing"}, "", now_ms))
    return aged


def stale_people(store: StateStore, limit: int = 200) -> list[StalePeople]:
    """Issues whose users and sessions have to be counted anew: never counted first, then the longest ago."""
    columns = [issues.c[name] for name in ("id", "project_id", "frequency", "first_seen_ms")]
    statement = (
        select(*columns)
        .where(issues.c.people_due, issues.c.merged_into.is_(None))
        .order_by(issues.c.people_at_ms, issues.c.id)
        .limit(limit)
    )
    with store.read() as connection:
        rows = connection.execute(statement).all()
        place = func.row_number().over(
            partition_by=fingerprints.c.issue_id, order_by=fingerprints.c.last_seen_ms.desc()
        )
        ranked = select(fingerprints.c.id, fingerprints.c.issue_id, place.label("place"))
        mine = ranked.where(fingerprints.c.issue_id.in_([row.id for row in rows])).subquery()
        asked: dict[str, list[str]] = {row.id: [] for row in rows}
        for found in connection.execute(select(mine).where(mine.c.place <= FINGERPRINTS_ASKED)):
            asked[found.issue_id].append(found.id)
    return [
        StalePeople(row.project_id, row.id, asked[row.id], row.frequency, row.first_seen_ms) for row in rows
    ]


def set_people(store: StateStore, counted: Mapping[str, tuple[int, People]], at_ms: int) -> None:
    """Writes estimates: issue → the frequency that it had when it was asked about, and the people. One that occurred again
    meanwhile stays due."""
    names = ("id", "frequency", "users", "sessions", "people_due", "people_at_ms")
    with store.begin() as connection:
        take_turn(store, connection)
        changes: dict[str, Values] = {}
        for row in by_key(connection, issues.c.id, counted, [issues.c[name] for name in names]):
            frequency, people = counted[row["id"]]
            after: Values = {
                "users": people.users,
                "sessions": people.sessions,
                "people_due": row["frequency"] != frequency,
                "people_at_ms": at_ms,
            }
            changes[row["id"]] = changed(row, after)
        write_changes(connection, issues.c.id, changes)


def _set_status(
    store: StateStore, which: ColumnElement[bool], state: Values, action: str, at_ms: int
) -> list[str]:
    columns = (issues.c.id, issues.c.project_id)
    with store.begin() as connection:
        take_turn(store, connection)
        listed = select(*columns).where(which, issues.c.merged_into.is_(None)).limit(BATCH)
        rows = connection.execute(listed).all()
        write_changes(connection, issues.c.id, {row.id: state for row in rows})
        if action:
            write(
                connection,
                [Happened(row.project_id, row.id, at_ms, HOLDFAST, action, {"kind": "time"}) for row in rows],
            )
    return sorted(row.id for row in rows)
