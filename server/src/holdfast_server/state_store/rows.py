"""Reads and writes many rows by key: in chunks that both engines take, and only the columns that changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam, select, update

IDS_PER_QUERY = 5_000
"""Far below what both engines take as parameters (SQLite: 32,766)."""

Values = dict[str, Any]


def chunks(keys: Iterable[Any], size: int = IDS_PER_QUERY) -> Iterator[list[Any]]:
    left = iter(keys)
    while chunk := list(islice(left, size)):
        yield chunk


def by_key(
    connection: Connection, key: Column[Any], wanted: Collection[Any], columns: Iterable[Column[Any]]
) -> list[Values]:
    """The rows whose `key` is wanted, in no order."""
    found: list[Values] = []
    for chunk in chunks(wanted):
        rows = connection.execute(select(*columns).where(key.in_(chunk))).mappings()
        found += [dict(row) for row in rows]
    return found


def write_changes(connection: Connection, key: Column[Any], changes: Mapping[Any, Values]) -> None:
    """Updates each row's own columns. Rows with the same columns go together; a column that is not named costs nothing, not
    even in the indexes, which SQLite rewrites for every column that a statement names."""
    table: Table = key.table
    alike: dict[tuple[str, ...], list[Values]] = defaultdict(list)
    for row_key in sorted(changes):
        values = changes[row_key]
        if values:
            alike[tuple(sorted(values))].append(
                {"row_key": row_key, **{f"to_{n}": v for n, v in values.items()}}
            )
    for names, rows in alike.items():
        statement = update(table).where(key == bindparam("row_key"))
        connection.execute(
            statement.values({name: bindparam(f"to_{name}", type_=table.c[name].type) for name in names}),
            rows,
        )


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Values:
    """What differs between a row and what it is to become."""
    return {name: value for name, value in after.items() if before[name] != value}
