"""Between worker threads and the event loop: a short queue that keeps the client's pace, and groups of worker places."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from .execution import Head
from .faults import Code, Fault

QUEUE_LIMIT = 200
WAITING_PIECES = 3


class Gone(Exception):
    """The client left before its answer was complete."""


class Started:
    """The first item of a good answer: its head, how the bytes behind it are packed, and the tag of a later error."""

    def __init__(self, head: Head, encoding: str, tag: str) -> None:
        self.head, self.encoding, self.tag = head, encoding, tag


Item = Started | bytes | Fault | Gone | None
"""Started, then bytes, then None; or a Fault alone; Gone when the client left."""


class Channel:
    """Carries one answer from its worker to the event loop. A few pieces wait at the most, then the worker does."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.items: asyncio.Queue[Item] = asyncio.Queue()
        self.room = threading.Semaphore(WAITING_PIECES)
        self.closed = False

    def put(self, item: Item) -> None:
        """From the worker. Raises Gone when nobody reads any more."""
        self.room.acquire()
        if self.closed:
            self.room.release()
            raise Gone
        self.loop.call_soon_threadsafe(self.items.put_nowait, item)

    async def get(self) -> Item:
        item = await self.items.get()
        self.room.release()
        return item

    def close(self) -> None:
        """From the event loop: whoever waits on either side is released."""
        self.closed = True
        self.room.release(WAITING_PIECES)
        self.items.put_nowait(Gone())


class Group:
    """Worker places for one sort of request; so many may wait, and no more."""

    def __init__(self, name: str, size: int) -> None:
        self.places = asyncio.Semaphore(size)
        self.threads = ThreadPoolExecutor(size, thread_name_prefix=name)
        self.waiting = 0

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        if self.waiting >= QUEUE_LIMIT:
            raise Fault(
                Code.TOO_MANY_SIMULTANEOUS_QUERIES,
                f"Too many simultaneous queries: {self.waiting} wait already",
            )
        self.waiting += 1
        try:
            await self.places.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self.places.release()
