"""TelemetryCollector: captures in the caller's thread at the cost of a tuple and an append, sends from its own.

The caller's thread only takes the time, the scope and a snapshot of the data. Everything else (ids, scrubbing,
encoding, compression, the network) happens on the sender thread. Nothing here raises into the host or blocks it,
except `flush` and `destroy`, which wait as long as they are told.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from holdfast import _drops, _lifetime
from holdfast._config import TelemetryConfig, checked
from holdfast._drops import DropCounts
from holdfast._fields import EventFields, known_fields, unpacked
from holdfast._log import report
from holdfast._sampling import Sampler
from holdfast._scope import Scope, current_scope, new_id
from holdfast._sender import Sender, Ticket
from holdfast._settle import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from holdfast._packing import Record

_scope_or = current_scope.get
_NO_FIELDS: dict[str, Any] = {}  # shared by all events without fields; only ever read


class BufferStatus(NamedTuple):
    """`size` of `max_size` events wait in memory; `in_flight` are being sent; `dropped` and `sent` since start."""

    size: int
    max_size: int
    in_flight: int
    dropped: int
    sent: int


class TelemetryCollector:
    """One buffer, one sender thread (started with the first event), one configuration.

    Keyword arguments are the fields of `TelemetryConfig`. A wrong value is reported once through logging and
    leaves the collector off; an unknown name is a TypeError.
    """

    def __init__(self, **settings: Any) -> None:
        self._config = checked(TelemetryConfig(**settings))
        self._identity = Scope(session_id=new_id())
        self._process_session = self._identity.session_id
        self._drops = DropCounts()
        self._now: Callable[[], float] = time
        self._destroyed = False
        self._start_lock = threading.Lock()
        self._mishaps: list[Exception] | None = None
        self._renew()
        _lifetime.watch(self)

    def track(
        self,
        event: str | Mapping[str, Any],
        data: Mapping[str, Any] | None = None,
        /,
        **fields: Unpack[EventFields],
    ) -> None:
        """Record one event: `track("feature.used", {"id": 1}, user_id="u")` or `track({"type": …, "data": …})`."""
        if self.is_gated and not self.admits("event"):
            return
        try:
            if event.__class__ is not str:
                event, data, fields = unpacked(event, data, fields)
            buffer = self._buffer
            if len(buffer) >= self._room:
                self._overflow()
            buffer.append(
                (
                    event,
                    self._now(),
                    _scope_or(None) or self._identity,
                    snapshot(data) if data else None,
                    snapshot(fields) if fields else _NO_FIELDS,
                )
            )
            if len(buffer) >= self._enough and not self._sender.nudged:
                self._sender.nudge()
        except Exception as problem:  # noqa: BLE001 - a guest never raises into the host
            self.mishap(problem)

    def track_performance(
        self,
        name: str | Mapping[str, Any],
        value: float = 0.0,
        unit: str = "ms",
        data: Mapping[str, Any] | None = None,
        /,
        **fields: Unpack[EventFields],
    ) -> None:
        """Record one measurement: `track_performance("api.latency", 150, "ms")`, or a mapping of these names."""
        try:
            if not isinstance(name, str):
                rest = dict(name)
                name, value, unit = (
                    str(rest.pop("name", "")),
                    rest.pop("value", value),
                    rest.pop("unit", unit),
                )
                data = rest.pop("data", data)
                fields = {**known_fields(rest), **fields}
            fields["name"], fields["value"], fields["unit"] = name, value, unit
            self.record("performance", data, fields)
        except Exception as problem:  # noqa: BLE001
            self.mishap(problem)

    def track_error(
        self,
        error: BaseException | str,
        context: Mapping[str, Any] | None = None,
        /,
        **fields: Unpack[EventFields],
    ) -> str:
        """Record an exception (or a message) with its stack, and return its error id ("" when off)."""
        if self.is_gated and not self.admits("error"):
            return ""
        try:
            from holdfast._exceptions import capture

            captured = capture(error, context=snapshot(context) if context else None)
            self.record_captured("error", captured, snapshot(fields) if fields else {})
            return captured.error_id
        except Exception as problem:  # noqa: BLE001
            self.mishap(problem)
            return ""

    def set_user(self, user_id: str = "", *, anonymous_id: str = "", session_id: str = "") -> None:
        """Who speaks in this process when no scope says otherwise. Empty ids are unset, the session is kept."""
        self._identity = Scope(session_id or self._process_session, user_id, anonymous_id)

    def record(self, kind: str, data: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> None:
        """What `track` does, for the other classes of this package and for integrations."""
        if self.is_gated and not self.admits("event"):
            return
        self.record_captured(kind, snapshot(data) if data else None, snapshot(fields) if fields else {})

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Send everything captured before this call. True when the server acknowledged all of it in time."""
        if self._destroyed or self._sender.thread is None:
            return not self._buffer
        if threading.current_thread() is self._sender.thread:
            return False
        ticket = self._sender.ask(Ticket())
        ticket.done.wait(timeout_s)
        return ticket.ok

    async def aflush(self, timeout_s: float = 10.0) -> bool:
        """`flush` for coroutines: waits without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.flush, timeout_s)

    def destroy(self, timeout_s: float | None = None) -> bool:
        """Send what is left, for at most `shutdown_timeout_ms` (or `timeout_s`), and stop for good."""
        if self._destroyed:
            return True
        self._destroyed = self.is_gated = True
        if self._sender.thread is None:
            return not self._buffer
        ticket = self._sender.ask(Ticket(stop=True))
        if threading.current_thread() is not self._sender.thread:
            ticket.done.wait(self._config.shutdown_timeout_ms / 1000 if timeout_s is None else timeout_s)
        return ticket.ok

    def __del__(self) -> None:
        """A collector that nobody holds any more sends what it has, and its thread ends."""
        with suppress(Exception):  # modules may be gone while the interpreter shuts down
            if not self._destroyed and self._sender.thread is not None:
                self._sender.ask(Ticket(stop=True))

    def get_config(self) -> TelemetryConfig:
        """The settings in force (immutable)."""
        return self._config

    def update_config(self, **changes: Any) -> None:
        """Change settings while running. `enabled=False` also deletes what is buffered or spooled."""
        before = self._config
        self._config = checked(before._replace(**changes))
        self._sender.config = self._config
        self._configure()
        if before.enabled and not self._config.enabled:
            self._buffer.clear()
            self._drops.clear()
            if self._sender.thread is not None:
                self._sender.ask(Ticket(forget=True))

    def get_buffer_status(self) -> BufferStatus:
        """How full the buffer is, and what became of events so far."""
        return BufferStatus(
            len(self._buffer), self._room, self._sender.pending_count(), self._drops.total, self._sender.sent
        )

    def record_captured(self, kind: str, data: Any, fields: dict[str, Any]) -> None:
        """The last step of `record`: what is given must be admitted, settled and nobody else's."""
        buffer = self._buffer
        if len(buffer) >= self._room:
            self._overflow()
        buffer.append((kind, self._now(), _scope_or(None) or self._identity, data, fields))
        if len(buffer) >= self._enough and not self._sender.nudged:
            self._sender.nudge()

    def admits(self, category: str) -> bool:
        """The slow gate: off, sampled out, or the sender thread has not been started yet."""
        if self._destroyed or not self._config.enabled:
            return False
        if self._sender.thread is None:
            self._start()
        if self._sampler is not None and (category != "error" or self._config.sample_errors):
            reason = self._sampler.refuse()
            if reason:
                self._drops.add(reason, category)
                return False
        return True

    def _start(self) -> None:
        """Whoever comes first starts the sender; nobody waits, as a signal handler may interrupt the very start."""
        if not self._start_lock.acquire(blocking=False):
            return
        try:
            if self._sender.thread is None and not self._destroyed:
                self._sender.start()
                _lifetime.at_child_exit()
        except RuntimeError as problem:  # the interpreter is shutting down
            report(f"events can't be sent any more: {problem}", self._config.debug)
        finally:
            self._start_lock.release()
        self._configure()

    def _configure(self) -> None:
        config = self._config
        self._sampler = Sampler.of(config)
        self._room = config.max_events
        self._enough = min(config.max_buffer_size, config.max_events)
        self.is_gated = (
            self._destroyed or not config.enabled or self._sampler is not None or self._sender.thread is None
        )

    def _overflow(self) -> None:
        """Make room by dropping the oldest, and count it."""
        try:
            while len(self._buffer) >= self._room:
                oldest = self._buffer.popleft()
                self._drops.add(_drops.OVERFLOW, "error" if oldest[0] == "error" else "event")
        except IndexError:  # the sender emptied it meanwhile
            pass

    def mishap(self, problem: Exception) -> None:
        if self._mishaps is not None:
            self._mishaps.append(problem)
        report(f"an event was not recorded: {type(problem).__name__}: {problem}", self._config.debug)

    def be_strict(self, now: Callable[[], float]) -> list[Exception]:
        """For `holdfast.testing`: take the time from `now`, and keep in the returned list what went wrong."""
        self._now = now
        self._mishaps = []
        return self._mishaps

    def _renew(self) -> None:
        """A fresh buffer and sender: at the start, and in a forked child, whose thread and locks are gone."""
        self._buffer: deque[Record] = deque()
        self._sender = Sender(self._buffer, self._config, self._drops)
        self._configure()

    def _after_fork(self) -> None:
        """What the parent captured is the parent's to send; the child starts empty, with a session of its own."""
        self._start_lock = threading.Lock()
        self._drops = DropCounts()
        session_id = new_id()
        if self._identity.session_id == self._process_session:
            self._identity = self._identity._replace(session_id=session_id)
        self._process_session = session_id
        self._renew()
