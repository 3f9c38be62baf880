"""The versions of a project that occurrences named, and when. Bounded: who sends a new version each time is not followed."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, select

from holdfast_server.model.issue import Release
from holdfast_server.model.releases import is_later
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.rows import chunks
from holdfast_server.state_store.tables import releases, seen_in

RELEASES_MAX = 10_000
COMPARED = 200
"""How many of the latest releases are looked at to find the newest."""
SEEN_RELEASE = 0

Named = dict[tuple[int, str], tuple[int, int]]
"""Project and version → first and last time in the block."""


def record(store: StateStore, connection: Connection, named: Named) -> set[tuple[int, str]]:
    """Widens what is known and adds the rest, while there is room. Answers those that are known then."""
    known = _known(connection, named)
    fresh = _with_room(connection, [key for key in named if key not in known])
    rows = [
        {"project_id": project_id, "version": version, "first_seen_ms": first, "last_seen_ms": last}
        for (project_id, version), (first, last) in sorted(named.items())
        if (project_id, version) in known or (project_id, version) in fresh
    ]
    if rows:
        statement = store.insert(releases)
        new, old = statement.excluded, releases.c
        least, most = (func.least, func.greatest) if store.is_postgres else (func.min, func.max)
        statement = statement.on_conflict_do_update(
            index_elements=["project_id", "version"],
            set_={
                "first_seen_ms": least(old.first_seen_ms, new.first_seen_ms),
                "last_seen_ms": most(old.last_seen_ms, new.last_seen_ms),
            },
        )
        connection.execute(statement, rows)
    return known | fresh


def list_releases(store: StateStore, project_id: int, *, limit: int = 100) -> list[Release]:
    """The latest first, by when each was first seen."""
    with store.read() as connection:
        return _latest(connection, project_id, limit)


def newest(store: StateStore, project_id: int) -> str:
    """The release that none is later than; "" when none is known."""
    with store.read() as connection:
        return newest_of(connection, project_id)


def newest_of(connection: Connection, project_id: int) -> str:
    found = _latest(connection, project_id, COMPARED)
    first_seen = {release.version: release.first_seen_ms for release in found}
    best = ""
    for version in reversed(
        first_seen
    ):  # the oldest first, so that the latest wins where nothing else decides
        if not best or is_later(version, best, first_seen):
            best = version
    return best


def first_seen(connection: Connection, project_id: int, versions: set[str]) -> Mapping[str, int]:
    statement = select(releases.c.version, releases.c.first_seen_ms).where(
        releases.c.project_id == project_id, releases.c.version.in_(versions)
    )
    return {row.version: row.first_seen_ms for row in connection.execute(statement)}


def forget(store: StateStore, before_ms: int, *, limit: int = 500) -> int:
    """Drops releases that nothing was seen in since, and where they were seen; a job. Answers how many."""
    old = (
        select(releases.c.project_id, releases.c.version)
        .where(releases.c.last_seen_ms < before_ms)
        .limit(limit)
    )
    with store.begin() as connection:
        gone = connection.execute(old).all()
        for row in gone:
            connection.execute(
                delete(seen_in).where(
                    seen_in.c.project_id == row.project_id,
                    seen_in.c.kind == SEEN_RELEASE,
                    seen_in.c.value == row.version,
                )
            )
            connection.execute(
                delete(releases).where(
                    releases.c.project_id == row.project_id, releases.c.version == row.version
                )
            )
    return len(gone)


def _latest(connection: Connection, project_id: int, limit: int) -> list[Release]:
    statement = (
        select(releases.c.version, releases.c.first_seen_ms, releases.c.last_seen_ms)
        .where(releases.c.project_id == project_id)
        .order_by(releases.c.first_seen_ms.desc(), releases.c.version.desc())
        .limit(limit)
    )
    return [Release(**row) for row in connection.execute(statement).mappings()]


def _known(connection: Connection, named: Named) -> set[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for project_id in {project for project, _ in named}:
        for chunk in chunks(version for project, version in named if project == project_id):
            found.update((project_id, version) for version in first_seen(connection, project_id, set(chunk)))
    return found


def _with_room(connection: Connection, fresh: list[tuple[int, str]]) -> set[tuple[int, str]]:
    kept: set[tuple[int, str]] = set()
    for project_id in {project for project, _ in fresh}:
        counted = select(func.count()).select_from(releases).where(releases.c.project_id == project_id)
        room = max(0, RELEASES_MAX - connection.execute(counted).scalar_one())
        kept.update([key for key in fresh if key[0] == project_id][:room])
    return kept
