"""The schema's way from nothing to this version."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from holdfast_server.errors import CannotStart, HoldfastError
from holdfast_server.model.issue import Applied
from holdfast_server.state_store import issues
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.issue_list import list_issues
from holdfast_server.state_store.migrations import migrate, revision
from holdfast_server.state_store.tables import metadata

from .conftest import made

NewUrl = Callable[[], str]
UPGRADE = command.upgrade


def test_from_nothing(new_url: NewUrl) -> None:
    """An empty store gets every revision, in order, and says which."""
    with closing(StateStore.open(new_url())) as store:
        assert revision(store) is None
        applied = migrate(store)
        assert applied[0] == "0001"
        assert applied == sorted(applied)
        assert revision(store) == applied[-1]


def test_again(new_url: NewUrl) -> None:
    """Migrating what is up to date does nothing."""
    with closing(StateStore.open(new_url())) as store:
        migrate(store)
        assert migrate(store) == []


def test_schema_is_the_tables(new_url: NewUrl) -> None:
    """The migrations lead exactly to the tables that the code expects."""
    with closing(StateStore.open(new_url())) as store:
        migrate(store)
        with store.read() as connection:
            options = {"compare_type": True, "compare_server_default": True, "include_name": is_ours}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, metadata) == []


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """SQLite's text index is a virtual table that brings tables of its own."""
    return kind != "table" or not str(name).startswith("fingerprint_text")


def test_schema_is_the_tables_word_by_word(new_url: NewUrl) -> None:
    """Column by column (type, null, key), index by index, key by key: what Alembic might overlook is compared too."""
    with closing(StateStore.open(new_url())) as migrated, closing(StateStore.open(new_url())) as created:
        migrate(migrated)
        with created.begin() as connection:
            metadata.create_all(connection)
        assert described(migrated) == described(created)


def described(store: StateStore) -> dict[str, object]:
    inspector = inspect(store.engine)
    return {
        table: {
            "columns": [
                {name: str(value) for name, value in column.items()}
                for column in inspector.get_columns(table)
            ],
            "indexes": sorted(words(index) for index in inspector.get_indexes(table)),
            "unique": sorted(
                str(sorted(unique.items())) for unique in inspector.get_unique_constraints(table)
            ),
            "primary": inspector.get_pk_constraint(table),
            "foreign": inspector.get_foreign_keys(table),
        }
        for table in metadata.tables
    }


def words(index: Any) -> str:
    """An index as text; the condition of a partial one is an object that says nothing by itself."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return str(sorted((index | {"dialect_options": options}).items()))


BEFORE = """
INSERT INTO projects (id, slug, name, created_at_ms) VALUES (1, 'shop', 'Shop', 1);
INSERT INTO issues VALUES ('a', 1, 1, 'TypeError', 'Order 7 failed', 'cart.js in add', 1, 'new', false, NULL, 5, 100, 900,
  '1.0', '2.0', 'production', '{"page":"/cart"}');
INSERT INTO issues VALUES ('b', 1, 1, 'KeyError', 'x', '', 0, 'resolved', true, 500, 1, 50, 50, '', '', '', '{}')
"""


def test_issues_of_before(new_url: NewUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issues of the first version are there afterwards, each with a fingerprint, and go on: counted, found, regressing."""
    with closing(StateStore.open(new_url())) as store:
        with monkeypatch.context() as first_version:
            first_version.setattr(command, "upgrade", lambda config, _: UPGRADE(config, "0001"))
            migrate(store)
        with store.begin() as connection:
            for statement in BEFORE.split(";\n"):
                connection.execute(text(statement))
        assert migrate(store)[0] == "0002"
        old = issues.get(store, 1, "a")
        assert old is not None
        assert (old.frequency, old.status, old.sample, old.users) == (5, "new", '{"page":"/cart"}', 0)
        block = [made(1, "a", at=1_000), made(1, "b", at=1_000)]
        assert issues.apply(store, "spool", 1, block) == Applied(regressed=["b"])
        assert issues.known(store, 1, ["a", "b", "c"]) == {"a", "b"}
        listed = [list_issues(store, 1, **how)[0] for how in ({"search": "order 7"}, {"release": "1.0"}, {})]
        assert [[issue.frequency for issue in each] for each in listed] == [[6], [6], [6, 2]]


def test_newer_is_refused(new_url: NewUrl) -> None:
    """A store that a newer version wrote is refused: both revisions are named, and nothing changes."""
    with closing(StateStore.open(new_url())) as store:
        known = migrate(store)[-1]
        with store.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(CannotStart) as caught:
            migrate(store)
        assert "newer Holdfast" in caught.value.message
        assert "9999" in caught.value.message
        assert known in caught.value.message
        assert "backup" in caught.value.hint
        assert revision(store) == "9999"


def test_failure_leaves_nothing(new_url: NewUrl) -> None:
    """A migration that fails half-way leaves the store as it was: no table, no revision."""
    with closing(StateStore.open(new_url())) as store:
        with store.begin() as connection:
            connection.execute(text("CREATE TABLE audit_log (in_the_way INTEGER)"))
        with pytest.raises(HoldfastError, match="audit_log"):
            migrate(store)
        assert inspect(store.engine).get_table_names() == ["audit_log"]
        assert revision(store) is None


def test_together(new_url: NewUrl) -> None:
    """Processes that start at the same moment take turns: one migrates, the others find it done."""
    url = new_url()

    def start(_number: int) -> list[str]:
        with closing(StateStore.open(url)) as store:
            return migrate(store)

    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(start, range(4)))
    assert sorted(map(bool, applied)) == [False, False, False, True]
