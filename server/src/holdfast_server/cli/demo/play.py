"""Plays the shop's stream: the past as fast as it is taken, the present in its own time."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from ...model.clock import Clock
from .shop.client import Event
from .shop.traffic import Span

NAP_S = 0.5
"""While waiting for the next event, the watcher is heard so often."""


class Sink(Protocol):
    def send(self, event: Event) -> None: ...


class Play:
    """`sent_to_ms` is the time of the last event given to the sink."""

    def __init__(
        self, spans: Iterator[Span], sink: Sink, clock: Clock, sleep: Callable[[float], None]
    ) -> None:
        self.spans = spans
        self.sink = sink
        self.clock = clock
        self.sleep = sleep
        self.coming: deque[Event] = deque()
        self.sent_to_ms = 0
        self.sent = 0

    def catch_up(self, on_span: Callable[[Span], None]) -> None:
        """Send everything up to now. `on_span` hears each ten minutes once they are over."""
        for span in self.spans:
            self.coming.extend(span.events)
            while self.coming and self.coming[0].at_ms <= self.clock.now_ms():
                self._send()
            if self.coming or span.to_ms > self.clock.now_ms():
                return
            on_span(span)

    def go_on(self, watch: Callable[[], None]) -> None:
        """Send each event when its time has come, without an end. `watch` is called at least every half second."""
        while True:
            while not self.coming:
                self.coming.extend(next(self.spans).events)
            left_s = (self.coming[0].at_ms - self.clock.now_ms()) / 1000
            if left_s <= 0:
                self._send()
            else:
                self.sleep(min(left_s, NAP_S))
            watch()

    def _send(self) -> None:
        event = self.coming.popleft()
        self.sink.send(event)
        self.sent += 1
        self.sent_to_ms = event.at_ms
