"""The one background thread of a collector: takes what was captured, packs it, delivers it, retries.

It alone touches the network. A batch keeps its id and its bytes over all attempts, so the server counts it once.
While the server is away it holds one pack of batches; the buffer behind it drops its oldest. It never raises.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from holdfast import _drops, _lifetime
from holdfast._config import TelemetryConfig
from holdfast._drops import DropCounts
from holdfast._log import report
from holdfast.transports import ACCEPTED, RETRY, TOO_LARGE, Batch, Transport, Verdict, make_transport

if TYPE_CHECKING:
    from holdfast._packing import Packer, Record

_MOST = 100  # events of one batch on the documents' path
_FEW = 50  # what a small buffer hands over at once, so that little is in flight besides what it holds


class Ticket:
    """A request to the sender, and its answer: `ok` once `done` is set."""

    def __init__(self, *, stop: bool = False, forget: bool = False) -> None:
        self.stop = stop
        self.forget = forget
        self.ok = False
        self.done = threading.Event()


class Sender:
    """`buffer` is shared with the capturing threads; everything else here belongs to the sender thread."""

    def __init__(self, buffer: deque[Record], config: TelemetryConfig, drops: DropCounts) -> None:
        self.config = config
        self.nudged = False
        self.sent = 0
        self.thread: threading.Thread | None = None
        self.resting_until_s = 0.0
        # SimpleQueue.put is reentrant: it may be called from a signal handler or a destructor (Event.set may not).
        self._messages: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._buffer = buffer
        self._drops = drops
        self._pending: deque[Batch] = deque()
        self._attempts = 0
        self._lost = 0
        self._told_to_wait = False
        self._waiting: list[Ticket] = []
        self._built_for: TelemetryConfig | None = None
        self._packer: Packer | None = None
        self._transport: Transport | None = None
        self._tick_at_s: float | None = 0.0 if config.transport == "file" else None
        self._stopped = False

    def start(self) -> None:
        """Raises RuntimeError where no thread can be started (late in interpreter shutdown)."""
        self.thread = threading.Thread(target=self._run, name="holdfast-sender", daemon=True)
        try:
            self.thread.start()
        except RuntimeError:
            self.thread = None
            raise
        _lifetime.sending(self)

    def nudge(self) -> None:
        """There is enough for a batch. Safe from anywhere."""
        self.nudged = True
        self._messages.put(None)

    def ask(self, ticket: Ticket) -> Ticket:
        self._messages.put(ticket)
        return ticket

    def pending_count(self) -> int:
        """Events taken from the buffer and not yet acknowledged."""
        return sum(len(batch.events) for batch in tuple(self._pending))

    def _run(self) -> None:
        while not self._stopped:
            try:
                self._wait()
                self.nudged = False
                self._answer(self._round())
            except Exception as problem:  # noqa: BLE001 - the loop must live; the pause keeps it from spinning
                report(f"sending failed unexpectedly: {type(problem).__name__}: {problem}", self.config.debug)
                self._rest(1.0)
                self._answer(False)

    def _wait(self) -> None:
        """Until the interval is over, a batch is full, a rest has ended or somebody asks; takes all messages."""
        until_s = monotonic() + self._patience_s()
        while True:
            try:
                message = self._messages.get(timeout=max(0.0, until_s - monotonic()))
            except queue.Empty:
                return
            if message is not None:
                self._accept(message)
                return
            if not self._resting():
                return

    def _accept(self, message: Ticket) -> None:
        self._waiting.append(message)
        while True:
            try:
                more = self._messages.get_nowait()
            except queue.Empty:
                return
            if more is not None:
                self._waiting.append(more)

    def _patience_s(self) -> float:
        now_s = monotonic()
        interval_s = self.config.flush_interval_ms / 1000
        if self._resting() and (self._pending or self._waiting):
            return max(0.0, self.resting_until_s - now_s)
        if len(self._buffer) >= self.config.max_buffer_size and not self._resting():
            return 0.0
        if self._tick_at_s is not None:
            return min(interval_s, max(0.0, self._tick_at_s - now_s))
        return interval_s

    def _round(self) -> bool:
        """One pass over what was captured before it began. True when all of it was acknowledged."""
        if any(ticket.forget for ticket in self._waiting) or not self.config.enabled:
            return self._forget()
        asked = bool(self._waiting)
        if self._resting() and (self._told_to_wait or not asked):
            return False
        if not (self._buffer or self._pending or self._tick_due()):
            return True
        self._prepare()
        delivered = self._deliver_all()
        self._tick()
        return delivered

    def _deliver_all(self) -> bool:
        left = len(self._buffer)
        lost_before = self._lost
        while self.config.enabled:
            if self._pending:
                verdict = self._send(self._pending[0])
                if not self._settle(self._pending[0], verdict):
                    return False
            elif left > 0:
                records = self._take(min(left, _MOST, max(_FEW, self.config.max_events // 2)))
                left = left - len(records) if records else 0
                assert self._packer is not None
                self._pending.extend(self._packer.pack(records))
            else:
                return self._lost == lost_before
        return False

    def _take(self, count: int) -> list[Record]:
        records: list[Record] = []
        with suppress(IndexError):  # a capturing thread dropped the oldest meanwhile
            records.extend(self._buffer.popleft() for _ in range(count))
        return records

    def _send(self, batch: Batch) -> Verdict:
        assert self._transport is not None
        verdict = self._transport.send(batch)
        report(
            f"batch {batch.id} of {len(batch.events)}: {verdict.kind} {verdict.detail}",
            self.config.debug,
            quiet=True,
        )
        return verdict

    def _settle(self, batch: Batch, verdict: Verdict) -> bool:
        """Act on a verdict. False when delivery must pause."""
        if verdict.kind == ACCEPTED:
            self._pending.popleft()
            self._attempts = 0
            self._told_to_wait = False
            self.resting_until_s = 0.0
            self.sent += len(batch.events)
            return True
        if verdict.kind == RETRY:
            return self._later(verdict)
        if verdict.kind == TOO_LARGE and len(batch.events) > 1:
            from holdfast._packing import halves

            self._pending.popleft()
            self._pending.extendleft(reversed(halves(batch)))
            return True
        self._discard(_drops.TOO_LARGE if verdict.kind == TOO_LARGE else _drops.REFUSED, verdict.detail)
        if verdict.pause_s:
            self._told_to_wait = True
            self._rest(verdict.pause_s)
            return False
        return True

    def _later(self, verdict: Verdict) -> bool:
        self._attempts += 1
        if self._attempts >= self.config.max_attempts:
            self._discard(_drops.NETWORK, verdict.detail)
        self._told_to_wait = verdict.retry_after_s is not None
        self._rest(max(verdict.retry_after_s or 0.0, self._backoff_s()))
        return False

    def _backoff_s(self) -> float:
        """Exponential with jitter: between half and all of base x 2^n, so that a fleet does not return at once."""
        import random

        limit_ms = min(self.config.retry_max_ms, self.config.retry_base_ms * 2 ** min(self._attempts - 1, 20))
        return limit_ms / 1000 * random.uniform(0.5, 1.0) if limit_ms > 0 else 0.0

    def _discard(self, reason: str, detail: str) -> None:
        batch = self._pending.popleft()
        self._attempts = 0
        self._lost += len(batch.events)
        self._drops.give_back(batch.dropped)
        for event in batch.events:
            self._drops.add(reason, "error" if event.get("type") == "error" else "event")
        report(f"{len(batch.events)} events were dropped ({reason}): {detail}", self.config.debug)

    def _forget(self) -> bool:
        self._buffer.clear()
        self._pending.clear()
        self._drops.clear()
        if any(ticket.forget for ticket in self._waiting):
            self._prepare()
            assert self._transport is not None
            self._transport.forget()
        return True

    def _prepare(self) -> None:
        """Packer and transport of the present configuration."""
        if self._built_for is self.config and self._transport is not None:
            return
        from holdfast._packing import Packer

        if self._transport is not None:
            self._transport.close()
        self._built_for = self.config
        self._packer = Packer(self.config, self._drops)
        self._transport = make_transport(self.config, self._drops)

    def _tick_due(self) -> bool:
        return self._tick_at_s is not None and monotonic() >= self._tick_at_s

    def _tick(self) -> None:
        assert self._transport is not None
        delay_s = self._transport.tick()
        self._tick_at_s = None if delay_s is None else monotonic() + delay_s

    def _resting(self) -> bool:
        return monotonic() < self.resting_until_s

    def _rest(self, seconds: float) -> None:
        self.resting_until_s = monotonic() + seconds

    def _answer(self, done: bool) -> None:
        """Tell those who asked. A failed flush keeps waiting for the next attempt; a stop is always final."""
        still: list[Ticket] = []
        for ticket in self._waiting:
            if ticket.stop:
                self._stopped = True
            if done or ticket.stop or not self._pending:
                ticket.ok = done
                ticket.done.set()
            else:
                still.append(ticket)
        self._waiting = still
        if self._stopped:
            self._close()

    def _close(self) -> None:
        for batch in self._pending:
            self._drops.add(_drops.SHUTDOWN, quantity=len(batch.events))
        self._pending.clear()
        for ticket in self._waiting:
            ticket.done.set()
        if self._transport is not None:
            self._transport.close()
        _lifetime.at_rest(self)
