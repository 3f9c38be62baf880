"""The group of an error: its chain of types and the application's frames, else its message, or what the client says."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from holdfast_server.insight.grouping.chains import CHAIN_MAX, TYPE_MAX
from holdfast_server.insight.grouping.frames import (
    NOTHING,
    ExceptionInfo,
    Frame,
    FrameKey,
    Grouping,
    Part,
    Stack,
    coded,
)
from holdfast_server.insight.grouping.functions import frame_key
from holdfast_server.insight.grouping.messages import normalise_message
from holdfast_server.insight.grouping.stacks import FRAMES_MAX

FINGERPRINT_VERSION = 2
FAR_COLUMN = 300
"""Nobody writes a line this long: the script is minified."""
RECURSION = 3
"""As often in one stack, a function is in a recursion: who began it is left out, because a cut stack doesn't tell."""
MEMBERS_MAX = 3
STACKS_REMEMBERED = 1_024
CLIENT_PARTS_MAX = 32
CLIENT_PART_MAX = 500
DEFAULT = re.compile(r"\{\{\s*default\s*\}\}")
VARIABLE = re.compile(r"\{\{\s{0,10}([\w.]{1,100})\s{0,10}\}\}")
OVERFLOW_TYPES = ("RecursionError", "StackOverflow", "SystemStackError", "InsufficientExecutionStack")
OVERFLOW_MESSAGES = (
    "Maximum call stack size exceeded",
    "too much recursion",
    "goroutine stack exceeds",
    "stack level too deep",
    "Maximum function nesting level",
)


def group_of(
    exceptions: Sequence[ExceptionInfo],
    *,
    error_type: str,
    message: str,
    client_fingerprint: Sequence[str] | None = None,
    transaction: str = "",
    tags: Mapping[str, str] | None = None,
) -> Grouping:
    """The group of a chain, cause first. Type and message of the report stand for those of the error thrown last."""
    chain = list(exceptions[-CHAIN_MAX:]) or [ExceptionInfo("", "")]
    by, parts = default_parts(chain, error_type, message)
    words = [word.strip() for word in (client_fingerprint or ())[:CLIENT_PARTS_MAX]]
    if not words or all(DEFAULT.fullmatch(word) for word in words):
        return Grouping(digest_of(parts), FINGERPRINT_VERSION, by, parts)
    values = Variables(chain, error_type, message, transaction, tags or {})
    mixed: list[Part] = []
    for word in words:
        if DEFAULT.fullmatch(word):
            mixed += parts
        else:
            mixed.append(Part(client=VARIABLE.sub(values.fill, word[:CLIENT_PART_MAX])[:CLIENT_PART_MAX]))
    return Grouping(digest_of(mixed), FINGERPRINT_VERSION, "client", tuple(mixed))


def default_parts(chain: list[ExceptionInfo], error_type: str, message: str) -> tuple[str, tuple[Part, ...]]:
    own = any(frame.in_app for item in chain for frame in item.frames)
    keys = [keys_of(item.frames, own=own) for item in chain]
    thrown = chain[-1]
    kind, value = (error_type or thrown.type).strip()[:TYPE_MAX], message or thrown.value
    if is_overflow(kind, value[:300]):
        core = recursion_of(thrown.frames, own=own)
        if core:
            return "frames", (Part("stack overflow", core),)
    named = any(key.function for found in keys for key in found)
    crash = keys[-1][0] if keys[-1] else None
    telling = not named or not own or thrown.synthetic or (crash is not None and crash.minified)
    last = Part(
        "" if thrown.synthetic and named else kind, keys[-1], normalise_message(value) if telling else ""
    )
    parts = (*causes_of(chain[:-1], keys), last)
    return "frames" if named else "message", tuple(dict.fromkeys(parts)) if len(parts) > 1 else parts


