"""The real openai and anthropic clients against a small server that fails first: latency, tokens, model, retries."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.integrations import turn_on
from holdfast.testing import Captured, capturing

_OPENAI = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-x",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
}
_ANTHROPIC = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [{"type": "text", "text": "hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 5, "output_tokens": 7},
}


@pytest.fixture
def model_server() -> Iterator[Any]:
    class Handler(http.server.BaseHTTPRequestHandler):
        failures = 0

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fail = Handler.failures > 0
            Handler.failures -= fail
            body = json.dumps(_ANTHROPIC if "messages" in self.path else _OPENAI).encode()
            self.send_response(503 if fail else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("retry-after-ms", "1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    Handler.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    yield Handler
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def captured() -> Iterator[Captured]:
    with capturing() as captured:
        yield captured


def call_openai(url: str) -> Any:
    import openai

    with openai.OpenAI(api_key="k", base_url=f"{url}/v1") as client:
        messages: Any = [{"role": "user", "content": "secret question"}]
        return client.chat.completions.create(model="gpt-x", messages=messages)


def call_anthropic(url: str) -> Any:
    import anthropic

    with anthropic.Anthropic(api_key="k", base_url=url) as client:
        messages: Any = [{"role": "user", "content": "secret question"}]
        return client.messages.create(model="claude-x", max_tokens=10, messages=messages)


CALLS = {"openai": (call_openai, "gpt-x"), "anthropic": (call_anthropic, "claude-x")}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("provider", CALLS)
def test_recovered_call(captured: Captured, model_server: Any, provider: str) -> None:
    """Two failed attempts and a good one: one operation with tokens and retries, and the signals; no prompt leaks."""
    turn_on(captured.client, [provider])
    model_server.failures = 2
    call, model = CALLS[provider]
    call(model_server.url)
    kinds = [event["type"] for event in captured.events]
    assert kinds == ["retry_attempt", "retry_attempt", "retry_success", "ai_operation"]
    operation = captured.events[-1]["metadata"]
    assert operation["provider"] == provider
    assert operation["model"] == model
    assert (operation["tokens"], operation["input_tokens"], operation["output_tokens"]) == (12, 5, 7)
    assert operation["retries"] == 2
    assert operation["total_ms"] > 0
    assert "secret question" not in json.dumps(captured.events)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("provider", CALLS)
def test_failed_call(captured: Captured, model_server: Any, provider: str) -> None:
    """A call that fails for good: the failure signal and an operation with its error."""
    turn_on(captured.client, [provider])
    model_server.failures = 99
    with pytest.raises(Exception, match=r"503|Error code"):
        CALLS[provider][0](model_server.url)
    assert captured.types()[-2:] == ["retry_failure", "ai_operation"]
    assert captured.events[-1]["metadata"]["error"]
    assert captured.client.performance.get_ai_operations_summary().failure_rate == 1.0


@pytest.mark.filterwarnings("default")
async def test_async_client(captured: Captured, model_server: Any) -> None:
    """The async client is seen as well."""
    import openai

    turn_on(captured.client, ["openai"])
    model_server.failures = 1
    async with openai.AsyncOpenAI(api_key="k", base_url=f"{model_server.url}/v1") as client:
        messages: Any = [{"role": "user", "content": "q"}]
        await client.chat.completions.create(model="gpt-x", messages=messages)
    assert captured.types() == ["retry_attempt", "retry_success", "ai_operation"]
