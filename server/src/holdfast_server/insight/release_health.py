"""How well releases do: the share of sessions, and of people, that met no crash. No sessions is no data, never 100 %."""

from dataclasses import dataclass

from ..event_store.connect import EventStore, Row
from ..event_store.queries import app_sessions
from ..event_store.queries.scope import Scope


@dataclass(frozen=True)
class ReleaseHealth:
    """`errored` sessions met an error and went on; of those nobody caught it in `unhandled` (browsers survive that, so it is
    no crash). `abnormal` ones never told how they ended. Times are epoch ms.
    """

    release: str
    sessions: int
    crashed: int
    errored: int
    unhandled: int
    abnormal: int
    users: int
    crashed_users: int
    first_seen_ms: int
    last_seen_ms: int

    @property
    def crash_free_sessions(self) -> float | None:
        return 1 - self.crashed / self.sessions if self.sessions else None

    @property
    def crash_free_users(self) -> float | None:
        return max(0.0, 1 - self.crashed_users / self.users) if self.users else None


def by_release(store: EventStore, scope: Scope, limit: int = 100) -> list[ReleaseHealth]:
    """One for each release with sessions in the window, the newest first."""
    return [_health(str(row["release"]), row) for row in app_sessions.by_release(store, scope, limit)]


def overall(store: EventStore, scope: Scope) -> ReleaseHealth:
    """All that `scope` lets through as one; `scope.release` narrows it to one release."""
    return _health(scope.release, app_sessions.total(store, scope))


def _health(release: str, row: Row) -> ReleaseHealth:
    names = (
        "sessions",
        "crashed",
        "errored",
        "unhandled",
        "abnormal",
        "users",
        "crashed_users",
        "first_ms",
        "last_ms",
    )
    return ReleaseHealth(release, *(int(row[name]) for name in names))
