"""One session read in pages: around a moment, or on from a place, in both directions. The page and the API share it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import BadInput, NotFound
from ..event_store.connect import EventStore, Row
from ..event_store.queries import session as queries
from ..event_store.queries.session import KINDS, Kind, Place, Session, Summary

NS_PER_MS = 1_000_000
LARGEST_ID = 2**64 - 1
LATEST_MS = 10_000_000_000_000
"""In 2286: in nanoseconds it still fits 64 bits, and the engine's times reach further."""


@dataclass(frozen=True)
class Asked:
    """`before` and `after` are cursors; with neither, the page lies around `at_ms`, or begins with the session."""

    session_id: str
    kinds: Sequence[Kind] = KINDS
    at_ms: int | None = None
    before: str = ""
    after: str = ""
    limit: int = 100


@dataclass(frozen=True)
class Story:
    """`earlier` and `later` are the cursors of the pages on either side, "" at the ends."""

    summary: Summary
    items: list[Row]
    earlier: str
    later: str


def story(store: EventStore, project_id: int, asked: Asked, now_ms: int) -> Story:
    """Raises NotFound for a session of which nothing is kept, BadInput for a cursor that is none."""
    place = place_of(asked.before or asked.after, "before" if asked.before else "after")
    moment = place.ns // NS_PER_MS if place else asked.at_ms
    session = Session.around(project_id, asked.session_id, now_ms, moment)
    summary = queries.summary(store, session)
    if summary is None:
        raise NotFound(
            "session", asked.session_id[:200], hint="nothing of it is kept, or it belongs to another project"
        )
    # What is known narrows what is read: the days before and after it hold nothing.
    session = Session(project_id, asked.session_id, summary.first_ms, summary.last_ms + 1)
    return page_of(store, session, summary, asked, place)


def page_of(
    store: EventStore, session: Session, summary: Summary, asked: Asked, place: Place | None
) -> Story:
    def read(count: int, *, after: Place | None = None, before: Place | None = None) -> list[Row]:
        return queries.items(store, session, asked.kinds, count, after=after, before=before)

    if asked.before and place:
        rows = read(asked.limit + 1, before=place)
        return told(summary, rows[-asked.limit :], has_earlier=len(rows) > asked.limit, has_later=True)
    if asked.after and place:
        rows = read(asked.limit + 1, after=place)
        return told(summary, rows[: asked.limit], has_earlier=True, has_later=len(rows) > asked.limit)
    if asked.at_ms is None:
        rows = read(asked.limit + 1)
        return told(summary, rows[: asked.limit], has_earlier=False, has_later=len(rows) > asked.limit)
    half = max(1, asked.limit // 2)
    middle = Place(asked.at_ms * NS_PER_MS, 0, 0)
    earlier, later = read(half + 1, before=middle), read(half + 1, after=middle)
    return told(
        summary,
        [*earlier[-half:], *later[:half]],
        has_earlier=len(earlier) > half,
        has_later=len(later) > half,
    )


def told(summary: Summary, items: list[Row], *, has_earlier: bool, has_later: bool) -> Story:
    return Story(
        summary,
        items,
        cursor_of(items[0]) if items and has_earlier else "",
        cursor_of(items[-1]) if items and has_later else "",
    )


def cursor_of(row: Row) -> str:
    return f"{int(row['order_ns'])}.{int(row['rank'])}.{int(row['id'])}"


def place_of(cursor: str, name: str) -> Place | None:
    if not cursor:
        return None
    parts = cursor.split(".")
    if len(parts) == 3 and all(part.isascii() and part.isdigit() and len(part) <= 20 for part in parts):
        found = Place(*map(int, parts))
        if found.id <= LARGEST_ID and found.rank < len(KINDS) and found.ns // NS_PER_MS < LATEST_MS:
            return found
    raise BadInput(
        f"this is no place in a session: {cursor[:60]!r}", path=name, hint="leave it out to start anew"
    )
