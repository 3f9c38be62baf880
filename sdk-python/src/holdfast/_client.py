"""`holdfast.init` and the functions beside it: one client for the whole program, and nothing before there is one.

Every function here works before `init`, and after `close`: it does nothing.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Unpack

from holdfast._config import from_environment, parse_dsn
from holdfast._fields import EventFields
from holdfast._log import report
from holdfast.collector import TelemetryCollector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from holdfast.errors import ErrorOptions, ErrorTracking
    from holdfast.health import HealthCheck
    from holdfast.performance import PerformanceMetrics
    from holdfast.resilience import Resilience
    from holdfast.usage import UsageAnalytics

# A server program bursts: more room than the class's 100, still about a megabyte.
_SERVER_DEFAULTS: dict[str, Any] = {"max_events": 1_000}


class Client:
    """A collector and everything that speaks through it. Parts are made on first use."""

    def __init__(self, collector: TelemetryCollector, **error_settings: Any) -> None:
        self.collector = collector
        self._error_settings = error_settings
        self._undo: list[Any] = []

    @cached_property
    def errors(self) -> ErrorTracking:
        from holdfast.errors import ErrorTracking

        return ErrorTracking(self.collector, **self._error_settings)

    @cached_property
    def performance(self) -> PerformanceMetrics:
        from holdfast.performance import PerformanceMetrics

        return PerformanceMetrics(self.collector)

    @cached_property
    def usage(self) -> UsageAnalytics:
        from holdfast.usage import UsageAnalytics

        return UsageAnalytics(self.collector)

    @cached_property
    def health(self) -> HealthCheck:
        from holdfast.health import HealthCheck

        return HealthCheck(self.collector)

    @cached_property
    def resilience(self) -> Resilience:
        from holdfast.resilience import Resilience

        return Resilience(self.collector)

    def flush(self, timeout_s: float = 10.0) -> bool:
        return self.collector.flush(timeout_s)

    def close(self, timeout_s: float | None = None) -> bool:
        """Send what is left, take back hooks and integrations, stop."""
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        for name in ("errors", "performance", "health"):
            part = self.__dict__.get(name)
            if part is not None:
                part.destroy()
        return self.collector.destroy(timeout_s)

    def on_close(self, undo: Any) -> None:
        """Call `undo` when this client is closed."""
        self._undo.append(undo)


_current: Client | None = None


def init(
    dsn: str = "",
    *,
    integrations: Literal["auto", "none"] | Sequence[str] = "auto",
    capture_unhandled: bool = True,
    capture_logging: bool = True,
    capture_locals: bool = False,
    max_breadcrumbs: int = 50,
    flush_on_sigterm: bool = False,
    **settings: Any,
) -> Client:
    """Start telemetry for this program; `settings` are the fields of `TelemetryConfig`.

    What is not given is read from `HOLDFAST_*` variables (`HOLDFAST_DSN` first of all). Wrong settings are
    reported once through logging and leave telemetry off. A second call replaces the first client.
    """
    global _current
    if _current is not None:
        _current.close()
    collector = TelemetryCollector(**_settings(dsn, settings))
    client = Client(
        collector,
        capture_unhandled=capture_unhandled,
        capture_unhandled_rejections=capture_unhandled,
        capture_locals=capture_locals,
        max_breadcrumbs=max_breadcrumbs,
    )
    _current = client
    if collector.get_config().enabled:
        _ = client.errors  # sets the hooks
        _integrate(client, integrations, capture_logging=capture_logging)
        if flush_on_sigterm:
            from holdfast._lifetime import flush_on_sigterm as on_sigterm

            client.on_close(on_sigterm())
    return client


def get_client() -> Client:
    """The client of `init`, or one that is off."""
    global _current
    if _current is None:
        _current = Client(TelemetryCollector(enabled=False), enabled=False)
    return _current


def use_client(client: Client | None) -> Client | None:
    """Put another client in place and return the former; for tests and for hosts that make their own."""
    global _current
    former, _current = _current, client
    return former


def track(
    event: str | Mapping[str, Any], data: Mapping[str, Any] | None = None, /, **fields: Unpack[EventFields]
) -> None:
    """`TelemetryCollector.track` on the program's client."""
    if _current is not None:
        _current.collector.track(event, data, **fields)


def capture_error(
    error: BaseException | str, options: ErrorOptions | None = None, /, **more: Unpack[ErrorOptions]
) -> str:
    """`ErrorTracking.capture_error` on the program's client."""
    return get_client().errors.capture_error(error, options, **more)


def add_breadcrumb(
    crumb: Mapping[str, Any] | None = None,
    /,
    *,
    message: str = "",
    category: str = "default",
    level: str = "info",
    data: Mapping[str, Any] | None = None,
) -> None:
    """`ErrorTracking.add_breadcrumb` on the program's client."""
    get_client().errors.add_breadcrumb(crumb, message=message, category=category, level=level, data=data)


def set_user(user_id: str = "", *, anonymous_id: str = "", session_id: str = "") -> None:
    """Who speaks in this process; inside a request use `holdfast.scope`."""
    get_client().collector.set_user(user_id, anonymous_id=anonymous_id, session_id=session_id)


def set_consent(granted: bool) -> None:
    """Opt in or out at run time. Out: nothing leaves, and what is kept is deleted."""
    get_client().collector.update_config(enabled=granted)


def flush(timeout_s: float = 10.0) -> bool:
    """Send everything captured so far; True when the server acknowledged all of it."""
    return get_client().flush(timeout_s)


def close(timeout_s: float | None = None) -> bool:
    """Send what is left and stop. `init` may be called again."""
    global _current
    client, _current = _current, None
    return client.close(timeout_s) if client is not None else True


def _settings(dsn: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults, then the environment, then the arguments."""
    settings = {**_SERVER_DEFAULTS}
    try:
        settings.update(from_environment())
        if dsn:
            settings.update(parse_dsn(dsn))
    except ValueError as problem:
        report(f"telemetry is off, because {problem}")
        settings["enabled"] = False
        return {**settings, **given, "enabled": False}
    return {**settings, **given}


def _integrate(
    client: Client, wanted: Literal["auto", "none"] | Sequence[str], *, capture_logging: bool
) -> None:
    from holdfast.integrations import turn_on

    names = [] if wanted == "none" else wanted
    turn_on(client, names, capture_logging=capture_logging)
