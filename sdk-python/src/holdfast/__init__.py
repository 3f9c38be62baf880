"""Holdfast for Python: tell a Holdfast server how well your application holds up, at almost no cost.

`holdfast.init(dsn=…)` is enough for most programs; the classes are for those that want several collectors.
Everything is imported on first use, so `import holdfast` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast._client import Client as Client
    from holdfast._client import add_breadcrumb as add_breadcrumb
    from holdfast._client import capture_error as capture_error
    from holdfast._client import close as close
    from holdfast._client import flush as flush
    from holdfast._client import get_client as get_client
    from holdfast._client import init as init
    from holdfast._client import set_consent as set_consent
    from holdfast._client import set_user as set_user
    from holdfast._client import track as track
    from holdfast._config import TelemetryConfig as TelemetryConfig
    from holdfast._fields import EventFields as EventFields
    from holdfast._groups import ErrorGroup as ErrorGroup
    from holdfast._resources import ResourceMetrics as ResourceMetrics
    from holdfast._scope import Scope as Scope
    from holdfast._scope import scope as scope
    from holdfast._sketch import Summary as Summary
    from holdfast.collector import BufferStatus as BufferStatus
    from holdfast.collector import TelemetryCollector as TelemetryCollector
    from holdfast.errors import ErrorSeverity as ErrorSeverity
    from holdfast.errors import ErrorStats as ErrorStats
    from holdfast.errors import ErrorTracking as ErrorTracking
    from holdfast.health import HealthCheck as HealthCheck
    from holdfast.health import HealthReport as HealthReport
    from holdfast.health import HealthStatus as HealthStatus
    from holdfast.health import ServiceHealth as ServiceHealth
    from holdfast.performance import AIOperationsSummary as AIOperationsSummary
    from holdfast.performance import CoreWebVitals as CoreWebVitals
    from holdfast.performance import PerformanceMetrics as PerformanceMetrics
    from holdfast.privacy import anonymise_path as anonymise_path
    from holdfast.privacy import hash_user_id as hash_user_id
    from holdfast.resilience import Resilience as Resilience
    from holdfast.usage import ConversationStats as ConversationStats
    from holdfast.usage import FeatureStats as FeatureStats
    from holdfast.usage import ProactiveMetrics as ProactiveMetrics
    from holdfast.usage import ProviderStats as ProviderStats
    from holdfast.usage import UsageAnalytics as UsageAnalytics

__version__ = "0.1.0"

_HOMES = {
    "AIOperationsSummary": "holdfast.performance",
    "BufferStatus": "holdfast.collector",
    "Client": "holdfast._client",
    "ConversationStats": "holdfast.usage",
    "CoreWebVitals": "holdfast.performance",
    "ErrorGroup": "holdfast._groups",
    "ErrorSeverity": "holdfast.errors",
    "ErrorStats": "holdfast.errors",
    "ErrorTracking": "holdfast.errors",
    "EventFields": "holdfast._fields",
    "FeatureStats": "holdfast.usage",
    "HealthCheck": "holdfast.health",
    "HealthReport": "holdfast.health",
    "HealthStatus": "holdfast.health",
    "PerformanceMetrics": "holdfast.performance",
    "ProactiveMetrics": "holdfast.usage",
    "ProviderStats": "holdfast.usage",
    "Resilience": "holdfast.resilience",
    "ResourceMetrics": "holdfast._resources",
    "Scope": "holdfast._scope",
    "ServiceHealth": "holdfast.health",
    "Summary": "holdfast._sketch",
    "TelemetryCollector": "holdfast.collector",
    "TelemetryConfig": "holdfast._config",
    "UsageAnalytics": "holdfast.usage",
    "add_breadcrumb": "holdfast._client",
    "anonymise_path": "holdfast.privacy",
    "capture_error": "holdfast._client",
    "close": "holdfast._client",
    "flush": "holdfast._client",
    "get_client": "holdfast._client",
    "hash_user_id": "holdfast.privacy",
    "init": "holdfast._client",
    "scope": "holdfast._scope",
    "set_consent": "holdfast._client",
    "set_user": "holdfast._client",
    "track": "holdfast._client",
}

__all__ = [
    "AIOperationsSummary",
    "BufferStatus",
    "Client",
    "ConversationStats",
    "CoreWebVitals",
    "ErrorGroup",
    "ErrorSeverity",
    "ErrorStats",
    "ErrorTracking",
    "EventFields",
    "FeatureStats",
    "HealthCheck",
    "HealthReport",
    "HealthStatus",
    "PerformanceMetrics",
    "ProactiveMetrics",
    "ProviderStats",
    "Resilience",
    "ResourceMetrics",
    "Scope",
    "ServiceHealth",
    "Summary",
    "TelemetryCollector",
    "TelemetryConfig",
    "UsageAnalytics",
    "add_breadcrumb",
    "anonymise_path",
    "capture_error",
    "close",
    "flush",
    "get_client",
    "hash_user_id",
    "init",
    "scope",
    "set_consent",
    "set_user",
    "track",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'holdfast' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
