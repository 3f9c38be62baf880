"""How much may be in memory at once of protocols whose requests are large: bytes that have arrived, and bodies being decoded.

Decoded, a body takes up to ten times its bytes: with a bound on each request alone, many of them would still fill the machine.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ..errors import Busy

MAX_BYTES = 256 * 1024 * 1024
DECODERS = 2
SMALL_BYTES = 16_384
"""A smaller body is decoded in a few milliseconds: a thread would cost more than it saves."""

T = TypeVar("T")


class Hold:
    """The bytes of one request; `grow` is called as they arrive."""

    def __init__(self, whole: "AtOnce") -> None:
        self.whole = whole
        self.bytes = 0

    def grow(self, count: int) -> None:
        """Raises Busy when there is no room for so many more."""
        if self.whole.held + count > self.whole.max_bytes:
            raise Busy("too many large requests at once", retry_after_s=2)
        self.whole.held += count
        self.bytes += count


class AtOnce:
    def __init__(self, max_bytes: int = MAX_BYTES, decoders: int = DECODERS) -> None:
        self.max_bytes = max_bytes
        self.held = 0
        self.decoding = asyncio.Semaphore(decoders)

    @contextmanager
    def hold(self) -> Iterator[Hold]:
        hold = Hold(self)
        try:
            yield hold
        finally:
            self.held -= hold.bytes

    async def decode(self, work: Callable[[], T], size: int, *, is_packed: bool) -> T:
        """Run `work` here when the body is small and plain, else in a thread, a few at a time."""
        if size <= SMALL_BYTES and not is_packed:
            return work()
        async with self.decoding:
            return await asyncio.to_thread(work)
