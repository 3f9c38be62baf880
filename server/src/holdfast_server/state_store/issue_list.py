"""Lists issues by keyset pagination: each page starts after the last row of the one before, whatever its depth.

An issue that changes its place while somebody turns pages may be seen twice or be missed; a fresh list shows it. What few
issues have (a rare word, a rare release) is looked up and sorted; what many have is found by walking along the order.
"""

import base64
import binascii
from typing import Any, Literal, get_args

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    String,
    any_,
    exists,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from holdfast_server.errors import BadInput
from holdfast_server.model.issue import SEVERITIES, STATUSES, Issue, Severity, Status
from holdfast_server.state_store import text_index
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.fingerprints import ENVIRONMENT, RELEASE
from holdfast_server.state_store.issues import WITH_SAMPLE, issue_of
from holdfast_server.state_store.tables import fingerprints, issues, seen_in

SortBy = Literal["frequency", "lastSeen", "createdAt", "severity", "users"]
StatusFilter = Status | Literal["open", "all"]
ReleaseIn = Literal["any", "first", "last"]
SORTS: dict[SortBy, tuple[Column[int], bool]] = {
    "frequency": (issues.c.frequency, True),
    "lastSeen": (issues.c.last_seen_ms, True),
    "createdAt": (issues.c.first_seen_ms, True),
    "severity": (issues.c.severity_rank, False),
    "users": (issues.c.users, True),
}
"""The column behind each order, and whether the largest comes first."""
LIMIT_MAX = 200
FEW = 4_000
"""Up to here looking up and sorting is quicker than walking: 4,000 issues take 15 ms, and among more a page is found soon."""
OPEN: tuple[Status, ...] = ("new", "ongoing", "regressed")


class Cursor(msgspec.Struct, array_like=True, frozen=True):
    """The last row of a page: in which order, its value there, its id."""

    sort_by: SortBy
    value: int
    id: str


class Wanted(msgspec.Struct, frozen=True):
    """Which issues of a project; each field narrows further, and its default does not."""

    severity: Severity | None = None
    status: StatusFilter = "all"
    resolved: bool | None = None
    assigned: int | Literal["nobody"] | None = None
    release: str = ""
    release_in: ReleaseIn = "any"
    environment: str = ""
    search: str = ""


def list_issues(
    store: StateStore,
    project_id: int,
    *,
    limit: int = 50,
    cursor: str | None = None,
    sort_by: SortBy = "frequency",
    **wanted: Any,
) -> tuple[list[Issue], str | None]:
    """One page of a project's issues, and the cursor of the next page (None at the end); `wanted` are the fields of Wanted.

    Most frequent, latest, worst or most users first. `search` looks for a piece of text in type, message, functions and
    files. Raises BadInput for an order, a filter, a limit or a cursor that does not exist.
    """
    asked = Wanted(**wanted)
    _refuse_unknown(limit, sort_by, asked)
    column, descending = SORTS[sort_by]
    place = tuple_(column, issues.c.id)
    conditions = _of_the_row(store, asked)
    if cursor:
        last = _decode(cursor, sort_by)
        after = (last.value, last.id)
        conditions.append(place < after if descending else place > after)
    order = [part.desc() if descending else part.asc() for part in (column, issues.c.id)]
    with store.read() as connection:
        narrowed = _of_the_fingerprints(store, connection, project_id, asked)
        statement = WITH_SAMPLE.where(*narrowed, *conditions).order_by(*order).limit(limit + 1)
        rows = connection.execute(statement).mappings().all()
    page = rows[:limit]
    following = None
    if len(rows) > limit:
        following = _encode(Cursor(sort_by, page[-1][column.name], page[-1]["id"]))
    return [issue_of(dict(row)) for row in page], following


