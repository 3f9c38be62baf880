"""People, their login sessions, the server's secrets, the audit log."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import update

from holdfast_server.errors import Conflict, NotFound
from holdfast_server.model.project import AuditEntry, LoginSession, Role, User
from holdfast_server.state_store import audit, login_sessions, settings_kv, users
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import users as users_table


def make(store: StateStore, email: str, role: Role = Role.VIEWER) -> User:
    return users.create(store, email=email, name="Ann", password_hash="$h", role=role, created_at_ms=1)


def session(store: StateStore, user: User, name: str, ends: int = 100) -> LoginSession:
    return login_sessions.create(
        store, token_hash=name, user_id=user.id, at_ms=1, expires_at_ms=ends, user_agent="Firefox"
    )


def test_email_in_any_case(store: StateStore) -> None:
    """An address is one person's, whatever its case, and is found in any case."""
    ann = make(store, "Ann@Example.org")
    assert ann.email == "ann@example.org"
    assert users.by_email(store, "ANN@example.ORG") == (ann, "$h")
    with pytest.raises(Conflict, match=r"ann@example\.org"):
        make(store, "aNN@example.org")


def test_unknown_person(store: StateStore) -> None:
    """Who is not there is not found, and can't be changed."""
    assert users.get(store, 3) is None
    assert users.by_email(store, "nobody@example.org") is None
    with pytest.raises(NotFound):
        users.set_password_hash(store, 3, "$x")
    with pytest.raises(NotFound):
        users.password_hash(store, 3)


def test_changes(store: StateStore) -> None:
    """Name, role, password and state change one at a time."""
    ann = make(store, "ann@example.org")
    users.set_name(store, ann.id, "Anna")
    users.set_role(store, ann.id, Role.ADMIN)
    users.set_password_hash(store, ann.id, "$new")
    users.set_disabled(store, ann.id, True)
    changed = User(ann.id, "ann@example.org", "Anna", Role.ADMIN, 1, disabled=True)
    assert users.list_users(store) == [changed]
    assert users.password_hash(store, ann.id) == "$new"
    assert users.count(store) == 1


def test_last_super_admin(store: StateStore) -> None:
    """The last super admin who can log in is neither demoted nor disabled; with another one both work."""
    root, other = make(store, "root@example.org", Role.SUPER_ADMIN), make(store, "b@example.org")
    with pytest.raises(Conflict, match="last super admin"):
        users.set_role(store, root.id, Role.ADMIN)
    with pytest.raises(Conflict, match="last super admin"):
        users.set_disabled(store, root.id, True)
    assert users.get(store, root.id) == root
    users.set_role(store, other.id, Role.SUPER_ADMIN)
    assert users.set_role(store, root.id, Role.VIEWER).role is Role.VIEWER


def test_two_demotions_at_once(store: StateStore) -> None:
    """Two super admins who demote each other at the same moment: the second waits for the first, and is refused."""
    one, two = (make(store, f"{name}@example.org", Role.SUPER_ADMIN) for name in "ab")
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as connection:
            demotion = update(users_table).where(users_table.c.id == one.id).values(role=Role.VIEWER.value)
            connection.execute(demotion)
            second = pool.submit(users.set_role, store, two.id, Role.VIEWER)
            assert not wait([second], timeout=0.3).done
        with pytest.raises(Conflict, match="last super admin"):
            second.result()


def test_session_and_person(store: StateStore) -> None:
    """A session is found with its person until its end."""
    ann = make(store, "ann@example.org")
    made = session(store, ann, "t1", ends=100)
    assert login_sessions.find(store, "t1", 99) == (made, ann)
    assert login_sessions.find(store, "t1", 100) is None
    assert login_sessions.find(store, "t2", 1) is None


def test_session_of_disabled_person(store: StateStore) -> None:
    """Somebody who was disabled is logged out."""
    ann = make(store, "ann@example.org")
    session(store, ann, "t1")
    users.set_disabled(store, ann.id, True)
    assert login_sessions.find(store, "t1", 50) is None


def test_touch_and_list(store: StateStore) -> None:
    """Use moves a session's end, and the latest used is listed first, ended ones not at all."""
    ann = make(store, "ann@example.org")
    for name, ends in (("t1", 100), ("t2", 100), ("t3", 20)):
        session(store, ann, name, ends)
    login_sessions.touch(store, "t2", at_ms=50, expires_at_ms=150)
    listed = login_sessions.list_of_user(store, ann.id, 60)
    assert [(s.id, s.last_seen_at_ms, s.expires_at_ms) for s in listed] == [("t2", 50, 150), ("t1", 1, 100)]


def test_revoke_sessions(store: StateStore) -> None:
    """One session ends, or all of a person's but one; nobody else's."""
    ann, bob = make(store, "ann@example.org"), make(store, "bob@example.org")
    for name in ("t1", "t2", "t3"):
        session(store, ann, name)
    session(store, bob, "t4")
    assert login_sessions.revoke(store, "t1")
    assert not login_sessions.revoke(store, "t1")
    assert login_sessions.revoke_user(store, ann.id, keep="t2") == 1
    assert login_sessions.revoke_user(store, ann.id) == 1
    assert login_sessions.find(store, "t4", 1) is not None


def test_forget_expired(store: StateStore) -> None:
    """Sweeping takes away ended sessions only."""
    ann = make(store, "ann@example.org")
    session(store, ann, "t1", ends=10)
    session(store, ann, "t2", ends=11)
    assert login_sessions.forget_expired(store, 10) == 1
    assert login_sessions.find(store, "t2", 10) is not None


def test_long_user_agent(store: StateStore) -> None:
    """A user agent of any length and content can't keep somebody from logging in."""
    ann = make(store, "ann@example.org")
    made = login_sessions.create(
        store, token_hash="t", user_id=ann.id, at_ms=1, expires_at_ms=9, user_agent="\x00\ud800" * 999
    )
    assert made.user_agent == "\ufffd" * 400


def test_secret_is_made_once(store: StateStore) -> None:
    """Servers that start together agree on one secret, and keep it."""
    with ThreadPoolExecutor(4) as pool:
        values = list(
            pool.map(lambda n: settings_kv.get_or_make(store, "salt", lambda: f"made {n}"), range(8))
        )
    assert len(set(values)) == 1
    assert settings_kv.get(store, "salt") == values[0]


def test_put_replaces(store: StateStore) -> None:
    """Putting a setting again replaces its value."""
    settings_kv.put(store, "a", "1")
    settings_kv.put(store, "a", "2")
    assert settings_kv.get(store, "a") == "2"
    assert settings_kv.get(store, "b") is None


def test_audit(store: StateStore) -> None:
    """The log shows the latest entries first, page by page."""
    made = [
        audit.record(store, at_ms=n, actor="ann@example.org", action="key.revoke", subject=f"key {n}")
        for n in (1, 2, 3)
    ]
    assert made[0] == AuditEntry(made[0].id, 1, "ann@example.org", "key.revoke", "key 1", "{}")
    assert audit.list_entries(store, limit=2) == [made[2], made[1]]
    assert audit.list_entries(store, limit=2, before_id=made[1].id) == [made[0]]
