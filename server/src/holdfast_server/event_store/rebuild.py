"""Makes the rollups of one day anew from its facts, when it is not certain that they agree.

Repeatable: it removes the day's rows and reads the facts again, through the same SELECTs that the views run on insert. Raises
what the store raises; the day is then wrong until it is called again. Not for clusters: their tokens live in Keeper.
"""

from datetime import UTC, datetime

from .connect import EventStore
from .migrate import ROLLUPS, current_ttl_days

DAY_S = 86_400


def rebuild_day(store: EventStore, day: int, *, today: int) -> None:
    """Days count from 1970. While it runs, the day's rollups show too little. A day whose facts may be gone stays as it is."""
    kept = current_ttl_days(store, "events")
    if kept and day <= today - kept:
        return
    date = datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()
    for table in ROLLUPS:
        if table != "outcomes":
            store.command(
                f"ALTER TABLE {store.database}.{table} DELETE WHERE toDate(at) = '{date}'",
                {"mutations_sync": 2},
            )
    for target, select in views_on_facts(store):
        columns = ", ".join(columns_of(store, target))
        store.command(
            f"INSERT INTO {target} ({columns}) SELECT {columns} FROM ({of_day(store, select, date)})"
        )


def views_on_facts(store: EventStore) -> list[tuple[str, str]]:
    """(target, SELECT) of each view that reads facts; those that read another rollup follow by themselves."""
    sql = (
        "SELECT as_select, extract(create_table_query, ' TO ([^ ]+)') AS target FROM system.tables "
        "WHERE database = {db:String} AND engine = 'MaterializedView' AND match(as_select, {facts:String})"
    )
    found = store.rows(sql, {"db": store.database, "facts": rf"FROM {store.database}\.(events|errors)\b"})
    return [(row["target"], row["as_select"]) for row in found]


def columns_of(store: EventStore, table: str) -> list[str]:
    sql = "SELECT name FROM system.columns WHERE database = {db:String} AND table = {table:String} ORDER BY position"
    return [row["name"] for row in store.rows(sql, {"db": store.database, "table": table.rpartition(".")[2]})]


def of_day(store: EventStore, select: str, date: str) -> str:
    """The view's SELECT over that day alone: a whole partition of the facts, so nothing else is read."""
    for table in ("events", "errors"):
        name = f"{store.database}.{table}"
        select = select.replace(f"FROM {name}", f"FROM (SELECT * FROM {name} WHERE toDate(at) = '{date}')")
    return select
