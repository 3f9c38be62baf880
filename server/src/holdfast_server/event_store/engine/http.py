"""ClickHouse's HTTP interface on loopback: the ASGI application in front of chDB.

Inserts, reads, commands and KILL have worker threads of their own, so that none waits for another.
A failure is answered in ClickHouse's own form; behind a begun stream it follows in an exception frame.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from . import codecs
from .access import Guard, to_query
from .answer import late_fault, relay, respond_fault
from .channel import Channel, Gone, Group, Started
from .config import EngineConfig
from .exchange import Exchange
from .execution import Engine, Head, Query
from .faults import Code, Fault
from .request import READER, Ask, parameters, read_request, who
from .sessions import Sessions
from .statement import Kind

GROUP_OF = {Kind.INSERT_DATA: "insert", Kind.QUERY: "read", Kind.SHOW: "read", Kind.COMMAND: "command"}


class Application:
    """The ASGI callable. `guard` rebuilds the SQL of `reader`."""

    def __init__(self, engine: Engine, config: EngineConfig, guard: Guard) -> None:
        self.engine, self.config, self.guard = engine, config, guard
        # People's questions have places of their own, so that they never keep the server's pages waiting.
        sizes = {"insert": 1, "read": config.reader_handles, "people": 2, "command": 2, "control": 2}
        self.groups = {name: Group(name, size) for name, size in sizes.items()}
        self.sessions = Sessions()
        self.running = 0
        self.stopping = False
        self.idle = asyncio.Event()
        self.idle.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        exchange = Exchange(scope, receive, send)
        with contextlib.suppress(ConnectionError):
            if exchange.path in ("/ping", "/replicas_status"):
                await exchange.respond(200, [("content-type", "text/plain; charset=UTF-8")], b"Ok.\n")
            elif exchange.path != "/":
                fault = Fault(Code.BAD_ARGUMENTS, f"There is no handle {exchange.path}; use / or /ping")
                await respond_fault(exchange, fault, "", 404)
            elif exchange.method not in ("GET", "POST"):
                fault = Fault(Code.BAD_ARGUMENTS, f"{exchange.method} means nothing here; POST the query")
                await respond_fault(exchange, fault, "", 405)
            else:
                with self.counted():
                    await self.answer(exchange)

    async def answer(self, exchange: Exchange) -> None:
        query_id = ""
        try:
            if self.stopping:
                raise Fault(
                    Code.TOO_MANY_SIMULTANEOUS_QUERIES, "the engine is stopping; try again in a second"
                )
            asked = await self.read(exchange)
            if asked is None:
                await exchange.respond(200, [("content-type", "text/html; charset=UTF-8")], b"Ok.\n")
                return
            query_id = asked.query_id
            query = await self.prepare(asked)
            place = GROUP_OF.get(query.statement.kind, "control")
            group = self.groups["people" if asked.login == READER and place == "read" else place]
            async with group.place():
                await self.serve(asked, query, group, exchange)
            self.sessions.learn(asked)
        except Fault as fault:
            await respond_fault(exchange, fault, query_id)
        except UnicodeDecodeError as exc:
            await respond_fault(
                exchange, Fault(Code.SYNTAX_ERROR, f"the query is not UTF-8: {exc}"), query_id
            )

    async def read(self, exchange: Exchange) -> Ask | None:
        """The request as a value, or None for a browser that merely looks in. No body is read for a stranger."""
        if exchange.method == "GET" and not exchange.query_string:
            return None
        given = parameters(exchange.query_string)
        login = who(given, exchange.headers, self.config)
        body = await exchange.body()
        return read_request(exchange.method, given, exchange.headers, login, body, self.engine.formats)

    async def prepare(self, asked: Ask) -> Query:
        before = self.sessions.recall(asked)
        if asked.login == READER:  # parsing people's SQL takes milliseconds of CPU
            return await asyncio.to_thread(to_query, asked, self.config, self.guard, before)
        return to_query(asked, self.config, self.guard, before)

    async def serve(self, asked: Ask, query: Query, group: Group, exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        channel = Channel(loop)
        work = loop.run_in_executor(group.threads, self.work, asked, query, channel)
        leaving = asyncio.ensure_future(exchange.disconnected())
        leaving.add_done_callback(lambda done: None if done.cancelled() else self.abandon(query, channel))
        try:
            await relay(channel, exchange, query.query_id, asked.progress)
        except Fault:
            raise
        except Exception:  # noqa: BLE001 - the server's own errors for a closed connection have no common type
            self.abandon(query, channel)
        finally:
            leaving.cancel()
            channel.close()
            await work

    def abandon(self, query: Query, channel: Channel) -> None:
        """Nobody waits for the answer any more: stop a read; let a write end, for half of one helps nobody."""
        channel.close()
        if query.statement.kind in (Kind.QUERY, Kind.SHOW):
            with contextlib.suppress(RuntimeError):  # the process is stopping, and cancels everything anyway
                channel.loop.run_in_executor(
                    self.groups["control"].threads, self.engine.cancel, query.query_id
                )

    def work(self, asked: Ask, query: Query, channel: Channel) -> None:
        """In a worker thread: run the query and put its answer, or its failure, into the channel."""
        encoding = codecs.choose(asked.accept)
        packer = codecs.packer(encoding)
        tag = ""
        with contextlib.suppress(Gone):
            try:
                with closing(self.engine.run(query)) as answer:
                    for item in answer:
                        if isinstance(item, Head):
                            packer = packer if item.format else codecs.Plain()
                            tag = secrets.token_hex(8)
                            channel.put(Started(item, encoding if item.format else "", tag))
                        else:
                            channel.put(packer.pack(item))
                channel.put(packer.finish())
                channel.put(None)
            except Gone:
                raise
            except Exception as exc:  # noqa: BLE001 - the edge of the worker: whatever happens must reach the client
                fault = (
                    exc
                    if isinstance(exc, Fault)
                    else Fault(Code.LOGICAL_ERROR, f"the engine's HTTP layer failed: {exc!r}")
                )
                channel.put(packer.pack(late_fault(fault, tag)) + packer.finish() if tag else fault)
                channel.put(None)

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        self.running += 1
        self.idle.clear()
        try:
            yield
        finally:
            self.running -= 1
            if self.running == 0:
                self.idle.set()

    async def finish(self, grace_s: float) -> None:
        """Wait for running requests, then stop what is left, and join every worker: chDB crashes if they outlive it."""
        self.stopping = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.idle.wait(), grace_s)
        await asyncio.to_thread(self.engine.cancel_all)
        for group in self.groups.values():
            await asyncio.to_thread(group.threads.shutdown, wait=True, cancel_futures=True)
