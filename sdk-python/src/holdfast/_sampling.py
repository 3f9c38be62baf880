"""Which events are kept: never, a share of them, or so many a window. `always` has no sampler at all."""

from __future__ import annotations

from threading import RLock
from time import monotonic
from typing import TYPE_CHECKING

from holdfast import _drops

if TYPE_CHECKING:
    from holdfast._config import TelemetryConfig


class Sampler:
    """`refuse` answers with the reason to drop an event, or "" to keep it."""

    def __init__(self, config: TelemetryConfig) -> None:
        self._kind = config.sampling
        self._rate = 0.0 if config.sampling == "never" else config.sampling_rate
        self._limit = config.max_events_per_window
        self._window_s = config.throttle_window_ms / 1000
        self._lock = RLock()
        self._started_s = monotonic()
        self._count = 0

    @classmethod
    def of(cls, config: TelemetryConfig) -> Sampler | None:
        """None when everything is kept, so that the capturing call has nothing to ask."""
        return None if config.sampling == "always" else cls(config)

    def refuse(self) -> str:
        if self._kind != "throttled":
            from random import random

            return "" if random() < self._rate else _drops.SAMPLED
        with self._lock:
            now_s = monotonic()
            if now_s - self._started_s >= self._window_s:
                self._started_s, self._count = now_s, 0
            self._count += 1
            return "" if self._count <= self._limit else _drops.THROTTLED
