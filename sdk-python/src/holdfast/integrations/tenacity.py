"""tenacity: each retry, recovery and exhaustion, sync and async, of functions decorated before and after.

`iter` is where every form of use passes: decorator, `for attempt in Retrying()`, call. It answers `DoSleep` for a
retry, raises when exhausted, and returns anything else when the call is over. stamina runs on tenacity: its retries
are counted by its own hook, its ends are seen here, with the name that the hook left.
"""

from __future__ import annotations

from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any

import tenacity
from tenacity.asyncio import AsyncRetrying

from holdfast.integrations._patch import patch, undo_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast._client import Client

stamina_name: ContextVar[str] = ContextVar("holdfast_stamina_name", default="")


def install(client: Client) -> Callable[[], None]:
    return watch_retries(client, stamina_only=False)


def watch_retries(client: Client, *, stamina_only: bool) -> Callable[[], None]:
    """Wrap both `iter` methods. With `stamina_only` retries that are not stamina's are left alone."""

    def wanted(retrying: Any) -> bool:
        return _is_stamina(retrying) == stamina_only

    def sync_iter(former: Any) -> Any:
        def iter(self: Any, retry_state: Any) -> Any:  # noqa: A001 - the library's name
            if retry_state.outcome is None or not wanted(self):
                return former(self, retry_state)
            attempt = retry_state.attempt_number
            try:
                result = former(self, retry_state)
            except BaseException as error:
                _exhausted(client, retry_state, attempt, error)
                raise
            _went_on(client, retry_state, attempt, result)
            return result

        return iter

    def async_iter(former: Any) -> Any:
        async def iter(self: Any, retry_state: Any) -> Any:  # noqa: A001
            if retry_state.outcome is None or not wanted(self):
                return await former(self, retry_state)
            attempt = retry_state.attempt_number
            try:
                result = await former(self, retry_state)
            except BaseException as error:
                _exhausted(client, retry_state, attempt, error)
                raise
            _went_on(client, retry_state, attempt, result)
            return result

        return iter

    def attempt_exit(former: Any) -> Any:
        def __exit__(self: Any, kind: Any, error: Any, traceback: Any) -> Any:  # noqa: N807
            state = self.retry_state
            if kind is None and _is_final(state) and wanted(state.retry_object):
                _succeeded(client, state, state.attempt_number)
            return former(self, kind, error, traceback)

        return __exit__

    return undo_all(
        [
            patch(tenacity.BaseRetrying, "iter", sync_iter),
            patch(AsyncRetrying, "iter", async_iter),
            patch(tenacity.AttemptManager, "__exit__", attempt_exit),
        ]
    )


def _is_final(state: Any) -> bool:
    """Whether a block that raised nothing ends the call: not when its result may ask for another attempt.

    A `return` inside `with attempt` leaves the loop before `iter` is asked, as all of stamina does.
    """
    return _is_stamina(state.retry_object) or isinstance(
        state.retry_object.retry, tenacity.retry_if_exception
    )


def _succeeded(client: Client, state: Any, attempt: int) -> None:
    if attempt > 1:
        elapsed_ms = (monotonic() - state.start_time) * 1000
        client.resilience.retry_success(_component(state), _name(state), attempt - 1, elapsed_ms)


def _went_on(client: Client, state: Any, attempt: int, result: Any) -> None:
    elapsed_ms = (monotonic() - state.start_time) * 1000
    if isinstance(result, tenacity.DoSleep):
        if _is_stamina(state.retry_object):
            return
        client.resilience.retry_attempt("tenacity", _name(state), attempt, float(result) * 1000, elapsed_ms)
    elif state.fn is not None or not _is_final(state):
        _succeeded(client, state, attempt)


def _exhausted(client: Client, state: Any, attempt: int, error: BaseException) -> None:
    if attempt <= 1 or isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
        return
    cause = error
    if isinstance(error, tenacity.RetryError) and error.last_attempt.failed:
        cause = error.last_attempt.exception() or error
    client.resilience.retry_failure(
        _component(state),
        _name(state),
        attempt - 1,
        (monotonic() - state.start_time) * 1000,
        client.resilience.reason(cause),
    )


def _name(state: Any) -> str:
    if state.fn is not None:
        return f"{state.fn.__module__}.{getattr(state.fn, '__qualname__', type(state.fn).__qualname__)}"
    if _is_stamina(state.retry_object):
        return stamina_name.get() or "stamina.retry_context"
    return getattr(state.retry_object, "_name", "") or "tenacity.Retrying"


def _component(state: Any) -> str:
    return "stamina" if _is_stamina(state.retry_object) else "tenacity"


def _is_stamina(retrying: Any) -> bool:
    before_sleep = getattr(retrying, "before_sleep", None)
    return (getattr(before_sleep, "__module__", None) or "").startswith("stamina")
