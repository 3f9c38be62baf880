"""For tests of programs that use Holdfast: see what was recorded, at a time that stands still.

    from holdfast.testing import capturing

    def test_paying_is_tracked():
        with capturing() as captured:
            pay()
        assert captured.types() == ["order.paid"]

Inside `capturing` the client is strict: what would only be logged in production is raised at the end of the block.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from holdfast._client import Client, use_client
from holdfast.collector import TelemetryCollector

if TYPE_CHECKING:
    from collections.abc import Iterator


class ManualClock:
    """Seconds since the epoch that pass only when told to. Call it to read it."""

    def __init__(self, start_s: float = 1_767_225_600.0) -> None:
        self._now_s = start_s

    def __call__(self) -> float:
        return self._now_s

    def advance(self, seconds: float) -> None:
        self._now_s += seconds


class CaptureTransport:
    """A `custom_transport` that keeps the events that would have been sent."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def __call__(self, events: list[dict[str, Any]]) -> None:
        self.events += events


class Captured:
    """What a `capturing` block recorded; reading it flushes first."""

    def __init__(self, client: Client, transport: CaptureTransport, clock: ManualClock) -> None:
        self.client = client
        self.clock = clock
        self._transport = transport

    @property
    def events(self) -> list[dict[str, Any]]:
        """In the form of the wire, scrubbed, in order."""
        self.client.flush(10.0)
        return self._transport.events

    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]


@contextmanager
def capturing(clock: ManualClock | None = None, **settings: Any) -> Iterator[Captured]:
    """Everything recorded by the program's client inside the block goes to the `Captured` that is given.

    `settings` are those of `TelemetryConfig`. No hooks are set and no integration is turned on.
    """
    clock = clock or ManualClock()
    transport = CaptureTransport()
    options = {"max_events": 100_000, "max_payload_bytes": 10_000_000, **settings}
    collector = TelemetryCollector(transport="custom", custom_transport=transport, **options)
    mishaps = collector.be_strict(clock)
    client = Client(collector, capture_unhandled=False, capture_unhandled_rejections=False)
    former = use_client(client)
    try:
        yield Captured(client, transport, clock)
    finally:
        use_client(former)
        client.close(10.0)
    if mishaps:
        raise mishaps[0]
