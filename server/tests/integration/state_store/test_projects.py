"""Projects and their keys."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from holdfast_server.errors import Conflict, NotFound
from holdfast_server.model.project import ApiKey, KeyKind, Project
from holdfast_server.state_store import keys, projects
from holdfast_server.state_store.connect import StateStore


def new_key(hash_of_it: str, kind: KeyKind = KeyKind.SECRET) -> keys.NewKey:
    return keys.NewKey(kind=kind, key_hash=hash_of_it, public_key=None, hint="hf_sec_1…9", label="first")


def make(store: StateStore, slug: str = "shop") -> Project:
    return projects.create(store, name=slug.title(), slug=slug, created_at_ms=1_000)[0]


def test_create(store: StateStore) -> None:
    """A new project is found by its id and by its slug, as it was answered."""
    project = make(store)
    assert project == Project(id=1, slug="shop", name="Shop", created_at_ms=1_000)
    assert projects.get(store, project.id) == project
    assert projects.by_slug(store, "shop") == project


def test_slug_taken(store: StateStore) -> None:
    """A taken slug gets a number, within its length, and no id is skipped."""
    long = "a" * 64
    made = [make(store, slug) for slug in ("shop", "shop", "shop", long, long)]
    assert [project.slug for project in made] == ["shop", "shop-2", "shop-3", long, "a" * 62 + "-2"]
    assert [project.id for project in made] == [1, 2, 3, 4, 5]


def test_slug_race(store: StateStore) -> None:
    """Projects of one name made at the same moment all get slugs of their own."""
    with ThreadPoolExecutor(4) as pool:
        slugs = [project.slug for project in pool.map(lambda _: make(store), range(8))]
    assert len(set(slugs)) == 8


def test_all_or_nothing(store: StateStore) -> None:
    """When a first key can't be kept, the project is not made either."""
    with pytest.raises(Conflict):
        projects.create(
            store, name="Shop", slug="shop", created_at_ms=1, keys_of_it=[new_key("a"), new_key("a")]
        )
    assert projects.list_projects(store) == []


def test_list_and_rename(store: StateStore) -> None:
    """Renaming changes the name alone, and the list shows all, oldest first."""
    first, second = make(store), make(store, "blog")
    renamed = projects.rename(store, first.id, "Store")
    assert renamed == Project(id=first.id, slug="shop", name="Store", created_at_ms=1_000)
    assert projects.list_projects(store) == [renamed, second]


def test_rename_unknown(store: StateStore) -> None:
    """A project that is not there can't be renamed."""
    with pytest.raises(NotFound):
        projects.rename(store, 7, "Store")


def test_key_round_trip(store: StateStore) -> None:
    """A key is found by its hash with all that was said of it."""
    project = make(store)
    public = keys.NewKey(KeyKind.PUBLIC, "abc", "hf_pub_1", "hf_pub_1…", "website")
    made = keys.create(store, project.id, public, 5)
    assert made == ApiKey(
        id=made.id,
        project_id=project.id,
        kind=KeyKind.PUBLIC,
        hint="hf_pub_1…",
        label="website",
        created_at_ms=5,
        public_key="hf_pub_1",
    )
    assert keys.by_hash(store, "abc") == made
    assert keys.by_hash(store, "abd") is None


def test_revoked_key(store: StateStore) -> None:
    """A revoked key is not found, is listed only when asked for, and keeps the time of the first revocation."""
    project = make(store)
    key, other = (keys.create(store, project.id, new_key(name), 5) for name in ("abc", "def"))
    assert keys.revoke(store, project.id, key.id, 6).revoked_at_ms == 6
    assert keys.revoke(store, project.id, key.id, 7).revoked_at_ms == 6
    assert keys.by_hash(store, "abc") is None
    assert keys.list_keys(store, project.id) == [other]
    assert [k.id for k in keys.list_keys(store, project.id, revoked=True)] == [key.id, other.id]


def test_revoke_in_wrong_project(store: StateStore) -> None:
    """A key can't be revoked by way of another project."""
    project, other = make(store), make(store, "blog")
    key = keys.create(store, project.id, new_key("abc"), 5)
    with pytest.raises(NotFound):
        keys.revoke(store, other.id, key.id, 6)
    assert keys.by_hash(store, "abc") is not None


def test_mark_used(store: StateStore) -> None:
    """The last use moves forward only, and a key that is gone does no harm."""
    project = make(store)
    first, second = (keys.create(store, project.id, new_key(name), 5) for name in ("abc", "def"))
    keys.mark_used(store, {first.id: 20, second.id: 30, 999: 1})
    keys.mark_used(store, {first.id: 25, second.id: 10})
    keys.mark_used(store, {})
    assert [k.last_used_at_ms for k in keys.list_keys(store, project.id)] == [25, 30]
