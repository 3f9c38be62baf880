"""Who comes: people that come back, with the browser they have, and new faces. Ids are made up; nobody real stands behind them."""

from bisect import bisect
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import Literal

from .world import REGIONS, Region

Engine = Literal["v8", "gecko", "webkit"]
REGULARS = 2_400
NEW_SHARE = 0.42
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@dataclass(frozen=True, slots=True)
class Agent:
    """A browser on a device. `engine` decides how its stacks read; `pace` is how much slower than a good desktop it is."""

    share: float
    header: str
    engine: Engine
    phone: bool
    pace: float


AGENTS = (
    Agent(0.22, f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/153.0.0.0 Safari/537.36", "v8", False, 1.0),
    Agent(0.05, f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/149.0.0.0 Safari/537.36", "v8", False, 1.2),
    Agent(0.10, f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/153.0.0.0 Safari/537.36 Edg/153.0.0.0", "v8", False, 1.05),
    Agent(0.07, f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Chrome/153.0.0.0 Safari/537.36", "v8", False, 0.9),
    Agent(0.07, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15", "webkit", False, 0.9),
    Agent(0.05, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:154.0) Gecko/20100101 Firefox/154.0", "gecko", False, 1.05),
    Agent(0.03, "Mozilla/5.0 (X11; Linux x86_64; rv:154.0) Gecko/20100101 Firefox/154.0", "gecko", False, 1.0),
    Agent(0.22, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1", "webkit", True, 1.35),
    Agent(0.12, f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/153.0.0.0 Mobile Safari/537.36", "v8", True, 1.9),
    Agent(0.03, "Mozilla/5.0 (Android 15; Mobile; rv:154.0) Gecko/154.0 Firefox/154.0", "gecko", True, 1.9),
    Agent(0.04, "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1", "webkit", False, 1.3),
)  # fmt: skip
AGENT_LIMITS = tuple(accumulate(agent.share for agent in AGENTS))


@dataclass(frozen=True, slots=True)
class Visitor:
    """`user_id` is empty for somebody without an account."""

    anonymous_id: str
    user_id: str
    region: Region
    agent: Agent


def visitor(rng: Random, region: Region, *, with_account: float) -> Visitor:
    agent = AGENTS[min(bisect(AGENT_LIMITS, rng.random() * AGENT_LIMITS[-1]), len(AGENTS) - 1)]
    user_id = f"u_{rng.randrange(10_000, 99_999)}" if rng.random() < with_account else ""
    return Visitor(f"a_{rng.getrandbits(48):012x}", user_id, region, agent)


@lru_cache(maxsize=4)
def regulars(seed: int) -> dict[str, tuple[Visitor, ...]]:
    """The shop's known people by country; most of them have an account."""
    rng = Random(f"{seed}:regulars")
    return {
        region.country: tuple(
            visitor(rng, region, with_account=0.7) for _ in range(max(20, round(REGULARS * region.share)))
        )
        for region in REGIONS
    }


def somebody(seed: int, rng: Random, region: Region) -> Visitor:
    """Who comes next: a new face, or a regular (few of them come often)."""
    if rng.random() < NEW_SHARE:
        return visitor(rng, region, with_account=0.06)
    known = regulars(seed)[region.country]
    return known[int(len(known) * rng.random() ** 2.2)]
