"""Where batches go. A transport delivers one batch at a time, on the sender thread, and answers with a verdict.

`http` posts to a server, `file` spools to disk and forwards later, `console` prints, `custom` calls a function.
A transport never raises and never retries: the sender does, by the verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from holdfast._config import TelemetryConfig

if TYPE_CHECKING:
    from holdfast._drops import Counts, DropCounts

ACCEPTED = "accepted"
RETRY = "retry"
REFUSED = "refused"
TOO_LARGE = "too_large"


class Batch(NamedTuple):
    """One delivery. `body` is gzipped JSON and is sent unchanged at each attempt, so `id` makes it count once."""

    id: str
    body: bytes
    events: list[dict[str, Any]]
    dropped: Counts


class Verdict(NamedTuple):
    """What became of a delivery. `retry_after_s` is the server's wish; `detail` is for the debug log."""

    kind: str
    detail: str = ""
    retry_after_s: float | None = None
    pause_s: float = 0.0


class Transport(Protocol):
    """`send` delivers or says why not; `tick` does background work and returns seconds to the next, if any."""

    def send(self, batch: Batch) -> Verdict: ...

    def tick(self) -> float | None: ...

    def forget(self) -> None:
        """Consent was withdrawn: remove whatever is kept."""
        ...

    def close(self) -> None: ...


def make_transport(config: TelemetryConfig, drops: DropCounts) -> Transport:
    """The transport that `config` names; its module is imported here, by the sender thread."""
    if config.transport == "http":
        from holdfast.transports.http import HttpTransport

        return HttpTransport(config)
    if config.transport == "file":
        from holdfast.transports.file import FileTransport

        return FileTransport(config, drops)
    if config.transport == "console":
        from holdfast.transports.console import ConsoleTransport

        return ConsoleTransport()
    from holdfast.transports.custom import CustomTransport

    own: Any = config.custom_transport
    if hasattr(own, "send") and hasattr(own, "tick"):
        return cast("Transport", own)
    return CustomTransport(config)
