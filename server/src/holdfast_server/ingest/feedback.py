"""Takes a person's feedback in: the picture into the folder of files, the words into the state store, and with them an error
entry and an event into the spool (P1, P4, P7). Answers when all of it is on disk; nothing of it stays when a part fails.

What a person wrote is scrubbed like all else. Their contact is not: they gave it to be reached. It goes into the state
store alone, where only admins see it, and never into the error entry.
"""

import asyncio
import hashlib
import re
import uuid
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ..errors import Busy
from ..model.feedback import Feedback, InboxItem, Screenshot
from ..model.files import Files
from ..model.limits import MAX_NAME_CHARS
from ..model.outcome import Outcome, OutcomeCount
from ..model.paths import route_of
from ..state_store import feedback as inbox
from ..state_store.connect import StateStore
from .decode.errors import report_of_event
from .decode.native import ENCODER, WireEvent
from .identify import group
from .pictures import MAX_PICTURE_BYTES, Picture, picture_of
from .pipeline import Pipeline, Sender

ERROR_TYPE = "User feedback"
CATEGORY = "feedback"
HEX_ID = re.compile(r"[0-9a-f]{32}")
FREE = ("message", "metadata", "breadcrumbs", "page", "url", "user_agent", "release", "environment")
PEOPLE = ("session_id", "user_id", "anonymous_id")


@dataclass(frozen=True)
class TakenFeedback:
    """The answer. `error_id` is the error that the person named, or the entry that was made for them."""

    feedback_id: str
    error_id: str


class FeedbackIntake:
    def __init__(self, pipeline: Pipeline, state: StateStore, screenshots: Files) -> None:
        self.pipeline = pipeline
        self.state = state
        self.screenshots = screenshots

    async def take(self, sender: Sender, feedback: Feedback, request_id: str = "") -> TakenFeedback:
        """The same `request_id` again is the same feedback, answered once more and counted once.

        Raises BadInput for a picture that is none, TooMany, SpoolFull, StoreAway.
        """
        pipeline, project_id = self.pipeline, sender.project_id
        pipeline.admit(sender, CATEGORY)
        feedback_id = id_of(project_id, request_id)
        picture = await asyncio.to_thread(picture_of, feedback.screenshot) if feedback.screenshot else None
        if not pipeline.settings.telemetry_enabled:
            pipeline.ledger.count(project_id, Outcome.FILTERED, "telemetry_off", category=CATEGORY)
            return TakenFeedback(feedback_id, "")
        feedback = self._clean(feedback, sender)
        try:
            kept = await asyncio.to_thread(self._keep, sender, feedback, feedback_id, picture)
        except Busy as exc:
            pipeline.ledger.count(project_id, Outcome.LIMITED, exc.code, category=CATEGORY)
            raise
        return TakenFeedback(kept.id, kept.error_id)

    def _clean(self, feedback: Feedback, sender: Sender) -> Feedback:
        pipeline = self.pipeline
        agent = feedback.user_agent or sender.user_agent
        free = pipeline.scrubbed({name: getattr(feedback, name) for name in FREE} | {"user_agent": agent})
        people: dict[str, Any] = {name: pipeline.identity(getattr(feedback, name)) for name in PEOPLE}
        return replace(feedback, screenshot=b"", **free, **people)

    def _keep(
        self, sender: Sender, feedback: Feedback, feedback_id: str, picture: Picture | None
    ) -> InboxItem:
        now_ms = self.pipeline.clock.now_ms()
        named = self._named_error(sender.project_id, feedback.error_id)
        entry = error_entry(feedback, feedback_id, now_ms)
        item = InboxItem(
            **{name: getattr(feedback, name) for name in SAME},
            id=feedback_id,
            project_id=sender.project_id,
            at_ms=now_ms,
            screenshot=self._keep_picture(picture) if picture else None,
            metadata=ENCODER.encode(feedback.metadata).decode(),
            error_id=named or issue_of(entry, sender.project_id),
            event_id=event_of(feedback) or ("" if named else feedback_id),
            names_error=bool(named),
            status="open",
            changed_by="",
            changed_at_ms=None,
        )
        events = [*([] if named else [entry]), submitted_event(item)]
        counted = OutcomeCount(
            sender.project_id, now_ms // 60_000 * 60_000, Outcome.ACCEPTED, "", CATEGORY, 1
        )

        def into_spool() -> None:
            self.pipeline.put_events(sender, events, [counted], f"feedback:{feedback_id}")

        return inbox.add(self.state, item, into_spool)

    def _keep_picture(self, picture: Picture) -> Screenshot:
        ref = self.screenshots.put(picture.data, limit=MAX_PICTURE_BYTES)
        return Screenshot(ref.sha256, picture.media_type, picture.width, picture.height, ref.size)

    def _named_error(self, project_id: int, error_id: str) -> str:
        """The error that is meant, when the project has it: reported a moment ago, or known for longer."""
        name = error_id.strip().lower()
        if not HEX_ID.fullmatch(name):
            return ""
        known = self.pipeline.known_issues
        return name if (project_id, name) in known.seen or known.ask(project_id, name) else ""


SAME = (
    "message", "contact", "page", "url", "user_agent", "session_id", "user_id", "anonymous_id", "release", "environment",
    "source",
)  # fmt: skip


def id_of(project_id: int, request_id: str) -> str:
    if not request_id:
        return uuid.uuid4().hex
    return hashlib.sha256(f"feedback:{project_id}:{request_id}".encode("utf-8", "replace")).hexdigest()[:32]


def event_of(feedback: Feedback) -> str:
    """The occurrence that is meant, by the client's own id."""
    for sent in (feedback.event_id, feedback.error_id):
        name = sent.replace("-", "").strip().lower()
        if HEX_ID.fullmatch(name):
            return name
    return ""


def error_entry(feedback: Feedback, feedback_id: str, now_ms: int) -> WireEvent:
    """P4's error entry. What is said about one page is one issue: a hundred people are one line, and a page can be done."""
    details = {
        "errorType": ERROR_TYPE,
        "message": feedback.message,
        "severity": "info",
        "fingerprint": ["user-feedback", route_of(feedback.page or feedback.url)],
        "tags": {"feedbackId": feedback_id},
        "eventId": feedback_id,
        "userAgent": feedback.user_agent,
        "breadcrumbs": feedback.breadcrumbs,
        "metadata": feedback.metadata,
    }
    return WireEvent(type="error", metadata=msgspec.Raw(ENCODER.encode(details)), **common(feedback, now_ms))


def submitted_event(item: InboxItem) -> WireEvent:
    details = {"feedbackId": item.id, "errorId": item.error_id, "hasScreenshot": item.screenshot is not None}
    return WireEvent(
        type="feedback_submitted", metadata=msgspec.Raw(ENCODER.encode(details)), **common(item, item.at_ms)
    )


def common(about: Feedback | InboxItem, now_ms: int) -> dict[str, Any]:
    texts = {
        "page": about.page,
        "sessionId": about.session_id,
        "userId": about.user_id,
        "anonymousId": about.anonymous_id,
        "release": about.release,
        "environment": about.environment,
        "userAgent": about.user_agent,
    }
    limits = {"page": 2048, "userAgent": 2048}
    cut = {name: text[: limits.get(name, MAX_NAME_CHARS)] for name, text in texts.items() if text}
    return {"timestamp": now_ms, **cut}


def issue_of(entry: WireEvent, project_id: int) -> str:
    """The id that the drainer will find for it."""
    report = report_of_event(entry)
    group(report, project_id)
    return report.issue_id
