"""Real state stores for tests: one fixture, every engine. PostgreSQL's database is made for the run and dropped."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url, text

from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.migrations import migrate
from holdfast_server.state_store.tables import metadata

POSTGRES_VARIABLE = "HOLDFAST_TEST_POSTGRES"
POSTGRES_USUAL = "postgresql://root@127.0.0.1:5432/postgres"
ENGINES = [pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The address of a server on which databases may be made; skips without one, fails when it was promised."""
    promised = os.environ.get(POSTGRES_VARIABLE)
    address = promised or POSTGRES_USUAL
    try:
        psycopg.connect(address, connect_timeout=3).close()
    except psycopg.OperationalError as exc:
        where = make_url(address).render_as_string(hide_password=True)
        message = f"no PostgreSQL answers at {where} (set {POSTGRES_VARIABLE} to another): {str(exc).splitlines()[0]}"
        if promised:
            pytest.fail(message)
        pytest.skip(message)
    return address


@pytest.fixture(scope="session")
def new_postgres_url(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Makes empty databases, and drops them at the end of the run."""
    made: list[str] = []

    def make() -> str:
        name = f"holdfast_test_{uuid.uuid4().hex[:12]}"
        with closing(psycopg.connect(postgres_server, autocommit=True)) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        made.append(name)
        return make_url(postgres_server).set(database=name).render_as_string(hide_password=False)

    yield make
    with closing(psycopg.connect(postgres_server, autocommit=True)) as connection:
        for name in made:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def migrated_postgres_url(new_postgres_url: Callable[[], str]) -> str:
    url = new_postgres_url()
    with closing(StateStore.open(url)) as store:
        migrate(store)
    return url


@pytest.fixture(params=ENGINES)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes addresses of empty state stores, of every engine in turn."""
    if request.param == "postgres":
        make: Callable[[], str] = request.getfixturevalue("new_postgres_url")
        return make
    return lambda: f"sqlite:///{tmp_path}/{uuid.uuid4().hex}.sqlite"


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StateStore]:
    """A migrated state store with nothing in it, of every engine in turn."""
    if request.param == "postgres":
        opened = StateStore.open(request.getfixturevalue("migrated_postgres_url"))
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        with opened.begin() as connection:
            connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    else:
        opened = StateStore.open(f"sqlite:///{tmp_path}/state.sqlite")
        migrate(opened)
    with closing(opened):
        yield opened
