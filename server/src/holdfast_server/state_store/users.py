"""People who may log in. E-mail addresses are kept in lower case, so that they are unique whatever the case.

The last active super admin can be neither demoted nor disabled: that would lock everybody out.
"""

from sqlalchemy import Connection, RowMapping, func, select, update

from holdfast_server.errors import Conflict, NotFound
from holdfast_server.model.project import Role, User
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import users
from holdfast_server.state_store.text import storable

COLUMNS = [column for column in users.c if column.name != "password_hash"]
NAME_LIMIT = 200


def create(
    store: StateStore, *, email: str, name: str, password_hash: str, role: Role, created_at_ms: int
) -> User:
    """Raises Conflict when somebody has this address already."""
    statement = (
        store.insert(users)
        .values(
            email=email.lower(),
            name=storable(name, NAME_LIMIT),
            password_hash=password_hash,
            role=role.value,
            created_at_ms=created_at_ms,
            disabled=False,
        )
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(*COLUMNS)
    )
    with store.begin() as connection:
        row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise Conflict(f"there is already a user with the address {email.lower()}", path="email")
    return user_of(row)


def get(store: StateStore, user_id: int) -> User | None:
    with store.read() as connection:
        row = connection.execute(select(*COLUMNS).where(users.c.id == user_id)).mappings().one_or_none()
    return user_of(row) if row else None


def by_email(store: StateStore, email: str) -> tuple[User, str] | None:
    """The person with this address and the hash of their password."""
    with store.read() as connection:
        row = connection.execute(select(users).where(users.c.email == email.lower())).mappings().one_or_none()
    return (user_of(row), row["password_hash"]) if row else None


def password_hash(store: StateStore, user_id: int) -> str:
    with store.read() as connection:
        found: str | None = connection.execute(
            select(users.c.password_hash).where(users.c.id == user_id)
        ).scalar()
    if found is None:
        raise NotFound("user", user_id)
    return found


def list_users(store: StateStore) -> list[User]:
    """Everybody, oldest first, disabled ones included."""
    with store.read() as connection:
        return [user_of(row) for row in connection.execute(select(*COLUMNS).order_by(users.c.id)).mappings()]


def count(store: StateStore) -> int:
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(users)).scalar_one()


def set_password_hash(store: StateStore, user_id: int, password_hash: str) -> None:
    _change(store, user_id, password_hash=password_hash)


def set_name(store: StateStore, user_id: int, name: str) -> User:
    return _change(store, user_id, name=storable(name, NAME_LIMIT))


def set_role(store: StateStore, user_id: int, role: Role) -> User:
    return _change(store, user_id, role=role.value)


def set_disabled(store: StateStore, user_id: int, disabled: bool) -> User:
    return _change(store, user_id, disabled=disabled)


def _change(store: StateStore, user_id: int, **values: object) -> User:
    with store.begin() as connection:
        before = _active_super_admins(connection)
        statement = update(users).where(users.c.id == user_id).values(**values).returning(*COLUMNS)
        row = connection.execute(statement).mappings().one_or_none()
        if row is None:
            raise NotFound("user", user_id)
        if before and not _active_super_admins(connection):
            raise Conflict(
                "this is the last super admin who can log in",
                hint="make somebody else a super admin first",
            )
    return user_of(row)


def _active_super_admins(connection: Connection) -> list[int]:
    """Locks the rows in PostgreSQL, so that two admins can't demote each other at the same moment."""
    statement = (
        select(users.c.id)
        .where(users.c.role == Role.SUPER_ADMIN.value, users.c.disabled.is_(False))
        .order_by(users.c.id)
        .with_for_update()
    )
    return list(connection.execute(statement).scalars())


def user_of(row: RowMapping, prefix: str = "") -> User:
    """The person in a row of ours, or in a joined one whose columns carry a prefix."""
    return User(
        id=row[f"{prefix}id"],
        email=row[f"{prefix}email"],
        name=row[f"{prefix}name"],
        role=Role(row[f"{prefix}role"]),
        created_at_ms=row[f"{prefix}created_at_ms"],
        disabled=row[f"{prefix}disabled"],
    )
