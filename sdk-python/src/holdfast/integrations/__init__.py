"""One file a library, imported only once the program itself has imported that library. Each has `install(client)`.

`auto` waits for all of them. A library that changed under us is reported through logging and left alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from holdfast._log import report
from holdfast.integrations._on_import import when_imported

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from holdfast._client import Client

LIBRARIES = ("tenacity", "stamina", "urllib3", "httpx", "celery", "pybreaker", "openai", "anthropic")
KNOWN = (*LIBRARIES, "logging")


def turn_on(client: Client, names: Sequence[str], *, capture_logging: bool = False) -> None:
    """Integrate the named libraries (`"auto"`: every known one) now, or when the program imports them."""
    wanted = list(LIBRARIES) if names == "auto" else list(names)
    if capture_logging and "logging" not in wanted:
        wanted.append("logging")
    for name in wanted:
        if name in KNOWN:
            client.on_close(when_imported(name, _installer(client, name)))
        else:
            report(f"integration {name!r} is not known; choose from {', '.join(KNOWN)}")


def _installer(client: Client, name: str) -> Callable[[], None]:
    def install() -> None:
        try:
            client.on_close(import_module(f"holdfast.integrations.{name}").install(client))
        except Exception as problem:  # noqa: BLE001 - a library that changed under us must not stop the host
            report(f"integration {name!r} is not available: {type(problem).__name__}: {problem}")

    return install
