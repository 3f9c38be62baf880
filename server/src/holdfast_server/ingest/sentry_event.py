"""A Sentry event on its way into the spool: checked, given an id, cleaned of personal data, cut when too large. No more: the
drainer reads it.

A clean event is scanned and never decoded; who it happened to is replaced in place by what counts people and names nobody.
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec

from ..errors import TooLarge
from ..model.limits import KEPT_SENTRY_EVENT_BYTES, MAX_SENTRY_EVENT_BYTES
from .decode.native import ANY, ENCODER, storable
from .decode.sentry_shapes import Json, object_of, text_of
from .decode.sentry_trim import trimmed
from .decode.sentry_values import PERSONAL, event_id_in
from .scrub import Scrubber, pseudonym

NOTHING = msgspec.Raw(b"")
MAX_DIRTY_BYTES = 131_072
"""Walking text costs up to 2 µs a byte: an event with personal data in it is cut to this first."""
AUTO = "{{auto}}"
"""Asks the server to put the sender's address in: we keep none."""


class Head(msgspec.Struct):
    """What the handler needs to know; the rest is only checked to be JSON."""

    event_id: Any = None
    user: msgspec.Raw = NOTHING
    ours: msgspec.Raw = msgspec.field(name="_holdfast", default=NOTHING)


HEAD = msgspec.json.Decoder(Head)
PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Prepared(NamedTuple):
    event_id: str
    body: bytes


class People:
    """Users' fields with what is personal in them taken out. `salt` keys the pseudonyms."""

    def __init__(self, identity: Callable[[str], str], salt: bytes) -> None:
        self.identity = identity
        self.salt = salt

    def identify(self, user: Json) -> str:
        """The id that the application gave, or a pseudonym of the first thing that tells people apart; "" for nobody."""
        sent = text_of(user.get("id"))
        if sent:
            return self.identity(sent)
        named = (text_of(user.get(name)) for name in PERSONAL)
        return next((pseudonym(value, self.salt) for value in named if value and value != AUTO), "")

    def without_person(self, user: Json) -> Json:
        rest = {name: value for name, value in user.items() if name != "id" and name not in PERSONAL}
        person = self.identify(user)
        return {"id": person, **rest} if person else rest


class EventCleaner:
    def __init__(self, scrubber: Scrubber, people: People) -> None:
        self.scrubber = scrubber
        self.people = people

    def prepare(self, payload: bytes, event_id: str = "", files: list[Json] | None = None) -> Prepared:
        """The event as it is kept. `event_id` is for one that has none itself, `files` are its attachments.

        Raises BadInput for what is no JSON object, TooLarge beyond the protocol's limit. Large ones take their time: call it
        in a thread.
        """
        if len(payload) > MAX_SENTRY_EVENT_BYTES:
            raise TooLarge("the event", f"{MAX_SENTRY_EVENT_BYTES} bytes")
        if b"\\u" in payload or not payload.isascii():
            payload = storable(payload)
        payload, head = headed(payload)
        payload = self._without_person(payload, head.user)
        if self.scrubber.dirty(payload):
            payload = self._scrubbed(payload)
        sent_id = event_id_in(head.event_id)
        known_id = sent_id or event_id or uuid4().hex
        own: Json = {} if sent_id and sent_id == head.event_id else {"event_id": known_id}
        if files or head.ours is not NOTHING:
            own["_holdfast"] = {"files": files or []}
        return Prepared(known_id, with_fields(payload, own) if own else payload)

    def _without_person(self, payload: bytes, user: msgspec.Raw) -> bytes:
        raw = bytes(user)
        if raw[:1] != b"{" or raw == b"{}":
            return payload
        sent = ANY.decode(raw)
        person = self.people.without_person(sent)
        # An object's text can't stand inside of a string: its quotes would be escaped there.
        return payload if person == sent else payload.replace(raw, ENCODER.encode(person))

    def _scrubbed(self, payload: bytes) -> bytes:
        if len(payload) > MAX_DIRTY_BYTES:
            payload = trimmed(payload, MAX_DIRTY_BYTES)
        try:
            return self._scrubbed_parts(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ENCODER.encode(self.scrubber.scrub(object_of(payload)))

    def _scrubbed_parts(self, payload: bytes) -> bytes:
        """Mostly a cookie in the request is all that has to go: only the fields that hold something are walked."""
        parts = PARTS.decode(payload)
        for name, raw in list(parts.items()):
            if name == "event_id" and event_id_in(ANY.decode(raw)):
                continue  # of nothing but digits it may look like a card
            if self.scrubber.names.judge(name) != (name, False) or self.scrubber.dirty(bytes(raw)):
                del parts[name]
                clean: Json = self.scrubber.scrub({name: ANY.decode(raw)})
                parts |= {key: msgspec.Raw(ENCODER.encode(value)) for key, value in clean.items()}
        return ENCODER.encode(parts)


def headed(payload: bytes) -> tuple[bytes, Head]:
    """The event and what stands at its head; cut first when it is too large, or too deep for the decoder."""
    if len(payload) > KEPT_SENTRY_EVENT_BYTES:
        payload = trimmed(payload, KEPT_SENTRY_EVENT_BYTES)
    try:
        return payload, HEAD.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        payload = trimmed(
            payload, KEPT_SENTRY_EVENT_BYTES
        )  # NaN, an endless number, deeper than the decoder goes
        return payload, HEAD.decode(payload)


def with_fields(payload: bytes, own: Json) -> bytes:
    """The object with these fields behind its own: of two fields with one name readers take the last."""
    open_object = payload.rstrip()[:-1].rstrip()
    comma = b"" if open_object.endswith(b"{") else b","
    return open_object + comma + ENCODER.encode(own)[1:]
