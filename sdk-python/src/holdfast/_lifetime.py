"""Forks and exits: every living collector is renewed in a forked child and emptied when its process ends.

Registered once, at the first collector. All collectors share one deadline at exit, so several don't add up.
"""

# ruff: noqa: SLF001 - the collector's friend: what it touches is not for the host

from __future__ import annotations

import os
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast._sender import Sender
    from holdfast.collector import TelemetryCollector

_living: WeakSet[TelemetryCollector] = WeakSet()
_sending: set[Sender] = set()  # held here, so that events of a forgotten collector are still sent at exit
_locked: WeakSet[Any] = WeakSet()
_registered = False


def watch(collector: TelemetryCollector) -> None:
    """From now on this collector survives forks and is flushed at exit."""
    _living.add(collector)
    _register()


def sending(sender: Sender) -> None:
    """This sender has a thread, and is to be emptied at exit."""
    _sending.add(sender)


def at_rest(sender: Sender) -> None:
    """Its thread has ended."""
    _sending.discard(sender)


def renew_lock(owner: Any) -> None:
    """Give `owner._lock` anew in a forked child, where the thread that held it may not exist."""
    _locked.add(owner)
    _register()


def _register() -> None:
    global _registered
    if not _registered:
        _registered = True
        import atexit

        atexit.register(empty_all)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_renew_all)


def at_child_exit() -> None:
    """Children of multiprocessing and billiard leave by `os._exit` and run only finalizers of their own."""
    for name in ("multiprocessing.util", "billiard.util"):
        util = sys.modules.get(name)
        if util is not None:
            util.Finalize(None, empty_all, exitpriority=1)


def empty_all() -> None:
    """Stop every sender; together they take no longer than the slowest one is allowed."""
    from holdfast._sender import Ticket

    for collector in list(_living):
        collector._destroyed = collector.is_gated = True
    tickets = []
    for sender in list(_sending):
        if sender.thread is not None and sender.thread.is_alive():
            deadline_s = monotonic() + sender.config.shutdown_timeout_ms / 1000
            tickets.append((sender.ask(Ticket(stop=True)), deadline_s))
    for ticket, deadline_s in tickets:
        ticket.done.wait(max(0.0, deadline_s - monotonic()))


def _renew_all() -> None:
    _sending.clear()
    for owner in list(_locked):
        owner._lock = type(owner._lock)()
    for collector in list(_living):
        if not collector._destroyed:
            collector._after_fork()


def flush_on_sigterm() -> Callable[[], None]:
    """On SIGTERM send what is left, then do what would have been done without us. Main thread only; returns the undo."""
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    before = signal.getsignal(signal.SIGTERM)

    def handler(number: int, frame: Any) -> None:
        empty_all()
        if callable(before):
            before(number, frame)
        elif before != signal.SIG_IGN:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)

    def undo() -> None:
        if signal.getsignal(signal.SIGTERM) is handler:
            signal.signal(signal.SIGTERM, before)

    signal.signal(signal.SIGTERM, handler)
    return undo
