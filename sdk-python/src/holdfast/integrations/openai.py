"""openai: latency, tokens, model and retries of every call, sync and async, of clients made before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openai import _base_client

from holdfast.integrations._llm import instrument

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast._client import Client


def install(client: Client) -> Callable[[], None]:
    return instrument(client, "openai", _base_client)
