"""Project keys. Only the SHA-256 of a key is kept (and the whole of a public one, which is no secret)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from holdfast_server.errors import NotFound
from holdfast_server.model.project import ApiKey, KeyKind
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import api_keys
from holdfast_server.state_store.text import storable

COLUMNS = [column for column in api_keys.c if column.name != "key_hash"]
LABEL_LIMIT = 100


@dataclass(frozen=True)
class NewKey:
    """A key about to be kept: its hash, never itself (but for a public one)."""

    kind: KeyKind
    key_hash: str
    public_key: str | None
    hint: str
    label: str


def create(store: StateStore, project_id: int, key: NewKey, created_at_ms: int) -> ApiKey:
    with store.begin() as connection:
        return insert_key(connection, project_id, key, created_at_ms)


def insert_key(connection: Connection, project_id: int, key: NewKey, created_at_ms: int) -> ApiKey:
    """The same inside a transaction that the caller holds."""
    statement = (
        insert(api_keys)
        .values(
            project_id=project_id,
            kind=key.kind.value,
            key_hash=key.key_hash,
            public_key=key.public_key,
            hint=key.hint,
            label=storable(key.label, LABEL_LIMIT),
            created_at_ms=created_at_ms,
        )
        .returning(*COLUMNS)
    )
    return _key(connection.execute(statement).one())


def by_hash(store: StateStore, key_hash: str) -> ApiKey | None:
    """The key with this hash, unless it was revoked."""
    statement = select(*COLUMNS).where(api_keys.c.key_hash == key_hash, api_keys.c.revoked_at_ms.is_(None))
    with store.read() as connection:
        row = connection.execute(statement).one_or_none()
    return _key(row) if row else None


def list_keys(store: StateStore, project_id: int, *, revoked: bool = False) -> list[ApiKey]:
    """The project's keys, oldest first; the revoked ones only when asked for."""
    statement = select(*COLUMNS).where(api_keys.c.project_id == project_id).order_by(api_keys.c.id)
    if not revoked:
        statement = statement.where(api_keys.c.revoked_at_ms.is_(None))
    with store.read() as connection:
        return [_key(row) for row in connection.execute(statement)]


def revoke(store: StateStore, project_id: int, key_id: int, at_ms: int) -> ApiKey:
    """Ends a key for good. Revoking one that is revoked already changes nothing."""
    mine = (api_keys.c.id == key_id) & (api_keys.c.project_id == project_id)
    statement = update(api_keys).where(mine, api_keys.c.revoked_at_ms.is_(None)).values(revoked_at_ms=at_ms)
    with store.begin() as connection:
        connection.execute(statement)
        row = connection.execute(select(*COLUMNS).where(mine)).one_or_none()
    if row is None:
        raise NotFound("key", key_id)
    return _key(row)


def mark_used(store: StateStore, used_at_ms: Mapping[int, int]) -> None:
    """Notes when keys were last used, by key id; a time older than the one kept is ignored."""
    if not used_at_ms:
        return
    newer = api_keys.c.last_used_at_ms.is_(None) | (api_keys.c.last_used_at_ms < bindparam("used_at_ms"))
    statement = (
        update(api_keys)
        .where(api_keys.c.id == bindparam("key_id"), newer)
        .values(last_used_at_ms=bindparam("used_at_ms"))
    )
    with store.begin() as connection:
        # in the order of ids, so that two processes never wait for each other
        connection.execute(
            statement, [{"key_id": key, "used_at_ms": at} for key, at in sorted(used_at_ms.items())]
        )


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        project_id=row.project_id,
        kind=KeyKind(row.kind),
        hint=row.hint,
        label=row.label,
        created_at_ms=row.created_at_ms,
        revoked_at_ms=row.revoked_at_ms,
        public_key=row.public_key,
        last_used_at_ms=row.last_used_at_ms,
    )