def causes_of(causes: list[ExceptionInfo], keys: list[tuple[FrameKey, ...]]) -> list[Part]:
    """The errors before the thrown one; of a group's members three kinds, in an order that chance doesn't make."""
    members: set[Part] = set()
    parts: list[Part] = []
    for item, found in zip(causes, keys, strict=False):
        part = Part("" if item.synthetic else item.type.strip()[:TYPE_MAX], found)
        if item.member:
            members.add(part)
        else:
            parts.append(part)
    if members:
        parts = sorted(members, key=lambda part: (part.type, part.frames))[:MEMBERS_MAX] + parts
    return parts


def keys_of(frames: Sequence[Frame], *, own: bool) -> tuple[FrameKey, ...]:
    return remembered_keys(frames, own=own) if type(frames) is Stack else new_keys(frames, own=own)


def new_keys(frames: Sequence[Frame], *, own: bool) -> tuple[FrameKey, ...]:
    """The frames that count, the crash first, each once: the depth of a recursion varies."""
    found = counted(frames, own=own)
    keys = {key.code: key for key in found}
    if len(found) - len(keys) >= RECURSION - 1:
        keys = {key.code: key for key in within_recursion(found)}
    keys.pop("", None)
    return tuple(keys.values())


remembered_keys = lru_cache(maxsize=STACKS_REMEMBERED)(new_keys)


def counted(frames: Sequence[Frame], *, own: bool) -> list[FrameKey]:
    found = [
        frame_key(frame.function, frame.module, frame.filename, frame.colno > FAR_COLUMN)
        for frame in frames[-FRAMES_MAX:]
        if frame.in_app or not own
    ]
    found.reverse()
    return found


def within_recursion(found: list[FrameKey]) -> list[FrameKey]:
    """Without the callers of a recursion."""
    counts = Counter([key.code for key in found if key.function])
    deep = {code for code, count in counts.items() if count >= RECURSION}
    last = max((index for index, key in enumerate(found) if key.code in deep), default=len(found))
    return found[: last + 1]


def is_overflow(kind: str, value: str) -> bool:
    return any(name in kind for name in OVERFLOW_TYPES) or any(text in value for text in OVERFLOW_MESSAGES)


def recursion_of(frames: Sequence[Frame], *, own: bool) -> tuple[FrameKey, ...]:
    """The functions that call each other until the stack is full; which of them was the last is chance."""
    counts = Counter(counted(frames, own=own))
    del counts[NOTHING]
    often = max(counts.values(), default=0)
    return tuple(sorted(key for key, count in counts.items() if count > 1 and count * 4 >= often))


class Variables:
    """What `{{ … }}` in a client's fingerprint stands for. An unknown name stays as it was written."""

    def __init__(
        self,
        chain: list[ExceptionInfo],
        error_type: str,
        message: str,
        transaction: str,
        tags: Mapping[str, str],
    ) -> None:
        thrown = chain[-1]
        frames = thrown.frames
        crash = next((frame for frame in reversed(frames) if frame.in_app), frames[-1] if frames else Frame())
        key = frame_key(crash.function, crash.module, crash.filename)
        kind, value = error_type or thrown.type, normalise_message(message or thrown.value)
        self.tags = tags
        self.values = {
            "error.type": kind,
            "type": kind,
            "error.value": value,
            "value": value,
            "message": value,
            "function": key.function,
            "stack.function": key.function,
            "module": key.module,
            "stack.module": key.module,
            "stack.abs_path": key.module,
            "transaction": transaction,
        }

    def fill(self, found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith("tags."):
            return self.tags.get(name[5:], found[0])
        return self.values.get(name, found[0])


def digest_of(parts: Iterable[Part]) -> str:
    words: list[str] = []
    for part in parts:
        if part.client:
            words.append(coded("client:" + part.client))
            continue
        words.append(coded("type:" + part.type))
        words += [key.code for key in part.frames]
        if part.message:
            words.append(coded("message:" + part.message))
    return digest(words)


def digest(words: Iterable[str]) -> str:
    return hashlib.blake2b("".join(words).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
