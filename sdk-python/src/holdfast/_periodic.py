"""A function called every so often on a daemon thread, until stopped. Its errors never end the thread.

In a forked child the thread is gone; `_lifetime` starts it again there.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakSet

from holdfast._log import report

if TYPE_CHECKING:
    from collections.abc import Callable

_running: WeakSet[Periodic] = WeakSet()
_registered = False


class Periodic:
    """Starts at once; the first call comes after one interval."""

    def __init__(self, name: str, interval_s: float, function: Callable[[], None]) -> None:
        self._name = name
        self._interval_s = interval_s
        self._function = function
        self.begin()
        _running.add(self)
        _restart_after_fork()

    def begin(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"holdfast-{self._name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No call begins after this; one under way is not waited for."""
        self._stopped.set()
        _running.discard(self)

    def _run(self) -> None:
        while not self._stopped.wait(self._interval_s):
            try:
                self._function()
            except Exception as problem:  # noqa: BLE001 - the thread must live
                report(f"{self._name} failed: {type(problem).__name__}: {problem}")


def _restart_after_fork() -> None:
    global _registered
    if not _registered and hasattr(os, "register_at_fork"):
        _registered = True
        os.register_at_fork(after_in_child=_begin_all)


def _begin_all() -> None:
    for periodic in list(_running):
        periodic.begin()
