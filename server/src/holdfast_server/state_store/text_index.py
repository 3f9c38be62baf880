"""Finds fingerprints by a piece of their text. SQLite has a trigram index for it, kept here row by row; PostgreSQL reads the
texts. Every change of `fingerprints.search_text` must come through here, or the index lies.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, column, select, table, text

from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import fingerprints
from holdfast_server.state_store.text import storable

TEXT_LIMIT = 1_000
SHORTEST = 3
"""Letters that the index can look for; shorter pieces are looked for in the texts."""
INDEX = table("fingerprint_text", column("rowid"), column("fingerprint_text"))
ADD = text("INSERT INTO fingerprint_text (rowid, search_text) VALUES (:n, :new)")
TAKE_OUT = text(
    "INSERT INTO fingerprint_text (fingerprint_text, rowid, search_text) VALUES ('delete', :n, :old)"
)


def searchable(error_type: str, culprit: str, message: str, stack: str) -> str:
    """The text of one fingerprint: in lower case, bounded, what people look for most first."""
    return storable(" ".join((error_type, culprit[:300], message[:400], stack)).lower(), TEXT_LIMIT)


def wanted(search: str) -> str:
    return storable(search.strip().lower(), 200)


def add(store: StateStore, connection: Connection, texts: Sequence[tuple[int, str]]) -> None:
    """New rows: their number and their text."""
    if texts and not store.is_postgres:
        connection.execute(ADD, [{"n": n, "new": new} for n, new in texts])


def replace(store: StateStore, connection: Connection, texts: Sequence[tuple[int, str, str]]) -> None:
    """Changed rows: their number, the text that is in the index, and the one that comes."""
    if texts and not store.is_postgres:
        connection.execute(TAKE_OUT, [{"n": n, "old": old} for n, old, _ in texts])
        connection.execute(ADD, [{"n": n, "new": new} for n, _, new in texts])


def contains(store: StateStore, search: str) -> ColumnElement[bool]:
    """Whether a fingerprint's text has `search`, for a query that looks for all that have: by the index where it can."""
    if store.is_postgres or len(search) < SHORTEST:
        return reads(search)
    phrase = '"' + search.replace('"', '""') + '"'
    return fingerprints.c.n.in_(select(INDEX.c.rowid).where(INDEX.c.fingerprint_text.op("MATCH")(phrase)))


def reads(search: str) -> ColumnElement[bool]:
    """The same for a query that has the fingerprint already."""
    return fingerprints.c.search_text.contains(search, autoescape=True)
