"""Login sessions, by the hash of their token. Expired ones are not found, and are swept by `forget_expired`."""

from sqlalchemy import RowMapping, delete, insert, select, update

from holdfast_server.model.project import LoginSession, User
from holdfast_server.state_store import users as people
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import login_sessions, users
from holdfast_server.state_store.text import storable

USER_AGENT_LIMIT = 400


def create(
    store: StateStore, *, token_hash: str, user_id: int, at_ms: int, expires_at_ms: int, user_agent: str
) -> LoginSession:
    statement = insert(login_sessions).values(
        token_hash=token_hash,
        user_id=user_id,
        created_at_ms=at_ms,
        last_seen_at_ms=at_ms,
        expires_at_ms=expires_at_ms,
        user_agent=storable(user_agent, USER_AGENT_LIMIT),
    )
    with store.begin() as connection:
        row = connection.execute(statement.returning(*login_sessions.c)).mappings().one()
    return _session(row)


def find(store: StateStore, token_hash: str, at_ms: int) -> tuple[LoginSession, User] | None:
    """The session and its person; None when it has expired or the person is disabled."""
    statement = (
        select(login_sessions, *(column.label(f"person_{column.name}") for column in people.COLUMNS))
        .join(users, users.c.id == login_sessions.c.user_id)
        .where(
            login_sessions.c.token_hash == token_hash,
            login_sessions.c.expires_at_ms > at_ms,
            users.c.disabled.is_(False),
        )
    )
    with store.read() as connection:
        row = connection.execute(statement).mappings().one_or_none()
    return (_session(row), people.user_of(row, prefix="person_")) if row else None


def touch(store: StateStore, token_hash: str, *, at_ms: int, expires_at_ms: int) -> None:
    """Notes that the session is in use, and when it ends unless it is used again."""
    with store.begin() as connection:
        connection.execute(
            update(login_sessions)
            .where(login_sessions.c.token_hash == token_hash)
            .values(last_seen_at_ms=at_ms, expires_at_ms=expires_at_ms)
        )


def list_of_user(store: StateStore, user_id: int, at_ms: int) -> list[LoginSession]:
    """The person's open sessions, the latest used first."""
    statement = (
        select(login_sessions)
        .where(login_sessions.c.user_id == user_id, login_sessions.c.expires_at_ms > at_ms)
        .order_by(login_sessions.c.last_seen_at_ms.desc(), login_sessions.c.token_hash)
    )
    with store.read() as connection:
        return [_session(row) for row in connection.execute(statement).mappings()]


def revoke(store: StateStore, token_hash: str) -> bool:
    """Ends one session; False when there was none."""
    with store.begin() as connection:
        statement = delete(login_sessions).where(login_sessions.c.token_hash == token_hash)
        return connection.execute(statement).rowcount > 0


def revoke_user(store: StateStore, user_id: int, *, keep: str | None = None) -> int:
    """Ends all sessions of a person, but for the one with the token hash `keep`; answers how many."""
    statement = delete(login_sessions).where(login_sessions.c.user_id == user_id)
    if keep is not None:
        statement = statement.where(login_sessions.c.token_hash != keep)
    with store.begin() as connection:
        return connection.execute(statement).rowcount


def forget_expired(store: StateStore, at_ms: int) -> int:
    with store.begin() as connection:
        statement = delete(login_sessions).where(login_sessions.c.expires_at_ms <= at_ms)
        return connection.execute(statement).rowcount


def _session(row: RowMapping) -> LoginSession:
    return LoginSession(
        id=row["token_hash"],
        user_id=row["user_id"],
        created_at_ms=row["created_at_ms"],
        last_seen_at_ms=row["last_seen_at_ms"],
        expires_at_ms=row["expires_at_ms"],
        user_agent=row["user_agent"],
    )
