"""Cuts a Sentry event that is too large or too deep to what can be kept, in bounded time: refusing it would lose the error.

The least telling goes first: variables of frames, old breadcrumbs, free data; the chain with its source lines stays longest.
"""

import re
from collections.abc import Callable
from typing import Any

from ...errors import TooLarge
from ...model.limits import MAX_BODY_BYTES, MAX_DEPTH
from .native import ANY, ENCODER
from .sentry_shapes import Json, items_of, object_of

CUT = "[cut]"
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
MAX_TEXTS = (4_096, 512, 128)
MAX_ITEMS = (200, 50, 20)
"""Characters of a text, and members of a list or object, on each further try."""
MAX_FRAMES_KEPT = 50
MAX_CRUMBS_KEPT = 20


def trimmed(body: bytes, limit: int) -> bytes:
    """The event as JSON text of at most `limit` bytes. Raises BadInput when it is no JSON object."""
    event = bounded(object_of(body if shallow(body) else flattened(body)), MAX_TEXTS[0], MAX_ITEMS[0])
    for step in STEPS:
        text = ENCODER.encode(event)
        if len(text) <= limit:
            return text
        event = step(event)
    text = ENCODER.encode(event)
    if len(text) > limit:
        raise TooLarge("the event", f"{limit} bytes")
    return text


def shallow(body: bytes) -> bool:
    """Whether the decoder can take it: it follows nesting as deep as Python's own stack."""
    try:
        ANY.decode(body)
    except RecursionError:
        return False
    except ValueError:
        return True
    return True


def flattened(body: bytes) -> bytes:
    """The same text with `"[cut]"` for whatever lies deeper than MAX_DEPTH. Raises TooLarge for text too long to be walked."""
    if len(body) > MAX_BODY_BYTES:
        raise TooLarge("the nesting of the event", f"{MAX_DEPTH} levels")
    kept: list[bytes] = []
    depth = begin = 0
    for found in TOKEN.finditer(body):
        char = body[found.start() : found.start() + 1]
        if char in b"[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                kept += (body[begin : found.start()], b'"[cut]"')
        elif char in b"]}":
            if depth == MAX_DEPTH + 1:
                begin = found.end()
            depth -= 1
    return b"".join((*kept, body[begin:])) if depth <= MAX_DEPTH else b"".join(kept)


def bounded(value: Any, max_text: int, max_items: int, depth: int = 0) -> Any:
    """Free data with long texts, long lists and deep levels cut."""
    if isinstance(value, str):
        return value if len(value) <= max_text else value[: max_text - 1] + "…"
    if isinstance(value, dict | list) and depth >= MAX_DEPTH:
        return CUT
    if isinstance(value, dict):
        return {
            name[:200]: bounded(item, max_text, max_items, depth + 1)
            for name, item in list(value.items())[:max_items]
        }
    if isinstance(value, list):
        # The last frame, breadcrumb and exception are the ones that tell.
        return [bounded(item, max_text, max_items, depth + 1) for item in value[-max_items:]]
    return value


def without_far_variables(event: Json) -> Json:
    """Variables stay where the error was raised alone."""
    for frames in stacks_of(event):
        for frame in frames[:-5]:
            frame.pop("vars", None)
    return event


def without_variables(event: Json) -> Json:
    for frames in stacks_of(event):
        for frame in frames:
            frame.pop("vars", None)
    return event


def without_old_breadcrumbs(event: Json) -> Json:
    return event | {"breadcrumbs": items_of(event.get("breadcrumbs"))[-MAX_CRUMBS_KEPT:]}


def without_free_data(event: Json) -> Json:
    dropped = ("extra", "modules", "_meta", "breadcrumbs", "threads", "spans")
    return {name: item for name, item in event.items() if name not in dropped}


def with_few_frames(event: Json) -> Json:
    for frames in stacks_of(event):
        del frames[:-MAX_FRAMES_KEPT]
    return bounded(event, MAX_TEXTS[1], MAX_ITEMS[1])  # type: ignore[no-any-return]


def essentials(event: Json) -> Json:
    names = (
        "event_id", "timestamp", "level", "platform", "release", "environment", "transaction", "exception", "message", "logentry", "tags",
        "fingerprint", "user", "sdk",
    )  # fmt: skip
    kept = {name: event[name] for name in names if name in event}
    return bounded(kept, MAX_TEXTS[2], MAX_ITEMS[2])  # type: ignore[no-any-return]


def bare(event: Json) -> Json:
    """What even an event of nothing but hostile text has left."""
    return {
        name: bounded(event[name], MAX_TEXTS[2], 5, MAX_DEPTH - 4)
        for name in (
            "event_id",
            "timestamp",
            "level",
            "platform",
            "release",
            "environment",
            "exception",
            "message",
        )
        if name in event
    }


STEPS: tuple[Callable[[Json], Json], ...] = (
    without_far_variables,
    without_variables,
    without_old_breadcrumbs,
    without_free_data,
    with_few_frames,
    essentials,
    bare,
)


def stacks_of(event: Json) -> list[list[Json]]:
    """The frames of every stack in the event, as lists that may be changed in place."""
    holders = [item for name in ("exception", "threads") for item in items_of(event.get(name))]
    stacks = [item.get("stacktrace") for item in [*holders, event] if isinstance(item, dict)]
    found = []
    for stack in stacks:
        frames = stack.get("frames") if isinstance(stack, dict) else None
        if isinstance(frames, list):
            frames[:] = [frame for frame in frames if isinstance(frame, dict)]
            found.append(frames)
    return found
