"""Turns the engines' errors into the error tree, at this one point; SQL and parameters never reach the message."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from holdfast_server.errors import BadInput, Conflict, HoldfastError, StoreAway

SQLITE_UNIQUE = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
POSTGRES_UNIQUE = "23505"
POSTGRES_FOREIGN_KEY = "23503"


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except exc.TimeoutError as error:
        raise StoreAway("state store", "all its connections are in use") from error
    except exc.DBAPIError as error:
        raise _ours(error) from error
    except (OverflowError, UnicodeEncodeError) as error:
        # sqlite3 and psycopg raise these bare, for integers and text that no column can hold
        raise BadInput("a value can't be stored", hint="send text and numbers of usual size") from error


def _ours(error: exc.DBAPIError) -> HoldfastError:
    if isinstance(error, exc.IntegrityError):
        return _conflict(error.orig)
    if isinstance(error, exc.DataError):
        return BadInput("a value can't be stored", hint="send text and numbers of usual size")
    if isinstance(error, exc.ProgrammingError | exc.NotSupportedError):
        return HoldfastError(f"the state store refused a statement: {_reason(error.orig)}")
    return StoreAway("state store", _reason(error.orig))


def _conflict(orig: BaseException | None) -> Conflict:
    if isinstance(orig, sqlite3.Error):
        unique = orig.sqlite_errorname in SQLITE_UNIQUE
        foreign = orig.sqlite_errorname == "SQLITE_CONSTRAINT_FOREIGNKEY"
    else:
        # psycopg is not imported for this: 9 MB that a server on SQLite does not need
        state = getattr(orig, "sqlstate", None)
        unique, foreign = state == POSTGRES_UNIQUE, state == POSTGRES_FOREIGN_KEY
    if unique:
        return Conflict("this exists already", hint="choose another name, or use the one that is there")
    if foreign:
        return Conflict(
            "this belongs to something that does not exist (any more)", hint="load the page again"
        )
    return Conflict(f"the state store refused this: {_reason(orig)}")


def _reason(orig: BaseException | None) -> str:
    """The engine's own first line: the rest is SQL, or hints for its administrator."""
    lines = str(orig).strip().splitlines()
    return lines[0] if lines else type(orig).__name__
