"""The health report (P12): is each part well, how loaded are we, how many errors come in. Used by /api/health/extended,
/readyz, /metrics and `holdfast doctor`; it never raises: what can't be asked is reported as such.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import HoldfastError
from ..event_store.connect import EventStore
from ..event_store.queries import activity
from ..event_store.queries.scope import Scope
from ..insight.catalogue import CATALOGUE, Facts
from ..model.clock import Clock, iso
from ..model.window import Window
from ..state_store import projects
from ..state_store.connect import StateStore

LATENCY_TARGET_MS = 50
LATENCY_CRITICAL_MS = 100
SESSION_WINDOW_MINUTES = 5
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class SpoolState:
    """`pending` events wait on disk; `trouble` is why the drainer can't move them, or ""."""

    pending: int
    bytes: int
    trouble: str


@dataclass(frozen=True)
class EngineInfo:
    """`state` is up, starting, restarting, stopped, or external when the event store is not ours."""

    state: str
    restarts: int
    last_error: str
    pid: int | None


@dataclass(frozen=True)
class ForwardInfo:
    """Forwarding to Sentry: `state` is off, ok, behind or failing; `error` says why, in a sentence, or ""."""

    state: str
    queued: int = 0
    bytes: int = 0
    sent_at_ms: int | None = None
    error: str = ""


@dataclass(frozen=True)
class Check:
    """`status` is healthy, degraded or critical; `latency_ms` None when there was no answer, or nobody to ask."""

    status: str
    latency_ms: float | None
    message: str = ""

    @property
    def works(self) -> bool:
        """A part that answers too slowly is in a critical state, and still does its work."""
        return self.status != "critical" or self.latency_ms is not None


class Health:
    def __init__(
        self,
        facts: EventStore,
        state: StateStore,
        clock: Clock,
        data: Path,
        spool: Callable[[], SpoolState],
        engine: Callable[[], EngineInfo],
        forward: Callable[[], ForwardInfo] = lambda: ForwardInfo("off"),
    ) -> None:
        self.facts = facts
        self.state = state
        self.clock = clock
        self.data = data
        self.spool = spool
        self.engine = engine
        self.forward = forward
        self.started_s = clock.monotonic_s()

    def checks(self) -> dict[str, Check]:
        """One probe of each part that must work."""
        return {
            "events": probe(self.facts.ping),
            "state": probe(self.state.ping),
            "spool": self._spool_check(),
            "disk": self._disk_check(),
        }

    def ready(self) -> tuple[bool, dict[str, Check]]:
        """Whether pages and API can answer; ingest goes on without the event store, and says so here."""
        checks = self.checks()
        return all(check.works for check in checks.values()), checks

    def extended(self) -> dict[str, Any]:
        """Every field of document P, and the parts beneath."""
        checks = self.checks()
        sessions, rate = self._activity()
        spool, engine = self.spool(), self.engine()
        return {
            "status": worst(checks.values()),
            "timestamp": iso(self.clock.now_ms()),
            "version": __version__,
            "commit": os.environ.get("HOLDFAST_COMMIT", ""),
            "uptime": uptime(self.clock.monotonic_s() - self.started_s),
            "database": {
                "status": worst((checks["events"], checks["state"])),
                "latencyMs": _slowest(checks["events"], checks["state"]),
            },
            "sessions": {"active": sessions, "windowMinutes": SESSION_WINDOW_MINUTES},
            "errorRate": rate,
            "memory": memory(engine.pid),
            "components": {
                name: {
                    "status": check.status,
                    "latencyMs": _rounded(check.latency_ms),
                    "message": check.message,
                }
                for name, check in checks.items()
            },
            "spool": {"pendingEvents": spool.pending, "bytes": spool.bytes, "trouble": spool.trouble},
            "engine": {"state": engine.state, "restarts": engine.restarts, "lastError": engine.last_error},
            "sentry": self._sentry(),
        }

    def _sentry(self) -> dict[str, Any]:
        """P17's Sentry forwarding. It never makes the server unhealthy: what it sends on is kept here."""
        forward = self.forward()
        sent = forward.sent_at_ms
        return {
            "status": forward.state,
            "queued": forward.queued,
            "queuedBytes": forward.bytes,
            "lastSentAt": iso(sent) if sent is not None else None,
            "error": forward.error,
        }

    def _activity(self) -> tuple[int | None, dict[str, Any]]:
        try:
            sessions: int | None = activity.active_sessions(self.facts, None, SESSION_WINDOW_MINUTES)
            window = Window.last(3600, self.clock.now_ms())
            counts: dict[str, int] = {}
            for project in projects.list_projects(self.state):
                for name, n in activity.numbers_by_type(self.facts, Scope(project.id, window)).items():
                    counts[name] = counts.get(name, 0) + n
        except HoldfastError:
            return None, {
                "errors": None,
                "totalEvents": None,
                "rate": None,
                "windowHours": 1,
                "status": "no_data",
            }
        metric = CATALOGUE["error_rate"]
        value = metric.compute(Facts(counts, {})).value
        percent = None if value is None else round(value * 100, 2)
        return sessions, {
            "errors": counts.get("error", 0),
            "totalEvents": sum(counts.values()),
            "rate": percent,
            "windowHours": 1,
            "status": metric.status(value).value,
        }

    def _spool_check(self) -> Check:
        spool = self.spool()
        return Check("degraded" if spool.trouble else "healthy", None, spool.trouble)

    def _disk_check(self) -> Check:
        usage = shutil.disk_usage(self.data)
        share = usage.used / usage.total
        free = f"{usage.free / 1024**3:.1f} GB free"
        return Check("degraded" if share > 0.9 else "healthy", None, free)


def probe(ping: Callable[[], float]) -> Check:
    """Run one ping; its time against P's targets: below 50 ms healthy, up to 100 degraded, beyond or no answer critical."""
    try:
        took = ping()
    except HoldfastError as exc:
        return Check("critical", None, exc.message)
    if took > LATENCY_CRITICAL_MS:
        return Check("critical", took, f"slow: it took {took:.0f} ms to answer")
    return Check("degraded" if took > LATENCY_TARGET_MS else "healthy", took)


def worst(checks: Any) -> str:
    order = ("critical", "degraded", "healthy")
    found: str = min((check.status for check in checks), key=order.index)
    return {"critical": "unhealthy"}.get(found, found)


def uptime(seconds: float) -> dict[str, Any]:
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return {"hours": hours, "minutes": whole // 60, "formatted": f"{hours}h {minutes}m {rest}s"}


def memory(engine_pid: int | None) -> dict[str, float]:
    """Resident memory of the server and its engine in MB. `heap…` are P's names; Python's heap is its data segment."""
    own = _status_kb("self")
    engine = _status_kb(str(engine_pid)) if engine_pid else {}
    return {
        "heapUsedMB": round(own.get("RssAnon", 0) / 1024, 1),
        "heapTotalMB": round(own.get("VmData", 0) / 1024, 1),
        "rssMB": round(own.get("VmRSS", 0) / 1024, 1),
        "engineRssMB": round(engine.get("VmRSS", 0) / 1024, 1),
    }


def _status_kb(pid: str) -> dict[str, int]:
    """Linux only; elsewhere the numbers are 0."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    except OSError:
        return {}
    return {
        name: int(rest.split()[0])
        for name, _, rest in (line.partition(":") for line in lines)
        if rest.strip().endswith("kB")
    }


def _slowest(*checks: Check) -> float | None:
    found = [check.latency_ms for check in checks if check.latency_ms is not None]
    return _rounded(max(found)) if len(found) == len(checks) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
