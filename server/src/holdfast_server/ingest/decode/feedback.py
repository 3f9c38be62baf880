"""What POST /api/feedback carries (document P's FeedbackSubmission): JSON, or the fields and files of a form."""

import base64
import binascii
import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ...errors import BadInput, TooLarge
from ...model.feedback import Feedback
from ...model.limits import (
    MAX_LIST_BYTES,
    MAX_MESSAGE_CHARS,
    MAX_METADATA_BYTES,
    MAX_NAME_CHARS,
    MAX_REPORT_KEYS,
    MAX_TEXT_CHARS,
)
from ..pictures import MAX_PICTURE_BYTES, TAKEN
from .errors import MAX_BREADCRUMBS
from .native import ANY, ENCODER, check_shape, split_path, storable

MAX_CONTACT_CHARS = 254
MAX_FEEDBACK_BYTES = 2 * 1024 * 1024
"""The body as it arrives: a picture of 1 MiB is 1.4 MB as a data URL."""
DATA_URL = re.compile(r"data:[\w.+/-]{0,100}(?:;[\w=-]{0,100})*;base64,", re.ASCII)
HINT = 'for example {"message": "The button does nothing", "page": "/checkout"}'


class WireFeedback(msgspec.Struct):
    """Fields with their types; whatever else comes goes to the metadata."""

    message: Annotated[str, Meta(min_length=1)]
    contact: str | None = None
    email: str | None = None
    screenshot: str | None = None
    metadata: dict[str, Any] | None = None
    breadcrumbs: list[Any] | None = None
    page: str | None = None
    url: str | None = None
    userAgent: str | None = None  # noqa: N815 - the documents' own names
    sessionId: str | None = None  # noqa: N815
    userId: str | None = None  # noqa: N815
    anonymousId: str | None = None  # noqa: N815
    release: str | None = None
    buildId: str | None = None  # noqa: N815
    environment: str | None = None
    errorId: str | None = None  # noqa: N815
    eventId: str | None = None  # noqa: N815
    id: str | None = None


FIELDS = frozenset(WireFeedback.__struct_fields__)
JSON_FIELDS = ("metadata", "breadcrumbs")


class Submission(msgspec.Struct, frozen=True):
    """`id` is the client's own name for it: the same again counts once."""

    feedback: Feedback
    id: str


def decode_feedback(body: bytes) -> Submission:
    """Read JSON. Raises BadInput that names the field, TooLarge beyond a limit."""
    try:
        value = ANY.decode(storable(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise BadInput(f"the body is not JSON: {exc}", hint=HINT) from exc
    if not isinstance(value, dict):
        raise BadInput("feedback must be an object", hint=HINT)
    return submission_of(value)


def decode_form(fields: dict[str, str], screenshot: bytes) -> Submission:
    """Read the fields of a form; metadata and breadcrumbs are JSON text in it, the picture is a file of its own."""
    value: dict[str, Any] = dict(fields)
    for name in JSON_FIELDS:
        if name in value:
            try:
                value[name] = ANY.decode(storable(value[name].encode()))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
                raise BadInput(f"`{name}` is not JSON", path=name) from exc
    return submission_of(value, screenshot)


def submission_of(value: dict[str, Any], screenshot: bytes = b"") -> Submission:
    check_shape(value, "", max_keys=MAX_REPORT_KEYS)
    known = {key: item for key, item in value.items() if key in FIELDS}
    extra = {key: item for key, item in value.items() if key not in FIELDS}
    try:
        wire = msgspec.convert(known, WireFeedback)
    except msgspec.ValidationError as exc:
        sentence, path = split_path(str(exc))
        raise BadInput(sentence, path=path, hint=HINT) from exc
    if not wire.message.strip():
        raise BadInput("the message is empty", path="message", hint=HINT)
    metadata = (wire.metadata or {}) | extra
    breadcrumbs = (wire.breadcrumbs or [])[-MAX_BREADCRUMBS:]
    check_shape(metadata, "metadata")
    for name, part, limit in (
        ("metadata", metadata, MAX_METADATA_BYTES),
        ("breadcrumbs", breadcrumbs, MAX_LIST_BYTES),
    ):
        if len(ENCODER.encode(part)) > limit:
            raise TooLarge(f"`{name}`", f"{limit} bytes", path=name)
    feedback = Feedback(
        message=wire.message.strip()[:MAX_MESSAGE_CHARS],
        contact=(wire.contact or wire.email or "").strip()[:MAX_CONTACT_CHARS],
        screenshot=screenshot or picture_bytes(wire.screenshot or ""),
        metadata=metadata,
        breadcrumbs=breadcrumbs,
        page=(wire.page or "")[:MAX_TEXT_CHARS],
        url=(wire.url or "")[:MAX_TEXT_CHARS],
        user_agent=(wire.userAgent or "")[:MAX_TEXT_CHARS],
        session_id=(wire.sessionId or "")[:MAX_NAME_CHARS],
        user_id=(wire.userId or "")[:MAX_NAME_CHARS],
        anonymous_id=(wire.anonymousId or "")[:MAX_NAME_CHARS],
        release=(wire.release or wire.buildId or "")[:MAX_NAME_CHARS],
        environment=(wire.environment or "")[:MAX_NAME_CHARS],
        error_id=wire.errorId or "",
        event_id=wire.eventId or "",
    )
    return Submission(feedback, (wire.id or "")[:MAX_NAME_CHARS])


def picture_bytes(url: str) -> bytes:
    """What a data URL holds. Raises BadInput for any other address: pictures are not fetched."""
    if not url:
        return b""
    head = DATA_URL.match(url)
    if head is None:
        raise BadInput(
            "`screenshot` must be a data URL in base64",
            path="screenshot",
            hint=f"send {TAKEN}: data:image/jpeg;base64,…",
        )
    if len(url) - head.end() > (MAX_PICTURE_BYTES + 2) // 3 * 4 + 4:
        raise TooLarge(
            "`screenshot`", f"{MAX_PICTURE_BYTES} bytes", path="screenshot", hint="send a smaller picture"
        )
    try:
        return base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError) as exc:
        raise BadInput("`screenshot` is not base64", path="screenshot", hint=f"send {TAKEN}") from exc
