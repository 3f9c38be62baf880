"""What people said: kept, listed newest first by keyset pagination, marked as done or spam."""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, func, select, tuple_, update

from holdfast_server.errors import BadInput
from holdfast_server.model.feedback import STATUSES, FeedbackStatus, InboxItem, Screenshot
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import feedback
from holdfast_server.state_store.text import storable

LIMIT_MAX = 200
MESSAGE_LIMIT = 8_192
METADATA_LIMIT = 65_536
TEXTS = {
    "id": 32, "contact": 254, "page": 2048, "url": 2048, "user_agent": 2048, "session_id": 200, "user_id": 200,
    "anonymous_id": 200, "release": 200, "environment": 200, "error_id": 64, "event_id": 32, "source": 16,
}  # fmt: skip
"""The columns that are text, and how much of it they hold."""
NO_SCREENSHOT = Screenshot("", "", 0, 0, 0)


class Cursor(msgspec.Struct, array_like=True, frozen=True):
    """The last row of a page."""

    at_ms: int
    id: str


def add(store: StateStore, item: InboxItem, before_commit: Callable[[], None] = lambda: None) -> InboxItem:
    """Keeps a feedback and answers it; one of the same id is answered as it stands, and nothing is changed.

    `before_commit` runs inside the transaction, for a new one only: what it raises undoes everything.
    """
    with store.begin() as connection:
        statement = store.insert(feedback).values(**_values(item)).on_conflict_do_nothing()
        made = connection.execute(statement.returning(*feedback.c)).one_or_none()
        if made is not None:
            before_commit()
            return _item(made)
        return _item(connection.execute(select(feedback).where(feedback.c.id == item.id)).one())


def get(store: StateStore, project_id: int | None, feedback_id: str) -> InboxItem | None:
    """None as the project looks into all of them."""
    with store.read() as connection:
        row = connection.execute(select(feedback).where(feedback.c.id == feedback_id)).one_or_none()
    return _item(row) if row is not None and project_id in (None, row.project_id) else None


def list_feedback(
    store: StateStore,
    project_id: int,
    *,
    status: FeedbackStatus | None = None,
    error_ids: Sequence[str] | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[InboxItem], str | None]:
    """One page, newest first, and the cursor of the next (None at the end). `error_ids` are the fingerprints of an issue.

    Raises BadInput for a status, limit or cursor that does not exist.
    """
    if not 1 <= limit <= LIMIT_MAX:
        raise BadInput(f"limit is {limit}", path="limit", hint=f"use a number from 1 to {LIMIT_MAX}")
    statement = select(feedback).where(feedback.c.project_id == project_id)
    if status is not None:
        statement = statement.where(feedback.c.status == _known(status))
    if error_ids is not None:
        statement = statement.where(feedback.c.error_id.in_(list(error_ids)))
    if cursor:
        last = _decode(cursor)
        statement = statement.where(tuple_(feedback.c.at_ms, feedback.c.id) < (last.at_ms, last.id))
    order = (feedback.c.at_ms.desc(), feedback.c.id.desc())
    with store.read() as connection:
        rows = connection.execute(statement.order_by(*order).limit(limit + 1)).all()
    following = _encode(rows[limit - 1]) if len(rows) > limit else None
    return [_item(row) for row in rows[:limit]], following


def about_event(store: StateStore, project_id: int, event_id: str) -> list[InboxItem]:
    """What was said about one occurrence, by the client's own id of it; the newest 50."""
    if not event_id:
        return []
    mine = (feedback.c.project_id == project_id) & (feedback.c.event_id == event_id)
    statement = select(feedback).where(mine).order_by(feedback.c.at_ms.desc()).limit(50)
    with store.read() as connection:
        return [_item(row) for row in connection.execute(statement)]


def counts(store: StateStore, project_id: int) -> dict[FeedbackStatus, int]:
    """How many of each status; every status is named."""
    statement = (
        select(feedback.c.status, func.count())
        .where(feedback.c.project_id == project_id)
        .group_by(feedback.c.status)
    )
    with store.read() as connection:
        found: dict[str, int] = {row[0]: row[1] for row in connection.execute(statement)}
    return {status: found.get(status, 0) for status in STATUSES}


def set_status(
    store: StateStore, project_id: int, ids: Iterable[str], status: FeedbackStatus, *, by: str, at_ms: int
) -> int:
    """Marks feedback; answers how many changed."""
    mine = (
        feedback.c.id.in_(sorted(set(ids)))
        & (feedback.c.project_id == project_id)
        & (feedback.c.status != _known(status))
    )
    with store.begin() as connection:
        return connection.execute(
            update(feedback)
            .where(mine)
            .values(status=status, changed_by=storable(by, 254), changed_at_ms=at_ms)
        ).rowcount


def screenshots(store: StateStore) -> set[str]:
    """The files that are needed."""
    statement = select(feedback.c.screenshot).where(feedback.c.screenshot.is_not(None)).distinct()
    with store.read() as connection:
        return set(connection.execute(statement).scalars())


def _values(item: InboxItem) -> dict[str, Any]:
    picture = item.screenshot or NO_SCREENSHOT
    return {
        **{name: storable(getattr(item, name), limit) for name, limit in TEXTS.items()},
        "project_id": item.project_id,
        "at_ms": item.at_ms,
        "status": item.status,
        "message": storable(item.message, MESSAGE_LIMIT),
        "metadata": storable(item.metadata, METADATA_LIMIT) if len(item.metadata) <= METADATA_LIMIT else "{}",
        "names_error": item.names_error,
        "screenshot": picture.sha256 or None,
        "screenshot_type": picture.media_type,
        "screenshot_width": picture.width,
        "screenshot_height": picture.height,
        "screenshot_bytes": picture.size,
        "changed_by": item.changed_by,
        "changed_at_ms": item.changed_at_ms,
    }


def _item(row: Row[Any]) -> InboxItem:
    picture = (
        Screenshot(
            row.screenshot,
            row.screenshot_type,
            row.screenshot_width,
            row.screenshot_height,
            row.screenshot_bytes,
        )
        if row.screenshot
        else None
    )
    return InboxItem(
        **{name: getattr(row, name) for name in TEXTS},
        project_id=row.project_id,
        at_ms=row.at_ms,
        status=row.status,
        message=row.message,
        metadata=row.metadata,
        names_error=row.names_error,
        screenshot=picture,
        changed_by=row.changed_by,
        changed_at_ms=row.changed_at_ms,
    )


def _known(status: str) -> str:
    if status not in STATUSES:
        raise BadInput(
            f"there is no status {status!r}", path="status", hint=f"use one of {', '.join(STATUSES)}"
        )
    return status


def _encode(row: Row[Any]) -> str:
    text = msgspec.json.encode(Cursor(row.at_ms, row.id))
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _decode(cursor: str) -> Cursor:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        last = msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, msgspec.DecodeError, ValueError) as exc:
        raise BadInput(
            "this cursor does not belong to this list", path="cursor", hint="start again without a cursor"
        ) from exc
    if abs(last.at_ms) > 2**62:
        raise BadInput(
            "this cursor does not belong to this list", path="cursor", hint="start again without a cursor"
        )
    return last
