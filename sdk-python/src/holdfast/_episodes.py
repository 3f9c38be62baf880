"""Pairs of signals around a block or a function: begun here, ended there, with the time between."""

from __future__ import annotations

import functools
import inspect
import random
import time
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from holdfast.resilience import Resilience

F = TypeVar("F", bound="Callable[..., Any]")


class _Episode:
    """`with`, `async with` and `@` around one pair of signals. Each call of a decorated function is its own episode."""

    def __init__(self, resilience: Resilience, component: str) -> None:
        self._resilience = resilience
        self._component = component
        self._started_s = 0.0

    def __enter__(self) -> Self:
        self._started_s = perf_counter()
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        return self._end(error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        return self._end(error)

    def __call__(self, function: F) -> F:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                with self._again() as episode:
                    return await function(*args, **kwargs)
                return episode.result()

            return awaited  # type: ignore[return-value]

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with self._again() as episode:
                return function(*args, **kwargs)
            return episode.result()

        return called  # type: ignore[return-value]

    def result(self) -> Any:
        """What a decorated function returns when its exception ended here."""
        return None

    def _again(self) -> _Episode:
        raise NotImplementedError

    def _begin(self) -> None:
        """The first signal."""

    def _end(self, error: BaseException | None) -> bool:
        """The last signal; True ends the exception here."""
        raise NotImplementedError


class OptimisticAction(_Episode):
    """`action.rollback("why")` inside the block reports a rollback that raised nothing."""

    def __init__(self, resilience: Resilience, component: str, action_id: str) -> None:
        super().__init__(resilience, component)
        self._given_id = action_id
        self.action_id = action_id or resilience.action_id()
        self._rolled_back = False

    def rollback(self, reason: str) -> None:
        self._rolled_back = True
        elapsed_ms = self._resilience.elapsed_ms(self._started_s)
        self._resilience.optimistic_action_rollback(self._component, self.action_id, elapsed_ms, reason)

    def _again(self) -> OptimisticAction:
        return OptimisticAction(self._resilience, self._component, self._given_id)

    def _begin(self) -> None:
        self._rolled_back = False
        self._resilience.optimistic_action_start(self._component, self.action_id)

    def _end(self, error: BaseException | None) -> bool:
        if error is not None and not self._rolled_back:
            self.rollback(self._resilience.reason(error))
        elif not self._rolled_back:
            elapsed_ms = self._resilience.elapsed_ms(self._started_s)
            self._resilience.optimistic_action_success(self._component, self.action_id, elapsed_ms)
        return False


class ErrorBoundary(_Episode):
    """Without a fallback the exception goes on, and `recovered()` says later that the user got over it."""

    def __init__(
        self, resilience: Resilience, component: str, method: str, fallback: Callable[[], Any] | None
    ) -> None:
        super().__init__(resilience, component)
        self._method = method
        self._fallback = fallback
        self._result: Any = None
        self._error: BaseException | None = None
        self._triggered_s = 0.0

    def result(self) -> Any:
        return self._result

    def recovered(self, recovery_method: str = "") -> None:
        """The component works again: after a reset, a reload, a retry by hand."""
        if self._error is not None:
            self._resilience.error_boundary_recovered(
                self._component,
                recovery_method or self._method,
                self._resilience.elapsed_ms(self._triggered_s),
                type(self._error).__name__,
                str(self._error),
            )
            self._error = None

    def _again(self) -> ErrorBoundary:
        return ErrorBoundary(self._resilience, self._component, self._method, self._fallback)

    def _end(self, error: BaseException | None) -> bool:
        if not isinstance(
            error, Exception
        ):  # KeyboardInterrupt, SystemExit and CancelledError are not faults
            return False
        self._triggered_s = perf_counter()
        self._error = error.with_traceback(None) if self._fallback is not None else error
        kind, _, message = self._resilience.reason(error).partition(": ")
        self._resilience.error_boundary_triggered(self._component, kind, message)
        if self._fallback is None:
            return False
        self._result = self._fallback()
        self.recovered()
        return True


class Skeleton(_Episode):
    """Shown from the start of the block to its end, exceptions included."""

    def _again(self) -> Skeleton:
        return Skeleton(self._resilience, self._component)

    def _begin(self) -> None:
        self._resilience.loading_skeleton_shown(self._component)

    def _end(self, error: BaseException | None) -> bool:  # noqa: ARG002 - hidden either way
        elapsed_ms = self._resilience.elapsed_ms(self._started_s)
        self._resilience.loading_skeleton_hidden(self._component, elapsed_ms)
        return False


class Retry:
    """A decorator; `attempts` counts the first call too. The last exception is raised unchanged."""

    def __init__(
        self,
        resilience: Resilience,
        component: str,
        api_endpoint: str,
        attempts: int,
        backoff_ms: float,
        max_backoff_ms: float,
        on: type[BaseException] | tuple[type[BaseException], ...],
    ) -> None:
        self._resilience = resilience
        self._component = component
        self._endpoint = api_endpoint
        self._attempts = attempts
        self._backoff_ms = backoff_ms
        self._max_backoff_ms = max_backoff_ms
        self._on = on

    def __call__(self, function: F) -> F:
        endpoint = self._endpoint or function.__qualname__
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                import asyncio

                run = _Run(self._resilience, self._component, endpoint)
                while True:
                    try:
                        return run.succeeded(await function(*args, **kwargs))
                    except self._on as error:
                        delay_s = self._delay_s(run, error)
                        if delay_s is None:
                            raise
                    await asyncio.sleep(delay_s)

            return awaited  # type: ignore[return-value]

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            run = _Run(self._resilience, self._component, endpoint)
            while True:
                try:
                    return run.succeeded(function(*args, **kwargs))
                except self._on as error:
                    delay_s = self._delay_s(run, error)
                    if delay_s is None:
                        raise
                time.sleep(delay_s)

        return called  # type: ignore[return-value]

    def _delay_s(self, run: _Run, error: BaseException) -> float | None:
        """Seconds until the next attempt, None when there is none."""
        if run.retries + 1 >= self._attempts:
            run.failed(error)
            return None
        limit_ms = min(self._max_backoff_ms, self._backoff_ms * 2.0**run.retries)
        delay_ms = limit_ms * random.uniform(0.5, 1.0)
        run.again(delay_ms)
        return delay_ms / 1000


class _Run:
    """One call with its retries."""

    def __init__(self, resilience: Resilience, component: str, endpoint: str) -> None:
        self._resilience = resilience
        self._component = component
        self._endpoint = endpoint
        self._started_s = perf_counter()
        self.retries = 0

    def again(self, delay_ms: float) -> None:
        self.retries += 1
        elapsed_ms = self._resilience.elapsed_ms(self._started_s)
        self._resilience.retry_attempt(
            self._component, self._endpoint, self.retries, round(delay_ms, 3), elapsed_ms
        )

    def succeeded(self, result: Any) -> Any:
        if self.retries:
            elapsed_ms = self._resilience.elapsed_ms(self._started_s)
            self._resilience.retry_success(self._component, self._endpoint, self.retries, elapsed_ms)
        return result

    def failed(self, error: BaseException) -> None:
        elapsed_ms = self._resilience.elapsed_ms(self._started_s)
        reason = self._resilience.reason(error)
        self._resilience.retry_failure(self._component, self._endpoint, self.retries, elapsed_ms, reason)
