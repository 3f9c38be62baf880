"""Projects. Slugs are unique; a project and its first keys appear together or not at all."""

import itertools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from holdfast_server.errors import NotFound
from holdfast_server.model.project import ApiKey, Project
from holdfast_server.state_store import keys
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import projects
from holdfast_server.state_store.text import storable

COLUMNS = list(projects.c)
SLUG_LIMIT = 64
NAME_LIMIT = 200
LARGEST_ID = 2**31 - 1


def create(
    store: StateStore, *, name: str, slug: str, created_at_ms: int, keys_of_it: Sequence[keys.NewKey] = ()
) -> tuple[Project, list[ApiKey]]:
    """Makes a project under `slug`, or `slug-2`, `slug-3` … when that is taken, with these keys."""
    with store.begin() as connection:
        project = _insert(store, connection, storable(name, NAME_LIMIT), slug, created_at_ms)
        made = [keys.insert_key(connection, project.id, key, created_at_ms) for key in keys_of_it]
    return project, made


def get(store: StateStore, project_id: int) -> Project | None:
    if not 0 < project_id <= LARGEST_ID:  # ids come from addresses and DSNs: any number may be asked for
        return None
    with store.read() as connection:
        row = connection.execute(select(*COLUMNS).where(projects.c.id == project_id)).one_or_none()
    return _project(row) if row else None


def by_slug(store: StateStore, slug: str) -> Project | None:
    with store.read() as connection:
        row = connection.execute(select(*COLUMNS).where(projects.c.slug == slug)).one_or_none()
    return _project(row) if row else None


def list_projects(store: StateStore) -> list[Project]:
    """All projects, oldest first."""
    with store.read() as connection:
        return [_project(row) for row in connection.execute(select(*COLUMNS).order_by(projects.c.id))]


def rename(store: StateStore, project_id: int, name: str) -> Project:
    """Changes the name; the slug stays, so that links go on working."""
    statement = (
        update(projects)
        .where(projects.c.id == project_id)
        .values(name=storable(name, NAME_LIMIT))
        .returning(*COLUMNS)
    )
    with store.begin() as connection:
        row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFound("project", project_id)
    return _project(row)


def _insert(store: StateStore, connection: Connection, name: str, slug: str, created_at_ms: int) -> Project:
    for number in itertools.count(1):
        tail = "" if number == 1 else f"-{number}"
        candidate = slug[: SLUG_LIMIT - len(tail)] + tail
        taken = select(projects.c.id).where(projects.c.slug == candidate)
        # a look first, because a refused INSERT uses up an id; the conflict clause is for a race in PostgreSQL
        if connection.execute(taken).one_or_none() is None:
            statement = store.insert(projects).values(slug=candidate, name=name, created_at_ms=created_at_ms)
            statement = statement.on_conflict_do_nothing(index_elements=["slug"])
            row = connection.execute(statement.returning(*COLUMNS)).one_or_none()
            if row is not None:
                return _project(row)
    raise AssertionError("itertools.count never ends")


def _project(row: Row[Any]) -> Project:
    return Project(id=row.id, slug=row.slug, name=row.name, created_at_ms=row.created_at_ms)
