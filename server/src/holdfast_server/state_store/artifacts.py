"""Uploaded files of builds, found by debug id or by release and path; and the pieces of uploads that are under way."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import Select, case, delete, func, insert, select, update
from sqlalchemy.sql import ColumnElement

from holdfast_server.model.artifact import Artifact, ReleaseFiles
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import artifact_bundles, artifact_chunks, artifacts, releases
from holdfast_server.state_store.text import storable

LIMITS = {"release": 200, "dist": 64, "debug_id": 36, "path": 500, "reference": 500}
COLUMNS = [column for column in artifacts.c if column.name not in ("id", "path_hash")]
ROWS_PER_STATEMENT = 50
VALUES_PER_QUERY = 500


def put(store: StateStore, found: Sequence[Artifact]) -> None:
    """Keep these, all or none; one that was there under the same name and debug id is replaced."""
    rows = list({row["id"]: row for row in map(_row, found)}.values())
    with store.begin() as connection:
        for chunk in _chunks(rows, ROWS_PER_STATEMENT):
            statement = store.insert(artifacts).values(chunk)
            changed = {
                name: statement.excluded[name] for name in ("reference", "sha256", "size", "uploaded_at_ms")
            }
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))


def has_any(store: StateStore, project_id: int) -> bool:
    statement = select(artifacts.c.id).where(artifacts.c.project_id == project_id).limit(1)
    with store.read() as connection:
        return connection.execute(statement).first() is not None


def by_debug_id(store: StateStore, project_id: int, debug_id: str) -> list[Artifact]:
    """The latest first."""
    mine = (artifacts.c.project_id == project_id) & (artifacts.c.debug_id == debug_id)
    return _read(store, select(*COLUMNS).where(mine).order_by(artifacts.c.uploaded_at_ms.desc()).limit(20))


def by_paths(store: StateStore, project_id: int, release: str, paths: Sequence[str]) -> list[Artifact]:
    """Files of the release at one of these paths, of any distribution."""
    mine = (artifacts.c.project_id == project_id) & (
        artifacts.c.release == storable(release, LIMITS["release"])
    )
    hashes = [_path_hash(storable(path, LIMITS["path"])) for path in paths]
    found = _read(store, select(*COLUMNS).where(mine, artifacts.c.path_hash.in_(hashes)).limit(200))
    return [artifact for artifact in found if artifact.path in paths]


def dists_of(store: StateStore, project_id: int, release: str) -> set[str]:
    """The distributions that have files for this release."""
    mine = (artifacts.c.project_id == project_id) & (
        artifacts.c.release == storable(release, LIMITS["release"])
    )
    with store.read() as connection:
        return set(connection.execute(select(artifacts.c.dist).distinct().where(mine)).scalars())


def files_of(
    store: StateStore, project_id: int, release: str, dist: str | None = None, *, limit: int = 1000
) -> list[Artifact]:
    """The files of a release (and distribution), by path."""
    statement = select(*COLUMNS).where(*_of_release(project_id, release, dist))
    return _read(
        store, statement.order_by(artifacts.c.path, artifacts.c.kind, artifacts.c.debug_id).limit(limit)
    )


def list_releases(store: StateStore, project_id: int, *, limit: int = 200) -> list[ReleaseFiles]:
    """The releases that have files, the latest upload first."""
    latest = func.max(artifacts.c.uploaded_at_ms)
    statement = (
        select(
            artifacts.c.release,
            artifacts.c.dist,
            func.count(),
            func.sum(case((artifacts.c.kind == "map", 1), else_=0)),
            func.sum(artifacts.c.size),
            latest,
        )
        .where(artifacts.c.project_id == project_id)
        .group_by(artifacts.c.release, artifacts.c.dist)
        .order_by(latest.desc(), artifacts.c.release, artifacts.c.dist)
        .limit(limit)
    )
    with store.read() as connection:
        return [
            ReleaseFiles(row[0], row[1], row[2], int(row[3]), int(row[4]), row[5])
            for row in connection.execute(statement)
        ]


def delete_release(store: StateStore, project_id: int, release: str, dist: str | None = None) -> int:
    """Forget the files of a release (and distribution); answers how many. Their content goes with the next sweep."""
    bundles = [
        artifact_bundles.c.project_id == project_id,
        artifact_bundles.c.release == storable(release, LIMITS["release"]),
    ]
    if dist is not None:
        bundles.append(artifact_bundles.c.dist == storable(dist, LIMITS["dist"]))
    with store.begin() as connection:
        connection.execute(delete(artifact_bundles).where(*bundles))
        gone = connection.execute(delete(artifacts).where(*_of_release(project_id, release, dist)))
        return gone.rowcount


def mark_used(store: StateStore, ids: Iterable[str], at_ms: int) -> None:
    with store.begin() as connection:
        for chunk in _chunks(sorted(ids), VALUES_PER_QUERY):
            connection.execute(update(artifacts).where(artifacts.c.id.in_(chunk)).values(used_at_ms=at_ms))


def expire(store: StateStore, before_ms: int) -> int:
    """Forget files that were uploaded, used and (by their release) seen before `before_ms`; answers how many."""
    seen = select(releases.c.version).where(
        releases.c.project_id == artifacts.c.project_id,
        releases.c.version == artifacts.c.release,
        releases.c.last_seen_ms >= before_ms,
    )
    old = (artifacts.c.uploaded_at_ms < before_ms) & (artifacts.c.used_at_ms < before_ms)
    with store.begin() as connection:
        gone = connection.execute(delete(artifacts).where(old, ~seen.exists())).rowcount
        # what a bundle brought may be gone now: sending it again must bring it back
        connection.execute(delete(artifact_bundles).where(artifact_bundles.c.uploaded_at_ms < before_ms))
    return gone


def needed_files(store: StateStore) -> set[str]:
    """The content that rows refer to, of artifacts and of chunks that wait for their bundle."""
    with store.read() as connection:
        needed = set(connection.execute(select(artifacts.c.sha256).distinct()).scalars())
        return needed.union(connection.execute(select(artifact_chunks.c.sha256)).scalars())


def put_chunk(store: StateStore, project_id: int, sha1: str, sha256_: str, size: int, at_ms: int) -> None:
    values = {"project_id": project_id, "sha1": sha1, "sha256": sha256_, "size": size, "put_at_ms": at_ms}
    statement = store.insert(artifact_chunks).values(**values)
    statement = statement.on_conflict_do_update(
        index_elements=["project_id", "sha1"], set_={"put_at_ms": at_ms, "sha256": sha256_, "size": size}
    )
    with store.begin() as connection:
        connection.execute(statement)


def chunks(store: StateStore, project_id: int, sha1s: Sequence[str]) -> dict[str, tuple[str, int]]:
    """The content and size of those chunks that are here, by their SHA-1."""
    found: dict[str, tuple[str, int]] = {}
    with store.read() as connection:
        for part in _chunks(sha1s, VALUES_PER_QUERY):
            statement = select(artifact_chunks).where(
                artifact_chunks.c.project_id == project_id, artifact_chunks.c.sha1.in_(part)
            )
            found.update({row.sha1: (row.sha256, row.size) for row in connection.execute(statement)})
    return found


def waiting_bytes(store: StateStore, project_id: int) -> int:
    """How much the chunks of unfinished uploads take."""
    statement = select(func.sum(artifact_chunks.c.size)).where(artifact_chunks.c.project_id == project_id)
    with store.read() as connection:
        return int(connection.execute(statement).scalar() or 0)


def drop_chunks(store: StateStore, project_id: int, sha1s: Sequence[str]) -> None:
    with store.begin() as connection:
        for part in _chunks(sha1s, VALUES_PER_QUERY):
            mine = (artifact_chunks.c.project_id == project_id) & artifact_chunks.c.sha1.in_(part)
            connection.execute(delete(artifact_chunks).where(mine))


def expire_chunks(store: StateStore, before_ms: int) -> int:
    with store.begin() as connection:
        statement = delete(artifact_chunks).where(artifact_chunks.c.put_at_ms < before_ms)
        return connection.execute(statement).rowcount


def note_bundle(
    store: StateStore, project_id: int, checksum: str, release: str, dist: str, at_ms: int
) -> None:
    values: dict[str, Any] = {
        "release": storable(release, LIMITS["release"]),
        "dist": storable(dist, LIMITS["dist"]),
        "uploaded_at_ms": at_ms,
    }
    mine = (artifact_bundles.c.project_id == project_id) & (artifact_bundles.c.checksum == checksum)
    with store.begin() as connection:
        connection.execute(delete(artifact_bundles).where(mine))
        connection.execute(
            insert(artifact_bundles).values(project_id=project_id, checksum=checksum, **values)
        )


def has_bundle(store: StateStore, project_id: int, checksum: str, release: str, dist: str) -> bool:
    """Whether this very bundle was taken in for this release."""
    statement = select(artifact_bundles.c.checksum).where(
        artifact_bundles.c.project_id == project_id,
        artifact_bundles.c.checksum == checksum,
        artifact_bundles.c.release == storable(release, LIMITS["release"]),
        artifact_bundles.c.dist == storable(dist, LIMITS["dist"]),
    )
    with store.read() as connection:
        return connection.execute(statement).first() is not None


def _of_release(project_id: int, release: str, dist: str | None) -> list[ColumnElement[bool]]:
    mine = [artifacts.c.project_id == project_id, artifacts.c.release == storable(release, LIMITS["release"])]
    return mine if dist is None else [*mine, artifacts.c.dist == storable(dist, LIMITS["dist"])]


def _row(artifact: Artifact) -> dict[str, Any]:
    texts: dict[str, Any] = {name: storable(getattr(artifact, name), limit) for name, limit in LIMITS.items()}
    kept = replace(artifact, **texts)
    return asdict(kept) | {"id": kept.id, "path_hash": _path_hash(kept.path)}


def _path_hash(path: str) -> str:
    return sha256(path.encode()).hexdigest()[:32]


def _read(store: StateStore, statement: Select[Any]) -> list[Artifact]:
    with store.read() as connection:
        return [Artifact(**row) for row in connection.execute(statement).mappings()]


def _chunks(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    left = iter(values)
    while chunk := list(islice(left, size)):
        yield chunk
