"""Runs the HTTP interface until the parent says stop, dies, or a signal comes; then ends every query before chDB closes."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TextIO

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from .config import EngineConfig
from .execution import Engine
from .guard import reader_guard
from .http import Application

ORPHAN_GRACE_S = 1.0
"""Nobody waits for answers once the parent is gone, and its successor wants the folder."""

EXIT_MARGIN_S = 10.0
HOST = "127.0.0.1"


class Stop:
    """The first request to stop wins; `grace_s` is how long running queries may go on."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.asked = asyncio.Event()
        self.grace_s = ORPHAN_GRACE_S

    def __call__(self, grace_s: float) -> None:
        if not self.asked.is_set():
            self.grace_s = grace_s
            self.asked.set()

    def from_thread(self, grace_s: float) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            self.loop.call_soon_threadsafe(self, grace_s)


async def serve(engine: Engine, config: EngineConfig, report: TextIO) -> None:
    stop = Stop()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop, ORPHAN_GRACE_S)
    threading.Thread(target=watch_parent, args=(stop.from_thread,), daemon=True, name="life-line").start()
    application = Application(engine, config, reader_guard(engine))
    server = Server(
        application,
        address=HOST,
        port=config.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
        backlog=256,
    )
    serving = asyncio.create_task(server.serve())
    await listening(config.port)
    print(json.dumps({"ready": config.port}), file=report, flush=True)
    await asyncio.wait({serving, asyncio.create_task(stop.asked.wait())}, return_when=asyncio.FIRST_COMPLETED)
    last_resort = threading.Timer(stop.grace_s + EXIT_MARGIN_S, os._exit, [1])
    last_resort.daemon = True
    last_resort.start()
    await application.finish(stop.grace_s)
    server.stop()  # type: ignore[no-untyped-call]
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(serving, 3)


async def listening(port: int) -> None:
    """Return once the port answers: the HTTP server starts in threads of its own and does not tell."""
    for _ in range(500):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(HOST, port)
            writer.close()
            return
        await asyncio.sleep(0.01)
    raise RuntimeError(f"the HTTP server does not listen on port {port}")


def watch_parent(stop: Callable[[float], None]) -> None:
    """Read the life line: a line "stop SECONDS" from a parent that waits, or its end when the parent is gone."""
    for line in sys.stdin:
        word, _, seconds = line.strip().partition(" ")
        if word == "stop":
            stop(float(seconds or ORPHAN_GRACE_S))
            return
    stop(ORPHAN_GRACE_S)
