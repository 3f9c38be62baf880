"""Login sessions: how long they last and how they end, on every engine."""

import pytest
from sqlalchemy import select

from holdfast_server.accounts.sessions import Sessions, csrf_secret
from holdfast_server.model.clock import ManualClock
from holdfast_server.model.project import LoginSession, Role, User
from holdfast_server.state_store import users
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import login_sessions

DAY_S = 86_400


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sessions(store: StateStore, clock: ManualClock) -> Sessions:
    return Sessions(store, clock)


@pytest.fixture
def ann(store: StateStore) -> User:
    return users.create(
        store, email="ann@example.org", name="Ann", password_hash="$", role=Role.VIEWER, created_at_ms=1
    )


def found(sessions: Sessions, token: str) -> LoginSession:
    answer = sessions.find(token)
    assert answer is not None
    return answer[0]


def test_open(sessions: Sessions, ann: User) -> None:
    """A token leads to its session and person."""
    token = sessions.open(ann, "Firefox")
    answer = sessions.find(token)
    assert answer is not None
    assert answer[1] == ann
    assert answer[0].user_agent == "Firefox"


def test_token_is_not_kept(store: StateStore, sessions: Sessions, ann: User) -> None:
    """The token has 256 bits, and is not in the store."""
    token = sessions.open(ann)
    assert len(bytes.fromhex(token)) == 32
    with store.read() as connection:
        row = connection.execute(select(login_sessions)).one()
    assert token not in row.token_hash
    assert sessions.find(row.token_hash) is None


@pytest.mark.parametrize("token", ["", "nonsense", "a" * 100_000, "\ud800", "\x00"])
def test_unknown_token(sessions: Sessions, token: str) -> None:
    """Anything may stand in a cookie; it is nobody's session."""
    assert sessions.find(token) is None


def test_idle(sessions: Sessions, ann: User, clock: ManualClock) -> None:
    """A session that nobody uses for 14 days has ended."""
    token, other = sessions.open(ann), sessions.open(ann)
    clock.advance_s(14 * DAY_S - 1)
    assert sessions.find(token) is not None
    clock.advance_s(1)
    assert sessions.find(token) is not None
    assert sessions.find(other) is None


def test_longest(sessions: Sessions, ann: User, clock: ManualClock) -> None:
    """Used every day, a session ends after 90 days all the same."""
    token = sessions.open(ann)
    for _ in range(89):
        clock.advance_s(DAY_S)
        assert sessions.find(token) is not None
    clock.advance_s(DAY_S)
    assert sessions.find(token) is None


def test_seen_once_a_minute(sessions: Sessions, ann: User, clock: ManualClock) -> None:
    """The last visit is written once a minute at most."""
    token = sessions.open(ann)
    started_ms = clock.now_ms()
    seen = []
    for _ in range(5):
        clock.advance_s(30)
        sessions.find(token)
        seen.append(sessions.of_user(ann.id)[0].last_seen_at_ms - started_ms)
    assert seen == [0, 60_000, 60_000, 120_000, 120_000]


def test_close(sessions: Sessions, ann: User) -> None:
    """Logging out ends this session only."""
    here, elsewhere = sessions.open(ann), sessions.open(ann)
    assert sessions.close(here)
    assert not sessions.close(here)
    assert sessions.find(here) is None
    assert sessions.find(elsewhere) is not None


def test_close_all(sessions: Sessions, ann: User) -> None:
    """A person can be logged out everywhere, or everywhere but here."""
    here, _, _ = (sessions.open(ann) for _ in range(3))
    assert sessions.close_all(ann.id, keep_token=here) == 2
    assert found(sessions, here).id == sessions.of_user(ann.id)[0].id
    assert sessions.close_all(ann.id) == 1
    assert sessions.of_user(ann.id) == []


def test_sweep(sessions: Sessions, ann: User, clock: ManualClock) -> None:
    """Sweeping takes away what has ended."""
    sessions.open(ann)
    clock.advance_s(14 * DAY_S)
    token = sessions.open(ann)
    assert sessions.sweep() == 1
    assert sessions.find(token) is not None


def test_csrf_secret(store: StateStore) -> None:
    """The secret of CSRF tokens survives a restart."""
    assert csrf_secret(store) == csrf_secret(store)
    assert len(csrf_secret(store)) == 64
