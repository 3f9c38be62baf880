"""The shop's front end as a visitor's browser runs it: what it says, what it calls, how it retries, rolls back and recovers.

Time is the visit's own: every action moves it forward, nothing waits. The words are those of the documents.
"""

from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from .faults import Fault, report, strike
from .story import BAD_ROLLBACKS, BAD_VERSION, EFFECTS, Story
from .visitors import Visitor
from .world import ENDPOINTS, Endpoint

RETRIES = 3
TRAIL = 8
RECOVERED = 0.965
STUBBORN = 0.42
"""A call that failed once fails again so often, when nothing special is wrong."""
SOLD_OUT = 0.002
LOST_ON_THE_WAY = 0.002
"""Of the calls of a phone."""
LEAKS = {"2.2.0": 0.01, BAD_VERSION: 0.3}
"""The share of double clicks that ran twice; mended with 2.3.1."""


class Event(NamedTuple):
    """One event as the Python client takes it: `track(kind, data, timestamp=at_ms, **fields)`."""

    at_ms: int
    kind: str
    data: dict[str, Any] | None
    fields: dict[str, Any]


@dataclass(slots=True)
class Odds:
    """How a call fares at this moment; `blame` is what the shop's servers would blame, when something is wrong."""

    failing: float
    slower: float
    spread: float
    stubborn: float
    status: int
    blame: str = ""


