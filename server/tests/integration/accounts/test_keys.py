"""Projects with their first keys, and the ring that recognises keys, on every engine."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from holdfast_server.accounts import keys
from holdfast_server.accounts.key_ring import UNKNOWN, KeyRing
from holdfast_server.accounts.projects import NewProject, create_project, rename_project
from holdfast_server.errors import BadInput, NotFound, StoreAway
from holdfast_server.model.clock import ManualClock
from holdfast_server.model.project import ApiKey, KeyKind
from holdfast_server.state_store import keys as kept_keys
from holdfast_server.state_store import projects
from holdfast_server.state_store.connect import StateStore


class Switchable(StateStore):
    """The same store, counted, that can be taken away."""

    def __init__(self, store: StateStore) -> None:
        super().__init__(store.engine)
        self.away = False
        self.reads = 0

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self.reads += 1
        if self.away:
            raise StoreAway("state store", "it was taken away")
        with super().read() as connection:
            yield connection


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def shop(store: StateStore, clock: ManualClock) -> NewProject:
    return create_project(store, "Shop", clock)


@pytest.fixture
def switch(store: StateStore) -> Switchable:
    return Switchable(store)


@pytest.fixture
def ring(switch: Switchable, clock: ManualClock) -> KeyRing:
    return KeyRing(switch, clock)


def known(ring: KeyRing, key: str) -> ApiKey:
    answer = ring.lookup(key)
    assert answer is not None
    return answer


def test_create_project(store: StateStore, shop: NewProject, ring: KeyRing, clock: ManualClock) -> None:
    """A new project comes with a public and a secret key that work; the public one can be shown again."""
    assert shop.project == projects.get(store, 1)
    assert (shop.project.slug, shop.project.created_at_ms) == ("shop", clock.now_ms())
    public, secret = known(ring, shop.public_key), known(ring, shop.secret_key)
    assert (public.kind, public.project_id, public.public_key) == (KeyKind.PUBLIC, 1, shop.public_key)
    assert (secret.kind, secret.project_id, secret.public_key) == (KeyKind.SECRET, 1, None)
    assert [key.id for key in keys.list_keys(store, 1)] == [public.id, secret.id]


def test_same_name(store: StateStore, shop: NewProject, clock: ManualClock) -> None:
    """Two projects may have one name, but not one slug."""
    assert create_project(store, "Shop", clock).project.slug == "shop-2"


def test_rename(store: StateStore, shop: NewProject) -> None:
    """A project can be renamed, but not to nothing."""
    assert rename_project(store, shop.project.id, " Store ").name == "Store"
    with pytest.raises(BadInput):
        rename_project(store, shop.project.id, " ")


def test_more_keys(store: StateStore, shop: NewProject, ring: KeyRing, clock: ManualClock) -> None:
    """A project can have more keys; a project that is not there can't."""
    made = keys.create(store, shop.project.id, KeyKind.SECRET, clock, label="backup job")
    assert known(ring, made.value) == made.key
    assert made.key.label == "backup job"
    with pytest.raises(NotFound):
        keys.create(store, 99, KeyKind.PUBLIC, clock)


@pytest.mark.parametrize(
    "key", ["", "hf_pub_", "hf_pub_" + "0" * 32, "' OR 1=1", "hf_é", "\ud800", "\x00", "hf_" + "a" * 100_000]
)
def test_unknown_key(ring: KeyRing, shop: NewProject, key: str) -> None:
    """Anything may come as a key; it is nobody's."""
    assert ring.lookup(key) is None


def test_remembered(ring: KeyRing, shop: NewProject, switch: Switchable, clock: ManualClock) -> None:
    """A good key is read once in 30 seconds, a wrong one once in 5."""
    for _ in range(3):
        known(ring, shop.public_key)
        ring.lookup("hf_pub_wrong")
    assert switch.reads == 2
    clock.advance_s(5)
    ring.lookup("hf_pub_wrong")
    known(ring, shop.public_key)
    assert switch.reads == 3
    clock.advance_s(25)
    known(ring, shop.public_key)
    assert switch.reads == 4


def test_peek(ring: KeyRing, shop: NewProject, switch: Switchable) -> None:
    """Peeking says what memory knows, and never reads."""
    assert ring.peek(shop.public_key) is UNKNOWN
    assert ring.peek("hf_pub_wrong") is UNKNOWN
    key = known(ring, shop.public_key)
    ring.lookup("hf_pub_wrong")
    reads = switch.reads
    assert ring.peek(shop.public_key) == key
    assert ring.peek("hf_pub_wrong") is None
    assert ring.peek("a" * 1_000_000) is None
    assert switch.reads == reads


def test_new_key_after_a_miss(store: StateStore, shop: NewProject, ring: KeyRing, clock: ManualClock) -> None:
    """A key that was tried before it was made works 5 seconds later at the latest."""
    value = keys.new_value(KeyKind.PUBLIC)
    assert ring.lookup(value) is None
    kept_keys.create(store, shop.project.id, keys.to_keep(KeyKind.PUBLIC, value), 1)
    clock.advance_s(5)
    assert ring.lookup(value) is not None


