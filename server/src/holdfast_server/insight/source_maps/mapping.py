"""One frame through one map: its original function, file, line and the lines around it.

Names come from the scopes of the minified script where we have it, as in Sentry: the function around the position, else
what the caller called. A map that can't be read raises BadMap; a position outside of it is no error but an answer.
"""

import re
from dataclasses import dataclass
from typing import Any

from symbolic.exceptions import SymbolicError
from symbolic.sourcemapcache import SourceMapCache, SourceMapCacheToken

from .documents import strip_guard
from .reasons import Unmapped

Frame = dict[str, Any]
CONTEXT_LINES = 5
LONGEST_LINE = 500
LONGEST_NAME = 400
LARGEST_MAP = 64 * 1024 * 1024
LARGEST_SCRIPT = 8 * 1024 * 1024
"""Beyond, the script is not parsed for its scopes: 14 MB took 3.8 s, and its map alone 0.3 s."""
LARGEST_POSITION = 2**31
POSITIONS_REMEMBERED = 1_000
SAYS_NOTHING = frozenset({"", "?", "<anonymous>", "__webpack_require__", "__webpack_modules__", "<unknown>"})
THIRD_PARTY = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|\.pnpm|\.yarn)/|^webpack/|/webpack/(?:bootstrap|runtime)|\(webpack\)|^\(webpack"
)
PREFIX = re.compile(
    r"^(?:(?:webpack(?:-internal)?|rollup|turbopack|parcel|vite|ng|app|file|https?):/{2,3})", re.IGNORECASE
)
WITH_HOST = re.compile(r"^(?:webpack|rollup|turbopack|https?)://[^/]*/", re.IGNORECASE)
REPLACED = frozenset({"pre_context", "context_line", "post_context", "unmapped"})
KEPT_RAW = ("function", "module", "filename", "abs_path", "lineno", "colno", "in_app", "context_line")


class BadMap(Exception):
    """Not a source map, or one that contradicts itself."""


@dataclass(frozen=True)
class Located:
    """What a map says about one position, ready to be put into a frame. `calls` is the name that stands there."""

    scope: str
    calls: str
    place: Frame
    third_party: bool


class ParsedMap:
    """A map made ready for questions. Safe to ask from many threads; `weight` is about its size in memory.

    Answers are remembered: the same errors come again and again, and reading the lines around a place costs 30 µs.
    """

    def __init__(self, content: bytes, script: bytes = b"") -> None:
        script = script if len(script) <= LARGEST_SCRIPT else b""
        try:
            self.cache = SourceMapCache.from_bytes(script, strip_guard(content))
        except SymbolicError as exc:
            raise BadMap(str(exc.message)[:200]) from exc
        self.weight = 3 * len(content) + len(script)
        self.located: dict[tuple[int, int], Located | None] = {}

    def locate(self, line: int, column: int) -> Located | None:
        """What the map says about a position, both counted from 1; None when it says nothing. Raises BadMap."""
        if not (0 < line < LARGEST_POSITION and 0 < column < LARGEST_POSITION):
            return None
        if (line, column) in self.located:
            return self.located[line, column]
        try:
            found = located(self.cache.lookup(line, column, CONTEXT_LINES))
        except SymbolicError as exc:
            raise BadMap(str(exc.message)[:200]) from exc
        if len(self.located) >= POSITIONS_REMEMBERED:
            self.located = {}
        self.located[line, column] = found
        return found


def located(token: SourceMapCacheToken | None) -> Located | None:
    if token is None or not token.src:
        return None
    shown = readable(token.src)
    place: Frame = {
        "module": module_of(shown),
        "filename": shown,
        "abs_path": token.src[: LONGEST_NAME * 2],
        "lineno": token.line,
        "colno": token.col,
    }
    if token.context_line is None and not token.pre_context and not token.post_context:
        place["unmapped"] = Unmapped.SOURCE_CONTENT_MISSING.value
    else:
        place["pre_context"] = [cut(line) for line in token.pre_context]
        place["context_line"] = cut(token.context_line or "")
        place["post_context"] = [cut(line) for line in token.post_context]
    return Located(token.function_name or "", token.name or "", place, bool(THIRD_PARTY.search(shown)))


def map_frame(frame: Frame, parsed: ParsedMap, called_as: str = "") -> tuple[Frame, str]:
    """The frame as its author wrote it, and the name by which it calls the next one. `called_as` is the name by which the
    caller called this one. A position that the map does not know gives the same frame with its reason."""
    found = parsed.locate(number(frame.get("lineno")), number(frame.get("colno")))
    if found is None:
        return unmapped(frame, Unmapped.POSITION_NOT_FOUND), ""
    kept = {name: value for name, value in frame.items() if name not in REPLACED}
    mapped = {
        **kept,
        **found.place,
        "function": function_name(frame, found.scope, called_as)[:LONGEST_NAME],
        "in_app": frame.get("in_app") is not False and not found.third_party,
        "raw": {name: cut(frame[name]) for name in KEPT_RAW if name in frame},
    }
    return mapped, found.calls


def number(value: Any) -> int:
    """A line or column as clients send it; 0 for what is none."""
    return value if isinstance(value, int) else 0


def unmapped(frame: Frame, reason: Unmapped) -> Frame:
    return {**frame, "unmapped": reason.value}


def function_name(frame: Frame, scope: str, called_as: str) -> str:
    """The name of the scope; when that says nothing, what the caller called; at last what the browser said."""
    if scope and scope not in SAYS_NOTHING:
        return scope
    if called_as and called_as not in SAYS_NOTHING:
        return called_as
    told = str(frame.get("function") or "")
    return told if told not in SAYS_NOTHING else scope or "<anonymous>"


def readable(source: str) -> str:
    """`webpack://shop/./src/cart.ts?1f2e` as `src/cart.ts`: without scheme, host, hash and the way up from the build."""
    text = source[: LONGEST_NAME * 2].replace("\\", "/").partition("?")[0]
    with_host = WITH_HOST.match(text)
    text = text[with_host.end() :] if with_host else PREFIX.sub("", text)
    parts = [part for part in text.split("/") if part not in ("", ".")]
    while parts and parts[0] == "..":
        del parts[0]
    return "/".join(parts)[-LONGEST_NAME:] or source[:LONGEST_NAME]


def module_of(path: str) -> str:
    """The path without its ending; that of an index file is its folder."""
    bare = re.sub(r"\.(?:[cm]?[jt]sx?|vue|svelte)$", "", path)
    return re.sub(r"/index$", "", bare)


def cut(value: Any) -> Any:
    """Lines as they are shown: without their end, and not longer than anybody reads."""
    return value.rstrip("\r\n")[:LONGEST_LINE] if isinstance(value, str) else value
