"""Whose turn it is to change issues: one transaction at a time, so that two never wait for each other in a ring."""

from sqlalchemy import Connection, text

from holdfast_server.state_store.connect import StateStore

ADVISORY_LOCK = 2_342_108_151
"""Any fixed number: the name of the lock under which those that share a PostgreSQL take turns."""


def take_turn(store: StateStore, connection: Connection) -> None:
    """Ends with the transaction. SQLite's BEGIN IMMEDIATE is a turn already."""
    if store.is_postgres:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
