"""All settings, in frozen sections, read once from the environment and one TOML file (the environment wins).

Every problem is collected and reported together as one CannotStart, each with the setting's name and a valid example.
docs/reference/settings.md is generated from these declarations and a test holds it to them.
"""

import dataclasses
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from .errors import CannotStart

Check = Callable[[Any], str | None]


def setting(
    default: Any, about: str, example: str, *, env: str, secret: bool = False, check: Check | None = None
) -> Any:
    """Declare one setting: `about` and `example` make the reference page and the error texts."""
    meta = {"about": about, "example": example, "env": env, "secret": secret, "check": check}
    return field(default=default, metadata=meta)


def between(low: float, high: float) -> Check:
    return lambda value: None if low <= value <= high else f"must lie between {low:g} and {high:g}"


def starts_with(*prefixes: str) -> Check:
    return lambda value: None if value.startswith(prefixes) else "must start with " + " or ".join(prefixes)


def optional_url(*prefixes: str) -> Check:
    inner = starts_with(*prefixes)
    return lambda value: inner(value) if value else None


Role = Literal["all", "ingest", "web", "worker"]


@dataclass(frozen=True)
class ServerSettings:
    host: str = setting("127.0.0.1", "The address to listen on.", "0.0.0.0", env="HOLDFAST_HOST")  # noqa: S104
    port: int = setting(8321, "The port to listen on.", "8321", env="HOLDFAST_PORT", check=between(0, 65535))
    data: Path = setting(
        Path("data"),
        "The folder that holds everything: facts, state, spool, files.",
        "/var/lib/holdfast",
        env="HOLDFAST_DATA",
    )
    role: Role = setting(
        "all",
        "What this process does: all, or one of ingest, web, worker when you run several.",
        "all",
        env="HOLDFAST_ROLE",
    )
    public_url: str = setting(
        "",
        "The address that people and SDKs use; it stands in DSNs and snippets. Empty: taken from host and port.",
        "https://holdfast.example.org",
        env="HOLDFAST_PUBLIC_URL",
        check=optional_url("http://", "https://"),
    )
    node: int = setting(
        0,
        "A number of its own for each ingest process, so that event ids never meet.",
        "1",
        env="HOLDFAST_NODE",
        check=between(0, 63),
    )
    log_format: Literal["text", "json"] = setting(
        "text", "How log lines look.", "json", env="HOLDFAST_LOG_FORMAT"
    )


@dataclass(frozen=True)
class StoreSettings:
    events: str = setting(
        "",
        "Where facts are kept. Empty: an engine of our own in the data folder.",
        "clickhouse://user:password@host:8123/holdfast",
        env="HOLDFAST_EVENTS",
        secret=True,
        check=optional_url("clickhouse://", "clickhouses://"),
    )
    cluster: str = setting(
        "",
        "The name of the ClickHouse cluster, when events names one: tables become Replicated and Distributed.",
        "main",
        env="HOLDFAST_EVENTS_CLUSTER",
    )
    state: str = setting(
        "",
        "Where state is kept. Empty: SQLite in the data folder.",
        "postgresql://holdfast:password@host/holdfast",
        env="HOLDFAST_STATE",
        secret=True,
        check=optional_url("sqlite:///", "postgresql://"),
    )
    engine_memory_mb: int = setting(
        0,
        "The engine's memory cap in MB; 0 means half of the machine's memory.",
        "2048",
        env="HOLDFAST_ENGINE_MEMORY_MB",
        check=between(0, 1_000_000),
    )
    events_days: int = setting(
        30, "Days that raw events are kept.", "30", env="HOLDFAST_EVENTS_DAYS", check=between(1, 3650)
    )
    errors_days: int = setting(
        90, "Days that error occurrences are kept.", "90", env="HOLDFAST_ERRORS_DAYS", check=between(1, 3650)
    )
    aggregates_days: int = setting(
        0,
        "Days that aggregates are kept; 0 means for ever.",
        "0",
        env="HOLDFAST_AGGREGATES_DAYS",
        check=between(0, 36500),
    )


