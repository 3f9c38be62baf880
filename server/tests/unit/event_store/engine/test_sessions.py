"""HTTP sessions."""

import dataclasses

import pytest

from holdfast_server.event_store.engine.faults import Fault
from holdfast_server.event_store.engine.request import Ask
from holdfast_server.event_store.engine.sessions import SESSIONS_LIMIT, STATEMENTS_LIMIT, Sessions
from holdfast_server.event_store.engine.statement import read


class Hand:
    """A clock moved by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def asked(
    sql: str, session_id: str = "s", login: str = "holdfast", database: str = "", **more: object
) -> Ask:
    statement = read(sql.encode(), frozenset())
    ask = Ask(
        login=login,
        statement=statement,
        query_id="q",
        database=database,
        settings={},
        params={},
        default_format="TSV",
        session_id=session_id,
    )
    return dataclasses.replace(ask, **more)  # type: ignore[arg-type]


def test_what_was_set_is_said_again() -> None:
    """SET and USE of a session come before its later requests; a database in the request wins over USE."""
    sessions = Sessions(Hand())
    sessions.learn(asked("SET a = 1"))
    sessions.learn(asked("USE other"))
    sessions.learn(asked("SELECT 1"))
    assert sessions.recall(asked("SELECT 2")) == (b"SET a = 1", b"USE other")
    assert sessions.recall(asked("SELECT 2", database="mine")) == (b"SET a = 1",)


def test_sessions_are_apart() -> None:
    """Neither another session nor another login hears of it."""
    sessions = Sessions(Hand())
    sessions.learn(asked("SET a = 1"))
    assert sessions.recall(asked("SELECT 1", session_id="t")) == ()
    assert sessions.recall(asked("SELECT 1", login="reader")) == ()
    assert sessions.recall(asked("SELECT 1", session_id="")) == ()


def test_a_session_ends_after_its_timeout() -> None:
    """It lives so many seconds after its last request."""
    clock = Hand()
    sessions = Sessions(clock)
    sessions.learn(asked("SET a = 1"))
    clock.now_s = 50
    assert sessions.recall(asked("SELECT 1"))
    clock.now_s = 100
    assert sessions.recall(asked("SELECT 1"))
    clock.now_s = 161
    assert sessions.recall(asked("SELECT 1")) == ()
    with pytest.raises(Fault) as caught:
        sessions.recall(asked("SELECT 1", session_check=True))
    assert caught.value.number == 372


def test_close_session_forgets() -> None:
    """close_session=1 ends it at once."""
    sessions = Sessions(Hand())
    sessions.learn(asked("SET a = 1"))
    sessions.learn(asked("SELECT 1", session_close=True))
    assert sessions.recall(asked("SELECT 1")) == ()


def test_sessions_are_bounded() -> None:
    """Neither many sessions nor long ones fill the memory."""
    sessions = Sessions(Hand())
    for number in range(SESSIONS_LIMIT + 50):
        sessions.learn(asked("SET a = 1", session_id=str(number)))
    assert len(sessions.known) <= SESSIONS_LIMIT
    for _ in range(STATEMENTS_LIMIT):
        sessions.learn(asked("SET a = 1", session_id="long"))
    with pytest.raises(Fault):
        sessions.learn(asked("SET a = 1", session_id="long"))
