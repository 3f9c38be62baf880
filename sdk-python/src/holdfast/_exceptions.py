"""Exceptions into plain values: in the caller's thread only (code object, line) pairs, names and texts are taken;
file names, source lines and the wire form are worked out on the sender thread.

Neither the exception nor its frames are kept, so the host's objects are freed as if nobody had looked.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType, TracebackType
from typing import Any

from holdfast._scope import new_id
from holdfast._settle import clip, safe_str, settle_mapping

MAX_FRAMES = 100
MAX_CHAIN = 10
_MESSAGE = 4_096

Frames = list[tuple[CodeType, int, str, dict[str, Any] | None]]


class CapturedException:
    """One exception of a chain or group: what it was, why it is here, and where it happened."""

    __slots__ = ("frames", "message", "module", "name", "parent", "relation")

    def __init__(
        self, name: str, module: str, message: str, relation: str, parent: int, frames: Frames
    ) -> None:
        self.name = name
        self.module = module
        self.message = message
        self.relation = relation
        self.parent = parent
        self.frames = frames


class CapturedError:
    """What one `capture` took. `details` gives the metadata of the event, on the sender thread."""

    __slots__ = ("breadcrumbs", "chain", "context", "error_id", "extra", "fingerprint", "handled", "severity")

    def __init__(self, chain: list[CapturedException], error_id: str) -> None:
        self.chain = chain
        self.error_id = error_id
        self.severity = "error"
        self.handled = True
        self.context: dict[str, Any] | None = None
        self.breadcrumbs: list[Any] = []
        self.fingerprint: list[str] | None = None
        self.extra: dict[str, Any] = {}

    def details(self) -> dict[str, Any]:
        from holdfast._frames import error_details

        return error_details(self)


def capture(
    error: BaseException | str, *, context: dict[str, Any] | None = None, with_locals: bool = False
) -> CapturedError:
    """Everything about `error` that would be gone later."""
    if isinstance(error, BaseException):
        chain: list[CapturedException] = []
        _walk(error, "", -1, chain, with_locals, set())
    else:
        message = clip(safe_str(error), _MESSAGE)
        chain = [CapturedException("Message", "", message, "", -1, _caller_frames())]
    captured = CapturedError(chain, new_id())
    captured.context = context
    return captured


def _walk(
    error: BaseException,
    relation: str,
    parent: int,
    chain: list[CapturedException],
    with_locals: bool,
    seen: set[int],
) -> None:
    """The exception, then its cause or context, then the members of a group; each once, at most MAX_CHAIN."""
    if len(chain) >= MAX_CHAIN or id(error) in seen:
        return
    seen.add(id(error))
    place = len(chain)
    chain.append(_one(error, relation, parent, with_locals))
    if error.__cause__ is not None:
        _walk(error.__cause__, "cause", place, chain, with_locals, seen)
    elif error.__context__ is not None and not error.__suppress_context__:
        _walk(error.__context__, "context", place, chain, with_locals, seen)
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            _walk(member, "member", place, chain, with_locals, seen)


def _one(error: BaseException, relation: str, parent: int, with_locals: bool) -> CapturedException:
    cls = type(error)
    try:
        message = str(error)
    except Exception as problem:  # noqa: BLE001 - a host's __str__ may raise anything
        message = f"[message unreadable: {type(problem).__name__}]"
    if len(message) > _MESSAGE:
        message = clip(message, _MESSAGE)
    return CapturedException(
        cls.__qualname__, cls.__module__, message, relation, parent, _frames(error.__traceback__, with_locals)
    )


def _frames(traceback: TracebackType | None, with_locals: bool) -> Frames:
    """Outermost first. Of a very deep stack the innermost MAX_FRAMES are kept."""
    frames: Frames = []
    while traceback is not None:
        frame = traceback.tb_frame
        local = settle_mapping(dict(frame.f_locals)) if with_locals else None
        frames.append((frame.f_code, traceback.tb_lineno, frame.f_globals.get("__name__", ""), local))
        traceback = traceback.tb_next
        if len(frames) > 2 * MAX_FRAMES:
            del frames[:MAX_FRAMES]
    return frames[-MAX_FRAMES:]


def _caller_frames() -> Frames:
    """The stack of a message that has no exception, without this package's own frames."""
    frames: Frames = []
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the one way to the caller's frame
    while frame is not None and len(frames) < MAX_FRAMES:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith("holdfast."):
            frames.append((frame.f_code, frame.f_lineno, module, None))
        frame = frame.f_back
    frames.reverse()
    return frames
