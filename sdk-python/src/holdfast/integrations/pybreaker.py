"""pybreaker: state changes of every circuit breaker, and the calls it refused while open.

A refused call fires no listener, so the wrapped `call` tells it: a CircuitBreakerError before which no listener ran.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pybreaker

from holdfast.integrations._patch import patch

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast._client import Client

_ACTIONS = {"open": "opened", "half-open": "half_opened", "closed": "closed"}
_tried: ContextVar[list[bool] | None] = ContextVar("holdfast_pybreaker", default=None)


def install(client: Client) -> Callable[[], None]:
    listener = _Listener(client)

    def call(former: Any) -> Any:
        def wrapped(self: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
            if listener not in self.listeners:
                self.add_listener(listener)
            tried = [False]
            token = _tried.set(tried)
            try:
                return former(self, function, *args, **kwargs)
            except pybreaker.CircuitBreakerError:
                if not tried[0]:
                    _record(client, self, "rejected")
                raise
            finally:
                _tried.reset(token)

        return wrapped

    return patch(pybreaker.CircuitBreaker, "call", call)


class _Listener(pybreaker.CircuitBreakerListener):
    def __init__(self, client: Client) -> None:
        self._client = client

    def before_call(self, cb: Any, func: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        tried = _tried.get()
        if tried is not None:
            tried[0] = True

    def state_change(self, cb: Any, old_state: Any, new_state: Any) -> None:  # noqa: ARG002
        _record(self._client, cb, _ACTIONS.get(new_state.name, new_state.name))


def _record(client: Client, breaker: Any, action: str) -> None:
    name = breaker.name or "breaker"
    data = {"breaker": name, "fail_counter": breaker.fail_counter, "state": breaker.current_state}
    client.collector.record("circuit_breaker", data, {"component": name, "action": action})
