"""/admin/metrics (P16): what is going on, by type, endpoint, page and component; charts, tables, and a feed with filters."""

import asyncio
from typing import Any

from litestar import Response, get
from litestar.response import Template

from ....errors import BadInput
from ....event_store.queries import activity, measures
from ....event_store.queries.scope import Scope
from ....insight import catalogue, releases, resilience, usage, vitals
from ....insight.histogram import quantile
from ....insight.usage import Latency
from ...components.chart import Chart, Shares, Slice, Threshold
from ...components.shell import Column
from ...services import HttpRequest
from ..charts import step_of, step_words, time_chart
from ..dashboard import events_over_time
from ..frame import View, page, view

PATH = "/admin/metrics"
KEPT = ("sort", "type", "component")
ACTIVE_MIN = 5
ROWS = 50
SORTS = {"calls": "Calls", "p50": "p50", "p95": "p95", "p99": "p99", "errors": "Errors"}
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@get(PATH)
async def metrics(request: HttpRequest) -> Template:
    seen = await view(request, keep=KEPT)
    _sort(seen)
    context: dict[str, Any] = {
        "step": step_words(step_of(seen.scope.window)),
        "feed_url": seen.source("/live/recent", filters="1"),
    }
    return await page(seen, "pages/metrics/metrics.html", title="Metrics", key="metrics", **context)


@get(f"{PATH}/panels/head")
async def head(request: HttpRequest) -> Template:
    seen = await view(request, path=PATH)
    earlier = Scope(seen.project.id, seen.scope.window.before, seen.scope.environment, seen.scope.release)
    names = ("latency_p95", "error_rate")

    facts = seen.app.facts
    total, before, active, readings = await asyncio.gather(
        asyncio.to_thread(activity.total, facts, seen.scope),
        asyncio.to_thread(activity.total, facts, earlier),
        asyncio.to_thread(activity.active_sessions, facts, seen.project.id, ACTIVE_MIN),
        asyncio.to_thread(resilience.readings, facts, seen.scope, names),
    )
    found = {item.metric.name: item for item in readings}
    minutes = max(1.0, (min(seen.scope.window.to_ms, seen.now_ms) - seen.scope.window.from_ms) / 60_000)
    context = {
        "view": seen,
        "bar": seen.bar,
        "total": total,
        "before": before,
        "active": active,
        "active_min": ACTIVE_MIN,
        "readings": found,
        "a_minute": total.n / minutes,
    }
    return Template("pages/metrics/head.html", context=context)


@get(f"{PATH}/charts/events.json")
async def events_chart(request: HttpRequest) -> Response[Chart]:
    return Response(await asyncio.to_thread(events_over_time, await view(request, path=PATH)))


@get(f"{PATH}/charts/types.json")
async def types_chart(request: HttpRequest) -> Response[Shares]:
    """The browser keeps the four largest and folds the rest into one slice."""
    seen = await view(request, path=PATH)
    counts = await asyncio.to_thread(activity.numbers_by_type, seen.app.facts, seen.scope)
    slices = [Slice(name, count) for name, count in sorted(counts.items(), key=lambda pair: -pair[1])]
    return Response(Shares("Events by type", "count", slices))


@get(f"{PATH}/charts/latency.json")
async def latency_chart(request: HttpRequest) -> Response[Chart]:
    seen = await view(request, path=PATH)

    def ask() -> Chart:
        window = seen.scope.window
        step_s = step_of(window)
        found = measures.series(seen.app.facts, seen.scope, catalogue.API_TYPES, step_s)
        lines = {
            name: {bucket: quantile(item.histogram, q) for bucket, item in found.items()}
            for name, q in QUANTILES.items()
        }
        alert = catalogue.CATALOGUE["latency_p95"].threshold
        lowest = [Threshold("Alert for p95", alert)] if alert is not None else []
        return time_chart(
            "API latency",
            "ms",
            window,
            step_s,
            seen.now_ms,
            lines,
            thresholds=lowest,
            releases=releases.appeared(seen.app.facts, seen.scope),
        )

    return Response(await asyncio.to_thread(ask))


@get(f"{PATH}/panels/latency")
async def latency_table(request: HttpRequest) -> Template:
    seen = await view(request, path=PATH, keep=KEPT)
    sort = _sort(seen)
    rows = await asyncio.to_thread(usage.get_api_latency_stats, seen.app.facts, seen.scope, 500)
    keys: dict[str, Any] = {
        "calls": lambda item: item.n,
        "errors": lambda item: item.failed,
        **{name: _by(name) for name in QUANTILES},
    }
    rows.sort(key=keys[sort], reverse=True)
    columns = [Column("endpoint", "Endpoint"), *(_sortable(seen, name, sort) for name in SORTS)]
    slow, bad = (catalogue.CATALOGUE[name] for name in ("latency_p95", "error_rate"))
    states = [
        (slow.status(item.p95), bad.status(item.failed / item.n if item.n else None)) for item in rows[:ROWS]
    ]
    context = {
        "view": seen,
        "bar": seen.bar,
        "columns": columns,
        "rows": list(zip(rows[:ROWS], states, strict=True)),
        "hidden_count": max(0, len(rows) - ROWS),
    }
    return Template("pages/metrics/latency.html", context=context)


@get(f"{PATH}/panels/pages")
async def pages_table(request: HttpRequest) -> Template:
    seen = await view(request, path=PATH)
    found = await asyncio.to_thread(measures.by_name, seen.app.facts, seen.scope, ("page_view",), 20)
    return Template(
        "pages/metrics/pages.html",
        context={
            "bar": seen.bar,
            "rows": list(found.items()),
            "most": max((item.n for item in found.values()), default=1),
        },
    )


@get(f"{PATH}/panels/vitals")
async def vitals_table(request: HttpRequest) -> Template:
    seen = await view(request, path=PATH)
    found = await asyncio.to_thread(vitals.readings, seen.app.facts, seen.scope)
    return Template(
        "pages/metrics/vitals.html",
        context={"bar": seen.bar, "readings": found, "has_any": any(item.n for item in found)},
    )


@get(f"{PATH}/panels/components")
async def components_table(request: HttpRequest) -> Template:
    seen = await view(request, path=PATH)
    found = await asyncio.to_thread(resilience.components, seen.app.facts, seen.scope)
    return Template(
        "pages/metrics/components.html",
        context={
            "bar": seen.bar,
            "rows": found[:20],
            "rates": resilience.COMPONENT_RATES,
            "catalogue": catalogue.CATALOGUE,
        },
    )


def _sort(seen: View) -> str:
    sort = seen.bar.keep.get("sort", "calls")
    if sort not in SORTS:
        raise BadInput(
            f"endpoints can't be sorted by {sort!r}", path="sort", hint=f"use one of {', '.join(SORTS)}"
        )
    return sort


def _sortable(seen: View, name: str, chosen: str) -> Column:
    return Column(
        name,
        SORTS[name],
        align="end",
        sort_url=seen.bar.url(sort=name),
        sorted="descending" if name == chosen else "",
        priority=2 if name in ("p50", "p99") else 1,
    )


def _by(name: str) -> Any:
    """Endpoints that were never timed come last."""

    def key(item: Latency) -> float:
        value = getattr(item, name)
        return -1.0 if value is None else float(value)

    return key


ROUTES = [
    metrics,
    head,
    events_chart,
    types_chart,
    latency_chart,
    latency_table,
    pages_table,
    vitals_table,
    components_table,
]
