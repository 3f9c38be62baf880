"""Live data: one task asks the event store for what is new, twice a second, while anybody watches, and tells them all."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog

from ..errors import HoldfastError
from ..event_store.connect import EventStore
from ..event_store.queries import feed
from ..event_store.queries.feed import Filter

log = structlog.get_logger(__name__)

POLL_S = 0.5
KEEP_ALIVE_S = 15
NEW_ROWS = 200
"""Rows that one poll shows at the most; beyond, watchers hear that there were more."""
QUEUE = 50
"""Messages that a slow watcher may be behind before the oldest are dropped."""

Message = dict[str, Any]


class LiveFeed:
    """One per process. `watch` yields `{"rows": […newest first], "more": bool}`, or None to keep the connection alive."""

    def __init__(self, facts: EventStore) -> None:
        self.facts = facts
        self.watchers: dict[int, set[asyncio.Queue[Message]]] = {}
        self.newest: dict[int, int] = {}
        self.task: asyncio.Task[None] | None = None

    async def watch(self, project_id: int) -> AsyncIterator[Message | None]:
        queue: asyncio.Queue[Message] = asyncio.Queue(QUEUE)
        self.watchers.setdefault(project_id, set()).add(queue)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._poll())
        try:
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), KEEP_ALIVE_S)
                except TimeoutError:
                    yield None
        finally:
            self._leave(project_id, queue)

    def _leave(self, project_id: int, queue: "asyncio.Queue[Message]") -> None:
        watching = self.watchers.get(project_id, set())
        watching.discard(queue)
        if not watching:
            self.watchers.pop(project_id, None)
            self.newest.pop(project_id, None)

    async def _poll(self) -> None:
        while self.watchers:
            for project_id in list(self.watchers):
                try:
                    await self._tell(project_id)
                except HoldfastError as exc:
                    log.warning("live.waiting", reason=exc.message)
                except Exception:
                    log.exception("live.failed")
            await asyncio.sleep(POLL_S)

    async def _tell(self, project_id: int) -> None:
        after = self.newest.get(project_id)
        limit = 1 if after is None else NEW_ROWS
        rows = await asyncio.to_thread(
            feed.newest, self.facts, Filter(project_id, after_id=after or 0), limit, 3600
        )
        if rows:
            self.newest[project_id] = int(rows[0]["id"])
        elif after is None:
            self.newest[project_id] = 0
        if after is None or not rows:
            return
        message = {"rows": rows, "more": len(rows) == limit}
        for queue in self.watchers.get(project_id, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(message)
