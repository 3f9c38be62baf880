"""What people's SQL may read, by which names: our tables, and the names that document B uses for the same facts."""

from ..model.signals import SIGNALS
from .sql_guard import guard

OWN = (
    "events", "errors", "outcomes", "activity_5m", "activity_1h", "activity_1d", "people_5m", "people_1h", "people_1d",
    "measures_5m", "measures_1h", "measures_1d", "issues_1h", "issues_1d", "signals_1h", "signals_1d", "spans", "logs", "points", "app_sessions",
)  # fmt: skip
SIGNAL_LIST = ", ".join(f"'{name}'" for name in SIGNALS)


def _aggregates(table: str, step: str) -> str:
    return (
        f"SELECT at AS {step}, component, type AS signal, sum(n) AS count, uniqCombinedMerge(12)(users) AS unique_users, "
        f"uniqCombinedMerge(12)(sessions) AS unique_sessions FROM holdfast.{table} "
        "WHERE {project} GROUP BY at, component, type"
    )


TABLES: dict[str, str | None] = dict.fromkeys(OWN) | {
    "resilience_metrics": f"SELECT id, at AS ts, user_id, session_id, component, type AS signal, attributes AS data FROM holdfast.events WHERE {{project}} AND type IN ({SIGNAL_LIST})",
    "resilience_metrics_hourly": _aggregates("signals_1h", "hour"),
    "resilience_metrics_daily": _aggregates("signals_1d", "day"),
}


def for_project(sql: str, project_id: int) -> str:
    """Rebuild one question so that it reads this project alone. Raises QueryRefused."""
    return guard(sql, tables=TABLES, project_id=project_id)
