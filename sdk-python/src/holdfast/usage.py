"""UsageAnalytics: features, conversations, providers, proactive suggestions and sessions, with statistics.

Every call records an event; the statistics are of this process since the start and bounded in memory.
"""

from __future__ import annotations

from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from holdfast._scope import new_id
from holdfast._sketch import Sketch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from holdfast.collector import TelemetryCollector

_MAX_FEATURES = 500
_MAX_USERS_A_FEATURE = 10_000
_MAX_OPEN = 1_000


class FeatureStats(Struct, frozen=True):
    """How one feature is used: `by_action` counts, distinct users (counted up to 10,000)."""

    feature: str
    total: int
    by_action: dict[str, int]
    unique_users: int


class ConversationStats(Struct, frozen=True):
    """Rates are 0 to 1, means None while nothing has ended."""

    started: int
    active: int
    ended: int
    completed: int
    completion_rate: float | None
    messages: int
    mean_messages: float | None
    mean_duration_ms: float | None
    tokens: int
    by_provider: dict[str, int]


class ProviderStats(Struct, frozen=True):
    """Requests to one provider: latency in ms, success rate 0 to 1."""

    provider: str
    requests: int
    success_rate: float
    mean_latency_ms: float | None
    p95_latency_ms: float | None
    tokens: int


class ProactiveMetrics(Struct, frozen=True):
    """How suggestions fare: acceptance rate 0 to 1, the mean time to acceptance in ms."""

    shown: int
    accepted: int
    dismissed: int
    acceptance_rate: float | None
    mean_time_to_accept_ms: float | None


class _Feature:
    def __init__(self) -> None:
        self.by_action: dict[str, int] = {}
        self.users: set[str] = set()


class _Conversation:
    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.started_s = monotonic()
        self.messages = 0
        self.tokens = 0


class _Provider:
    def __init__(self) -> None:
        self.latency = Sketch()
        self.requests = 0
        self.successes = 0
        self.tokens = 0