def _of_the_row(store: StateStore, asked: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [issues.c.merged_into.is_(None)]
    status, severity = _no_index(store, issues.c.status), _no_index(store, issues.c.severity_rank)
    if asked.severity is not None:
        found.append(severity == SEVERITIES.index(asked.severity))
    if asked.status == "open":
        found.append(status.in_(OPEN))
    elif asked.status != "all":
        found.append(status == asked.status)
    if asked.resolved is not None:
        found.append(status == "resolved" if asked.resolved else status != "resolved")
    if asked.assigned == "nobody":
        found.append(issues.c.assigned_to.is_(None))
    elif asked.assigned is not None:
        found.append(issues.c.assigned_to == asked.assigned)
    if asked.release and asked.release_in != "any":
        column = issues.c.first_release if asked.release_in == "first" else issues.c.last_release
        found.append(column == asked.release)
    return found


def _no_index(store: StateStore, column: Column[Any]) -> ColumnElement[Any]:
    """The column as an expression. SQLite would rather use an index on it, and sort 100,000 rows, than walk along the order."""
    if store.is_postgres:
        return column
    nothing: Any = 0 if column is issues.c.severity_rank else ""
    expression: ColumnElement[Any] = column + nothing
    return expression


def _of_the_fingerprints(
    store: StateStore, connection: Connection, project_id: int, asked: Wanted
) -> list[ColumnElement[bool]]:
    """What is known of an issue's fingerprints only: where they were seen, and their text."""
    found: list[ColumnElement[bool]] = []
    search = text_index.wanted(asked.search)
    sets = [
        (_seen(kind, value).where(seen_in.c.project_id == project_id), _seen(kind, value))
        for kind, value in ((RELEASE, asked.release), (ENVIRONMENT, asked.environment))
        if value
    ]
    if search:
        mine = select(fingerprints.c.issue_id)
        of_project = mine.where(fingerprints.c.project_id == project_id)
        sets.append(
            (of_project.where(text_index.contains(store, search)), mine.where(text_index.reads(search)))
        )
    # One by one, the issue alone leads to its few fingerprints: naming the project would lead SQLite to all of them.
    are_few = False
    for those, one_by_one in sets:
        few = _few(store, connection, those)
        if few is not None:
            are_few = True
            found.append(few)
        else:
            mine = one_by_one.where(fingerprints.c.issue_id == issues.c.id)
            # OFFSET keeps PostgreSQL from joining the other way round, which took half a minute before it had statistics.
            found.append(exists(mine.offset(0) if store.is_postgres else mine))
    # Where a few are looked up, the project must not tempt SQLite to walk through all of its issues.
    project = issues.c.project_id + 0 if are_few and not store.is_postgres else issues.c.project_id
    return [project == project_id, *found]


def _seen(kind: int, value: str) -> Select[Any]:
    return (
        select(fingerprints.c.issue_id)
        .join(seen_in, seen_in.c.fingerprint_n == fingerprints.c.n)
        .where(seen_in.c.kind == kind, seen_in.c.value == value)
    )


def _few(store: StateStore, connection: Connection, those: Select[Any]) -> ColumnElement[bool] | None:
    """That an issue is among those, unless they are many."""
    some = those.limit(FEW + 1)
    if (
        store.is_postgres
    ):  # an array never becomes a join; PostgreSQL reads all texts to find it, so it is asked for once
        ids = list(connection.execute(some).scalars())
        return issues.c.id == any_(literal(ids, ARRAY(String))) if len(ids) <= FEW else None
    number = connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
    return issues.c.id.in_(those) if number <= FEW else None


def _refuse_unknown(limit: int, sort_by: str, asked: Wanted) -> None:
    if not 1 <= limit <= LIMIT_MAX:
        raise BadInput(f"limit is {limit}", path="limit", hint=f"use a number from 1 to {LIMIT_MAX}")
    choices: dict[str, tuple[object, tuple[object, ...]]] = {
        "severity": (asked.severity, (None, *SEVERITIES)),
        "status": (asked.status, (*STATUSES, "open", "all")),
        "releaseIn": (asked.release_in, get_args(ReleaseIn)),
        "sortBy": (sort_by, get_args(SortBy)),
    }
    for path, (value, possible) in choices.items():
        if value not in possible:
            words = ", ".join(str(each) for each in possible if each is not None)
            raise BadInput(f"there is no {path} {value!r}", path=path, hint=f"use one of {words}")


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
