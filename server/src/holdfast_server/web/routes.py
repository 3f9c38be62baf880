"""Every route of the application, by the files that hold them, and which of them a role answers."""

from typing import Any

from ..settings import Role
from . import static_files
from .api import (
    feedback,
    grouping_rules,
    health,
    issues,
    live,
    logs,
    metrics,
    noise,
    points,
    projects,
    query,
    release_health,
    resilience,
    sentry,
    sessions,
    sourcemaps,
    telemetry,
    traces,
)
from .ingest import feedback as ingest_feedback
from .ingest import native, otlp
from .ingest import sentry as ingest_sentry
from .pages import PAGES

HEALTH: list[Any] = [*health.ROUTES]
INGEST: list[Any] = [*native.ROUTES, *ingest_feedback.ROUTES, *otlp.ROUTES, *ingest_sentry.ROUTES]
WEB: list[Any] = [
    *telemetry.ROUTES,
    *issues.ROUTES,
    *grouping_rules.ROUTES,
    *resilience.ROUTES,
    *metrics.ROUTES,
    *projects.ROUTES,
    *feedback.ROUTES,
    *noise.ROUTES,
    *query.ROUTES,
    *release_health.ROUTES,
    *sessions.ROUTES,
    *sentry.ROUTES,
    *sourcemaps.ROUTES,
    *live.ROUTES,
    *logs.ROUTES,
    *points.ROUTES,
    *traces.ROUTES,
    *static_files.ROUTES,
    *PAGES,
]

BY_ROLE: dict[Role, list[Any]] = {
    "all": [*HEALTH, *INGEST, *WEB],
    "ingest": [*HEALTH, *INGEST],
    "web": [*HEALTH, *WEB],
    "worker": HEALTH,
}
"""DESIGN, decision 11: one process does everything, until several share the work."""
