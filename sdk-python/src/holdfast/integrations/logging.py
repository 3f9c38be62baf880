"""The standard library's logging: records from ERROR become errors, those from INFO leave a breadcrumb.

`Logger.callHandlers` is wrapped instead of adding a handler: a handler on the root logger would change what
`logging.basicConfig` and the handler of last resort do in the host program.
"""

from __future__ import annotations

import logging
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from holdfast._settle import clip
from holdfast.integrations._patch import patch

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast._client import Client

_SEVERITIES = {"CRITICAL": "critical", "ERROR": "error", "WARNING": "warning"}
_inside: ContextVar[bool] = ContextVar("holdfast_logging", default=False)


def install(client: Client) -> Callable[[], None]:
    def call_handlers(former: Any) -> Any:
        def callHandlers(self: Any, record: logging.LogRecord) -> Any:  # noqa: N802 - the library's name
            if record.levelno >= logging.INFO:
                observe(client, record)
            return former(self, record)

        return callHandlers

    return patch(logging.Logger, "callHandlers", call_handlers)


class HoldfastHandler(logging.Handler):
    """For programs that would rather set a handler themselves."""

    def __init__(self, client: Client, level: int = logging.INFO) -> None:
        super().__init__(level)
        self._client = client

    def emit(self, record: logging.LogRecord) -> None:
        observe(self._client, record)


def observe(client: Client, record: logging.LogRecord) -> None:
    """A record into an error or a breadcrumb. Our own records and those of the sender thread are left out."""
    if (
        record.name.startswith("holdfast")
        or _inside.get()
        or threading.current_thread().name == "holdfast-sender"
    ):
        return
    token = _inside.set(True)
    try:
        _observe(client, record)
    except Exception as problem:  # noqa: BLE001 - a log call must not fail because of us
        client.collector.mishap(problem)
    finally:
        _inside.reset(token)


def _observe(client: Client, record: logging.LogRecord) -> None:
    if record.levelno >= logging.ERROR:
        error = record.exc_info[1] if record.exc_info else None
        message = clip(record.getMessage(), 1_000)
        client.errors.capture_error(
            error if error is not None else message,
            severity=_SEVERITIES.get(record.levelname, "error"),
            component=record.name,
            context={"logger": record.name, "message": message},
        )
    client.errors.add_breadcrumb(
        category=record.name, message=clip(record.getMessage(), 500), level=record.levelname.lower()
    )
