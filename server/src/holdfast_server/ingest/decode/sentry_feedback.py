"""What people said through Sentry's widgets, as feedback: the item of today, and the older user report."""

from ...errors import BadInput
from ...model.feedback import Feedback
from ...model.limits import MAX_MESSAGE_CHARS, MAX_TEXT_CHARS
from .sentry_shapes import Json
from .sentry_values import Identify, dict_at, event_id_in, text_at


def feedback_of(value: Json, identify: Identify, screenshot: bytes = b"") -> Feedback:
    """Raises BadInput without words."""
    said = dict_at(dict_at(value, "contexts"), "feedback")
    message = text_at(said, "message", MAX_MESSAGE_CHARS)
    if not message:
        raise BadInput("the feedback holds no message")
    url = text_at(said, "url", MAX_TEXT_CHARS)
    about = {"name": said.get("name"), "source": said.get("source"), "tags": value.get("tags")}
    return Feedback(
        message=message,
        contact=text_at(said, "contact_email") or text_at(said, "name"),
        screenshot=screenshot,
        metadata={name: item for name, item in about.items() if item},
        url=url,
        page=url,
        session_id=text_at(said, "replay_id"),
        user_id=identify(dict_at(value, "user")),
        release=text_at(value, "release"),
        environment=text_at(value, "environment"),
        event_id=event_id_in(said.get("associated_event_id")),
        source="sentry",
    )


def feedback_of_report(value: Json) -> Feedback:
    """Raises BadInput without words."""
    message = text_at(value, "comments", MAX_MESSAGE_CHARS)
    if not message:
        raise BadInput("the report holds no comments")
    return Feedback(
        message=message,
        contact=text_at(value, "email") or text_at(value, "name"),
        event_id=event_id_in(value.get("event_id")),
        source="sentry",
    )
