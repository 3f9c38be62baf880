"""Metric points: which metrics there are, and the points of one of them, each series by itself.

Exporters send the last cumulative points again when they stop; FINAL makes those one.
"""

from ..connect import EventStore, Row
from .scope import Scope

POINT = (
    "series, kind, unit, description, temporality, is_monotonic, service, environment, release, attributes, resource, scope, at_ns, start_ns, "
    "toUnixTimestamp64Milli(at) AS at_ms, value, count, sum, min, max, buckets, trace_id"
)


def names(store: EventStore, scope: Scope, search: str = "", limit: int = 1000) -> list[Row]:
    """`name, kind, unit, description, series, last_ms` of each metric in the window."""
    narrowed = " AND positionCaseInsensitiveUTF8(name, {search:String}) > 0" if search else ""
    sql = (
        "SELECT name, kind, unit, any(description) AS about, uniq(series) AS series, max(toUnixTimestamp64Milli(at)) AS last_ms FROM points "
        f"WHERE {scope.where_raw}{narrowed} GROUP BY name, kind, unit ORDER BY name, kind, unit LIMIT {{limit:UInt32}}"
    )
    return store.rows(sql, scope.parameters(search=search, limit=limit))


def of_metric(store: EventStore, scope: Scope, name: str, service: str, limit: int) -> list[Row]:
    """The newest points of one metric, by series and then by time; each is there once."""
    narrowed = " AND service = {service:String}" if service else ""
    sql = (
        f"SELECT * FROM (SELECT {POINT} FROM points FINAL WHERE {scope.where_raw} AND name = {{name:String}}{narrowed} ORDER BY at_ns DESC, series LIMIT {{limit:UInt32}}) "
        "ORDER BY series, at_ns"
    )
    return store.rows(sql, scope.parameters(name=name, service=service, limit=limit))
