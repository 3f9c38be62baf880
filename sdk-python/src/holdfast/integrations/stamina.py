"""stamina: its retry hook, added to those that stand, tells each retry; tenacity underneath tells how it ended.

Arguments of the retried call are never recorded: they are the host's data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stamina.instrumentation import get_on_retry_hooks, set_on_retry_hooks

from holdfast.integrations._patch import undo_all
from holdfast.integrations.tenacity import stamina_name, watch_retries

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast._client import Client


def install(client: Client) -> Callable[[], None]:
    def hook(details: Any) -> None:
        stamina_name.set(details.name)
        client.resilience.retry_attempt(
            "stamina",
            details.name,
            details.retry_num,
            details.wait_for * 1000,
            details.waited_so_far * 1000,
        )

    set_on_retry_hooks((*get_on_retry_hooks(), hook))

    def unhook() -> None:
        set_on_retry_hooks(tuple(other for other in get_on_retry_hooks() if other is not hook))

    return undo_all([unhook, watch_retries(client, stamina_only=True)])
