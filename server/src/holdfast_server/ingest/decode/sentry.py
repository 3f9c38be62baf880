"""A Sentry event as a report. Runs in the drainer: the handler only frames, checks, scrubs and cuts what it answers for.

Everything that the event says is kept: what has no column of its own stands in the report's context.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from ...model.limits import MAX_MESSAGE_CHARS, MAX_NAME_CHARS, MAX_TEXT_CHARS
from .errors import (
    MAX_BREADCRUMBS,
    MAX_EXCEPTIONS,
    MAX_FRAMES,
    MAX_IMAGES,
    SEVERITY_WORDS,
    Report,
    tags_of,
)
from .sentry_shapes import Event, Json, Message, Raised, Stacktrace, Thread, event_of, text_of

MAX_FINGERPRINT_PARTS = 32
NOTHING: Json = {}
SESSION_TAGS = ("session_id", "sessionId", "session.id", "session")
NO_TYPE = "Message"
"""The type of an event that carries no exception."""


def report_of_sentry(body: bytes) -> Report:
    """Read the payload of an `event` item. Raises BadInput when it is no event."""
    event = event_of(body)
    message = message_of(event)
    exceptions = chain_of(event, message)
    thrown = exceptions[-1] if exceptions else NOTHING
    contexts = event.contexts or NOTHING
    trace = _dict(contexts.get("trace"))
    request = event.request or NOTHING
    user = event.user or NOTHING
    tags = tags_of(sent_tags(event.tags)) if event.tags else {}
    return Report(
        error_type=(thrown.get("type") or (NO_TYPE if _is_message(event) else "Error"))[:MAX_NAME_CHARS],
        message=(thrown.get("value") or message)[:MAX_MESSAGE_CHARS],
        severity=SEVERITY_WORDS.get((event.level or "error").lower(), "error"),
        handled=all(_dict(item.get("mechanism")).get("handled") is not False for item in exceptions),
        exceptions=exceptions,
        debug_images=images_of(event.debug_meta) if event.debug_meta else [],
        client_fingerprint=fingerprint_of(event.fingerprint) if event.fingerprint else [],
        tags=tags,
        files=event.ours.files,
        event_id=event_id_of(event.event_id),
        trace_id=text_of(trace.get("trace_id"))[:64],
        span_id=text_of(trace.get("span_id"))[:32],
        transaction=(event.transaction or "")[:MAX_NAME_CHARS],
        dist=(event.dist or "")[:MAX_NAME_CHARS],
        sdk=sdk_of(event.sdk) if event.sdk else "",
        breadcrumbs=[item for item in items_of_values(event.breadcrumbs) if item is not None][
            -MAX_BREADCRUMBS:
        ],
        context=context_of(
            event, message if message != (thrown.get("value") or message) else "", user, request
        ),
        at=event.timestamp,
        page=text_of(request.get("url"))[:MAX_TEXT_CHARS],
        session_id=session_of(tags, contexts)[:MAX_NAME_CHARS],
        user_id=text_of(user.get("id"))[:MAX_NAME_CHARS],
        user_agent=_agent(request),
        platform=(event.platform or "")[:MAX_NAME_CHARS],
        environment=(event.environment or "")[:MAX_NAME_CHARS],
        release=(event.release or "")[:MAX_NAME_CHARS],
    )


def event_id_of(sent: str | None) -> str:
    return (sent or "").replace("-", "").lower()[:32]


def message_of(event: Event) -> str:
    """The event's own sentence, with its parameters in it."""
    for sent in (event.logentry, event.message):
        if isinstance(sent, str) and sent:
            return sent
        if isinstance(sent, Message):
            text = sent.formatted or filled(sent)
            if text:
                return text
    return ""


def filled(message: Message) -> str:
    """`%s` replaced one by one: never through the % operator, whose widths a stranger chooses."""
    text = message.message or ""
    if not isinstance(message.params, list) or "%s" not in text:
        return text
    parts = text.split("%s")
    shown = [text_of(value)[:MAX_TEXT_CHARS] for value in message.params[: len(parts) - 1]]
    shown += ["%s"] * (len(parts) - 1 - len(shown))
    return "".join(chain.from_iterable(zip(parts, [*shown, ""], strict=True)))


