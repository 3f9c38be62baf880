"""urllib3, and requests on top of it: retries by their `Retry` policy. Redirects are not retries.

`Retry.increment` tells each retry; the outermost `urlopen` tells how it ended.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING, Any

from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError
from urllib3.util.retry import Retry

from holdfast.integrations._patch import patch, undo_all
from holdfast.privacy import anonymise_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast._client import Client


class _Call:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.retries = 0
        self.started_s = perf_counter()


_call: ContextVar[_Call | None] = ContextVar("holdfast_urllib3", default=None)


def install(client: Client) -> Callable[[], None]:
    def increment(former: Any) -> Any:
        def wrapped(
            self: Retry, method: Any = None, url: Any = None, response: Any = None, *args: Any, **kwargs: Any
        ) -> Any:
            after = former(self, method, url, response, *args, **kwargs)
            call = _call.get()
            if call is not None and not (response is not None and response.get_redirect_location()):
                call.retries += 1
                client.resilience.retry_attempt(
                    "urllib3",
                    call.endpoint,
                    call.retries,
                    after.get_backoff_time() * 1000,
                    client.resilience.elapsed_ms(call.started_s),
                )
            return after

        return wrapped

    def urlopen(former: Any) -> Any:
        def wrapped(self: HTTPConnectionPool, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            if _call.get() is not None or threading.current_thread().name == "holdfast-sender":
                return former(self, method, url, *args, **kwargs)
            call = _Call(f"{method} {self.host}{anonymise_path(url)}")
            token = _call.set(call)
            try:
                response = former(self, method, url, *args, **kwargs)
            except Exception as error:
                _ended(client, call, error)
                raise
            finally:
                _call.reset(token)
            _ended(client, call, None, response)
            return response

        return wrapped

    return undo_all([patch(Retry, "increment", increment), patch(HTTPConnectionPool, "urlopen", urlopen)])


def _ended(client: Client, call: _Call, error: Exception | None, response: Any = None) -> None:
    if not call.retries:
        return
    elapsed_ms = client.resilience.elapsed_ms(call.started_s)
    if isinstance(error, MaxRetryError) and error.reason is not None:
        error = error.reason
    status = getattr(response, "status", 0)
    if error is None and status < 500 and status != 429:
        client.resilience.retry_success("urllib3", call.endpoint, call.retries, elapsed_ms)
        return
    reason = client.resilience.reason(error) if error is not None else f"status {status}"
    client.resilience.retry_failure("urllib3", call.endpoint, call.retries, elapsed_ms, reason)
