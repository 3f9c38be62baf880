"""Moves the spool into the event store in large blocks, exactly once, in a process of its own (drainer.py).

A block is a range of spool entries: pinned on disk first, then inserted by table and day under tokens made from the range,
then its issues are counted in the state store under the same range, and last it leaves the spool. A crash anywhere repeats
the same range under the same tokens. When a store is away the spool holds, and the drainer tries again with back-off.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

import lz4.frame
import msgspec
import structlog

from ..errors import BadInput, Busy, HoldfastError
from ..event_store import native, rebuild, write
from ..event_store.connect import EventStore
from ..model.clock import Clock
from ..model.issue import IssueDelta
from ..model.outcome import Outcome, OutcomeCount
from . import ledger
from .decode.errors import Report, report_of_event
from .decode.native import BATCH, WireEvent
from .decode.sentry import report_of_sentry
from .enrich import Arrival, Columns, Enricher
from .forward import Nothing, Tap
from .occurrences import Occurred, Occurrences
from .outlet import Outlet
from .record_columns import RECORDS, RecordKind
from .spool import Stored

log = structlog.get_logger(__name__)

CHUNK_EVENTS = 5_000
"""Events made into columns at once: large enough to spread the cost of a call, small enough to keep memory flat."""
MAX_BLOCK_BYTES = 32 * 1024 * 1024
"""Compressed bytes of the spool in one block."""
BUSY_ROWS = 2_000
FIRST_BACKOFF_S = 0.2
MAX_BACKOFF_S = 10.0
DAY_MS = 86_400_000


class IssueCounts(Protocol):
    """Counts a block's occurrences into issues; the same `last_seq` again does nothing."""

    def __call__(self, spool_id: str, last_seq: int, deltas: list[IssueDelta]) -> object: ...


