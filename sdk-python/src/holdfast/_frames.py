"""The wire form of a captured error: frames with source lines, the chain, the text of the stack.

Runs on the sender thread, so reading source files costs the host nothing. Names of the wire are the server's.
"""

from __future__ import annotations

import linecache
import sys
import sysconfig
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from holdfast._settle import clip

if TYPE_CHECKING:
    from holdfast._exceptions import CapturedError, CapturedException

_LINES_AROUND = 5
_LONGEST_LINE = 200
_MAX_FRAMES = 50  # printed in the text of the stack
_MAX_FRAMES_SENT = 50
_MAX_CAUSE_FRAMES_SENT = 10
_MAX_CRUMBS_SENT = 50
_MAX_CHAIN_SENT = 6
# contract/limits.json `reportKeys` is 5,000, nested keys included; an error with more is refused whole.
MAX_KEYS = 4_800
_RELATIONS = {
    "cause": "The above exception was the direct cause of the following exception:",
    "context": "During handling of the above exception, another exception occurred:",
}
_outside: tuple[str, ...] = ()


def error_details(captured: CapturedError) -> dict[str, Any]:
    """The metadata of an error event, within the server's limit on keys: frames first, then breadcrumbs."""
    first = captured.chain[0]
    details: dict[str, Any] = {
        **captured.extra,
        "errorId": captured.error_id,
        "errorType": qualified(first),
        "message": first.message,
        "severity": captured.severity,
        "handled": captured.handled,
        "stack": stack_text(captured.chain),
    }
    if captured.fingerprint:
        details["fingerprint"] = captured.fingerprint
    if captured.context:
        details["context"] = captured.context
    room = MAX_KEYS - key_count(details) - _MAX_CHAIN_SENT * 10
    crumbs = captured.breadcrumbs[-_MAX_CRUMBS_SENT:]
    reserved = min(room // 3, key_count(crumbs))
    frames = _fitting(sent_frames(first, _MAX_FRAMES_SENT), room - reserved)
    room -= key_count(frames)
    if len(captured.chain) > 1:
        details["exceptions"] = _chain_wire(captured, frames, (room - reserved) // _MAX_CHAIN_SENT)
        room -= key_count(details["exceptions"]) - key_count(frames)
    else:
        details["frames"] = frames
    if crumbs:
        details["breadcrumbs"] = _fitting(crumbs, room)
    return details


def sent_frames(exception: CapturedException, most: int) -> list[dict[str, Any]]:
    return [frame_wire(*frame) for frame in chosen_frames(exception.frames, most)]


def key_count(value: Any) -> int:
    """Keys at every depth, as the server counts them."""
    if isinstance(value, dict):
        return len(value) + sum(
            [key_count(item) for item in value.values() if isinstance(item, (dict, list))]
        )
    if isinstance(value, list):
        return sum([key_count(item) for item in value if isinstance(item, (dict, list))])
    return 0


def _fitting(items: list[dict[str, Any]], keys: int) -> list[dict[str, Any]]:
    """The last items (the newest breadcrumbs, the innermost frames) that have no more keys together."""
    kept: list[dict[str, Any]] = []
    for item in reversed(items):
        keys -= key_count(item)
        if keys < 0:
            break
        kept.append(item)
    return kept[::-1]


def chosen_frames(frames: list[Any], most: int) -> list[Any]:
    """Outermost first: the innermost frame, and of the rest the host's own before those of libraries."""
    if len(frames) <= most:
        return frames
    own = [n for n, (code, _, module, _) in enumerate(frames) if in_app(code.co_filename, module)]
    places = {len(frames) - 1, *own[-most + 1 :]}
    rest = [n for n in range(len(frames) - 1, -1, -1) if n not in places]
    places.update(rest[: most - len(places)])
    return [frames[n] for n in sorted(places)]


def qualified(exception: CapturedException) -> str:
    """`ValueError`, `shop.errors.CardRefused`: builtins carry no module."""
    if exception.module in ("builtins", "__main__", ""):
        return exception.name
    return f"{exception.module}.{exception.name}"


def kept_frames(frames: list[Any]) -> list[Any]:
    """Of a deep recursion the outermost ten and the innermost forty say enough."""
    return frames if len(frames) <= _MAX_FRAMES else frames[:10] + frames[10 - _MAX_FRAMES :]


def frame_wire(code: Any, lineno: int, module: str, local: dict[str, Any] | None) -> dict[str, Any]:
    """Source lines for the host's own code only: a library's are known by its version."""
    filename = code.co_filename
    own = in_app(filename, module)
    wire = {
        "function": code.co_qualname,
        "module": module,
        "filename": short_path(filename),
        "lineno": lineno,
        "in_app": own,
    }
    if own:
        wire |= source_context(filename, lineno)
    if local:
        wire["vars"] = local
    return wire


def source_context(filename: str, lineno: int) -> dict[str, Any]:
    """The line and those around it; empty when the source can't be read."""
    lines = linecache.getlines(filename)
    if not 0 < lineno <= len(lines):
        return {}
    around = [
        clip(line.rstrip("\n"), _LONGEST_LINE)
        for line in lines[max(0, lineno - 1 - _LINES_AROUND) : lineno + _LINES_AROUND]
    ]
    before = min(lineno - 1, _LINES_AROUND)
    return {
        "pre_context": around[:before],
        "context_line": around[before],
        "post_context": around[before + 1 :],
    }


def in_app(filename: str, module: str) -> bool:
    """Code of the host: not the standard library, not an installed package, not this one."""
    global _outside
    if not _outside:
        paths = sysconfig.get_paths()
        _outside = tuple({paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})
    if filename.startswith("<") or module.partition(".")[0] == "holdfast":
        return False
    return (
        "site-packages" not in filename
        and "dist-packages" not in filename
        and not filename.startswith(_outside)
    )


@lru_cache(maxsize=1_024)
def short_path(filename: str) -> str:
    """The path from the first import folder that holds it, so that it names the code and not the machine."""
    best = ""
    for folder in sys.path:
        if folder and filename.startswith(folder.rstrip("/") + "/") and len(folder) > len(best):
            best = folder.rstrip("/")
    return filename[len(best) + 1 :] if best else filename


def stack_text(chain: list[CapturedException]) -> str:
    """The stack as Python prints it, causes first; members of a group follow their group."""
    parts: list[str] = []
    for place in _printed_order(chain):
        exception = chain[place]
        parts.append(_traceback_text(exception))
        if exception.relation in _RELATIONS:
            parts.append(f"\n{_RELATIONS[exception.relation]}\n")
    return clip("\n".join(parts), 16_384)


def _printed_order(chain: list[CapturedException]) -> list[int]:
    causes = [n for n, exception in enumerate(chain) if exception.relation in _RELATIONS]
    members = [n for n, exception in enumerate(chain) if exception.relation == "member"]
    return [*reversed(causes), 0, *members]


def _traceback_text(exception: CapturedException) -> str:
    lines = ["Traceback (most recent call last):"] if exception.frames else []
    for code, lineno, _module, _local in kept_frames(exception.frames):
        lines.append(f'  File "{short_path(code.co_filename)}", line {lineno}, in {code.co_name}')
        source = linecache.getline(code.co_filename, lineno).strip()
        if source:
            lines.append(f"    {clip(source, _LONGEST_LINE)}")
    lines.append(
        f"{qualified(exception)}: {exception.message}" if exception.message else qualified(exception)
    )
    return "\n".join(lines)


def _chain_wire(captured: CapturedError, thrown: list[dict[str, Any]], keys: int) -> list[dict[str, Any]]:
    """The errors behind the thrown one and it, thrown last, each with how it came about; `keys` is the room of each."""
    chain = captured.chain[:_MAX_CHAIN_SENT]
    members: dict[int, int] = {}
    wire = []
    for place, exception in enumerate(chain):
        mechanism: dict[str, Any] = {"type": "chained" if place else "generic", "handled": captured.handled}
        mechanism["exception_id"] = place
        if place:
            mechanism["parent_id"] = exception.parent
            mechanism["source"] = f"__{exception.relation}__"
        if exception.relation == "member":
            number = members[exception.parent] = members.get(exception.parent, -1) + 1
            mechanism["source"] = f"exceptions[{number}]"
        frames = _fitting(sent_frames(exception, _MAX_CAUSE_FRAMES_SENT), keys) if place else thrown
        wire.append(
            {
                "type": qualified(exception),
                "value": exception.message,
                "mechanism": mechanism,
                "frames": frames,
            }
        )
    return wire[::-1]
