"""Which errors are one issue: a fingerprint of type and in-app frames, the same for the same fault in every deployment.

Pure text in, 32 hexadecimal digits out (DESIGN, decision 7). Line numbers, values, hashes of assets and deploy paths
don't count. The version is stored with each issue: a change of these rules raises it, so nothing regroups in silence.
Hostile input costs bounded, linear work and never raises.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from holdfast_server.insight.grouping.messages import normalise_message as normalise_message
from holdfast_server.insight.grouping.sources import NAME_MAX, normalise_function, normalise_module
from holdfast_server.insight.grouping.stacks import FRAMES_MAX
from holdfast_server.insight.grouping.stacks import Frame as Frame
from holdfast_server.insight.grouping.stacks import parse_stack as parse_stack
from holdfast_server.model.paths import route_of

FINGERPRINT_VERSION = 1
TYPE_MAX = 200
CULPRIT_MAX = 200
CLIENT_PARTS_MAX = 32
CLIENT_PART_MAX = 500
REMEMBERED = 4_096
DEFAULT = re.compile(r"\{\{\s*default\s*\}\}")


def fingerprint(
    error_type: str, message: str, frames: Sequence[Frame], client_fingerprint: Sequence[str] | None = None
) -> str:
    """The group of an error. A client's own fingerprint wins; `{{ default }}` in it stands for ours."""
    if not client_fingerprint:
        return digest(default_parts(error_type, message, frames))
    parts: list[str] = []
    for part in client_fingerprint[:CLIENT_PARTS_MAX]:
        if DEFAULT.fullmatch(part.strip()):
            parts += default_parts(error_type, message, frames)
        else:
            parts.append("client:" + part[:CLIENT_PART_MAX])
    return digest(parts)


def issue_id(project_id: int, fingerprint: str) -> str:
    """The `errorId` of the wire: derived, so the answer to a report needs no read."""
    return digest(["issue", str(project_id), fingerprint])


def culprit(frames: Sequence[Frame], page: str) -> str:
    """Where it broke, in a few words: the innermost frame of the application, else the page."""
    frame = next((frame for frame in reversed(frames) if frame.in_app), frames[-1] if frames else None)
    if frame is None:
        return route_of(page)[:CULPRIT_MAX]
    function, module = key_of(frame)
    text = f"{module} in {function}" if module and function else module or function or route_of(page)
    return text[:CULPRIT_MAX]


def default_parts(error_type: str, message: str, frames: Sequence[Frame]) -> list[str]:
    """Type and frames. The message counts only when no frame names a function: it varies where frames don't."""
    keys = frame_keys(frames)
    parts = ["type:" + error_type.strip()[:TYPE_MAX]]
    for function, module in keys:
        parts += ("function:" + function, "module:" + module)
    if not any(function for function, _ in keys):
        parts.append("message:" + normalise_message(message))
    return parts


def frame_keys(frames: Sequence[Frame]) -> list[tuple[str, str]]:
    """Function and module of the application's frames, of all frames when it has none; each once, because the depth
    of a recursion varies."""
    frames = frames[-FRAMES_MAX:]
    chosen = [frame for frame in frames if frame.in_app] or frames
    keys = dict.fromkeys(map(key_of, chosen))
    keys.pop(("", ""), None)
    return list(keys)


def key_of(frame: Frame) -> tuple[str, str]:
    return frame_key(frame.function[:NAME_MAX], frame.module[:NAME_MAX], frame.filename[:NAME_MAX])


@lru_cache(maxsize=REMEMBERED)
def frame_key(function: str, module: str, filename: str) -> tuple[str, str]:
    return normalise_function(function), normalise_module(module, filename)


def digest(parts: Iterable[str]) -> str:
    """Each part with its length before it, so that no two lists of parts are the same text."""
    body = "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.blake2b(body.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
