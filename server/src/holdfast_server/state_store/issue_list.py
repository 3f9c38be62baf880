"""Lists issues by keyset pagination: each page starts after the last row of the one before, whatever its depth.

An issue that changes its place while somebody turns pages may be seen twice or be missed; a fresh list shows it.
"""

import base64
import binascii
from typing import Any, Literal, get_args

import msgspec
from sqlalchemy import Column, ColumnElement, Row, select, tuple_

from holdfast_server.errors import BadInput
from holdfast_server.model.issue import SEVERITIES, Issue, Severity
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import issues

SortBy = Literal["frequency", "lastSeen", "createdAt", "severity"]
SORTS: dict[SortBy, tuple[Column[int], bool]] = {
    "frequency": (issues.c.frequency, True),
    "lastSeen": (issues.c.last_seen_ms, True),
    "createdAt": (issues.c.first_seen_ms, True),
    "severity": (issues.c.severity_rank, False),
}
"""The column behind each order, and whether the largest comes first."""
LIMIT_MAX = 200
SEARCH_LIMIT = 200


class Cursor(msgspec.Struct, array_like=True, frozen=True):
    """The last row of a page: in which order, its value there, its id."""

    sort_by: SortBy
    value: int
    id: str


def list_issues(
    store: StateStore,
    project_id: int,
    *,
    limit: int = 50,
    cursor: str | None = None,
    severity: Severity | None = None,
    resolved: bool | None = None,
    sort_by: SortBy = "frequency",
    search: str = "",
) -> tuple[list[Issue], str | None]:
    """One page of a project's issues, and the cursor of the next page (None at the end).

    Most frequent, latest or worst first. `search` looks for a piece of text in type, message and culprit.
    Raises BadInput for an order, severity, limit or cursor that does not exist.
    """
    _refuse_unknown(limit, severity, sort_by)
    column, descending = SORTS[sort_by]
    statement = select(issues).where(issues.c.project_id == project_id)
    if severity is not None:
        statement = statement.where(issues.c.severity_rank == SEVERITIES.index(severity))
    if resolved is not None:
        statement = statement.where(issues.c.resolved.is_(resolved))
    if search.strip():
        statement = statement.where(_contains(search.strip()[:SEARCH_LIMIT]))
    place = tuple_(column, issues.c.id)
    if cursor:
        last = _decode(cursor, sort_by)
        after = (last.value, last.id)
        statement = statement.where(place < after if descending else place > after)
    order = [part.desc() if descending else part.asc() for part in (column, issues.c.id)]
    with store.read() as connection:
        rows = connection.execute(statement.order_by(*order).limit(limit + 1)).all()
    page = rows[:limit]
    following = _encode(_cursor(page[-1], sort_by)) if len(rows) > limit else None
    return [issue_of(row) for row in page], following


def issue_of(row: Row[Any]) -> Issue:
    return Issue(
        id=row.id,
        project_id=row.project_id,
        fingerprint_version=row.fingerprint_version,
        error_type=row.error_type,
        message=row.message,
        culprit=row.culprit,
        severity=SEVERITIES[row.severity_rank],
        status=row.status,
        resolved=row.resolved,
        resolved_at_ms=row.resolved_at_ms,
        frequency=row.frequency,
        first_seen_ms=row.first_seen_ms,
        last_seen_ms=row.last_seen_ms,
        first_release=row.first_release,
        last_release=row.last_release,
        environment=row.environment,
        sample=row.sample,
    )


def _refuse_unknown(limit: int, severity: str | None, sort_by: str) -> None:
    if not 1 <= limit <= LIMIT_MAX:
        raise BadInput(f"limit is {limit}", path="limit", hint=f"use a number from 1 to {LIMIT_MAX}")
    if severity is not None and severity not in SEVERITIES:
        raise BadInput(
            f"there is no severity {severity!r}", path="severity", hint=f"use one of {', '.join(SEVERITIES)}"
        )
    if sort_by not in SORTS:
        raise BadInput(
            f"issues can't be sorted by {sort_by!r}",
            path="sortBy",
            hint=f"use one of {', '.join(get_args(SortBy))}",
        )


def _contains(search: str) -> ColumnElement[bool]:
    columns = (issues.c.error_type, issues.c.message, issues.c.culprit)
    first, second, third = (column.icontains(search, autoescape=True) for column in columns)
    return first | second | third


def _cursor(last: Row[Any], sort_by: SortBy) -> Cursor:
    value: int = getattr(last, SORTS[sort_by][0].name)
    return Cursor(sort_by, value, last.id)


def _encode(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _decode(cursor: str, sort_by: SortBy) -> Cursor:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        last = msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, msgspec.DecodeError, ValueError) as exc:
        raise _bad_cursor() from exc
    if last.sort_by != sort_by:
        raise _bad_cursor()
    return last


def _bad_cursor() -> BadInput:
    return BadInput(
        "this cursor does not belong to this list",
        path="cursor",
        hint="start again without a cursor, with the same sort order as before",
    )