class UsageAnalytics:
    """Each of the four areas can be switched off; its methods then do nothing."""

    def __init__(
        self,
        collector: TelemetryCollector,
        *,
        track_features: bool = True,
        track_conversations: bool = True,
        track_providers: bool = True,
        track_proactive: bool = True,
    ) -> None:
        self._collector = collector
        self._on = {
            "features": track_features,
            "conversations": track_conversations,
            "providers": track_providers,
            "proactive": track_proactive,
        }
        self._features: OrderedDict[str, _Feature] = OrderedDict()
        self._open: OrderedDict[str, _Conversation] = OrderedDict()
        self._started = self._ended = self._completed = 0
        self._messages = self._tokens = 0
        self._duration = Sketch()
        self._by_provider: dict[str, int] = {}
        self._providers: dict[str, _Provider] = {}
        self._shown = self._accepted = self._dismissed = 0
        self._to_accept = Sketch()
        self._sessions: OrderedDict[str, float] = OrderedDict()

    def track_feature(
        self,
        feature: str,
        action: str = "used",
        data: Mapping[str, Any] | None = None,
        /,
        *,
        user_id: str = "",
    ) -> None:
        """A feature was enabled, used, disabled … `user_id` may stand in `data` too."""
        if not self._on["features"]:
            return
        details = {_USER.get(key, key): value for key, value in (data or {}).items()}
        user = str(details.pop("user_id", "") or user_id)
        entry = self._features.get(feature)
        if entry is None:
            entry = self._features[feature] = _Feature()
            _bound(self._features, _MAX_FEATURES)
        entry.by_action[action] = entry.by_action.get(action, 0) + 1
        if user and len(entry.users) < _MAX_USERS_A_FEATURE:
            entry.users.add(user)
        fields = {"name": feature, "action": action, **({"user_id": user} if user else {})}
        self._collector.record("feature", {"feature": feature, **details}, fields)

    def start_conversation(self, conversation_id: str, provider: str = "") -> None:
        if not self._on["conversations"]:
            return
        self._open[conversation_id] = _Conversation(provider)
        _bound(self._open, _MAX_OPEN)
        self._started += 1
        if provider:
            self._by_provider[provider] = self._by_provider.get(provider, 0) + 1
        self._conversation("conversation_start", conversation_id, {"provider": provider})

    def track_message(self, conversation_id: str, tokens: int = 0, role: str = "user") -> None:
        """A message of `tokens` tokens by `user`, `assistant` or another role."""
        if not self._on["conversations"]:
            return
        conversation = self._open.get(conversation_id)
        if conversation is not None:
            conversation.messages += 1
            conversation.tokens += tokens
        self._messages += 1
        self._tokens += tokens
        self._conversation("conversation_message", conversation_id, {"tokens": tokens, "role": role})

    def end_conversation(self, conversation_id: str, completed: bool = True) -> None:
        if not self._on["conversations"]:
            return
        conversation = self._open.pop(conversation_id, None)
        if conversation is None:
            return
        duration_ms = (monotonic() - conversation.started_s) * 1000
        self._ended += 1
        self._completed += completed
        self._duration.add(duration_ms)
        data = {
            "provider": conversation.provider,
            "messages": conversation.messages,
            "tokens": conversation.tokens,
            "completed": completed,
        }
        self._conversation("conversation_end", conversation_id, data, duration=duration_ms)

    def track_provider_request(
        self, provider: str, latency_ms: float, success: bool = True, tokens: int = 0
    ) -> None:
        if not self._on["providers"]:
            return
        entry = self._providers.setdefault(provider, _Provider())
        entry.requests += 1
        entry.successes += success
        entry.tokens += tokens
        entry.latency.add(latency_ms)
        data = {"provider": provider, "success": success, "tokens": tokens}
        self._collector.record("provider_request", data, {"name": provider, "duration": latency_ms})

    def track_proactive_suggestion(self, suggestion_id: str, data: Mapping[str, Any] | None = None) -> None:
        """A suggestion was shown."""
        if self._on["proactive"]:
            self._shown += 1
            self._proactive("shown", suggestion_id, data or {})

    def track_proactive_acceptance(self, suggestion_id: str, time_to_accept_ms: float | None = None) -> None:
        if self._on["proactive"]:
            self._accepted += 1
            if time_to_accept_ms is not None:
                self._to_accept.add(time_to_accept_ms)
            self._proactive("accepted", suggestion_id, {"time_to_accept_ms": time_to_accept_ms})

    def track_proactive_dismissal(self, suggestion_id: str, reason: str = "") -> None:
        if self._on["proactive"]:
            self._dismissed += 1
            self._proactive("dismissed", suggestion_id, {"reason": reason} if reason else {})

    def start_session(self, user_id: str = "", session_id: str = "") -> str:
        """Begin a session and return its id, to be given to events and to `end_session`."""
        session_id = session_id or new_id()
        self._sessions[session_id] = monotonic()
        _bound(self._sessions, _MAX_OPEN)
        self._collector.record("session_start", None, _identity(session_id, user_id))
        return session_id

    def end_session(self, session_id: str, user_id: str = "") -> None:
        started_s = self._sessions.pop(session_id, None)
        duration = {} if started_s is None else {"duration": (monotonic() - started_s) * 1000}
        self._collector.record("session_end", None, {**_identity(session_id, user_id), **duration})

    def get_feature_adoption_stats(self) -> list[FeatureStats]:
        """Features by use, the most used first."""
        stats = [
            FeatureStats(name, sum(entry.by_action.values()), dict(entry.by_action), len(entry.users))
            for name, entry in list(self._features.items())
        ]
        return sorted(stats, key=lambda item: item.total, reverse=True)

    def get_conversation_stats(self) -> ConversationStats:
        return ConversationStats(
            started=self._started,
            active=len(self._open),
            ended=self._ended,
            completed=self._completed,
            completion_rate=self._completed / self._ended if self._ended else None,
            messages=self._messages,
            mean_messages=self._messages / self._started if self._started else None,
            mean_duration_ms=self._duration.summary().mean,
            tokens=self._tokens,
            by_provider=dict(self._by_provider),
        )

    def get_provider_stats(self) -> list[ProviderStats]:
        """Providers by number of requests."""
        stats = [
            ProviderStats(
                name,
                entry.requests,
                entry.successes / entry.requests,
                entry.latency.summary().mean,
                entry.latency.quantile(0.95),
                entry.tokens,
            )
            for name, entry in list(self._providers.items())
        ]
        return sorted(stats, key=lambda item: item.requests, reverse=True)

    def get_proactive_metrics(self) -> ProactiveMetrics:
        return ProactiveMetrics(
            self._shown,
            self._accepted,
            self._dismissed,
            self._accepted / self._shown if self._shown else None,
            self._to_accept.summary().mean,
        )

    def destroy(self) -> None:
        """Forget the statistics and record no more."""
        self._on = dict.fromkeys(self._on, False)
        self._features.clear()
        self._open.clear()

    def _conversation(
        self, kind: str, conversation_id: str, data: dict[str, Any], *, duration: float | None = None
    ) -> None:
        fields = {} if duration is None else {"duration": duration}
        self._collector.record(kind, {"conversation_id": conversation_id, **data}, fields)

    def _proactive(self, action: str, suggestion_id: str, data: Mapping[str, Any]) -> None:
        self._collector.record(
            "proactive_suggestion", {"suggestion_id": suggestion_id, **data}, {"action": action}
        )


_USER = {"userId": "user_id"}


def _identity(session_id: str, user_id: str) -> dict[str, str]:
    return {"session_id": session_id, **({"user_id": user_id} if user_id else {})}


def _bound(entries: OrderedDict[str, Any], limit: int) -> None:
    """The oldest goes when there are too many."""
    while len(entries) > limit:
        entries.popitem(last=False)