class Client:
    def __init__(
        self, story: Story, rng: Random, visitor: Visitor, at_ms: int, release: str, environment: str
    ) -> None:
        self.story = story
        self.rng = rng
        self.visitor = visitor
        self.at_ms = at_ms
        self.release = release
        self.page = ""
        self.events: list[Event] = []
        self.trail: list[dict[str, Any]] = []
        self.words: dict[str, Any] = {
            "product": 101,
            "order": "",
            "cart": f"{rng.getrandbits(32):08x}",
            "chunk": rng.randrange(100, 900),
            "n": rng.randrange(10, 30),
            "country": visitor.region.country,
        }
        self.who: dict[str, Any] = {
            "session_id": f"s_{rng.getrandbits(48):012x}",
            "anonymous_id": visitor.anonymous_id,
            "user_agent": visitor.agent.header,
            "region": visitor.region.country,
            "release": release,
            "environment": environment,
        }

    def say(self, kind: str, data: dict[str, Any] | None = None, **fields: Any) -> None:
        place = {"page": self.page} if self.page else {}
        self.events.append(Event(self.at_ms, kind, data, {**self.who, **place, **fields}))

    def wait(self, seconds: float) -> None:
        self.at_ms += round(seconds * 1000)

    def think(self, seconds: float) -> None:
        """About so long, as people do."""
        self.wait(1.2 + self.rng.expovariate(1 / seconds))

    def crumb(self, category: str, message: str) -> None:
        self.trail.append(
            {"timestamp": self.at_ms, "category": category, "message": message, "level": "info"}
        )

    def odds(self, endpoint: Endpoint) -> Odds:
        odds = Odds(endpoint.failing, 1.0, endpoint.spread, STUBBORN, 500)
        for trouble in self.story.at(self.at_ms):
            effect = EFFECTS[trouble.kind]
            if effect.uses in endpoint.uses:
                force = trouble.force(self.at_ms)
                odds.failing += effect.failing * force
                odds.slower *= 1 + (effect.slower - 1) * force
                odds.spread += effect.wider * force
                odds.stubborn = min(0.95, odds.stubborn + effect.stubborn * force)
                odds.status, odds.blame = effect.status, effect.uses
        return odds

    def attempt(self, endpoint: Endpoint, path: str, component: str, odds: Odds, failing: float) -> int:
        """One request; returns its status, 0 when the network was lost."""
        rng = self.rng
        took_ms = (
            endpoint.median_ms * odds.slower * rng.lognormvariate(0.0, odds.spread)
            + 85 * (self.visitor.region.distance - 1)
            + 12 * self.visitor.agent.pace
        )
        if rng.random() < 0.005:
            took_ms *= rng.uniform(4, 9)
        status = 200
        lost = LOST_ON_THE_WAY if self.visitor.agent.phone else 0.0
        if rng.random() < failing + lost:
            status = odds.status if odds.blame else rng.choice((500, 502, 503, 503, 0))
            took_ms = rng.uniform(5000, 5400) if status == 504 else took_ms
        self.wait(took_ms / 1000)
        data = {"status": status} if status == 0 else None
        self.say(
            "api_call",
            data,
            method=endpoint.method,
            endpoint=path,
            status=status,
            duration=round(took_ms, 1),
            component=component,
        )
        return status

    def call(self, name: str, component: str, path: str = "") -> bool:
        """A request with the client's retries (reading calls only); whether it worked in the end."""
        endpoint = ENDPOINTS[name]
        path = path or endpoint.path
        odds = self.odds(endpoint)
        began_ms = self.at_ms
        status = self.attempt(endpoint, path, component, odds, odds.failing)
        if status == 200:
            return True
        self._server_fault(endpoint, component, odds)
        if endpoint.repeats and self._retry(endpoint, path, component, odds, began_ms):
            return True
        self._give_up(endpoint, component)
        return False

    def _retry(self, endpoint: Endpoint, path: str, component: str, odds: Odds, began_ms: int) -> bool:
        status = 0
        for count in range(1, RETRIES + 1):
            backoff_ms = round(200 * 2 ** (count - 1) * self.rng.uniform(0.75, 1.25))
            self.say(
                "retry_attempt",
                {
                    "api_endpoint": path,
                    "retry_count": count,
                    "backoff_ms": backoff_ms,
                    "total_duration_ms": self.at_ms - began_ms,
                },
                component=component,
                endpoint=path,
            )
            self.wait(backoff_ms / 1000)
            status = self.attempt(endpoint, path, component, odds, odds.stubborn)
            if status == 200:
                self.say(
                    "retry_success",
                    {"api_endpoint": path, "retry_count": count, "total_duration_ms": self.at_ms - began_ms},
                    component=component,
                    endpoint=path,
                )
                return True
        self.say(
            "retry_failure",
            {
                "api_endpoint": path,
                "retry_count": RETRIES,
                "total_duration_ms": self.at_ms - began_ms,
                "final_error": f"HTTP {status}" if status else "network lost",
            },
            component=component,
            endpoint=path,
        )
        return False

    def _server_fault(self, endpoint: Endpoint, component: str, odds: Odds) -> None:
        """A failed call leaves its trace on the shop's servers, when it is a trouble and not only the visitor's network."""
        if odds.blame:
            self.strike(f"500 {odds.blame}", component)
        elif self.rng.random() < 0.25:
            self.strike(f"500 {self.rng.choice(sorted(endpoint.uses))}", component)

    def _give_up(self, endpoint: Endpoint, component: str) -> None:
        use = min(endpoint.uses) if endpoint.repeats else ("payment" if "payment" in endpoint.uses else "")
        if use:
            self.strike(f"gave up {use}", component)

    def strike(self, when: str, component: str = "") -> bool:
        """Whatever breaks at this moment; True when it took a part of the page with it and the visitor did not get it back."""
        fault = strike(when, self.rng, self.visitor.agent, self.release, self.visitor.region.country)
        if fault is None:
            return False
        self.error(fault)
        return fault.crashes and not self.boundary(fault, component or fault.component)

    def error(self, fault: Fault) -> None:
        data = report(fault, self.words, self.visitor.agent, self.release) | {
            "breadcrumbs": self.trail[-TRAIL:]
        }
        more = {"platform": "python", "user_agent": None} if fault.python else {}
        self.say("error", data, component=fault.component, **more)
        self.crumb("error", fault.error_type)

    def boundary(self, fault: Fault, component: str) -> bool:
        """A part of the page fell over and shows its fallback; True when the visitor got it back."""
        about = {"error_type": fault.error_type, "error_message": fault.message.format(**self.words)[:200]}
        self.say("error_boundary_triggered", about, component=component)
        troubles = [EFFECTS[trouble.kind].recovery for trouble in self.story.at(self.at_ms)]
        began_ms = self.at_ms
        self.wait(self.rng.lognormvariate(-1.2, 0.5))
        if self.rng.random() > RECOVERED * min(troubles, default=1.0):
            return False
        method = self.rng.choices(("retry", "fallback", "reload"), (6, 3, 1))[0]
        self.say(
            "error_boundary_recovered",
            {**about, "recovery_method": method, "recovery_time_ms": self.at_ms - began_ms},
            component=component,
        )
        return True

    def optimistic(self, component: str, name: str, path: str = "", *, action: str) -> bool:
        """The page shows the end at once; the call follows, and what failed is taken back."""
        action_id = f"{action}_{self.rng.getrandbits(32):08x}"
        self.crumb("ui.click", component)
        self.say("optimistic_action_start", {"action_id": action_id}, component=component, action=action)
        began_ms = self.at_ms
        self._double_click(component, name, path)
        reason = "" if self.call(name, component, path) else "the server refused it"
        if not reason and self.rng.random() < SOLD_OUT and action == "add_to_cart":
            reason = "sold out"
        if (
            not reason
            and action == "add_to_cart"
            and self.release == BAD_VERSION
            and self.rng.random() < BAD_ROLLBACKS
        ):
            reason = "the cart could not be merged"
            self.strike("bad merge")
        outcome = {"action_id": action_id, "duration_ms": self.at_ms - began_ms}
        if reason:
            self.wait(self.rng.uniform(0.03, 0.15))
            self.say(
                "optimistic_action_rollback",
                {**outcome, "rollback_reason": reason},
                component=component,
                action=action,
            )
            return False
        self.say("optimistic_action_success", outcome, component=component, action=action)
        return True

    def _double_click(self, component: str, name: str, path: str) -> None:
        if self.rng.random() > (0.085 if self.visitor.agent.phone else 0.045):
            return
        if self.rng.random() < LEAKS.get(self.release, 0.0):
            self.say("duplicate_leaked", None, component=component)
            self.call(name, component, path)
            return
        reason = self.rng.choices(("already_processing", "too_soon"), (2, 1))[0]
        self.say("click_suppressed", {"suppression_reason": reason}, component=component)

    def load(self, component: str, *calls: tuple[str, str]) -> bool:
        """A skeleton while the page's calls run side by side; False when the first of them failed for good."""
        self.say("loading_skeleton_shown", None, component=component)
        began_ms, ends, worked = self.at_ms, [self.at_ms], True
        for place, (name, path) in enumerate(calls):
            self.at_ms = began_ms
            went_well = self.call(name, component, path)
            worked = worked and (went_well or place > 0)
            ends.append(self.at_ms)
        self.at_ms = max(ends)
        self.wait(0.02)
        self.say("loading_skeleton_hidden", {"duration_ms": self.at_ms - began_ms}, component=component)
        return worked
