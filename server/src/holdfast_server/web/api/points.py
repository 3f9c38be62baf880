"""Metric points as they were sent: the names there are, and the series of one metric."""

import asyncio
from itertools import groupby
from typing import Annotated, Any

from litestar import get
from litestar.params import QueryParameter

from ...event_store.connect import Row
from ...event_store.queries import points
from ...event_store.queries.scope import Scope
from ...model.clock import iso
from ..guards import chosen_project, viewer
from ..services import HttpRequest, services
from .parameters import Environment, From, Range, Release, To, window_of
from .telemetry import attributes_of

SINGLE = frozenset({"gauge", "sum", "counter"})
"""Kinds whose points are one number each."""


@get("/api/metric-points", tags=["metrics"], summary="Metrics that clients sent, or the points of one")
async def metric_points(
    request: HttpRequest,
    name: Annotated[
        str, QueryParameter(max_length=200, description="the metric whose points are wanted")
    ] = "",
    search: Annotated[str, QueryParameter(max_length=200, description="without a name: part of one")] = "",
    service: Annotated[str, QueryParameter(max_length=200)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=10_000, description="points at the most")] = 2_000,
    range_: Range = "24h",
    from_: From = "",
    to: To = "",
    env: Environment = "",
    release: Release = "",
) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    scope = Scope(project.id, window_of(app.clock.now_ms(), range_=range_, from_=from_, to=to), env, release)
    if not name:
        rows = await asyncio.to_thread(points.names, app.facts, scope, search)
        return {"metrics": [_metric_of(row) for row in rows]}
    rows = await asyncio.to_thread(points.of_metric, app.facts, scope, name, service, limit + 1)
    is_cut = len(rows) > limit
    if is_cut:
        rows.remove(min(rows, key=lambda row: int(row["at_ns"])))
    series = [series_of(list(group)) for _, group in groupby(rows, key=lambda row: row["series"])]
    return {"name": name, "series": series, "isCut": is_cut}


def _metric_of(row: Row) -> dict[str, Any]:
    return {
        "name": row["name"],
        "kind": row["kind"],
        "unit": row["unit"],
        "description": row["about"],
        "series": int(row["series"]),
        "last": iso(int(row["last_ms"])),
    }


def series_of(rows: list[Row]) -> dict[str, Any]:
    """The points of one series; what they share stands once."""
    first = rows[0]
    names = {"kind": "kind", "unit": "unit", "description": "description", "temporality": "temporality", "service": "service", "environment": "environment", "release": "release", "scope": "scope"}  # fmt: skip
    return {
        **{wire: first[column] for column, wire in names.items()},
        "isMonotonic": bool(first["is_monotonic"]),
        "attributes": attributes_of(first["attributes"]),
        "resource": attributes_of(first["resource"]),
        "points": [_point_of(row) for row in rows],
    }


def _point_of(row: Row) -> dict[str, Any]:
    point: dict[str, Any] = {
        "at": iso(int(row["at_ms"])),
        "timeUnixNano": str(row["at_ns"]),
        "startTimeUnixNano": str(row["start_ns"]),
    }
    if row["kind"] in SINGLE:
        point["value"] = row["value"]
    else:
        point |= {"count": int(row["count"]), "sum": row["sum"], "min": row["min"], "max": row["max"]}
    if row["buckets"]:
        point["buckets"] = attributes_of(row["buckets"])
    if row["trace_id"]:
        point["traceId"] = row["trace_id"]
    return point


ROUTES = [metric_points]
