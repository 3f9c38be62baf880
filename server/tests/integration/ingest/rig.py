"""The way of an event behind the HTTP layer, with a drainer that dies where a test says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lz4.frame
import msgspec

from holdfast_server.event_store.connect import EventStore
from holdfast_server.ingest.decode.errors import decode_report
from holdfast_server.ingest.decode.native import decode_batch
from holdfast_server.ingest.drain import Drainer
from holdfast_server.ingest.enrich import Enricher
from holdfast_server.ingest.identify import group
from holdfast_server.ingest.occurrences import Occurrences
from holdfast_server.ingest.outlet import Outlet
from holdfast_server.ingest.spool import Entry, Receipt, Spool
from holdfast_server.ingest.useragent import UserAgents
from holdfast_server.model.clock import ManualClock
from holdfast_server.state_store import issues
from holdfast_server.state_store.connect import StateStore

NOW_MS = 1_795_000_000_000
DAY_MS = 86_400_000
PLENTY = 1 << 40


class Crash(Exception):
    """The process dies here, as far as the code under test can tell."""


class Steps:
    """Counts what the drainer does to the outside, and dies before or after the step that the test names."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.crash_at = -1
        self.before = False

    def wrap(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            now = len(self.done) == self.crash_at
            if now and self.before:
                self.crash_at = -1
                raise Crash(f"before {name}")
            result = work(*arguments, **named)
            self.done.append(name)
            if now:
                self.crash_at = -1
                raise Crash(f"after {name}")
            return result

        return step

    def aim(self, crash_at: int, before: bool) -> None:
        self.done, self.crash_at, self.before = [], crash_at, before


@dataclass
class Rig:
    """One project with a spool of its own. `drainer` is the process that may die; `restart` starts the next."""

    folder: Path
    store: EventStore
    state: StateStore
    project_id: int
    clock: ManualClock
    spool: Spool
    steps: Steps = field(default_factory=Steps)
    block_rows: int = 100_000

    def __post_init__(self) -> None:
        self.boots = 0
        self._open()

    def _open(self) -> None:
        self.outlet = Outlet(self.folder, f"boot {self.boots}")
        self.drainer = self._drainer()

    def _drainer(self) -> Drainer:
        enricher = Enricher(UserAgents(), node=0, max_age_s=7 * 86_400)
        facts = EventStore(self.store.address)
        facts.insert = self.steps.wrap("insert", self._insert)  # type: ignore[method-assign]
        self.outlet.pin = self.steps.wrap("pin", self.outlet.pin)  # type: ignore[method-assign]
        self.outlet.remove = self.steps.wrap("remove", self.outlet.remove)  # type: ignore[method-assign]
        count = self.steps.wrap("issues", lambda *arguments: issues.apply(self.state, *arguments))
        return Drainer(
            self.outlet,
            facts,
            enricher,
            Occurrences(enricher),
            count,
            self.clock,
            block_rows=self.block_rows,
            interval_s=0.01,
        )

    def restart(self) -> None:
        self.outlet.close()
        self._open()

    def cut_power(self) -> None:
        """The machine starts anew, and the engine has forgotten the tokens of what it holds."""
        self.boots += 1
        self.restart()

    def _insert(self, *arguments: Any, settings: dict[str, Any], **named: Any) -> None:
        token = f"{settings['insert_deduplication_token']} {self.boots}"
        self.store.insert(*arguments, settings=settings | {"insert_deduplication_token": token}, **named)

    def put(self, *events: dict[str, Any], batch_id: str | None = None) -> Receipt:
        decoded = decode_batch(msgspec.json.encode({"events": list(events)}), max_events=1000)
        assert not decoded.refused, decoded.refused
        entry = self.entry("events", len(decoded.events), decoded.body)
        return self.spool.put(entry, batch_id).result(10)

    def put_error(self, **report: Any) -> str:
        found = decode_report(msgspec.json.encode({"errorType": "TypeError", "message": "it broke"} | report))
        group(found, self.project_id)
        self.spool.put(self.entry("error", 1, msgspec.json.encode(found))).result(10)
        return found.issue_id

    def entry(self, kind: str, count: int, body: bytes) -> Entry:
        return Entry(kind, self.project_id, self.clock.now_ms(), count, body=lz4.frame.compress(body))

    def drain(self) -> None:
        while self.drainer.drain_once():
            pass

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """`{mine}` in the question stands for this project's rows."""
        rows = self.store.rows(sql.replace("{mine}", f"project_id = {self.project_id}"))
        return [tuple(row.values()) for row in rows]

    def number(self, sql: str) -> int:
        return int(self.ask(sql)[0][0] or 0)
