"""Logging in and managing people, on every engine."""

import pytest
from argon2 import PasswordHasher

from holdfast_server.accounts.passwords import Passwords
from holdfast_server.accounts.sessions import Sessions
from holdfast_server.accounts.users import Users
from holdfast_server.errors import BadInput, Conflict, NotFound, NotKnown, TooMany
from holdfast_server.model.clock import ManualClock
from holdfast_server.model.project import Role, User
from holdfast_server.state_store import users as kept_users
from holdfast_server.state_store.connect import StateStore

PASSWORD = "correct horse"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def cheap(passes: int = 1) -> Passwords:
    return Passwords(PasswordHasher(time_cost=passes, memory_cost=8, parallelism=1))


@pytest.fixture
def people(store: StateStore, clock: ManualClock) -> Users:
    return Users(store, clock, passwords=cheap())


@pytest.fixture
def ann(people: Users) -> User:
    return people.create("Ann@Example.org", PASSWORD, Role.ADMIN)


def test_create(people: Users, ann: User, clock: ManualClock) -> None:
    """A new person has an address in lower case, a name taken from it, and can log in."""
    assert ann == User(ann.id, "ann@example.org", "ann", Role.ADMIN, clock.now_ms())
    assert people.authenticate(" ANN@example.org".strip(), PASSWORD) == ann
    assert people.by_email("ann@EXAMPLE.org") == ann
    assert people.everybody() == [ann]


def test_taken_address(people: Users, ann: User) -> None:
    """An address can't be taken twice."""
    with pytest.raises(Conflict):
        people.create("ANN@example.org", PASSWORD, Role.VIEWER)


@pytest.mark.parametrize(
    ("email", "password"),
    [("ann", PASSWORD), ("ann@example.org", "short"), ("a@example.org", "a@example.org")],
)
def test_refused(people: Users, email: str, password: str) -> None:
    """A bad address or a weak password makes nobody."""
    with pytest.raises(BadInput):
        people.create(email, password, Role.VIEWER)
    assert people.everybody() == []


@pytest.mark.parametrize("email", ["ann@example.org", "bob@example.org", "no address", "\x00@b", "\ud800"])
def test_wrong(people: Users, ann: User, email: str) -> None:
    """A wrong password and an unknown person get the same answer."""
    with pytest.raises(NotKnown) as caught:
        people.authenticate(email, "wrong password")
    assert caught.value.message == "the e-mail address or the password is wrong"


def test_too_many(people: Users, ann: User, clock: ManualClock) -> None:
    """Guessing is slowed down, for the right password too; after the pause it works again."""
    for _ in range(5):
        with pytest.raises(NotKnown):
            people.authenticate("ann@example.org", "wrong password", "10.0.0.1")
    with pytest.raises(TooMany) as caught:
        people.authenticate("ann@example.org", PASSWORD, "10.0.0.1")
    clock.advance_s(caught.value.retry_after_s)
    assert people.authenticate("ann@example.org", PASSWORD, "10.0.0.1") == ann
    for _ in range(10):  # a login that worked is no attempt to guess
        people.authenticate("ann@example.org", PASSWORD, "10.0.0.1")


def test_rehash(store: StateStore, people: Users, ann: User, clock: ManualClock) -> None:
    """At a login an outdated hash is replaced, and the password goes on working."""
    newer = Users(store, clock, passwords=cheap(passes=2))
    before = kept_users.password_hash(store, ann.id)
    newer.authenticate("ann@example.org", PASSWORD)
    after = kept_users.password_hash(store, ann.id)
    assert before != after
    newer.authenticate("ann@example.org", PASSWORD)
    assert kept_users.password_hash(store, ann.id) == after


def test_change_password(store: StateStore, people: Users, ann: User, clock: ManualClock) -> None:
    """A changed password works alone, and ends the person's other sessions."""
    sessions = Sessions(store, clock)
    here, elsewhere = sessions.open(ann), sessions.open(ann)
    found = sessions.find(here)
    assert found is not None
    people.change_password(ann.id, PASSWORD, "another horse", keep_session=found[0].id)
    people.authenticate("ann@example.org", "another horse")
    with pytest.raises(NotKnown):
        people.authenticate("ann@example.org", PASSWORD)
    assert sessions.find(here) is not None
    assert sessions.find(elsewhere) is None


@pytest.mark.parametrize(("old", "new"), [("wrong horse", "another horse"), (PASSWORD, "short")])
def test_change_refused(people: Users, ann: User, old: str, new: str) -> None:
    """Without the old password, or with a weak new one, nothing changes."""
    with pytest.raises(BadInput):
        people.change_password(ann.id, old, new)
    people.authenticate("ann@example.org", PASSWORD)


def test_reset_password(store: StateStore, people: Users, ann: User, clock: ManualClock) -> None:
    """A reset gives a password that works, and ends all sessions."""
    sessions = Sessions(store, clock)
    token = sessions.open(ann)
    password = people.reset_password(ann.id)
    assert people.authenticate("ann@example.org", password) == ann
    assert sessions.find(token) is None


def test_disable(store: StateStore, people: Users, ann: User, clock: ManualClock) -> None:
    """A disabled person is out at once and can't come back until enabled; the answer does not tell why."""
    sessions = Sessions(store, clock)
    token = sessions.open(ann)
    assert people.disable(ann.id).disabled
    assert sessions.find(token) is None
    with pytest.raises(NotKnown):
        people.authenticate("ann@example.org", PASSWORD)
    people.enable(ann.id)
    assert people.authenticate("ann@example.org", PASSWORD) == ann
    assert sessions.find(token) is None


def test_first_admin(people: Users) -> None:
    """The first start makes one super admin with a password of its own; later starts make nobody."""
    first = people.first_admin()
    assert first is not None
    assert first.user.role is Role.SUPER_ADMIN
    assert people.authenticate(first.user.email, first.password) == first.user
    assert len(first.password) >= 20
    assert people.first_admin() is None


def test_last_super_admin(people: Users) -> None:
    """The only super admin stays one."""
    first = people.first_admin()
    assert first is not None
    with pytest.raises(Conflict):
        people.disable(first.user.id)
    with pytest.raises(Conflict):
        people.set_role(first.user.id, Role.VIEWER)


def test_role_and_name(people: Users, ann: User) -> None:
    """Role and name can be changed; an empty name can't be given."""
    people.set_role(ann.id, Role.VIEWER)
    assert people.rename(ann.id, " Ann B. ") == User(
        ann.id, ann.email, "Ann B.", Role.VIEWER, ann.created_at_ms
    )
    with pytest.raises(BadInput):
        people.rename(ann.id, "  ")


def test_nobody(people: Users) -> None:
    """Who is not there can't be found or changed."""
    for call in (people.get, people.enable, people.disable, people.reset_password):
        with pytest.raises(NotFound):
            call(99)
    with pytest.raises(NotFound):
        people.by_email("nobody@example.org")
