"""Hands the list of events to a function of the host, plain or `async`, on the sender thread.

An exception means "not delivered": the same events are given again after the back-off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast._config import TelemetryConfig
from holdfast.transports import ACCEPTED, RETRY, Batch, Verdict

if TYPE_CHECKING:
    import asyncio


class CustomTransport:
    """Async functions run on an event loop of the sender thread's own, kept open so that clients can be reused."""

    def __init__(self, config: TelemetryConfig) -> None:
        self._function: Any = config.custom_transport
        self._timeout_s = config.request_timeout_ms / 1000
        self._runner: asyncio.Runner | None = None

    def send(self, batch: Batch) -> Verdict:
        try:
            result = self._function(batch.events)
            if hasattr(result, "__await__"):
                self._run(result)
        except Exception as problem:  # noqa: BLE001 - the host's function may raise anything
            return Verdict(RETRY, f"{type(problem).__name__}: {problem}")
        return Verdict(ACCEPTED)

    def tick(self) -> float | None:
        return None

    def forget(self) -> None:
        """Nothing is kept here."""

    def close(self) -> None:
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    def _run(self, awaitable: Any) -> None:
        import asyncio

        if self._runner is None:
            self._runner = asyncio.Runner()

        async def bounded() -> None:
            await asyncio.wait_for(awaitable, self._timeout_s)

        self._runner.run(bounded())
