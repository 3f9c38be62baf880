"""What uploaded files say about themselves: a script its map and debug id, a map its debug id and whether it can be used.

Cheap looks at the bytes, for the moment of the upload; whether a map can be followed is known when it is parsed.
"""

import base64
import binascii
import re
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import UUID

import msgspec

TAIL = 4096
"""How much of a script's end is searched for its comments; an embedded map may follow the mark, so that one is searched
for from behind in the whole text."""
REFERENCE = re.compile(rb"//[#@][ \t]*sourceMappingURL=[ \t]*([^\s'\"]+)\s*$")
DEBUG_ID = re.compile(rb"//#[ \t]*debugId=([0-9a-fA-F-]{32,36})")
MARK = b"sourceMappingURL="


class MapHead(msgspec.Struct):
    """The part of a source map that says whether it is one; the rest is not decoded."""

    version: Any = None
    debug_id: Any = None
    debugId: Any = None  # noqa: N815 - the name in the format
    mappings: msgspec.Raw = msgspec.Raw()
    sections: msgspec.Raw = msgspec.Raw()
    sourcesContent: msgspec.Raw = msgspec.Raw()  # noqa: N815


class Described(msgspec.Struct, frozen=True):
    """`problem` is a sentence for people when the file is of no use; `embedded` is the map inside a script."""

    debug_id: str = ""
    reference: str = ""
    embedded: bytes | None = None
    has_sources: bool = True
    problem: str = ""


def describe_script(script: bytes) -> Described:
    debug = DEBUG_ID.search(script, max(0, len(script) - TAIL))
    return Described(canonical(debug[1].decode()) if debug else "", *reference_of(script))


def reference_of(script: bytes) -> tuple[str, bytes | None]:
    """The map that a script names: an address, or the map itself when it is embedded."""
    start = script.rfind(MARK)
    if start < 0:
        return "", None
    line = script.rfind(b"\n", 0, start) + 1
    end = script.find(b"\n", start)
    found = REFERENCE.search(script[line : end if end >= 0 else len(script)])
    if not found:
        return "", None
    if found[1].startswith(b"data:"):
        return "", embedded(found[1])
    return found[1][:2000].decode("utf-8", "replace"), None


def embedded(address: bytes) -> bytes | None:
    head, _, payload = address.partition(b",")
    if b"json" not in head:
        return None
    try:
        return (
            base64.b64decode(payload, validate=True)
            if head.endswith(b";base64")
            else unquote_to_bytes(payload)
        )
    except binascii.Error:
        return None


def describe_map(content: bytes) -> Described:
    try:
        head = msgspec.json.decode(strip_guard(content), type=MapHead)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Described(problem="it is no JSON object")
    if not (bytes(head.mappings) or bytes(head.sections)):
        return Described(problem="it has neither mappings nor sections")
    if bytes(head.mappings) in (b'""', b"null"):
        return Described(problem="its mappings are empty")
    has_sources = bool(bytes(head.sections)) or b'"' in bytes(head.sourcesContent)
    return Described(canonical(head.debugId) or canonical(head.debug_id), has_sources=has_sources)


def strip_guard(content: bytes) -> bytes:
    """Without the line `)]}'` that servers put before JSON against its inclusion as a script."""
    if content[:3] == b"\xef\xbb\xbf":
        content = content[3:]
    return content.partition(b"\n")[2] if content[:3] == b")]}" else content


def canonical(debug_id: Any) -> str:
    """A debug id as a lower-case UUID; "" for what is none."""
    try:
        return str(UUID(debug_id)) if isinstance(debug_id, str) and len(debug_id) <= 45 else ""
    except ValueError:
        return ""
