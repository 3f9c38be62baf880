"""How much one project may send: a token bucket each, refilled evenly, ten seconds deep."""

import math

from ..model.clock import Clock

BURST_S = 10


class RateLimit:
    """`per_s` 0 means no limit."""

    def __init__(self, per_s: int, clock: Clock) -> None:
        self.per_s = per_s
        self.clock = clock
        self.buckets: dict[int, tuple[float, float]] = {}

    def take(self, project_id: int, count: int) -> int:
        """0 when `count` events may pass now, otherwise the seconds to wait."""
        if not self.per_s:
            return 0
        now = self.clock.monotonic_s()
        depth = float(self.per_s * BURST_S)
        level, at = self.buckets.get(project_id, (depth, now))
        level = min(depth, level + (now - at) * self.per_s)
        if level < min(count, depth):
            self.buckets[project_id] = (level, now)
            return max(1, math.ceil((count - level) / self.per_s))
        self.buckets[project_id] = (level - count, now)
        return 0
