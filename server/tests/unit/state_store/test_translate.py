"""Engine errors as the error tree has them."""

import sqlite3

import psycopg
import pytest
from sqlalchemy import exc

from holdfast_server.errors import BadInput, Conflict, HoldfastError, StoreAway
from holdfast_server.state_store.translate import translated


def wrapped(kind: type[exc.DBAPIError], orig: Exception) -> exc.DBAPIError:
    return kind("SELECT secret FROM t", {"password": "hunter2"}, orig)


FULL = wrapped(exc.OperationalError, sqlite3.OperationalError("database or disk is full"))
BROKEN = wrapped(exc.DatabaseError, sqlite3.DatabaseError("database disk image is malformed"))
GONE = wrapped(exc.OperationalError, psycopg.OperationalError("server closed the connection\nhint: look"))
CLOSED = wrapped(exc.InterfaceError, psycopg.InterfaceError("the connection is closed"))
NOTHING = wrapped(exc.OperationalError, psycopg.OperationalError())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (exc.TimeoutError("QueuePool limit"), "all its connections are in use"),
        (FULL, "database or disk is full"),
        (BROKEN, "database disk image is malformed"),
        (GONE, "server closed the connection"),
        (CLOSED, "the connection is closed"),
        (NOTHING, "OperationalError"),
    ],
)
def test_away(error: Exception, reason: str) -> None:
    """Whatever keeps a store from answering is StoreAway, with the engine's reason in one line."""
    with pytest.raises(StoreAway) as caught, translated():
        raise error
    assert caught.value.reason == reason
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (wrapped(exc.IntegrityError, psycopg.errors.UniqueViolation()), Conflict),
        (wrapped(exc.IntegrityError, psycopg.errors.ForeignKeyViolation()), Conflict),
        (wrapped(exc.IntegrityError, psycopg.errors.NotNullViolation()), Conflict),
        (wrapped(exc.DataError, psycopg.errors.StringDataRightTruncation()), BadInput),
        (wrapped(exc.ProgrammingError, psycopg.errors.UndefinedTable("no table t")), HoldfastError),
        (OverflowError(), BadInput),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), BadInput),
    ],
)
def test_other_kinds(error: Exception, kind: type[HoldfastError]) -> None:
    """Faults of the caller and of ourselves are told apart, and no message carries SQL or parameters."""
    with pytest.raises(HoldfastError) as caught, translated():
        raise error
    assert type(caught.value) is kind
    assert "hunter2" not in str(caught.value)
    assert "SELECT" not in str(caught.value)


def test_others_pass() -> None:
    """An error that is not an engine's passes unchanged."""
    with pytest.raises(KeyError), translated():
        raise KeyError("mine")
