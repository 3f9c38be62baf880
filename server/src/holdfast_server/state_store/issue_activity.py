"""The activity log of issues: what people did and what happened by itself. Entries are only ever added."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, insert, select

from holdfast_server.model.issue import Activity
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.fingerprints import of_project
from holdfast_server.state_store.tables import fingerprints, issue_activity
from holdfast_server.state_store.text import storable

DETAIL_LIMIT = 10_000


@dataclass(frozen=True)
class Happened:
    """One entry to be written."""

    project_id: int
    issue_id: str
    at_ms: int
    actor: str
    action: str
    detail: dict[str, object]


def write(connection: Connection, entries: Sequence[Happened]) -> None:
    if entries:
        connection.execute(
            insert(issue_activity),
            [
                {
                    "project_id": entry.project_id,
                    "issue_id": entry.issue_id,
                    "at_ms": entry.at_ms,
                    "actor": storable(entry.actor, 254),
                    "action": entry.action,
                    "detail": _detail(entry.detail),
                }
                for entry in entries
            ],
        )


def activity(
    store: StateStore, project_id: int, issue_id: str, *, limit: int = 50, before_id: int | None = None
) -> list[Activity]:
    """The latest entries first, of the issue and of all that were merged into it; `before_id` is the last of the page before."""
    mine = select(fingerprints.c.id).where(fingerprints.c.issue_id == issue_id, of_project(project_id))
    columns = [issue_activity.c[name] for name in Activity.__struct_fields__]
    statement = select(*columns).where(issue_activity.c.issue_id.in_(mine))
    if before_id is not None:
        statement = statement.where(issue_activity.c.id < before_id)
    with store.read() as connection:
        rows = (
            connection.execute(statement.order_by(issue_activity.c.id.desc()).limit(limit)).mappings().all()
        )
    return [Activity(**{**row, "detail": msgspec.json.decode(row["detail"], type=dict)}) for row in rows]


def _detail(detail: dict[str, object]) -> str:
    text = msgspec.json.encode(detail).decode()
    # cut JSON is no JSON
    return storable(text, DETAIL_LIMIT) if len(text) <= DETAIL_LIMIT else '{"tooLong":true}'
