"""Takes Sentry's envelopes in: each item goes its own way into the spool, and one that can't be used is refused alone.

What is kept: events, attachments, spans, logs, metrics, sessions, check-ins, feedback, security reports, and what clients say
they dropped. Profiles, replays and minidumps are taken and counted as not kept.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..errors import BadInput, Busy, StoreAway, TooLarge
from ..model.files import Files
from ..model.limits import MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, MAX_NAME_CHARS
from ..model.outcome import Outcome, OutcomeCount
from .decode.envelope import Envelope, Item
from .decode.native import ENCODER
from .decode.records import Span
from .decode.sentry_feedback import feedback_of, feedback_of_report
from .decode.sentry_logs import logs_of_container, points_of_container, points_of_statsd
from .decode.sentry_security import events_of_security
from .decode.sentry_sessions import check_in_of, drops_of_report, session_of_item, sessions_of_aggregates
from .decode.sentry_shapes import Json
from .decode.sentry_spans import spans_of_container, spans_of_transaction
from .decode.sentry_values import container_of, event_id_in, object_in
from .decode.span_events import events_of_spans
from .feedback import FeedbackIntake
from .pictures import picture_of
from .pipeline import Pipeline, Sender
from .sentry_event import EventCleaner, People

LARGE_BYTES = 65_536
"""Reading more than this is done in a thread, so that it does not hold up everybody else's answers."""
NOT_KEPT = {
    "profile": "profile", "profile_chunk": "profile", "replay_event": "replay", "replay_recording": "replay", "replay_video": "replay",
    "minidump": "minidump", "unreal_report": "minidump", "form_data": "minidump", "metric_buckets": "metric", "metric_meta": "metric",
    "otel_span": "span", "otel_log": "log",
}  # fmt: skip
"""Item types that are taken and not kept, with their category in the ledger."""
CATEGORY = {
    "event": "error", "error": "error", "default": "error", "transaction": "span", "span": "span", "log": "log", "trace_metric": "metric",
    "statsd": "metric", "session": "session", "sessions": "session", "check_in": "check_in", "feedback": "feedback", "user_report": "feedback",
    "attachment": "attachment", "client_report": "client_report", "raw_security": "security", "nel": "security",
}  # fmt: skip
EVENTS = ("event", "error", "default")
DUMPS = ("event.minidump", "event.applecrashreport")
PICTURES = ("image/png", "image/jpeg", "image/webp")


@dataclass
class TakenEnvelope:
    """The answer. `limited` are the seconds to wait by category, `refused` the reasons of items that can't be used."""

    event_id: str = ""
    kept: int = 0
    limited: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


@dataclass
class Parcel:
    """One envelope on its way: what its items share."""

    sender: Sender
    event_id: str
    attachments: list[Item]
    files: list[Json]
    answer: TakenEnvelope


