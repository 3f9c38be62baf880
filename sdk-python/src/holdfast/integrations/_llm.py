"""What the clients of openai and anthropic have in common: a base client with `request` and `_build_request`.

One call of the host is one `ai_operation` (latency over all attempts, tokens, model); each attempt carries its number
in the request's own header, and a number above 0 is a retry. Prompts and answers are never recorded.
"""

from __future__ import annotations

from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING, Any

from holdfast.integrations._patch import patch, undo_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast._client import Client

RETRY_HEADER = "x-stainless-retry-count"


class _Call:
    def __init__(self, client: Client, provider: str, options: Any) -> None:
        self._client = client
        self._provider = provider
        self._endpoint = f"{provider} {getattr(options, 'url', '')}"
        body = getattr(options, "json_data", None)
        self._model = body.get("model", "") if isinstance(body, dict) else ""
        self._stream = bool(body.get("stream")) if isinstance(body, dict) else False
        self._started_s = perf_counter()
        self._retries = 0

    def attempt(self, request: Any) -> None:
        number = request.headers.get(RETRY_HEADER, "0")
        if number.isdigit() and int(number) > self._retries:
            self._retries = int(number)
            elapsed_ms = self._client.resilience.elapsed_ms(self._started_s)
            self._client.resilience.retry_attempt(
                self._provider, self._endpoint, self._retries, total_duration_ms=elapsed_ms
            )

    def ended(self, result: Any, error: BaseException | None) -> None:
        resilience = self._client.resilience
        elapsed_ms = resilience.elapsed_ms(self._started_s)
        reason = resilience.reason(error) if error is not None else ""
        if self._retries and error is None:
            resilience.retry_success(self._provider, self._endpoint, self._retries, elapsed_ms)
        elif self._retries:
            resilience.retry_failure(self._provider, self._endpoint, self._retries, elapsed_ms, reason)
        operation: dict[str, Any] = {
            "provider": self._provider,
            "model": self._model or str(getattr(result, "model", "") or ""),
            "total_ms": elapsed_ms,
            "retries": self._retries,
            **_tokens(result),
        }
        if self._stream:
            operation["stream"] = True
        if reason:
            operation["error"] = reason
        self._client.performance.track_ai_operation(operation)


_call: ContextVar[_Call | None] = ContextVar("holdfast_llm", default=None)


def instrument(client: Client, provider: str, base: Any) -> Callable[[], None]:
    """Wrap the base clients of `base` (the library's `_base_client`)."""

    def request(former: Any) -> Any:
        def wrapped(self: Any, cast_to: Any, options: Any, *args: Any, **kwargs: Any) -> Any:
            call = _Call(client, provider, options)
            token = _call.set(call)
            try:
                result = former(self, cast_to, options, *args, **kwargs)
            except Exception as error:
                call.ended(None, error)
                raise
            finally:
                _call.reset(token)
            call.ended(result, None)
            return result

        return wrapped

    def async_request(former: Any) -> Any:
        async def wrapped(self: Any, cast_to: Any, options: Any, *args: Any, **kwargs: Any) -> Any:
            call = _Call(client, provider, options)
            token = _call.set(call)
            try:
                result = await former(self, cast_to, options, *args, **kwargs)
            except Exception as error:
                call.ended(None, error)
                raise
            finally:
                _call.reset(token)
            call.ended(result, None)
            return result

        return wrapped

    def build_request(former: Any) -> Any:
        def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            request = former(self, *args, **kwargs)
            call = _call.get()
            if call is not None:
                call.attempt(request)
            return request

        return wrapped

    return undo_all(
        [
            patch(base.SyncAPIClient, "request", request),
            patch(base.AsyncAPIClient, "request", async_request),
            patch(base.BaseClient, "_build_request", build_request),
        ]
    )


def _tokens(result: Any) -> dict[str, int]:
    """Tokens as either library names them; nothing while an answer is streamed."""
    usage = getattr(result, "usage", None)
    if usage is None:
        return {}
    given = getattr(usage, "input_tokens", None) or getattr(usage, "prompt_tokens", None) or 0
    made = getattr(usage, "output_tokens", None) or getattr(usage, "completion_tokens", None) or 0
    total = getattr(usage, "total_tokens", None) or given + made
    return {"tokens": int(total), "input_tokens": int(given), "output_tokens": int(made)}