@dataclass(frozen=True)
class IngestSettings:
    telemetry_enabled: bool = setting(
        True,
        "Whether anything is taken in at all. Off: sent data is answered with success and counted as filtered.",
        "true",
        env="TELEMETRY_ENABLED",
    )
    analytics_enabled: bool = setting(
        True,
        "Whether usage analytics (page views, actions, sessions) are kept; errors, signals and latency always are.",
        "1",
        env="ENABLE_ANALYTICS",
    )
    spool_quota_mb: int = setting(
        4096,
        "How large the spool on disk may grow while the event store is away.",
        "4096",
        env="HOLDFAST_SPOOL_QUOTA_MB",
        check=between(1, 10_000_000),
    )
    disk_reserve_mb: int = setting(
        256,
        "Free space on the data disk below which nothing more is taken in.",
        "256",
        env="HOLDFAST_DISK_RESERVE_MB",
        check=between(0, 10_000_000),
    )
    rate_per_s: int = setting(
        0,
        "Events that one project may send a second, averaged over ten seconds; 0 means no limit.",
        "5000",
        env="HOLDFAST_RATE_PER_S",
        check=between(0, 10_000_000),
    )
    redact_fields: tuple[str, ...] = setting(
        (),
        "Further field names whose values are replaced by [REDACTED], separated by commas.",
        "iban,passport",
        env="HOLDFAST_REDACT_FIELDS",
    )
    max_event_age_days: float = setting(
        7.0,
        "A client time older than this is replaced by the received time and flagged.",
        "7",
        env="HOLDFAST_MAX_EVENT_AGE_DAYS",
        check=between(0.01, 3650),
    )
    burst_bodies: int = setting(
        100,
        "Whole occurrences of one issue kept a minute; beyond, all are counted and a sample keeps its stack and context. 0: all.",
        "100",
        env="HOLDFAST_BURST_BODIES",
        check=between(0, 1_000_000),
    )
    burst_new_bodies: int = setting(
        1_000,
        "The same for issues that are new, all of a project together.",
        "1000",
        env="HOLDFAST_BURST_NEW_BODIES",
        check=between(0, 1_000_000),
    )
    block_rows: int = setting(
        250_000,
        "Rows that the drainer moves in one block at the most.",
        "250000",
        env="HOLDFAST_BLOCK_ROWS",
        check=between(100, 1_000_000),
    )
    drain_interval_ms: int = setting(
        500,
        "How long the drainer waits for a block to fill.",
        "500",
        env="HOLDFAST_DRAIN_INTERVAL_MS",
        check=between(50, 60_000),
    )


@dataclass(frozen=True)
class AccountSettings:
    admin_email: str = setting(
        "admin@localhost",
        "The first administrator's name at the first start.",
        "admin@example.org",
        env="HOLDFAST_ADMIN_EMAIL",
    )
    admin_password: str = setting(
        "",
        "The first administrator's password; empty: made up and printed once.",
        "a long sentence",
        env="HOLDFAST_ADMIN_PASSWORD",
        secret=True,
    )
    cron_secret: str = setting(
        "",
        "What outside schedulers send as Authorization: Bearer to the cron endpoints; empty: they are closed.",
        "a-long-random-word",
        env="CRON_SECRET",
        secret=True,
    )
    cors_origins: tuple[str, ...] = setting(
        ("*",),
        "Web origins whose browsers may send events, separated by commas.",
        "https://shop.example.org",
        env="HOLDFAST_CORS_ORIGINS",
    )


def sentry_dsn(value: str) -> str | None:
    """A DSN that nothing could be sent to is refused at start."""
    parts = urlsplit(value) if value else None
    if parts is None or (
        parts.scheme in ("http", "https")
        and parts.hostname
        and parts.username
        and parts.path.rpartition("/")[2].isdigit()
    ):
        return None
    return "must look like https://key@host/number"


@dataclass(frozen=True)
class ForwardSettings:
    dsn: str = setting(
        "",
        "The DSN of a Sentry project that errors and timings are forwarded to; empty: nothing is forwarded.",
        "https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/2",
        env="HOLDFAST_FORWARD_DSN",
        secret=True,
        check=sentry_dsn,
    )
    environments: tuple[str, ...] = setting(
        ("production",),
        "Environments that are forwarded, separated by commas; * is every one, also of what names none.",
        "production,staging",
        env="HOLDFAST_FORWARD_ENVIRONMENTS",
    )
    error_rate: float = setting(
        1.0,
        "The share of errors that is forwarded.",
        "1.0",
        env="HOLDFAST_FORWARD_ERROR_RATE",
        check=between(0, 1),
    )
    performance_rate: float = setting(
        0.1,
        "The share of traces and timings that is forwarded.",
        "0.1",
        env="HOLDFAST_FORWARD_PERFORMANCE_RATE",
        check=between(0, 1),
    )
    queue_mb: int = setting(
        64,
        "How much may wait on disk while Sentry is away or slow; beyond, the oldest goes.",
        "64",
        env="HOLDFAST_FORWARD_QUEUE_MB",
        check=between(1, 100_000),
    )


@dataclass(frozen=True)
class Settings:
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    ingest: IngestSettings = IngestSettings()
    accounts: AccountSettings = AccountSettings()
    forward: ForwardSettings = ForwardSettings()

    @property
    def base_url(self) -> str:
        return (
            self.server.public_url.rstrip("/")
            or f"http://{_spoken_host(self.server.host)}:{self.server.port}"
        )

    @property
    def state_url(self) -> str:
        return self.store.state or f"sqlite:///{(self.server.data / 'state.db').resolve()}"


SECTIONS: dict[str, type] = {
    "server": ServerSettings,
    "store": StoreSettings,
    "ingest": IngestSettings,
    "accounts": AccountSettings,
    "forward": ForwardSettings,
}


