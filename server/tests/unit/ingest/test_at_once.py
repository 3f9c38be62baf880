"""What may be in memory at once of large requests is bounded, and given back whatever happens."""

import asyncio
import threading
from contextlib import suppress

import pytest

from holdfast_server.errors import Busy
from holdfast_server.ingest.at_once import SMALL_BYTES, AtOnce


def test_bytes() -> None:
    """Beyond the bound a request is told to come back; what it held is free again at its end."""
    whole = AtOnce(max_bytes=100)
    with whole.hold() as one:
        one.grow(60)
        with whole.hold() as other:
            other.grow(40)
            with pytest.raises(Busy):
                other.grow(1)
        assert whole.held == 60
    assert whole.held == 0


def test_given_back_on_failure() -> None:
    """A request that fails gives back what it held."""
    whole = AtOnce(max_bytes=100)
    with suppress(Busy), whole.hold() as one:
        one.grow(60)
        one.grow(60)
    assert whole.held == 0


async def test_decoders() -> None:
    """Large bodies are decoded in threads, only so many at a time; small ones where they are."""
    whole = AtOnce(decoders=2)
    running, most = 0, 0
    lock, together = threading.Lock(), threading.Barrier(2)

    def work() -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(10)
        with lock:
            running -= 1
        return threading.current_thread().name

    names = await asyncio.gather(*(whole.decode(work, SMALL_BYTES + 1, is_packed=False) for _ in range(6)))
    assert most == 2
    assert threading.current_thread().name not in names
    assert (
        await whole.decode(lambda: threading.current_thread().name, 1, is_packed=False)
        == threading.current_thread().name
    )
