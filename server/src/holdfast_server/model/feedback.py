"""What a person says about the application (P1, P4): as it is taken in, and as the inbox keeps it."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

FeedbackStatus = Literal["open", "done", "spam"]
STATUSES: tuple[FeedbackStatus, ...] = get_args(FeedbackStatus)


@dataclass(frozen=True)
class Feedback:
    """One person's words, from whichever protocol. `screenshot` is the picture's bytes, not yet looked at.

    `error_id` is what POST /api/errors answered for the error that this is about, `event_id` the client's own id of that
    occurrence (Sentry's associated event). `contact` is what the person gave so that they can be reached.
    """

    message: str
    contact: str = ""
    screenshot: bytes = b""
    metadata: dict[str, Any] = field(default_factory=dict)
    breadcrumbs: list[Any] = field(default_factory=list)
    page: str = ""
    url: str = ""
    user_agent: str = ""
    session_id: str = ""
    user_id: str = ""
    anonymous_id: str = ""
    release: str = ""
    environment: str = ""
    error_id: str = ""
    event_id: str = ""
    source: str = "native"


@dataclass(frozen=True)
class Screenshot:
    """A kept picture: its file, and what was read from its bytes."""

    sha256: str
    media_type: str
    width: int
    height: int
    size: int


@dataclass(frozen=True)
class InboxItem:
    """A feedback as it is kept. `error_id` is always that of an issue: the one named, or the entry made for this."""

    id: str
    project_id: int
    at_ms: int
    message: str
    contact: str
    screenshot: Screenshot | None
    metadata: str
    page: str
    url: str
    user_agent: str
    session_id: str
    user_id: str
    anonymous_id: str
    release: str
    environment: str
    error_id: str
    event_id: str
    names_error: bool
    source: str
    status: FeedbackStatus
    changed_by: str
    changed_at_ms: int | None
