"""What `reader` may read: our own tables as they are now, and harmless stand-ins for what clients ask when they connect."""

from collections.abc import Callable

from .execution import Engine
from .handles import quote


def reader_guard(engine: Engine) -> Callable[[str], str]:
    """A function that rebuilds a reader's SQL, or raises QueryRefused. The parser loads with the first such question."""

    def rebuild(sql: str) -> str:
        # sqlglot takes 30 MB: an engine that nobody queries by hand does without
        from ..sql_guard import guard

        return guard(sql, tables=readable_tables(engine), database=engine.config.database)

    return rebuild


def readable_tables(engine: Engine) -> dict[str, str | None]:
    """Each readable name, with the SQL that stands for it where it is not the table itself."""
    database = quote(engine.config.database)
    own = f"SELECT name FROM system.tables WHERE database = {database} AND engine != 'MaterializedView' AND NOT startsWith(name, '.')"
    tables: dict[str, str | None] = dict.fromkeys(engine.column(own))
    tables["system.settings"] = (
        "SELECT name, value, toUInt8(1) AS readonly FROM system.settings WHERE name = 'readonly'"
    )
    tables["system.databases"] = f"SELECT name FROM system.databases WHERE name = {database}"
    tables["system.tables"] = (
        f"SELECT database, name, comment FROM system.tables WHERE database = {database} AND NOT startsWith(name, '.')"
    )
    tables["system.columns"] = (
        f"SELECT database, table, name, type, position, comment FROM system.columns WHERE database = {database}"
    )
    return tables