class SentryIntake:
    def __init__(self, pipeline: Pipeline, feedback: FeedbackIntake, attachments: Files) -> None:
        self.pipeline = pipeline
        self.feedback = feedback
        self.files = attachments
        self.people = People(pipeline.identity, pipeline.salt)
        self.cleaner = EventCleaner(pipeline.scrubber, self.people)
        self.ways: dict[str, Callable[[Parcel, bytes], Awaitable[None]]] = {
            **dict.fromkeys(EVENTS, self._event),
            "transaction": self._transaction,
            "span": self._spans,
            "log": self._logs,
            "trace_metric": self._metrics,
            "statsd": self._statsd,
            "session": self._session,
            "sessions": self._sessions,
            "check_in": self._check_in,
            "client_report": self._client_report,
            "feedback": self._feedback,
            "user_report": self._user_report,
            "raw_security": self._security,
            "nel": self._security,
        }

    async def take_envelope(self, sender: Sender, envelope: Envelope) -> TakenEnvelope:
        """Returns once everything that is kept is on disk."""
        answer = TakenEnvelope(event_id_in(envelope.header.event_id))
        for reason, kind in envelope.broken:
            self._refuse(sender, answer, kind, reason, reason)
        items = [item for item in envelope.items if item.type != "attachment"]
        attached = [item for item in envelope.items if item.type == "attachment"]
        parcel = Parcel(sender, answer.event_id, attached, [], answer)
        if attached:
            await self._keep_attachments(parcel, {item.type for item in items})
        if len(items) == 1:
            await self._take(parcel, items[0])
        else:
            await asyncio.gather(*(self._take(parcel, item) for item in items))
        return answer

    async def take_event(self, sender: Sender, payload: bytes) -> TakenEnvelope:
        """The body of /store/: one event by itself."""
        parcel = Parcel(sender, "", [], [], TakenEnvelope())
        kind = "transaction" if b'"transaction"' in payload[:4096] and _is_transaction(payload) else "event"
        await self._guarded(parcel, kind, self.ways[kind], payload)
        return parcel.answer

    async def take_security(
        self, sender: Sender, payload: bytes, *, release: str = "", environment: str = ""
    ) -> TakenEnvelope:
        parcel = Parcel(sender, "", [], [], TakenEnvelope())
        way = partial(self._security, release=release, environment=environment)
        await self._guarded(parcel, "raw_security", way, payload)
        return parcel.answer

    def not_kept(self, sender: Sender, category: str) -> None:
        """Count what is taken politely, and thrown away."""
        self.pipeline.ledger.count(sender.project_id, Outcome.FILTERED, "not_kept", category=category)

    def _count_not_kept(self, parcel: Parcel, category: str) -> None:
        self.not_kept(parcel.sender, category)
        parcel.answer.kept += 1

    async def _take(self, parcel: Parcel, item: Item) -> None:
        way = self.ways.get(item.type)
        if way is not None:
            await self._guarded(parcel, item.type, way, item.payload)
        elif item.type in NOT_KEPT:
            self._count_not_kept(parcel, NOT_KEPT[item.type])
        else:
            self.pipeline.ledger.count(
                parcel.sender.project_id, Outcome.FILTERED, "unknown_item", category="unknown"
            )
            parcel.answer.kept += 1

    async def _guarded(
        self, parcel: Parcel, kind: str, way: Callable[[Parcel, bytes], Awaitable[None]], payload: bytes
    ) -> None:
        """A refused item is counted and named, and does not touch its neighbours."""
        try:
            await way(parcel, payload)
        except BadInput as exc:
            self._refuse(parcel.sender, parcel.answer, kind, exc.code, exc.message)
        except Busy as exc:
            if isinstance(exc, StoreAway):
                self.pipeline.ledger.count(
                    parcel.sender.project_id, Outcome.LIMITED, exc.code, category=CATEGORY[kind]
                )
            parcel.answer.limited[kind] = max(exc.retry_after_s, parcel.answer.limited.get(kind, 0))
        else:
            parcel.answer.kept += 1

    def _refuse(self, sender: Sender, answer: TakenEnvelope, kind: str, reason: str, message: str) -> None:
        category = CATEGORY.get(kind) or NOT_KEPT.get(kind, "unknown")
        self.pipeline.ledger.count(sender.project_id, Outcome.INVALID, reason, category=category)
        answer.refused.append(f"{kind[:MAX_NAME_CHARS]}: {message}")

    def _unread(self, parcel: Parcel, kind: str, count: int) -> None:
        if count > 0:
            self.pipeline.ledger.count(
                parcel.sender.project_id, Outcome.INVALID, "bad_input", count, CATEGORY[kind]
            )

    # -- one way for each type

    async def _event(self, parcel: Parcel, payload: bytes) -> None:
        prepare = partial(self.cleaner.prepare, payload, parcel.event_id, parcel.files)
        made = await asyncio.to_thread(prepare) if len(payload) > LARGE_BYTES else prepare()
        parcel.answer.event_id = made.event_id
        await self.pipeline.take_item(
            parcel.sender,
            "sentry",
            made.body,
            category="error",
            batch_id=f"sentry:{made.event_id}",
            outcomes=self._attached(parcel),
        )

    async def _transaction(self, parcel: Parcel, payload: bytes) -> None:
        value = await self._read(object_in, payload)
        spans, unread = spans_of_transaction(value, self.people.identify)
        event_id = event_id_in(value.get("event_id")) or parcel.event_id
        parcel.answer.event_id = parcel.answer.event_id or event_id
        self._unread(parcel, "transaction", unread)
        await self._keep_spans(parcel, spans, f"sentry:{event_id}" if event_id else None)

    async def _spans(self, parcel: Parcel, payload: bytes) -> None:
        items = await self._read(container_of, payload)
        spans, unread = spans_of_container(items, self.people.identify)
        self._unread(parcel, "span", unread)
        await self._keep_spans(parcel, spans, None)

    async def _keep_spans(self, parcel: Parcel, spans: list[Span], batch_id: str | None) -> None:
        await self._records(parcel, "spans", spans, batch_id)
        await self.pipeline.take_events(parcel.sender, events_of_spans(spans), batch_id=batch_id)

    async def _logs(self, parcel: Parcel, payload: bytes) -> None:
        items = await self._read(container_of, payload)
        records, unread = logs_of_container(items, self.people.identify)
        self._unread(parcel, "log", unread)
        await self._records(parcel, "logs", records)

    async def _metrics(self, parcel: Parcel, payload: bytes) -> None:
        items = await self._read(container_of, payload)
        points, unread = points_of_container(items, self.people.identify, payload)
        self._unread(parcel, "trace_metric", unread)
        await self._records(parcel, "points", points)

    async def _statsd(self, parcel: Parcel, payload: bytes) -> None:
        points, unread = points_of_statsd(payload, self.pipeline.clock.now_ms())
        self._unread(parcel, "statsd", unread)
        await self._records(parcel, "points", points)

    async def _session(self, parcel: Parcel, payload: bytes) -> None:
        session = session_of_item(object_in(payload), self.people.identify)
        await self._records(parcel, "sessions", [session])

    async def _sessions(self, parcel: Parcel, payload: bytes) -> None:
        value = await self._read(object_in, payload)
        sessions, unread = sessions_of_aggregates(value, self.people.identify)
        self._unread(parcel, "sessions", unread)
        await self._records(parcel, "sessions", sessions)

    async def _records(
        self, parcel: Parcel, kind: str, records: list[Any], batch_id: str | None = None
    ) -> None:
        if records:
            await self.pipeline.take_records(parcel.sender, kind, records, batch_id=batch_id)

    async def _check_in(self, parcel: Parcel, payload: bytes) -> None:
        event = check_in_of(object_in(payload), self.pipeline.clock.now_ms())
        self.pipeline.admit(parcel.sender, CATEGORY["check_in"])
        await self.pipeline.take_events(parcel.sender, [event])

    async def _client_report(self, parcel: Parcel, payload: bytes) -> None:
        await self.pipeline.take_drops(parcel.sender, drops_of_report(object_in(payload)))

    async def _security(
        self, parcel: Parcel, payload: bytes, *, release: str = "", environment: str = ""
    ) -> None:
        for event in events_of_security(payload, release=release, environment=environment):
            await self._event(parcel, ENCODER.encode(event))

    async def _feedback(self, parcel: Parcel, payload: bytes) -> None:
        value = await self._read(object_in, payload)
        event_id = event_id_in(value.get("event_id")) or parcel.event_id
        parcel.answer.event_id = parcel.answer.event_id or event_id
        said = feedback_of(value, self.people.identify, screenshot_among(parcel.attachments))
        await self.feedback.take(parcel.sender, said, f"sentry:{event_id}" if event_id else "")

    async def _user_report(self, parcel: Parcel, payload: bytes) -> None:
        said = feedback_of_report(object_in(payload))
        request_id = f"sentry-report:{said.event_id}" if said.event_id else ""
        await self.feedback.take(parcel.sender, said, request_id)

    # -- files

    async def _keep_attachments(self, parcel: Parcel, beside: set[str]) -> None:
        """An event's attachments are files before the event names them. Without an event nothing would ever show them."""
        for number, item in enumerate(parcel.attachments):
            if beside.isdisjoint(EVENTS) or not self._keeps(item):
                if "feedback" not in beside:  # there a picture is the feedback's own
                    self._count_not_kept(parcel, "attachment")
            elif number >= MAX_ATTACHMENTS:
                self._refuse(parcel.sender, parcel.answer, "attachment", "too_many", "too many attachments")
            else:
                await self._guarded(parcel, "attachment", partial(self._attachment, item=item), item.payload)

    def _keeps(self, item: Item) -> bool:
        return self.pipeline.settings.telemetry_enabled and item.header.attachment_type not in DUMPS

    async def _attachment(self, parcel: Parcel, payload: bytes, *, item: Item) -> None:
        if len(payload) > MAX_ATTACHMENT_BYTES:
            raise TooLarge("the attachment", f"{MAX_ATTACHMENT_BYTES} bytes")
        self.pipeline.admit(parcel.sender, "attachment")
        made = await asyncio.to_thread(self.files.put, payload, limit=MAX_ATTACHMENT_BYTES)
        header = item.header
        parcel.files.append(
            {
                "name": self.pipeline.scrubber.scrub_text((header.filename or "attachment")[:MAX_NAME_CHARS]),
                "type": (header.content_type or "application/octet-stream")[:MAX_NAME_CHARS],
                "size": made.size,
                "sha256": made.sha256,
            }
        )

    def _attached(self, parcel: Parcel) -> list[OutcomeCount]:
        """In the event's own entry: counted once, however often it is sent."""
        if not parcel.files:
            return []
        minute_ms = self.pipeline.clock.now_ms() // 60_000 * 60_000
        project_id, count = parcel.sender.project_id, len(parcel.files)
        return [OutcomeCount(project_id, minute_ms, Outcome.ACCEPTED, "", "attachment", count)]

    async def _read(self, reader: Callable[[bytes], Any], payload: bytes) -> Any:
        return await asyncio.to_thread(reader, payload) if len(payload) > LARGE_BYTES else reader(payload)


def _is_transaction(payload: bytes) -> bool:
    try:
        return bool(object_in(payload).get("type") == "transaction")
    except BadInput:
        return False


def screenshot_among(attachments: list[Item]) -> bytes:
    """The first attachment that is a picture which can be shown."""
    for item in attachments:
        if item.header.content_type in PICTURES:
            try:
                picture_of(item.payload)
            except BadInput:
                continue
            return item.payload
    return b""
