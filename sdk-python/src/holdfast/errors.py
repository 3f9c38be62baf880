"""ErrorTracking: errors with their stack, breadcrumbs, severity, user and context; groups, recovery, statistics.

In the caller's thread only what would be gone later is taken; source lines are read by the sender thread.
Hooks for unhandled errors call whatever hook stood before, and are taken back by `destroy`.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from enum import StrEnum
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, Unpack

from holdfast._exceptions import CapturedError, capture
from holdfast._groups import ErrorGroup, Groups
from holdfast._settle import clip, safe_str, snapshot
from holdfast._trail import Crumb, request_trail

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from holdfast._hooks import Hooks
    from holdfast.collector import TelemetryCollector

_MARK = "__holdfast_error_id__"


class ErrorSeverity(StrEnum):
    """How bad it is, in the words of the wire."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class ErrorUser(TypedDict, total=False):
    """Whom it happened to; the camelCase name of the documents is accepted too."""

    id: str
    session_id: str
    sessionId: str
    anonymous_id: str


class ErrorOptions(TypedDict, total=False):
    """What `capture_error` takes beside the error."""

    severity: ErrorSeverity | str
    context: Mapping[str, Any]
    user: ErrorUser
    fingerprint: list[str]
    handled: bool
    component: str


class ErrorStats(NamedTuple):
    """Since the start. `recovery_rate` is between 0 and 1, None while no recovery was tracked."""

    total_errors: int
    unique_groups: int
    duplicates: int
    by_severity: dict[str, int]
    recovered: int
    not_recovered: int
    recovery_rate: float | None


class ErrorTracking:
    """Captures errors for one collector. Several may exist; hooks are set by those that ask for them."""

    def __init__(
        self,
        collector: TelemetryCollector,
        *,
        enabled: bool = True,
        capture_unhandled: bool = True,
        capture_unhandled_rejections: bool = True,
        max_breadcrumbs: int = 50,
        deduplicate: bool = True,
        capture_locals: bool = False,
    ) -> None:
        self._collector = collector
        self._enabled = enabled
        self._deduplicate = deduplicate
        self._with_locals = capture_locals
        self._trail: deque[Crumb] = deque(maxlen=max_breadcrumbs)
        self._groups = Groups()
        self._hooks: Hooks | None = None
        if enabled and (capture_unhandled or capture_unhandled_rejections):
            from holdfast._hooks import Hooks

            self._hooks = Hooks(self)
            self._hooks.install(unhandled=capture_unhandled, rejections=capture_unhandled_rejections)

    def add_breadcrumb(
        self,
        crumb: Mapping[str, Any] | None = None,
        /,
        *,
        message: str = "",
        category: str = "default",
        level: str = "info",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Remember a step that an error may need for its explanation; the oldest of `max_breadcrumbs` goes."""
        if not self._enabled:
            return
        if crumb is not None:
            entry = snapshot(crumb)
        else:
            entry = {"category": category, "message": clip(message, 1_000), "level": level}
            if data:
                entry["data"] = snapshot(data)
        entry["timestamp"] = int(time() * 1000)
        trail = request_trail.get()
        (self._trail if trail is None else trail).append(entry)

    def capture_error(
        self,
        error: BaseException | str,
        options: ErrorOptions | None = None,
        /,
        **more: Unpack[ErrorOptions],
    ) -> str:
        """Record `error` and return its id, for `track_recovery` and for support. The same object counts once."""
        if not self._enabled or (self._collector.is_gated and not self._collector.admits("error")):
            return ""
        try:
            known = getattr(error, _MARK, "") if self._deduplicate else ""
            if known:
                self._groups.duplicate()
                return str(known)
            return self._capture(error, {**(options or {}), **more} if options else more)
        except Exception as problem:  # noqa: BLE001 - a guest never raises into the host
            self._collector.mishap(problem)
            return ""

    def track_recovery(
        self, error_id: str, success: bool, details: Mapping[str, Any] | None = None, /, **more: Any
    ) -> None:
        """Say whether the program got over an error, and how: `strategy`, `attempts`, `duration_ms`."""
        if not self._enabled:
            return
        self._groups.recovered(success)
        data = {**(details or {}), **more, "errorId": error_id, "success": success}
        self._collector.record("error_recovery", data, {})

    def get_error_groups(self) -> list[ErrorGroup]:
        """Groups of this process, the most frequent first. At most 200 are remembered."""
        return self._groups.ordered()

    def get_stats(self) -> ErrorStats:
        """Counts of this process since the start."""
        groups = self._groups
        tracked = groups.recoveries + groups.failures
        return ErrorStats(
            groups.total,
            groups.unique,
            groups.duplicates,
            dict(groups.by_severity),
            groups.recoveries,
            groups.failures,
            groups.recoveries / tracked if tracked else None,
        )

    def watch_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Record unhandled errors of an event loop that is not the standard library's (uvloop)."""
        if self._hooks is not None:
            self._hooks.watch_loop(loop)

    def destroy(self) -> None:
        """Take the hooks back and forget groups and breadcrumbs."""
        self._enabled = False
        if self._hooks is not None:
            self._hooks.remove()
        self._trail.clear()

    def _capture(self, error: BaseException | str, options: ErrorOptions) -> str:
        captured = capture(error, with_locals=self._with_locals)
        fields: dict[str, Any] = {}
        if options:
            fields = _apply(captured, options)
        trail = request_trail.get()
        captured.breadcrumbs = list(self._trail if trail is None else trail)
        if self._deduplicate and isinstance(error, BaseException):
            _mark(error, captured.error_id)
        self._groups.add(captured)
        self._collector.record_captured("error", captured, fields)
        return captured.error_id


def _apply(captured: CapturedError, options: ErrorOptions) -> dict[str, Any]:
    """Options into the captured error; returns the event fields among them."""
    captured.severity = safe_str(options.get("severity", "error"))
    captured.handled = options.get("handled", True)
    context = options.get("context")
    captured.context = snapshot(context) if context else None
    captured.fingerprint = options.get("fingerprint")
    user = options.get("user") or {}
    fields = {
        "user_id": user.get("id"),
        "session_id": user.get("session_id") or user.get("sessionId"),
        "anonymous_id": user.get("anonymous_id"),
        "component": options.get("component"),
    }
    return {name: clip(safe_str(value), 1_000) for name, value in fields.items() if value}


def _mark(error: BaseException, error_id: str) -> None:
    with suppress(Exception):  # an exception class with slots or a setter of its own; it may count twice
        setattr(error, _MARK, error_id)
