"""GET /api/admin/resilience-metrics: document S's `get_resilience_metrics(start, end)` with component health."""

import asyncio
from typing import Annotated, Any

from litestar import get
from litestar.params import QueryParameter

from ...insight import resilience
from ...insight.resilience import Reading
from ...model.clock import iso
from ..guards import chosen_project, viewer
from ..services import HttpRequest, services
from .parameters import Environment, From, Narrowed, Range, Release, To, window_of


@get("/api/admin/resilience-metrics", tags=["resilience"], summary="Every resilience rate with its status")
async def resilience_metrics(
    request: HttpRequest,
    range_: Range = "24h",
    from_: From = "",
    to: To = "",
    start_time: Annotated[str, QueryParameter(max_length=40, description="document S's name for from")] = "",
    end_time: Annotated[str, QueryParameter(max_length=40, description="document S's name for to")] = "",
    env: Environment = "",
    release: Release = "",
) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    window = window_of(app.clock.now_ms(), range_=range_, from_=from_ or start_time, to=to or end_time)
    scope = Narrowed(window, env, release).scope(project.id)
    readings, components = await asyncio.gather(
        asyncio.to_thread(resilience.readings, app.facts, scope),
        asyncio.to_thread(resilience.components, app.facts, scope),
    )
    return {
        "from": iso(window.from_ms),
        "to": iso(window.to_ms),
        "metrics": [metric_of(item) for item in readings],
        "components": [
            {
                "component": item.component,
                "signals": item.signals,
                "status": item.status.value,
                "metrics": [metric_of(reading) for reading in item.readings.values() if reading.of],
            }
            for item in components
        ],
    }


def metric_of(item: Reading) -> dict[str, Any]:
    """Shares are given in percent, as documents B and S write them."""
    metric, scale = item.metric, 100 if item.metric.unit == "share" else 1

    def shown(value: float | None) -> float | None:
        return None if value is None else round(value * scale, 2)

    return {
        "metric_name": metric.name,
        "metric_value": shown(item.value),
        "threshold": shown(metric.threshold),
        "baseline": shown(metric.baseline),
        "status": item.status.value,
        "unit": "percent" if metric.unit == "share" else metric.unit,
        "higher_is_better": metric.higher_is_better,
        "sample_size": item.of,
        "previous_value": shown(item.before),
        "message": metric.no_data if item.value is None else "",
    }


ROUTES = [resilience_metrics]
