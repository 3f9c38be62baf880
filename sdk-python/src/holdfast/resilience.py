"""Resilience: the signals of optimistic actions, retries, error boundaries, skeletons and debounced clicks.

Names and fields are those of the documents. Context managers and decorators record by themselves, sync and async;
they pass exceptions on unchanged, except an error boundary that was given a fallback.
"""

from __future__ import annotations

from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any

from holdfast._debounce import Debounced
from holdfast._episodes import ErrorBoundary, OptimisticAction, Retry, Skeleton
from holdfast._scope import new_id
from holdfast._settle import clip, safe_str

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast.collector import TelemetryCollector


class Resilience:
    """Records signals for one collector. Every method takes the component that speaks first."""

    def __init__(self, collector: TelemetryCollector) -> None:
        self._collector = collector

    def optimistic_action(self, component: str, action_id: str = "") -> OptimisticAction:
        """`with` or `@`: start, then success, or rollback with the exception as its reason."""
        return OptimisticAction(self, component, action_id)

    def retry(
        self,
        component: str,
        api_endpoint: str = "",
        *,
        attempts: int = 3,
        backoff_ms: float = 100.0,
        max_backoff_ms: float = 10_000.0,
        on: type[BaseException] | tuple[type[BaseException], ...] = Exception,
    ) -> Retry:
        """A decorator that retries with exponential back-off and jitter, and records each retry and the end."""
        return Retry(self, component, api_endpoint, attempts, backoff_ms, max_backoff_ms, on)

    def error_boundary(
        self, component: str, *, recovery_method: str = "fallback", fallback: Callable[[], Any] | None = None
    ) -> ErrorBoundary:
        """`with` or `@`: an exception is a triggered boundary; with `fallback` it ends here, as a recovery."""
        return ErrorBoundary(self, component, recovery_method, fallback)

    def skeleton(self, component: str) -> Skeleton:
        """`with` or `@`: shown at the start, hidden at the end with its duration."""
        return Skeleton(self, component)

    def debounce(
        self, component: str, *, delay_ms: float = 500.0, clock: Callable[[], float] = monotonic
    ) -> Callable[[Callable[..., Any]], Debounced]:
        """A decorator that runs a function at most once in `delay_ms` and never while it runs; repeats are recorded.

        A repeat returns None. One that ran all the same, beside another run, is recorded as `duplicate_leaked`.
        """
        return lambda function: Debounced(self, component, function, delay_ms / 1000, clock)

    def optimistic_action_start(self, component: str, action_id: str) -> None:
        self.signal("optimistic_action_start", component, action_id=action_id)

    def optimistic_action_success(self, component: str, action_id: str, duration_ms: float) -> None:
        self.signal("optimistic_action_success", component, action_id=action_id, duration_ms=duration_ms)

    def optimistic_action_rollback(
        self, component: str, action_id: str, duration_ms: float, rollback_reason: str
    ) -> None:
        self.signal(
            "optimistic_action_rollback",
            component,
            action_id=action_id,
            duration_ms=duration_ms,
            rollback_reason=clip(rollback_reason, 500),
        )

    def retry_attempt(
        self,
        component: str,
        api_endpoint: str,
        retry_count: int,
        backoff_ms: float = 0.0,
        total_duration_ms: float = 0.0,
    ) -> None:
        """One retry is about to be made; `retry_count` is 1 for the first."""
        self.signal(
            "retry_attempt",
            component,
            api_endpoint=api_endpoint,
            retry_count=retry_count,
            backoff_ms=backoff_ms,
            total_duration_ms=total_duration_ms,
        )

    def retry_success(
        self, component: str, api_endpoint: str, retry_count: int, total_duration_ms: float = 0.0
    ) -> None:
        """A call succeeded after `retry_count` retries."""
        self.signal(
            "retry_success",
            component,
            api_endpoint=api_endpoint,
            retry_count=retry_count,
            backoff_ms=0.0,
            total_duration_ms=total_duration_ms,
        )

    def retry_failure(
        self,
        component: str,
        api_endpoint: str,
        retry_count: int,
        total_duration_ms: float = 0.0,
        final_error: str = "",
    ) -> None:
        """A call failed for good after `retry_count` retries."""
        self.signal(
            "retry_failure",
            component,
            api_endpoint=api_endpoint,
            retry_count=retry_count,
            backoff_ms=0.0,
            total_duration_ms=total_duration_ms,
            final_error=clip(final_error, 500),
        )

    def error_boundary_triggered(self, component: str, error_type: str, error_message: str) -> None:
        self.signal(
            "error_boundary_triggered",
            component,
            error_type=error_type,
            error_message=clip(error_message, 1_000),
        )

    def error_boundary_recovered(
        self,
        component: str,
        recovery_method: str,
        recovery_time_ms: float,
        error_type: str = "",
        error_message: str = "",
    ) -> None:
        self.signal(
            "error_boundary_recovered",
            component,
            error_type=error_type,
            error_message=clip(error_message, 1_000),
            recovery_method=recovery_method,
            recovery_time_ms=recovery_time_ms,
        )

    def loading_skeleton_shown(self, component: str) -> None:
        self.signal("loading_skeleton_shown", component)

    def loading_skeleton_hidden(self, component: str, duration_ms: float) -> None:
        self.signal("loading_skeleton_hidden", component, duration_ms=duration_ms)

    def click_suppressed(self, component: str, suppression_reason: str) -> None:
        """`already_processing` or `too_soon`."""
        self.signal("click_suppressed", component, suppression_reason=suppression_reason)

    def duplicate_leaked(self, component: str) -> None:
        """A duplicate ran although it should have been suppressed."""
        self.signal("duplicate_leaked", component)

    def signal(self, kind: str, component: str, /, **data: Any) -> None:
        """Record any signal; the duration among its data also fills the event's own column."""
        fields: dict[str, Any] = {"component": component}
        duration_ms = data.get("duration_ms") or data.get("total_duration_ms") or data.get("recovery_time_ms")
        if duration_ms:
            fields["duration"] = duration_ms
        if data.get("api_endpoint"):
            fields["endpoint"] = data["api_endpoint"]
        self._collector.record(kind, data, fields)

    @staticmethod
    def reason(error: BaseException) -> str:
        """How an exception is named in a signal."""
        return clip(f"{type(error).__name__}: {safe_str(error)}", 500)

    @staticmethod
    def elapsed_ms(started_s: float) -> float:
        """Milliseconds since a `perf_counter` reading, to a microsecond."""
        return round((perf_counter() - started_s) * 1000, 3)

    @staticmethod
    def action_id() -> str:
        return new_id()[:16]
