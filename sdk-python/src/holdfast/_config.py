"""The settings of one collector: names of the documents, environment variables, DSN, and their checks.

All problems are found together. A collector with a problem says so once through logging and stays off:
a mistyped setting must never stop the host program.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from holdfast._log import report

if TYPE_CHECKING:
    from holdfast.transports import Transport

BATCH_PATH = "/api/telemetry/batch"
SAMPLING = ("always", "never", "probabilistic", "throttled")
TRANSPORTS = ("http", "file", "console", "custom")

_OFF = {"0", "false", "no", "off"}
_KINDS: dict[type, str] = {int: "a whole number", float: "a number", bool: "True or False"}


class TelemetryConfig(NamedTuple):
    """Every setting with its default. Times carry their unit; sizes are events unless named otherwise."""

    enabled: bool = True
    endpoint: str = ""
    key: str = ""
    transport: str = "http"
    custom_transport: Callable[[list[dict[str, Any]]], Any] | Transport | None = None
    release: str = ""
    environment: str = ""
    platform: str = "python"
    max_buffer_size: int = 50
    flush_interval_ms: int = 30_000
    max_events: int = 100
    max_payload_bytes: int = 10_000
    sampling: str = "always"
    sampling_rate: float = 1.0
    sample_errors: bool = False
    throttle_window_ms: int = 60_000
    max_events_per_window: int = 100
    redact_pii: bool = True
    redact_fields: tuple[str, ...] = ()
    before_send: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None
    anonymise: bool = False
    max_attempts: int = 10
    retry_base_ms: int = 1_000
    retry_max_ms: int = 60_000
    request_timeout_ms: int = 10_000
    shutdown_timeout_ms: int = 2_000
    spool_dir: str = ""
    spool_max_bytes: int = 10_000_000
    debug: bool = False

    @property
    def batch_url(self) -> str:
        """Where batches go: an endpoint without a path gets the server's batch path, any other is used as it is."""
        base, _, query = self.endpoint.partition("?")
        host = base.split("://", 1)[-1]
        if "/" in host.rstrip("/"):
            return self.endpoint
        return base.rstrip("/") + BATCH_PATH + (f"?{query}" if query else "")


def parse_dsn(dsn: str) -> dict[str, str]:
    """`http://<key>@host[:port][/prefix]/<project>` as `endpoint` and `key`; `ValueError` says what is wrong."""
    scheme, separator, rest = dsn.partition("://")
    key, at, place = rest.rpartition("@")
    if not separator or scheme not in ("http", "https") or not at or not key:
        raise ValueError(f"dsn {dsn!r} is not of the form https://<key>@<host>/<project>")
    host, _, path = place.partition("/")
    prefix = path.strip("/").rpartition("/")[0]
    endpoint = f"{scheme}://{host}" + (f"/{prefix}{BATCH_PATH}" if prefix else "")
    return {"endpoint": endpoint, "key": key.partition(":")[0]}


def from_environment(environ: Any = None) -> dict[str, Any]:
    """Settings from `HOLDFAST_*` variables and the two switches of the documents."""
    env = os.environ if environ is None else environ
    settings: dict[str, Any] = {}
    if env.get("HOLDFAST_DSN"):
        settings.update(parse_dsn(env["HOLDFAST_DSN"]))
    for name in TelemetryConfig._fields:
        text = env.get(f"HOLDFAST_{name.upper()}")
        if text is not None and name not in ("custom_transport", "before_send"):
            settings[name] = _read(name, text)
    for switch in ("TELEMETRY_ENABLED", "ENABLE_ANALYTICS"):
        if env.get(switch, "").lower() in _OFF:
            settings["enabled"] = False
    return settings


def problems(config: TelemetryConfig) -> list[str]:
    """What is wrong with these settings, one sentence each, naming the setting and a valid example."""
    found = [
        f"{name}={value!r} is not {_KINDS[type(TelemetryConfig._field_defaults[name])]}"
        for name, value in zip(config._fields, config, strict=True)
        if not _fits(name, value)
    ]
    if found:
        return found
    if config.sampling not in SAMPLING:
        found.append(f"sampling={config.sampling!r} is not one of {', '.join(SAMPLING)}")
    if config.transport not in TRANSPORTS:
        found.append(f"transport={config.transport!r} is not one of {', '.join(TRANSPORTS)}")
    if not 0 <= config.sampling_rate <= 1:
        found.append(f"sampling_rate={config.sampling_rate!r} is not between 0 and 1")
    found += [
        f"{name}={getattr(config, name)!r} must be at least 1"
        for name in (
            "max_buffer_size",
            "max_events",
            "flush_interval_ms",
            "max_payload_bytes",
            "max_attempts",
        )
        if getattr(config, name) < 1
    ]
    return found + _transport_problems(config)


def checked(config: TelemetryConfig) -> TelemetryConfig:
    """`config` as it is, or switched off, with its problems reported."""
    found = problems(config)
    if not found:
        return config
    report("telemetry is off, because " + "; ".join(found), config.debug is True)
    defaults = TelemetryConfig(enabled=False)
    return defaults._replace(
        **{
            name: value
            for name, value in config._asdict().items()
            if name not in " ".join(found) and name != "enabled"
        }
    )


def _transport_problems(config: TelemetryConfig) -> list[str]:
    if config.transport == "http" and config.enabled and not config.endpoint:
        return ["endpoint is missing; set endpoint='https://holdfast.example.com' or a dsn"]
    if config.endpoint and not config.endpoint.startswith(("http://", "https://")):
        return [f"endpoint={config.endpoint!r} must start with http:// or https://"]
    if config.transport == "custom" and config.custom_transport is None:
        return ["transport='custom' needs custom_transport=<a function that takes a list of events>"]
    if config.transport == "file" and not config.spool_dir:
        return ["transport='file' needs spool_dir='/var/spool/your-app'"]
    return []


def _fits(name: str, value: object) -> bool:
    kind = type(TelemetryConfig._field_defaults[name])
    if kind is bool:
        return isinstance(value, bool)
    if kind in (int, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return True


def _read(name: str, text: str) -> Any:
    """The text of a variable as the setting's type; text that does not fit is kept, for `problems` to name."""
    kind = type(TelemetryConfig._field_defaults[name])
    if kind is bool:
        return text.lower() not in _OFF
    if kind is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return text
    return text