def chain_of(event: Event, message: str) -> list[Json]:
    """The chain of exceptions, cause first; for a message with a stack, one link that holds it."""
    found = [exception_of(item) for item in raised_in(event)[-MAX_EXCEPTIONS:] if item is not None]
    if any(item["frames"] for item in found):
        return found
    frames = frames_of(event.stacktrace) or frames_of(telling_stack(event))
    if not frames:
        return found
    if found:
        found[-1]["frames"] = frames
        return found
    return [{"type": "", "value": message, "frames": frames}]


def raised_in(event: Event) -> Sequence[Raised | None]:
    sent = event.exception
    if sent is None or isinstance(sent, list):
        return sent or ()
    if sent.values is None:
        return (sent,) if sent.type or sent.value or sent.stacktrace else ()
    return sent.values


def exception_of(item: Raised) -> Json:
    made: Json = {"type": item.type or "", "value": item.value or ""}
    if item.module:
        made["module"] = item.module
    if item.mechanism:
        made["mechanism"] = item.mechanism
    made["frames"] = frames_of(item.stacktrace)
    return made


def frames_of(stack: Stacktrace | None) -> list[Json]:
    if stack is None or not stack.frames:
        return []
    frames = stack.frames[-MAX_FRAMES:]
    return [frame for frame in frames if frame is not None]


def telling_stack(event: Event) -> Stacktrace | None:
    """The stack of the thread that crashed, else of the one that reported, else of the only one."""
    sent = event.threads
    threads = sent if isinstance(sent, list) else sent.values if sent is not None else None
    with_stack: list[Thread] = [item for item in threads or () if item is not None and item.stacktrace]
    for wanted in ("crashed", "current"):
        for thread in with_stack:
            if getattr(thread, wanted):
                return thread.stacktrace
    return with_stack[0].stacktrace if len(with_stack) == 1 else None


def sent_tags(tags: Json | list[Any]) -> Json:
    """Tags as an object, or as a list of pairs."""
    if isinstance(tags, dict):
        return {
            name: value if isinstance(value, str | None) else text_of(value) for name, value in tags.items()
        }
    pairs = [item for item in tags if isinstance(item, list) and len(item) == 2]
    return {text_of(name): None if value is None else text_of(value) for name, value in pairs}


def fingerprint_of(sent: list[Any] | str) -> list[str]:
    parts = [sent] if isinstance(sent, str) else sent[:MAX_FINGERPRINT_PARTS]
    return [text_of(part)[:MAX_TEXT_CHARS] for part in parts]


def images_of(sent: Json) -> list[Json]:
    images = sent.get("images")
    found = images if isinstance(images, list) else []
    return [item for item in found if isinstance(item, dict) and item.get("type") == "sourcemap"][:MAX_IMAGES]


def sdk_of(sent: Json) -> str:
    return f"{text_of(sent.get('name'))} {text_of(sent.get('version'))}".strip()[:MAX_NAME_CHARS]


def items_of_values(sent: Any) -> list[Any]:
    if sent is None:
        return []
    return sent if isinstance(sent, list) else sent.values or []


def session_of(tags: dict[str, str], contexts: Json) -> str:
    """Sentry's events name no session; apps do as a tag, and replays have an id."""
    for name in SESSION_TAGS:
        if tags.get(name):
            return tags[name]
    for context, name in (("session", "id"), ("holdfast", "session_id"), ("replay", "replay_id")):
        found = _dict(contexts.get(context)).get(name)
        if found:
            return text_of(found)
    return tags.get("replayId", "")


def context_of(event: Event, message: str, user: Json, request: Json) -> Json:
    """Everything that has no column of its own."""
    about_user = {name: value for name, value in user.items() if name != "id"}
    given = {
        "message": message,
        "request": request,
        "user": about_user,
        "contexts": event.contexts,
        "extra": event.extra,
        "modules": event.modules,
        "server_name": event.server_name,
        "logger": event.logger,
        "dist": event.dist,
        "sdk": event.sdk,
        "type": event.type if event.type not in (None, "error", "default", "event") else None,
    }
    return {name: value for name, value in given.items() if value}


def _is_message(event: Event) -> bool:
    if event.message or event.logentry:
        return True
    return not event.exception


def _agent(request: Json) -> str:
    headers = request.get("headers")
    pairs: Any = (
        headers.items() if isinstance(headers, dict) else headers if isinstance(headers, list) else ()
    )
    for pair in pairs:
        if isinstance(pair, list | tuple) and len(pair) == 2 and text_of(pair[0]).lower() == "user-agent":
            value = pair[1][0] if isinstance(pair[1], list) and pair[1] else pair[1]
            return text_of(value)[:512]
    return ""


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else NOTHING
