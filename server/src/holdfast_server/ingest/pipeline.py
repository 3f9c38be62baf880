"""Taking in, from a plain body to an acknowledgement: decode → validate → scrub → spool. Protocols call it, HTTP does not
reach it. What is returned as recorded is on disk; what is refused is counted in the ledger with its reason.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import lz4.frame
import msgspec

from ..errors import BadInput, HoldfastError, SpoolFull, TooLarge, TooMany
from ..insight.catalogue import USAGE_TYPES
from ..model.clock import Clock
from ..model.limits import MAX_BATCH_EVENTS
from ..model.outcome import Outcome, OutcomeCount
from ..settings import IngestSettings
from .at_once import AtOnce
from .decode.errors import Report, decode_report
from .decode.native import ANY, ENCODER, ClientDrop, Decoded, WireEvent, decode_batch, decode_each, storable
from .decode.records import MAX_RECORDS
from .exact_fields import IDS, is_exact, scrub_record
from .identify import group
from .ledger import Ledger, encode, of_batch
from .rate import RateLimit
from .record_columns import RECORDS
from .scrub import Scrubber, pseudonym
from .spool import Entry, Receipt, Spool
from .told_twice import ToldTwice

ANALYTICS_TYPES = frozenset(USAGE_TYPES)
"""What ENABLE_ANALYTICS=0 filters: usage, and the types that start like it."""
ANALYTICS_PREFIXES = ("feature.", "conversation.", "usage.", "proactive.")
MAX_DIRTY_BYTES = 131_072
MAX_DIRTY_STACK_CHARS = 16_384
LARGE_BODY_BYTES = 65_536
IDENTITIES = ("userId", "anonymousId", "sessionId", "user_id", "anonymous_id", "session_id")


@dataclass(frozen=True)
class Sender:
    """Who sends: known before the body is read."""

    project_id: int
    user_agent: str = ""
    region: str = ""


@dataclass(frozen=True)
class Taken:
    """The answer to a batch (P2)."""

    recorded: int
    failed: int
    total: int
    refused: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class TakenError:
    """The answer to an error report (P3)."""

    error_id: str
    duplicate: bool


class KnownIssues:
    """Whether an issue was seen before: remembered here, asked of the state store at most once for each."""

    def __init__(self, ask: Any, limit: int = 50_000) -> None:
        self.ask = ask
        self.limit = limit
        self.seen: dict[tuple[int, str], None] = {}

    async def check_and_add(self, project_id: int, issue: str) -> bool:
        key = (project_id, issue)
        if key in self.seen:
            return True
        self.seen[key] = None
        while len(self.seen) > self.limit:
            del self.seen[next(iter(self.seen))]
        try:
            return bool(await asyncio.to_thread(self.ask, project_id, issue))
        except HoldfastError:
            return False  # the state store is away: taking in goes on, and "first of its kind" is the safe answer


class Pipeline:
    def __init__(
        self,
        settings: IngestSettings,
        spool: Spool,
        ledger: Ledger,
        clock: Clock,
        known_issues: KnownIssues,
        salt: bytes,
    ) -> None:
        self.settings = settings
        self.spool = spool
        self.ledger = ledger
        self.clock = clock
        self.known_issues = known_issues
        self.salt = salt
        self.scrubber = Scrubber(settings.redact_fields)
        self.rate = RateLimit(settings.rate_per_s, clock)
        self.told_twice = ToldTwice()
        self.at_once = AtOnce()
        # Headers are text of strangers too, and some hold an address to write to.
        self.header_text = lru_cache(maxsize=10_000)(lambda text: self.scrubber.scrub_text(text[:512]))

    async def take_batch(
        self, sender: Sender, body: bytes, *, batch_id: str | None = None, max_events: int = MAX_BATCH_EVENTS
    ) -> Taken:
        """Take a batch of events in. Raises BadInput, TooMany or SpoolFull; returns once it is on disk."""
        decoded = await self._decode(sender, body, max_events)
        self._limit(sender, len(decoded.events))
        if not self.settings.telemetry_enabled:
            self.ledger.count(sender.project_id, Outcome.FILTERED, "telemetry_off", decoded.total)
            return self._answer(decoded, Receipt(len(decoded.events), len(decoded.refused), False))
        kept, body = self._without_analytics(decoded)
        receipt = await self._spool(sender, decoded, kept, body, batch_id or decoded.batch_id)
        return self._answer(decoded, receipt)

    async def take_error(self, sender: Sender, body: bytes, *, batch_id: str | None = None) -> TakenError:
        """Take one error report in, and answer with the issue it belongs to."""
        try:
            report = decode_report(self._clean(storable(body)) if self.scrubber.dirty(body) else body)
        except BadInput as exc:
            self.ledger.count(sender.project_id, Outcome.INVALID, exc.code, category="error")
            raise
        self._limit(sender, 1, "error")
        group(report, sender.project_id)
        if not self.settings.telemetry_enabled:
            self.ledger.count(sender.project_id, Outcome.FILTERED, "telemetry_off", category="error")
            return TakenError(report.issue_id, False)
        report.user_agent = report.user_agent or self.header_text(sender.user_agent)
        entry = self._entry("error", sender, 1, ENCODER.encode(report))
        await self._put(entry, batch_id)
        return TakenError(
            report.issue_id, await self.known_issues.check_and_add(sender.project_id, report.issue_id)
        )

    async def take_records(
        self, sender: Sender, kind: str, records: Sequence[msgspec.Struct], *, batch_id: str | None = None
    ) -> int:
        """Take spans, log records, metric points or sessions in (the kinds of record_columns.RECORDS); answers how many.

        Raises TooMany or SpoolFull; a batch id makes a repeated request count once.
        """
        category = RECORDS[kind].category
        self._limit(sender, len(records), category)
        if not self.settings.telemetry_enabled:
            self.ledger.count(
                sender.project_id, Outcome.FILTERED, "telemetry_off", len(records), category=category
            )
            return len(records)
        for number, start in enumerate(range(0, len(records), MAX_RECORDS)):
            chunk = records[start : start + MAX_RECORDS]
            body = await self._clean_records(ENCODER.encode(chunk))
            entry = self._entry(kind, sender, len(chunk), body)
            await self._put(entry, f"{batch_id}:{kind}:{number}" if batch_id else None, category=category)
        return len(records)

    async def take_events(
        self, sender: Sender, events: Sequence[WireEvent], *, batch_id: str | None = None
    ) -> None:
        """Events that a protocol made out of spans or check-ins. Not limited: what they were made of was.

        Raises SpoolFull; a batch id makes a repeated request count once.
        """
        if not events or not self.settings.telemetry_enabled:
            return
        for number, start in enumerate(range(0, len(events), MAX_RECORDS)):
            chunk = events[start : start + MAX_RECORDS]
            body = ENCODER.encode({"events": chunk})
            if self.scrubber.dirty(body):
                decoded = await self._decode(sender, body, MAX_RECORDS)
                chunk, body = decoded.events, decoded.body
            entry = self._entry("events", sender, len(chunk), body)
            await self._put(entry, f"{batch_id}:events:{number}" if batch_id else None, count=len(chunk))

    def admit(self, sender: Sender, category: str) -> None:
        """Raises TooMany when one more of this category is over the project's rate."""
        self._limit(sender, 1, category)

    async def take_item(
        self,
        sender: Sender,
        kind: str,
        body: bytes,
        *,
        category: str,
        batch_id: str | None = None,
        outcomes: Sequence[OutcomeCount] = (),
    ) -> None:
        """One item that the drainer reads, clean already. Raises TooMany or SpoolFull; the same batch id counts once."""
        self._limit(sender, 1, category)
        if not self.settings.telemetry_enabled:
            self.ledger.count(sender.project_id, Outcome.FILTERED, "telemetry_off", category=category)
            return
        counted = encode(list(outcomes)) if outcomes else None
        await self._put(self._entry(kind, sender, 1, body, counted), batch_id, category=category)

    async def take_drops(self, sender: Sender, drops: Sequence[ClientDrop]) -> None:
        """What a client says that it dropped itself goes into the ledger."""
        rows = of_batch(sender.project_id, self.clock.now_ms(), [], drops)
        if rows:
            await self._put(self._entry("outcomes", sender, 0, None, encode(rows)), None, count=0)

    def scrubbed(self, value: dict[str, Any]) -> dict[str, Any]:
        """A new value without personal data."""
        return self._scrubbed(value)

    def identity(self, value: str) -> str:
        """An identity, or its stable pseudonym when it is personal itself."""
        return self._identity(value)

    def put_events(
        self, sender: Sender, events: list[WireEvent], outcomes: list[OutcomeCount], batch_id: str
    ) -> None:
        """Put events that were made here, clean already, into the spool in one entry. Blocks; raises SpoolFull."""
        kept, body = self._without_analytics(
            Decoded(events, ENCODER.encode({"events": events}), [], None, [])
        )
        entry = self._entry("events", sender, len(kept), body if kept else None, encode(outcomes))
        if not self.spool.put(entry, hashed(batch_id)).result().duplicate:
            self.ledger.note(outcomes)

    async def take_reports(
        self, sender: Sender, reports: Sequence[Report], *, batch_id: str | None = None
    ) -> None:
        """Error reports that a protocol made out of spans or log records. Not limited: what they were made of was.

        Raises SpoolFull; with a batch id each counts once under its event id, however often the request comes.
        """
        if not reports or not self.settings.telemetry_enabled:
            return
        bodies = await asyncio.to_thread(lambda: [self._clean_report(report) for report in reports])
        puts = (
            self._put(
                self._entry("error", sender, 1, body),
                f"{batch_id}:error:{report.event_id}" if batch_id else None,
                category="error",
            )
            for report, body in zip(reports, bodies, strict=True)
        )
        await asyncio.gather(*puts)

    def _clean_report(self, report: Report) -> bytes:
        """Scrubbed; what is too long to be walked loses its context first, then the end of its stack."""
        attempts: list[dict[str, Any]] = [{}, {"context": {}}]
        attempts.append({"context": {}, "stack": report.stack[:MAX_DIRTY_STACK_CHARS]})
        for smaller in attempts:
            body = ENCODER.encode(msgspec.structs.replace(report, **smaller))
            if len(body) <= MAX_DIRTY_BYTES or not self.scrubber.dirty(body):
                break
        return self._clean(body)

    async def _clean_records(self, body: bytes) -> bytes:
        if not self.scrubber.dirty(body):
            return body
        scrubbed = partial(self._scrub_records, body)
        return await asyncio.to_thread(scrubbed) if len(body) > LARGE_BODY_BYTES else scrubbed()

    def _scrub_records(self, body: bytes) -> bytes:
        return ENCODER.encode([scrub_record(record, self._scrubbed) for record in ANY.decode(body)])

    async def _decode(self, sender: Sender, body: bytes, max_events: int) -> Decoded:
        try:
            if self.scrubber.dirty(body):
                scrubbed = partial(decode_each, body, max_events=max_events, clean=self._clean)
                # Walking costs up to 2 µs a byte of hostile text: large bodies must not hold up everybody else's answers.
                return await asyncio.to_thread(scrubbed) if len(body) > LARGE_BODY_BYTES else scrubbed()
            return decode_batch(body, max_events=max_events)
        except BadInput as exc:
            self.ledger.count(sender.project_id, Outcome.INVALID, exc.code)
            raise

    def _clean(self, raw: bytes) -> bytes:
        """Scrub one event; an identity that is itself personal becomes a stable pseudonym, so that people still count."""
        if not self.scrubber.dirty(raw):
            return raw
        if len(raw) > MAX_DIRTY_BYTES:
            raise TooLarge(
                "an event with personal data in it",
                f"{MAX_DIRTY_BYTES} bytes",
                hint="send less text in one event",
            )
        try:
            value = ANY.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise BadInput(f"the event can't be read: {exc}") from exc
        if not isinstance(value, dict):
            raise BadInput(
                "an event must be an object", hint='for example {"type": "page_view", "page": "/"}'
            )
        return ENCODER.encode(self._scrubbed(value))

    def _scrubbed(self, value: dict[str, Any]) -> dict[str, Any]:
        identities = {
            name: self._identity(value[name]) for name in IDENTITIES if isinstance(value.get(name), str)
        } | {name: item for name, item in value.items() if name in IDS and is_exact(name, item)}
        scrubbed = self.scrubber.scrub({name: item for name, item in value.items() if name not in identities})
        return {**scrubbed, **identities}

    def _identity(self, value: str) -> str:
        return value if self.scrubber.scrub_text(value) == value else pseudonym(value, self.salt)

    def _limit(self, sender: Sender, count: int, category: str = "event") -> None:
        wait_s = self.rate.take(sender.project_id, count)
        if wait_s:
            self.ledger.count(sender.project_id, Outcome.LIMITED, "rate", count, category)
            raise TooMany(
                f"this project may send {self.settings.rate_per_s} events a second", retry_after_s=wait_s
            )

    def _without_analytics(self, decoded: Decoded) -> tuple[list[WireEvent], bytes]:
        if self.settings.analytics_enabled:
            return decoded.events, decoded.body
        kept = [
            event
            for event in decoded.events
            if event.type not in ANALYTICS_TYPES and not event.type.startswith(ANALYTICS_PREFIXES)
        ]
        if len(kept) == len(decoded.events):
            return kept, decoded.body
        return kept, ENCODER.encode({"events": kept})

    async def _spool(
        self, sender: Sender, decoded: Decoded, kept: list[WireEvent], body: bytes, batch_id: str | None
    ) -> Receipt:
        rows: list[OutcomeCount] = []
        filtered = len(decoded.events) - len(kept)
        if decoded.refused or decoded.dropped or filtered:
            # In the entry itself: exact over a crash, and counted once however often the batch is sent.
            rows = of_batch(
                sender.project_id, self.clock.now_ms(), decoded.refused, decoded.dropped, filtered=filtered
            )
        entry = self._entry(
            "events", sender, len(kept), body if kept else None, encode(rows) if rows else None
        )
        receipt = await self._put(entry, batch_id, len(decoded.refused), len(decoded.events))
        if rows and not receipt.duplicate:
            self.ledger.note(rows)
        return receipt._replace(recorded=receipt.recorded + filtered)

    async def _put(
        self, entry: Entry, batch_id: str | None, failed: int = 0, count: int = 1, *, category: str = ""
    ) -> Receipt:
        """Into the spool; what it has no room for is in the ledger too (DESIGN, decision 3)."""
        try:
            return await self.spool.put_async(entry, hashed(batch_id), failed)
        except SpoolFull as exc:
            category = category or ("error" if entry.kind == "error" else "event")
            self.ledger.count(entry.project_id, Outcome.LIMITED, exc.code, count, category)
            raise

    def _entry(
        self, kind: str, sender: Sender, count: int, body: bytes | None, outcomes: bytes | None = None
    ) -> Entry:
        packed = lz4.frame.compress(body) if body else None
        return Entry(
            kind,
            sender.project_id,
            self.clock.now_ms(),
            count,
            self.header_text(sender.user_agent),
            self.header_text(sender.region[:64]),
            outcomes,
            packed,
        )

    def _answer(self, decoded: Decoded, receipt: Receipt) -> Taken:
        refused = tuple(
            {"index": item.index, "code": item.reason, "message": item.message, "path": item.path}
            for item in decoded.refused
        )
        return Taken(receipt.recorded, receipt.failed, receipt.recorded + receipt.failed, refused)


def hashed(batch_id: str | None) -> str | None:
    """Batch ids are the client's own text: kept as a hash, so that nothing personal in one reaches the disk."""
    return hashlib.sha256(batch_id.encode("utf-8", "replace")).hexdigest()[:32] if batch_id else None
