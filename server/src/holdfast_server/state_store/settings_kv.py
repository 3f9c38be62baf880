"""Secrets that the server makes for itself (the session salt), kept so that they survive a restart."""

from collections.abc import Callable

from sqlalchemy import select

from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import settings_kv


def get(store: StateStore, key: str) -> str | None:
    with store.read() as connection:
        return connection.execute(select(settings_kv.c.value).where(settings_kv.c.key == key)).scalar()


def put(store: StateStore, key: str, value: str) -> None:
    statement = store.insert(settings_kv).values(key=key, value=value)
    statement = statement.on_conflict_do_update(
        index_elements=["key"], set_={"value": statement.excluded.value}
    )
    with store.begin() as connection:
        connection.execute(statement)


def get_or_make(store: StateStore, key: str, make: Callable[[], str]) -> str:
    """The value, made by `make` the first time; servers that start together agree on one."""
    statement = store.insert(settings_kv).values(key=key, value=make()).on_conflict_do_nothing()
    with store.begin() as connection:
        connection.execute(statement)
        chosen = select(settings_kv.c.value).where(settings_kv.c.key == key)
        value: str = connection.execute(chosen).scalar_one()
    return value
