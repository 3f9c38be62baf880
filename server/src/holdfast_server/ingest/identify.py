"""Which issue an error report belongs to: its chain of errors (the client's, or out of the stack's text) and its group.

Pages ask `grouping_of` with what is stored and get what the drainer got.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from ..insight.grouping import (
    ExceptionInfo,
    Frame,
    Grouping,
    Stack,
    culprit,
    group_of,
    is_in_app,
    issue_id,
    parse_chain,
)
from .decode.errors import Report

TEXT_MAX = 500
NUMBER_MAX = 1_000_000_000
STACKS_REMEMBERED = 256
FACTS = (
    ("function",), ("module",), ("filename", "file"), ("abs_path",), ("lineno", "line"), ("colno", "column"),
    ("in_app", "inApp"),
)  # fmt: skip
"""What is read of a frame, in the names of all clients."""
RELATIONS = frozenset({"cause", "context", "member"})
SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue", ".svelte")
JVM_FILES = (".java", ".kt", ".scala", ".groovy")


def group(report: Report, project_id: int) -> None:
    """Put the report into its issue: fingerprint, id and culprit (DESIGN, decision 7)."""
    chain = chain_of(report.exceptions, report.frames, report.stack)
    grouping = group_of(
        chain,
        error_type=report.error_type,
        message=report.message,
        client_fingerprint=report.client_fingerprint,
        transaction=report.transaction,
        tags=report.tags,
    )
    report.fingerprint_version = grouping.version
    report.issue_id = issue_id(project_id, grouping.fingerprint)
    frames = next((item.frames for item in reversed(chain) if item.frames), ())
    report.culprit = culprit(frames, report.page)


def grouping_of(
    *,
    error_type: str,
    message: str,
    exceptions: Sequence[Any] = (),
    frames: Sequence[Any] = (),
    stack: str = "",
    client_fingerprint: Sequence[str] = (),
    transaction: str = "",
    tags: Mapping[str, str] | None = None,
) -> Grouping:
    """Why an occurrence is in its group, from its stored fields: pure, so the page says what the drainer decided."""
    return group_of(
        chain_of(exceptions, frames, stack),
        error_type=error_type,
        message=message,
        client_fingerprint=client_fingerprint,
        transaction=transaction,
        tags=tags,
    )


def chain_of(exceptions: Sequence[Any], frames: Sequence[Any], stack: str) -> list[ExceptionInfo]:
    """The errors, cause first. What a client parsed itself wins over the text of the stack."""
    sent = [item for item in exceptions if isinstance(item, dict)]
    if any(item.get("relation") in RELATIONS for item in sent):
        return [*causes_of(sent), ExceptionInfo("", "", frames_of(frames))]
    if sent and any(item.get("frames") for item in sent):
        chain = with_members(sent)
        own = any(frame.in_app for item in chain for frame in item.frames)
        return chain if own else [judged(item) for item in chain]
    if frames:
        return [*map(exception_of, sent[:-1]), ExceptionInfo("", "", frames_of(frames))]
    return parse_chain(stack) if stack else [exception_of(item) for item in sent]


def causes_of(sent: list[dict[str, Any]]) -> list[ExceptionInfo]:
    """Our own Python client names the errors behind the thrown one, nearest first, with how each came about."""
    return [exception_of(item, member=item.get("relation") == "member") for item in reversed(sent)]


def with_members(sent: list[dict[str, Any]]) -> list[ExceptionInfo]:
    """Sentry's clients number the errors and say of each which one holds it; members come out of a list."""
    members: set[Any] = set()
    chain: list[ExceptionInfo] = []
    for item in reversed(sent):
        how = item.get("mechanism")
        how = how if isinstance(how, dict) else {}
        number, parent, source = how.get("exception_id"), how.get("parent_id"), how.get("source")
        listed = isinstance(source, str) and source.endswith("]")
        member = listed or (isinstance(parent, int) and parent in members)
        if member and isinstance(number, int):
            members.add(number)
        chain.append(exception_of(item, member=member, synthetic=how.get("synthetic") is True))
    return chain[::-1]


def judged(item: ExceptionInfo) -> ExceptionInfo:
    """Sentry's clients of the JVM call nothing the application's own until they are told its packages."""
    frames = [
        msgspec.structs.replace(frame, in_app=is_in_app(frame.module or frame.filename))
        if frame.filename.endswith(JVM_FILES)
        else frame
        for frame in item.frames
    ]
    return msgspec.structs.replace(item, frames=frames)


def exception_of(item: dict[str, Any], *, member: bool = False, synthetic: bool = False) -> ExceptionInfo:
    return ExceptionInfo(
        word(item.get("type") or item.get("errorType")),
        word(item.get("value") or item.get("message")),
        frames_of(item.get("frames")),
        word(item.get("module")),
        member=member,
        synthetic=synthetic,
    )


def frames_of(sent: Any) -> Sequence[Frame]:
    """The same fault brings the same frames, with the same lines: they are read once."""
    if not isinstance(sent, list):
        return ()
    items = [item for item in sent if isinstance(item, dict)]
    if not items:
        return ()
    names = [next((name for name in known if name in items[0]), known[0]) for known in FACTS]
    facts = tuple([tuple(map(item.get, names)) for item in items])
    try:
        return remembered_stack(facts)
    except TypeError:  # somebody sent a list or an object where a word belongs
        return stack_of(facts)


def stack_of(facts: tuple[tuple[Any, ...], ...]) -> Stack:
    return Stack([frame_of(*fact) for fact in facts])


remembered_stack = lru_cache(maxsize=STACKS_REMEMBERED)(stack_of)


def frame_of(
    function: Any, module: Any, filename: Any, path: Any, lineno: Any, colno: Any, own: Any
) -> Frame:
    module, filename = word(module), word(filename or path)
    if own is None or (own and filename.endswith(SCRIPTS)):
        # In a browser every script of the page is the page's own for Sentry's clients, libraries included.
        own = is_in_app(word(path) or filename or module) and (not module or is_in_app(module))
    return Frame(word(function), module, filename, number(lineno), number(colno), bool(own))


def word(value: Any) -> str:
    return value[:TEXT_MAX] if isinstance(value, str) else ""


def number(value: Any) -> int:
    """0 for what is none. `5` and `5.0` are one number here, as they are to the memory of stacks."""
    return int(value) if isinstance(value, int | float) and 0 < value < NUMBER_MAX else 0
