"""Celery: retries of tasks by its signals, what recovered and what failed for good, and the failures as errors.

Arguments of tasks are never recorded.
"""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, Any

from celery import signals  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast._client import Client


def install(client: Client) -> Callable[[], None]:
    def on_retry(sender: Any = None, request: Any = None, reason: Any = None, **_: Any) -> None:
        retries = getattr(request, "retries", 0) or 0
        delay = getattr(reason, "when", None)
        delay_ms = float(delay) * 1000 if isinstance(delay, (int, float)) else 0.0
        client.resilience.retry_attempt("celery", _name(sender), retries + 1, delay_ms)

    def on_success(sender: Any = None, **_: Any) -> None:
        retries = getattr(getattr(sender, "request", None), "retries", 0) or 0
        if retries:
            client.resilience.retry_success("celery", _name(sender), retries)

    def on_failure(sender: Any = None, exception: Any = None, **_: Any) -> None:
        retries = getattr(getattr(sender, "request", None), "retries", 0) or 0
        reason = client.resilience.reason(exception) if isinstance(exception, BaseException) else ""
        if retries:
            client.resilience.retry_failure("celery", _name(sender), retries, final_error=reason)
        if isinstance(exception, BaseException):
            client.errors.capture_error(exception, handled=False, component=_name(sender))

    def on_postrun(sender: Any = None, state: str = "", **_: Any) -> None:
        started_s = getattr(getattr(sender, "request", None), "holdfast_started_s", None)
        duration = {} if started_s is None else {"duration": (time() - started_s) * 1000}
        fields = {"name": _name(sender), "component": "celery", "action": str(state).lower(), **duration}
        client.collector.record("task", None, fields)

    def on_prerun(task: Any = None, **_: Any) -> None:
        if task is not None:
            task.request.holdfast_started_s = time()

    handlers = [
        (signals.task_retry, on_retry),
        (signals.task_success, on_success),
        (signals.task_failure, on_failure),
        (signals.task_prerun, on_prerun),
        (signals.task_postrun, on_postrun),
    ]
    for signal, handler in handlers:
        signal.connect(handler, weak=False)

    def undo() -> None:
        for signal, handler in handlers:
            signal.disconnect(handler)

    return undo


def _name(sender: Any) -> str:
    return str(getattr(sender, "name", "") or sender)
