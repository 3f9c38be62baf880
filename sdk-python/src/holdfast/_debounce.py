"""A function that does not run twice by accident: not while it runs, not again within the delay."""

from __future__ import annotations

import functools
import inspect
from threading import Lock
from typing import TYPE_CHECKING, Any

from holdfast._lifetime import renew_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast.resilience import Resilience


class Debounced:
    """Wraps a sync or async function. A suppressed call returns None (for async functions, a coroutine of None).

    `run_anyway` is the way around, for "place the order again" buttons: when it runs beside another run or within
    the delay, a duplicate has leaked, and is recorded as such.
    """

    def __init__(
        self,
        resilience: Resilience,
        component: str,
        function: Callable[..., Any],
        delay_s: float,
        clock: Callable[[], float],
    ) -> None:
        functools.update_wrapper(self, function)
        self._resilience = resilience
        self._component = component
        self._function = function
        self._delay_s = delay_s
        self._clock = clock
        self._lock = Lock()
        renew_lock(self)
        self._running = 0
        self._last_s: float | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        reason = self._claim(force=False)
        if reason:
            self._resilience.click_suppressed(self._component, reason)
            return _nothing() if inspect.iscoroutinefunction(self._function) else None
        return self._run(args, kwargs)

    def run_anyway(self, *args: Any, **kwargs: Any) -> Any:
        """Run without asking; a run that `__call__` would have suppressed is recorded as leaked."""
        if self._claim(force=True):
            self._resilience.duplicate_leaked(self._component)
        return self._run(args, kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """As a method. The delay is shared by all instances, as it is for a plain function."""
        return self if instance is None else functools.partial(self, instance)

    def _claim(self, *, force: bool) -> str:
        """Why this call is a duplicate, "" when it is not; whoever may run is counted as running."""
        with self._lock:
            now_s = self._clock()
            reason = ""
            if self._running:
                reason = "already_processing"
            elif self._last_s is not None and now_s - self._last_s < self._delay_s:
                reason = "too_soon"
            if force or not reason:
                self._running += 1
                self._last_s = now_s
            return reason

    def _release(self) -> None:
        with self._lock:
            self._running -= 1

    def _run(self, args: Any, kwargs: Any) -> Any:
        if inspect.iscoroutinefunction(self._function):
            return self._run_async(args, kwargs)
        try:
            return self._function(*args, **kwargs)
        finally:
            self._release()

    async def _run_async(self, args: Any, kwargs: Any) -> Any:
        try:
            return await self._function(*args, **kwargs)
        finally:
            self._release()


async def _nothing() -> None:
    return None
