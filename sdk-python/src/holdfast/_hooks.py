"""Hooks for errors that nobody caught: the interpreter's, a thread's, an event loop's, an unraisable one.

Each hook records and then calls what stood there before. `remove` puts the old one back only when ours is still
the outermost; otherwise ours turns into a plain pass-through, so that nobody's hook is lost.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from holdfast.integrations._on_import import when_imported

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from holdfast.errors import ErrorTracking


class Hooks:
    """The hooks of one ErrorTracking."""

    def __init__(self, tracking: ErrorTracking) -> None:
        self._tracking: ErrorTracking | None = tracking
        self._undo: list[Callable[[], None]] = []

    def install(self, *, unhandled: bool, rejections: bool) -> None:
        if unhandled:
            self._install_interpreter()
            self._install_thread()
        if rejections:
            self._install_asyncio()

    def remove(self) -> None:
        self._tracking = None
        for undo in list(self._undo):
            undo()
        self._undo.clear()

    def _install_interpreter(self) -> None:
        before = sys.excepthook

        def hook(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
            if not issubclass(kind, (KeyboardInterrupt, SystemExit)):
                self._record(error, "sys.excepthook")
            before(kind, error, traceback)

        def undo() -> None:
            if sys.excepthook is hook:
                sys.excepthook = before

        sys.excepthook = hook
        self._undo.append(undo)

    def _install_thread(self) -> None:
        before = threading.excepthook

        def hook(args: Any) -> None:
            if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
                self._record(args.exc_value, "threading.excepthook")
            before(args)

        def undo() -> None:
            if threading.excepthook is hook:
                threading.excepthook = before

        threading.excepthook = hook
        self._undo.append(undo)

    def _install_asyncio(self) -> None:
        """Every loop of the standard library, as soon as asyncio is imported; other loops: `watch_loop`."""
        self._undo.append(when_imported("asyncio.base_events", self._wrap_loops))

    def _wrap_loops(self) -> None:
        from asyncio.base_events import BaseEventLoop

        before = BaseEventLoop.call_exception_handler

        def call_exception_handler(loop: Any, context: dict[str, Any]) -> None:
            self._record_context(context)
            before(loop, context)

        def undo() -> None:
            if BaseEventLoop.call_exception_handler is call_exception_handler:
                BaseEventLoop.call_exception_handler = before  # type: ignore[method-assign]

        BaseEventLoop.call_exception_handler = call_exception_handler  # type: ignore[method-assign,assignment]
        self._undo.append(undo)

    def watch_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Record unhandled errors of a loop that is not the standard library's (uvloop)."""
        before = loop.get_exception_handler()

        def handler(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            self._record_context(context)
            if before is None:
                loop.default_exception_handler(context)
            else:
                before(loop, context)

        loop.set_exception_handler(handler)

    def _record_context(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self._record(error, "asyncio", severity="error")

    def _record(self, error: BaseException, mechanism: str, severity: str = "critical") -> None:
        if self._tracking is not None:
            self._tracking.capture_error(
                error, handled=False, severity=severity, context={"mechanism": mechanism}
            )
