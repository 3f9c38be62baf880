"""Opens the state store and hands out transactions; the only place that makes an engine.

When the database is away, slow or in conflict, `begin` and `read` raise from the error tree (see `translate.py`).
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from holdfast_server.errors import CannotStart, Conflict, StoreAway
from holdfast_server.state_store.translate import translated

BUSY_TIMEOUT_MS = 10_000
STATEMENT_TIMEOUT_MS = 30_000
CONNECT_TIMEOUT_S = 5
POOL_TIMEOUT_S = 10

WRITES = "holdfast_writes"
"""Execution option of transactions that will write; SQLite takes its write lock at once for them."""


class StateStore:
    """An open state store. Safe to use from many threads; `begin` writes, `read` only reads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.writer = engine.execution_options(**{WRITES: True})

    @classmethod
    def open(cls, url: str) -> "StateStore":
        """`sqlite:///abs/path` (made when missing) or `postgresql://user:password@host:port/name`.

        A SQLite file that is no database is refused here; PostgreSQL is first contacted when it is first used.
        """
        store = cls(_engine(url))
        if not store.is_postgres:
            store.refuse_unreadable()
        return store

    @property
    def is_postgres(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    @property
    def where(self) -> str:
        """The address without its password, for people and logs."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction that may write: committed at the end of the block, rolled back on any error."""
        with translated(), self.writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that only reads; it never waits for a writer."""
        with translated(), self.engine.begin() as connection:
            yield connection

    def insert(self, table: Table) -> "postgresql.Insert | sqlite.Insert":
        """An INSERT that knows ON CONFLICT, in this engine's dialect."""
        return postgresql.insert(table) if self.is_postgres else sqlite.insert(table)

    def ping(self) -> float:
        """Milliseconds that the store takes to answer; raises StoreAway when it does not."""
        # SELECT 1 would be answered by SQLite without looking at its file.
        question = text("SELECT 1" if self.is_postgres else "PRAGMA schema_version")
        started = time.perf_counter()
        with self.read() as connection:
            connection.execute(question).scalar_one()
        return (time.perf_counter() - started) * 1000

    def close(self) -> None:
        self.engine.dispose()

    def refuse_unreadable(self) -> None:
        try:
            self.ping()
        except (Conflict, StoreAway) as exc:
            self.close()
            raise CannotStart(
                f"the state store {self.where} can't be opened: {getattr(exc, 'reason', exc)}",
                hint="check the path and its permissions, or restore a backup",
            ) from exc


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise _bad_url() from exc
    if parsed.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return _postgres(parsed)
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return _sqlite(parsed)
    raise _bad_url()


def _bad_url() -> CannotStart:
    return CannotStart(
        "the address of the state store can't be used",
        hint="write sqlite:///absolute/path/state.sqlite or postgresql://user:password@host:5432/holdfast",
    )


def _postgres(url: URL) -> Engine:
    chosen: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": "holdfast",
        "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000",
    }
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={name: value for name, value in chosen.items() if name not in url.query},
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=10,
        pool_timeout=POOL_TIMEOUT_S,
        pool_recycle=1800,
        hide_parameters=True,
    )


def _sqlite(url: URL) -> Engine:
    assert url.database is not None
    _make_private(Path(url.database))
    engine = create_engine(
        url, pool_size=5, max_overflow=15, pool_timeout=POOL_TIMEOUT_S, hide_parameters=True
    )
    event.listen(engine, "connect", _sqlite_settings)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _make_private(path: Path) -> None:
    """The file holds password hashes: only its owner may read it. SQLite gives the WAL the same permissions."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as exc:
        raise CannotStart(
            f"the state store {path} can't be opened: {exc.strerror}",
            hint="check the path and its permissions",
        ) from exc


def _sqlite_settings(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, so that DDL is transactional too
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",  # first: switching to WAL may have to wait already
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "temp_store=MEMORY",
        "journal_size_limit=67108864",  # a large transaction must not leave a large log behind
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail at once ("database is locked") when another
    # one wrote in between; IMMEDIATE makes it wait its turn instead.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
