"""Sends events by the Python client, as an application would: several collectors side by side, none ever overfull.

A collector drops its oldest events rather than grow; so here the sender waits instead, and nothing is lost on the way.
"""

import time
from collections.abc import Callable

from holdfast import TelemetryCollector

from ...errors import CannotStart
from .shop.client import Event

LANES = 3
"""Collectors: while one waits for its acknowledgement, another packs."""
BATCH = 100
ROOM = 4_000
PATIENCE_S = 60


class Delivery:
    """Events go to one collector until a batch is full, then to the emptiest one, so that they stay about in order."""

    def __init__(self, endpoint: str, key: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.sleep = sleep
        self.lanes = [
            TelemetryCollector(
                endpoint=endpoint,
                key=key,
                platform="web",
                max_buffer_size=BATCH,
                max_events=ROOM,
                flush_interval_ms=1_000,
                max_payload_bytes=500_000,
                request_timeout_ms=30_000,
                shutdown_timeout_ms=3_000,
            )
            for _ in range(LANES)
        ]
        self.lane = self.lanes[0]
        self.taken = 0

    def send(self, event: Event) -> None:
        """Raises CannotStart when the server takes nothing for a minute."""
        if self.taken % BATCH == 0:
            self.lane = self._emptiest()
        self.lane.track(event.kind, event.data, timestamp=event.at_ms, **event.fields)
        self.taken += 1

    def flush(self, timeout_s: float = 60) -> bool:
        """Whether everything sent so far is acknowledged: on the server's disk."""
        answers = [lane.flush(timeout_s) for lane in self.lanes]  # each of them, whatever the first one says
        return all(answers)

    def close(self, timeout_s: float = 3) -> None:
        for lane in self.lanes:
            lane.destroy(timeout_s)

    @property
    def dropped(self) -> int:
        return sum(lane.get_buffer_status().dropped for lane in self.lanes)

    def _emptiest(self) -> TelemetryCollector:
        waited_s = 0.0
        while True:
            lane = min(self.lanes, key=lambda lane: lane.get_buffer_status().size)
            if lane.get_buffer_status().size <= ROOM - BATCH:
                return lane
            if waited_s > PATIENCE_S:
                raise CannotStart(
                    f"the server has taken no events for {PATIENCE_S} s",
                    hint="look into its log, and check the disk",
                )
            self.sleep(0.01)
            waited_s += 0.01
