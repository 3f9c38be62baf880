"""The values that grouping reads and gives: a frame, an exception of a chain, and the grouping with its reasons."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class Frame(msgspec.Struct, frozen=True):
    """One call. `filename` as the runtime gave it; line and column are for people, not for grouping (a far column tells
    that a script is minified)."""

    function: str = ""
    module: str = ""
    filename: str = ""
    lineno: int = 0
    colno: int = 0
    in_app: bool = True
    context_line: str = ""


class Stack(tuple[Frame, ...]):
    """The frames of one error that somebody remembers: equal to itself only, so that to ask again what counts of it costs
    the same for three frames as for two hundred."""

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__


class ExceptionInfo(msgspec.Struct, frozen=True):
    """One error of a chain; frames with the innermost call last. A `member` is one of an exception group's, whose order
    is chance. A `synthetic` one was made by the client to carry a message: its type says nothing."""

    type: str
    value: str
    frames: Sequence[Frame] = ()
    module: str = ""
    member: bool = False
    synthetic: bool = False


class FrameKey(NamedTuple):
    """What of a frame counts. A minified function has no name that outlives a build: its place counts alone. `code` is
    function and module as the digest takes them, empty for a frame that doesn't count."""

    function: str
    module: str
    minified: bool = False
    code: str = ""


NOTHING = FrameKey("", "")


def key_of(function: str, module: str, *, minified: bool = False) -> FrameKey:
    if not function and not module:
        return NOTHING
    return FrameKey(function, module, minified, coded(f"function:{function}") + coded(f"module:{module}"))


def coded(word: str) -> str:
    """With its length before it, so that no two lists of words are the same text."""
    return f"{len(word)}:{word}"


class Part(msgspec.Struct, frozen=True):
    """What counted of one exception, for people to read: its type, its frames (the crash first), the message without its
    values; or one word of the client's own fingerprint."""

    type: str = ""
    frames: tuple[FrameKey, ...] = ()
    message: str = ""
    client: str = ""


class Grouping(msgspec.Struct, frozen=True):
    """`by` is "frames", "message" or "client". The same occurrence gives the same grouping, today and when a page asks."""

    fingerprint: str
    version: int
    by: str
    parts: tuple[Part, ...]
