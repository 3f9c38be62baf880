"""Brings the state store to this version's schema: forward only, all or nothing, one process at a time.

A new step is a file `versions/v000N_what.py` whose `down_revision` is the step before; released ones never change.
A store that a newer Holdfast wrote is refused with CannotStart and left as it is.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from holdfast_server.errors import CannotStart
from holdfast_server.state_store.connect import StateStore

ADVISORY_LOCK = 4_815_162_342
"""Any fixed number: the name of the lock under which processes that share a PostgreSQL take turns."""


def migrate(store: StateStore) -> list[str]:
    """Applies what is missing and answers the revisions applied, oldest first; none when it was up to date."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    with store.begin() as connection:
        _wait_for_turn(store, connection)
        current = _current(connection)
        _refuse_unknown(current, script)
        missing = [step.revision for step in script.iterate_revisions("head", current or "base")][::-1]
        if missing:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return missing


def revision(store: StateStore) -> str | None:
    """The revision that the store is at; None before the first migration."""
    with store.read() as connection:
        return _current(connection)


def _wait_for_turn(store: StateStore, connection: Connection) -> None:
    """SQLite's BEGIN IMMEDIATE is a turn already; in PostgreSQL the lock ends with the transaction."""
    if store.is_postgres:
        connection.execute(text("SET LOCAL statement_timeout = '15min'"))  # another process may be migrating
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_unknown(current: str | None, script: ScriptDirectory) -> None:
    known = {step.revision for step in script.walk_revisions()}
    if current is not None and current not in known:
        raise CannotStart(
            f"this data was written by a newer Holdfast: the state store is at revision {current},"
            f" and this version knows revisions up to {script.get_current_head()}",
            hint="start the version that wrote it, or restore a backup made before it",
        )
