"""httpx: the connection retries of `HTTPTransport(retries=n)`, told by the transport's own trace extension.

A trace function that the host has set is called too.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import httpx

from holdfast.integrations._patch import patch, undo_all
from holdfast.privacy import anonymise_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast._client import Client

_RETRY = "connection.retry.started"


class _Call:
    def __init__(self, client: Client, request: httpx.Request) -> None:
        self._client = client
        self._endpoint = f"{request.method} {request.url.host}{anonymise_path(request.url.path)}"
        self._started_s = perf_counter()
        self._retries = 0

    def retried(self, info: Any) -> None:
        self._retries += 1
        delay_s = info.get("seconds") or info.get("delay") or 0.0 if isinstance(info, dict) else 0.0
        elapsed_ms = self._client.resilience.elapsed_ms(self._started_s)
        self._client.resilience.retry_attempt(
            "httpx", self._endpoint, self._retries, delay_s * 1000, elapsed_ms
        )

    def ended(self, error: Exception | None) -> None:
        if not self._retries:
            return
        elapsed_ms = self._client.resilience.elapsed_ms(self._started_s)
        if error is None:
            self._client.resilience.retry_success("httpx", self._endpoint, self._retries, elapsed_ms)
        else:
            reason = self._client.resilience.reason(error)
            self._client.resilience.retry_failure("httpx", self._endpoint, self._retries, elapsed_ms, reason)


def install(client: Client) -> Callable[[], None]:
    def handle_request(former: Any) -> Any:
        def wrapped(self: Any, request: httpx.Request) -> Any:
            call = _Call(client, request)
            theirs = request.extensions.get("trace")

            def trace(name: str, info: Any) -> None:
                if name == _RETRY:
                    call.retried(info)
                if theirs is not None:
                    theirs(name, info)

            request.extensions = {**request.extensions, "trace": trace}
            return _result(call, former, self, request)

        return wrapped

    def handle_async_request(former: Any) -> Any:
        async def wrapped(self: Any, request: httpx.Request) -> Any:
            call = _Call(client, request)
            theirs = request.extensions.get("trace")

            async def trace(name: str, info: Any) -> None:
                if name == _RETRY:
                    call.retried(info)
                if theirs is not None:
                    await theirs(name, info)

            request.extensions = {**request.extensions, "trace": trace}
            try:
                response = await former(self, request)
            except Exception as error:
                call.ended(error)
                raise
            call.ended(None)
            return response

        return wrapped

    return undo_all(
        [
            patch(httpx.HTTPTransport, "handle_request", handle_request),
            patch(httpx.AsyncHTTPTransport, "handle_async_request", handle_async_request),
        ]
    )


def _result(call: _Call, former: Any, transport: Any, request: httpx.Request) -> Any:
    try:
        response = former(transport, request)
    except Exception as error:
        call.ended(error)
        raise
    call.ended(None)
    return response