def load(
    environ: Mapping[str, str], file: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Build the settings from `overrides` (command line) over `environ` over `file`.

    Raises CannotStart with all problems at once.
    """
    problems: list[str] = []
    table = _read_file(file, problems)
    sections = {
        name: _section(name, kind, table.get(name, {}), environ, overrides or {}, problems)
        for name, kind in SECTIONS.items()
    }
    if problems:
        raise CannotStart(
            "the settings can't be used:\n  - " + "\n  - ".join(problems),
            hint="see docs/reference/settings.md",
        )
    return Settings(**sections)


def _read_file(file: Path | None, problems: list[str]) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        problems.append(f"{file}: can't be read as TOML: {exc}")
        return {}
    for name, section in table.items():
        if name not in SECTIONS:
            problems.append(f"{file}: there is no section [{name}]; there are {', '.join(SECTIONS)}")
        elif not isinstance(section, dict):
            problems.append(f"{file}: {name} must be a section, such as [{name}]")
        else:
            known = {f.name for f in dataclasses.fields(SECTIONS[name])}
            problems.extend(f"{file}: [{name}] has no setting {key!r}" for key in section if key not in known)
    return {name: section for name, section in table.items() if isinstance(section, dict)}


def _section(
    name: str,
    kind: type,
    table: Mapping[str, Any],
    environ: Mapping[str, str],
    overrides: Mapping[str, Any],
    problems: list[str],
) -> Any:
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for item in dataclasses.fields(kind):
        where, raw = _raw_value(name, item, table, environ, overrides)
        if where is None:
            continue
        try:
            value = _convert(raw, hints[item.name])
            complaint = item.metadata["check"](value) if item.metadata["check"] else None
        except ValueError as exc:
            complaint = str(exc)
        if complaint:
            shown = "" if item.metadata["secret"] else f" (it is {raw!r})"
            problems.append(f"{where} {complaint}{shown}; for example {item.metadata['example']}")
        else:
            values[item.name] = value
    return kind(**values)


def _raw_value(
    section: str,
    item: "dataclasses.Field[Any]",
    table: Mapping[str, Any],
    environ: Mapping[str, str],
    overrides: Mapping[str, Any],
) -> tuple[str | None, Any]:
    env = item.metadata["env"]
    if overrides.get(item.name) is not None:
        return f"--{item.name.replace('_', '-')}", overrides[item.name]
    if env in environ:
        return env, environ[env]
    if item.name in table:
        return f"[{section}] {item.name}", table[item.name]
    return None, None


def _convert(raw: Any, kind: Any) -> Any:
    if kind is bool:
        return _to_bool(raw)
    if kind is int:
        return _to_int(raw)
    if kind is float:
        return _to_float(raw)
    if kind is Path:
        return _to_path(raw)
    if get_origin(kind) is tuple:
        parts = raw.split(",") if isinstance(raw, str) else raw
        if not isinstance(parts, list):
            raise ValueError("must be a list")
        return tuple(str(part).strip() for part in parts if str(part).strip())
    if get_origin(kind) is Literal and raw not in get_args(kind):
        raise ValueError("must be one of " + ", ".join(get_args(kind)))
    return str(raw)


def _to_path(raw: Any) -> Path:
    try:
        return Path(str(raw)).expanduser()
    except RuntimeError:
        raise ValueError("names a person's folder that this machine does not know") from None


def _to_bool(raw: Any) -> bool:
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
        "": False,
    }
    word = str(raw).strip().lower()
    if word not in words:
        raise ValueError("must be true or false")
    return words[word]


def _to_int(raw: Any) -> int:
    try:
        return int(str(raw).strip().replace("_", ""))
    except ValueError:
        raise ValueError("must be a whole number") from None


def _to_float(raw: Any) -> float:
    try:
        return float(str(raw).strip())
    except ValueError:
        raise ValueError("must be a number") from None


def _spoken_host(host: str) -> str:
    """The address to print for people when the server listens on every interface."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104


def reference() -> str:
    """The Markdown of docs/reference/settings.md."""
    lines = [
        "# Settings",
        "",
        "Each setting is read from the environment, or from a TOML file named by `--config` or `HOLDFAST_CONFIG`; the environment wins, and the command line wins over both. All problems are reported together at start.",
    ]
    for name, kind in SECTIONS.items():
        lines += [
            "",
            f"## [{name}]",
            "",
            "| setting | environment | default | meaning | example |",
            "|---|---|---|---|---|",
        ]
        for item in dataclasses.fields(kind):
            meta = item.metadata
            lines.append(
                f"| `{item.name}` | `{meta['env']}` | {_shown(item.default)} | {meta['about']} | `{meta['example']}` |"
            )
    return "\n".join(lines) + "\n"


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        default = ",".join(default)
    if isinstance(default, bool):
        default = str(default).lower()
    return f"`{default}`" if str(default) else "empty"