@dataclass
class Block:
    """What one range becomes: encoded rows by table and day, and the issues that it touches."""

    parts: dict[tuple[str, int], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    deltas: dict[str, IssueDelta] = field(default_factory=dict)
    accepted: dict[tuple[int, int, str], int] = field(default_factory=lambda: defaultdict(int))
    outcomes: list[OutcomeCount] = field(default_factory=list)

    def filtered(self, arrival: Arrival, category: str, reason: str) -> None:
        """Count one that was taken in, but is not kept."""
        minute = arrival.received_ms // 60_000 * 60_000
        self.accepted[arrival.project_id, minute, category] -= 1
        self.outcomes.append(OutcomeCount(arrival.project_id, minute, Outcome.FILTERED, reason, category, 1))

    def add(self, table: str, columns: Columns) -> None:
        """Split rows by their day, so that each insert makes one part."""
        days = [moment // DAY_MS for moment in columns["at"]]
        kinds = write.TABLES[table]
        if len(set(days)) == 1:
            self.parts[table, days[0]].append(native.block(kinds, columns))
            return
        for day in sorted(set(days)):
            rows = [index for index, each in enumerate(days) if each == day]
            self.parts[table, day].append(
                native.block(kinds, {name: [columns[name][row] for row in rows] for name in kinds})
            )


class Drainer:
    """`on_drained` hears the number of events of each block that arrived, `on_trouble` why a round did not work."""

    def __init__(
        self,
        spool: Outlet,
        store: EventStore,
        enricher: Enricher,
        occurrences: Occurrences,
        count_issues: IssueCounts,
        clock: Clock,
        *,
        block_rows: int,
        interval_s: float,
        on_drained: Callable[[int], None] = lambda _: None,
        on_trouble: Callable[[str], None] = lambda _: None,
        tap: Tap | None = None,
    ) -> None:
        self.spool = spool
        self.store = store
        self.enricher = enricher
        self.occurrences = occurrences
        self.count_issues = count_issues
        self.clock = clock
        self.block_rows = block_rows
        self.interval_s = interval_s
        self.on_drained = on_drained
        self.on_trouble = on_trouble
        self.tap = tap or Nothing()
        self.stopping = threading.Event()
        self.trouble = ""
        self.moved = 0

    def drain_once(self) -> int:
        """Move one block; returns how many events it held, 0 when the spool was empty. Raises what a store raises."""
        span = self.spool.pinned()
        # A cluster keeps its tokens in Keeper, which syncs them.
        looking = span is not None and not self.store.address.cluster and self.spool.power_failed()
        if span is None:
            found = self.spool.next_range(self.block_rows, MAX_BLOCK_BYTES)
            if found is None:
                return 0
            span = found[:2]
            self.spool.pin(*span, write.ledger_block(self.store))
        rows = self.move(*span, looking=looking)
        self.spool.remove(*span)
        self.moved += rows
        self.on_drained(rows)
        return max(rows, 1)

    def move(self, first: int, last: int, *, looking: bool = False) -> int:
        """Insert the range `first`..`last`. Safe to repeat.

        After a power cut (`looking`) each part is looked for first: the engine syncs what it inserts, but not its list of tokens.
        """
        block, rows = self._block(first, last)
        block.outcomes += self.tap.outcomes(self.clock.now_ms() // 60_000 * 60_000)
        outcomes = _outcome_columns(block)
        if outcomes["at"]:
            block.parts["outcomes", 0].append(native.block(write.OUTCOME_COLUMNS, outcomes))
        doubtful: set[int] = set()
        for (table, day), rows_of_day in sorted(block.parts.items()):
            if looking and table != "outcomes":
                doubtful.add(day)
            if looking and self._holds(table, day, first, last):
                continue
            token = f"{self.spool.spool_id}:{first}-{last}:{table}:{day}"
            write.insert_block(self.store, table, b"".join(rows_of_day), token)
        for day in sorted(doubtful):  # the cut may have come between a table and the views behind it
            rebuild.rebuild_day(self.store, day, today=self.clock.now_ms() // DAY_MS)
        self.count_issues(self.spool.spool_id, last, list(block.deltas.values()))
        self.tap.commit()
        return rows

    def _holds(self, table: str, day: int, first: int, last: int) -> bool:
        """Whether the event store has the block's part of this table and day already, in spite of a forgotten token."""
        if table == "outcomes":
            return write.ledger_block(self.store) > self.spool.ledger_block()
        ids = self.enricher.event_id(first, 0), self.enricher.event_id(last + 1, 0) - 1
        return write.holds(self.store, table, day, *ids)

    def run(self) -> None:
        """Move blocks until `stopping` is set; what is still in the spool then stays there for the next start."""
        backoff_s = FIRST_BACKOFF_S
        while not self.stopping.is_set():
            try:
                moved = self.drain_once()
            except Exception as exc:  # noqa: BLE001 - the queue must go on whatever one round met; it is logged and shown
                self._wait_after(exc, backoff_s)
                backoff_s = min(backoff_s * 2, MAX_BACKOFF_S)
                continue
            self.trouble, backoff_s = "", FIRST_BACKOFF_S
            if moved < self.block_rows // 2:
                # A block has a fixed price in the engine (16 tables, each synced): under load fewer, larger ones are cheaper.
                self.stopping.wait(self.interval_s * (2 if moved > BUSY_ROWS else 1))

    def _wait_after(self, exc: Exception, backoff_s: float) -> None:
        if isinstance(exc, HoldfastError) and exc.temporary:
            self.trouble = exc.message
            log.warning("drain.waiting", reason=exc.message, again_in_s=backoff_s)
        else:
            self.trouble = f"{type(exc).__name__}: {exc}"
            log.error("drain.failed", exc_info=exc)
        self.on_trouble(self.trouble)
        self.stopping.wait(backoff_s)

    def _block(self, first: int, last: int) -> tuple[Block, int]:
        """The range as a block. An entry that breaks its making, in whatever way, is found and set aside: it would break every
        later try as well, and stop the queue for good."""
        block = Block()
        self.tap.begin()
        try:
            with closing(self.spool.read(first, last)) as entries:
                return block, self._fill(block, entries)
        except Busy:
            raise
        except Exception as exc:
            log.error("drain.looking_for_the_broken", first=first, last=last, exc_info=exc)
        block, rows = Block(), 0
        for entry in list(self.spool.read(first, last)):
            try:
                self._fill(Block(), iter([entry]))
            except Exception as exc:  # noqa: BLE001 - the same, met again
                rows += entry.count
                _count(block, entry)
                self._set_aside(block, entry, exc)
            else:
                rows += self._fill(block, iter([entry]))
        return block, rows

    def _fill(self, block: Block, entries: Iterator[Stored]) -> int:
        rows = 0
        for kind, group in groupby(entries, key=lambda entry: entry.kind):
            for chunk in _chunks(group):
                rows += sum(entry.count for entry in chunk)
                if kind == "events":
                    self._add_events(block, chunk)
                elif kind in RECORDS:
                    self._add_records(block, RECORDS[kind], chunk)
                elif kind != "outcomes":  # those are in every kind of entry, and some have nothing else
                    self._add_errors(block, chunk)
                for entry in chunk:
                    _count(block, entry)
        return rows

    def _add_events(self, block: Block, chunk: list[Stored]) -> None:
        arrivals: list[tuple[Arrival, list[WireEvent]]] = []
        occurred: list[Occurred] = []
        for entry in chunk:
            events = self._events_of(block, entry)
            arrival = Arrival(entry.seq, entry.project_id, entry.received_ms, entry.agent, entry.region)
            errors = [(index, event) for index, event in enumerate(events) if event.type == "error"]
            if errors:
                occurred += [
                    Occurred(arrival, self.enricher.event_id(entry.seq, index), report_of_event(event))
                    for index, event in errors
                ]
                events = [event for event in events if event.type != "error"]
            if events:
                arrivals.append((arrival, events))
        self.occurrences.add(block, occurred, "event")
        if arrivals:
            block.add("events", self.enricher.columns(arrivals))
            for arrival, events in arrivals:
                self.tap.events(arrival, events)

    def _events_of(self, block: Block, entry: Stored) -> list[WireEvent]:
        """An entry that can't be read any more must not stop the queue: it is set aside and counted."""
        if entry.body is None:
            return []
        try:
            return BATCH.decode(lz4.frame.decompress(entry.body)).events
        except (RuntimeError, msgspec.DecodeError) as exc:
            self._set_aside(block, entry, exc)
            return []

    def _add_errors(self, block: Block, chunk: list[Stored]) -> None:
        occurred: list[Occurred] = []
        for entry in chunk:
            arrival = Arrival(entry.seq, entry.project_id, entry.received_ms, entry.agent, entry.region)
            try:
                report = self._report_of(entry)
            except (RuntimeError, msgspec.DecodeError, BadInput) as exc:
                self._set_aside(block, entry, exc)
                continue
            occurred.append(Occurred(arrival, self.enricher.event_id(entry.seq, 0), report))
        self.occurrences.add(block, occurred, "error")

    def _report_of(self, entry: Stored) -> Report:
        body = lz4.frame.decompress(entry.body or b"")
        return report_of_sentry(body) if entry.kind == "sentry" else self.occurrences.decode(body)

    def _add_records(self, block: Block, kind: RecordKind, chunk: list[Stored]) -> None:
        arrivals = []
        for entry in chunk:
            arrival = Arrival(entry.seq, entry.project_id, entry.received_ms, entry.agent, entry.region)
            try:
                arrivals.append((arrival, kind.decode(lz4.frame.decompress(entry.body or b"[]"))))
            except (RuntimeError, msgspec.DecodeError) as exc:
                self._set_aside(block, entry, exc)
        if any(found for _, found in arrivals):
            block.add(kind.table, kind.columns(self.enricher, arrivals))
            if kind.category == "span":
                for arrival, spans in arrivals:
                    self.tap.spans(arrival, spans)

    def _set_aside(self, block: Block, entry: Stored, exc: Exception) -> None:
        log.error("drain.set_aside", seq=entry.seq, error=str(exc))
        self.spool.set_aside(entry.seq, str(exc))
        minute = entry.received_ms // 60_000 * 60_000
        block.accepted[entry.project_id, minute, _category(entry)] -= entry.count
        block.outcomes.append(
            OutcomeCount(
                entry.project_id, minute, Outcome.INVALID, "set_aside", _category(entry), entry.count
            )
        )


def _chunks(entries: Iterator[Stored]) -> Iterator[list[Stored]]:
    chunk: list[Stored] = []
    count = 0
    for entry in entries:
        chunk.append(entry)
        count += entry.count
        if count >= CHUNK_EVENTS:
            yield chunk
            chunk, count = [], 0
    if chunk:
        yield chunk


def _category(entry: Stored) -> str:
    if entry.kind in RECORDS:
        return RECORDS[entry.kind].category
    return "event" if entry.kind == "events" else "error"


def _count(block: Block, entry: Stored) -> None:
    if entry.count:
        block.accepted[entry.project_id, entry.received_ms // 60_000 * 60_000, _category(entry)] += (
            entry.count
        )
    if entry.outcomes:
        block.outcomes += ledger.decode(entry.outcomes)


def _outcome_columns(block: Block) -> Columns:
    accepted = [
        OutcomeCount(project, minute, Outcome.ACCEPTED, "", category, n)
        for (project, minute, category), n in sorted(block.accepted.items())
        if n
    ]
    rows = accepted + block.outcomes
    return {
        "project_id": [row.project_id for row in rows],
        "at": [row.minute_ms // 1000 for row in rows],
        "outcome": [row.outcome.value for row in rows],
        "reason": [row.reason for row in rows],
        "category": [row.category for row in rows],
        "source": [row.source for row in rows],
        "quantity": [row.quantity for row in rows],
    }
