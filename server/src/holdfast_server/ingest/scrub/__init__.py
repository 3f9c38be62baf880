"""Takes personal data out of what clients sent, between decoding and the spool (requirement T4, decision 8).

`Scrubber.dirty` is one scan over the raw body and never misses what the walk would change; `Scrubber.scrub`
is the walk. What counts as personal is written in `contract/scrubbing.json`, for the SDKs too.
Nothing here fails on hostile input: what lies too deep to look at is replaced.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from holdfast_server.errors import BadInput
from holdfast_server.ingest.scrub.names import Names
from holdfast_server.ingest.scrub.patterns import REDACTED as REDACTED
from holdfast_server.ingest.scrub.patterns import holds_card, scrub_text
from holdfast_server.ingest.scrub.prefilter import compile_prefilter

DEPTH_MAX = 64


class Scrubber:
    """Knows the listed field names (and a project's own, `extra_fields`) and the patterns. Safe between threads."""

    def __init__(self, extra_fields: Iterable[str] = ()) -> None:
        self.names = Names(extra_fields)
        self.prefilter = compile_prefilter(self.names)

    def dirty(self, body: bytes) -> bool:
        """False only when `scrub` would leave every value in this JSON text as it is."""
        return self.prefilter.search(body) is not None

    def scrub(self, value: Any) -> Any:
        """A new value without personal data. Takes what a JSON decoder gives."""
        return self.walk(value, 0)

    def scrub_text(self, text: str) -> str:
        return scrub_text(text)

    def scrub_event_json(self, raw: bytes) -> bytes:
        """The same for JSON text; text that can't be decoded is refused, never passed on unread."""
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            raise BadInput(f"the event is not valid JSON: {exc}", hint="send JSON in UTF-8") from exc
        return msgspec.json.encode(self.scrub(value))

    def walk(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return scrub_text(value)
        if kind is dict:
            return REDACTED if depth >= DEPTH_MAX else self.walk_fields(value, depth + 1)
        if kind is list:
            return REDACTED if depth >= DEPTH_MAX else [self.walk(item, depth + 1) for item in value]
        if (kind is int or kind is float) and holds_card(value):
            return REDACTED
        return value

    def walk_fields(self, fields: dict[str, Any], depth: int) -> dict[str, Any]:
        clean: dict[str, Any] = {}
        used: dict[str, int] = {}
        for name, value in fields.items():
            key, listed = self.names.judge(name)
            if key in clean:  # two names became one: number them, so that no value is lost
                key = free_name(clean, used, key)
            clean[key] = REDACTED if listed and keeps_a_secret(value) else self.walk(value, depth)
        return clean


def keeps_a_secret(value: Any) -> bool:
    """`hasPassword: true`, `token: null` and `email: ""` say that something is or isn't there, not what it is."""
    return value is not None and value is not True and value is not False and value != ""


def free_name(taken: dict[str, Any], used: dict[str, int], key: str) -> str:
    number = used.get(key, 1) + 1
    while f"{key}#{number}" in taken:
        number += 1
    used[key] = number
    return f"{key}#{number}"


def pseudonym(value: str, salt: bytes) -> str:
    """A stable stand-in for an identity that is personal data itself, so that unique users can still be counted.

    Keyed, because the hash of a phone number alone is found again by trying all numbers.
    """
    digest = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), key=salt[:64], digest_size=8)
    return f"user-{digest.hexdigest()}"