def test_revoke(store: StateStore, shop: NewProject, ring: KeyRing, clock: ManualClock) -> None:
    """A revoked key stops working at once where it was revoked, and elsewhere within 30 seconds."""
    elsewhere = KeyRing(store, clock)
    key = known(ring, shop.secret_key)
    known(elsewhere, shop.secret_key)
    known(ring, shop.public_key)
    revoked = keys.revoke(store, shop.project.id, key.id, clock, ring)
    assert revoked.revoked_at_ms == clock.now_ms()
    assert ring.lookup(shop.secret_key) is None
    assert ring.lookup(shop.public_key) is not None
    clock.advance_s(30)
    assert elsewhere.lookup(shop.secret_key) is None


def test_revoked_while_reading(store: StateStore, shop: NewProject, clock: ManualClock) -> None:
    """A key that is revoked between its reading and its remembering is not remembered."""

    class RevokesMeanwhile(StateStore):
        @contextmanager
        def read(self) -> Iterator[Connection]:
            with super().read() as connection:
                yield connection
            keys.revoke(store, shop.project.id, 1, clock, racing)

    racing = KeyRing(RevokesMeanwhile(store.engine), clock)
    racing.lookup(shop.public_key)
    assert racing.lookup(shop.public_key) is None


def test_store_away(ring: KeyRing, shop: NewProject, switch: Switchable, clock: ManualClock) -> None:
    """While the store is away known keys go on working, asked after every 5 seconds, for an hour; new ones can't."""
    key = known(ring, shop.public_key)
    switch.away = True
    clock.advance_s(30)
    reads = switch.reads
    assert [ring.lookup(shop.public_key) for _ in range(5)] == [key] * 5
    assert switch.reads == reads + 1
    clock.advance_s(5)
    assert ring.lookup(shop.public_key) == key
    assert switch.reads == reads + 2
    with pytest.raises(StoreAway):
        ring.lookup(shop.secret_key)
    clock.advance_s(3600)
    with pytest.raises(StoreAway):
        ring.lookup(shop.public_key)
    switch.away = False
    assert ring.lookup(shop.public_key) == key


def test_flood_of_wrong_keys(switch: Switchable, shop: NewProject, clock: ManualClock) -> None:
    """Wrong keys without number fill no memory, and don't push out the good ones."""
    ring = KeyRing(switch, clock, size=10)
    known(ring, shop.public_key)
    for number in range(50):
        ring.lookup(f"hf_pub_{number}")
    reads = switch.reads
    known(ring, shop.public_key)
    assert switch.reads == reads
    assert len(ring.missed) == 10


def test_many_good_keys(store: StateStore, switch: Switchable, shop: NewProject, clock: ManualClock) -> None:
    """More keys than fit are still recognised."""
    ring = KeyRing(switch, clock, size=2)
    values = [keys.create(store, 1, KeyKind.PUBLIC, clock).value for _ in range(4)]
    for value in values * 2:
        known(ring, value)
    assert len(ring.found) == 2


def used_ms(store: StateStore, clock: ManualClock, started_ms: int) -> list[int | None]:
    used = [key.last_used_at_ms for key in keys.list_keys(store, 1)]
    return [None if at_ms is None else at_ms - started_ms for at_ms in used]


def test_last_used(store: StateStore, shop: NewProject, ring: KeyRing, clock: ManualClock) -> None:
    """The last use of a key is written apart from its checking, at most once a minute, with the time of the use."""
    started_ms = clock.now_ms()
    known(ring, shop.public_key)
    clock.advance_s(10)
    known(ring, shop.public_key)
    clock.advance_s(3)
    assert used_ms(store, clock, started_ms) == [None, None]
    assert ring.write_used() == 1
    assert used_ms(store, clock, started_ms) == [10_000, None]
    clock.advance_s(1)
    known(ring, shop.public_key)
    assert ring.write_used() == 0
    clock.advance_s(60)
    assert ring.write_used() == 1
    assert used_ms(store, clock, started_ms) == [14_000, None]
    clock.advance_s(60)
    assert ring.write_used() == 0


def test_many_threads(store: StateStore, shop: NewProject, clock: ManualClock) -> None:
    """Threads that look up, revoke and write at the same time get right answers."""
    ring = KeyRing(store, clock, size=8)
    made = [keys.create(store, 1, KeyKind.PUBLIC, clock) for _ in range(12)]

    def look(number: int) -> None:
        for turn in range(40):
            issued = made[(number + turn) % 12]
            assert known(ring, issued.value).id == issued.key.id
            assert ring.lookup(f"hf_pub_{turn}") is None
            if turn % 10 == 0:
                ring.write_used()
                ring.forget(issued.key.id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(look, range(4)))
