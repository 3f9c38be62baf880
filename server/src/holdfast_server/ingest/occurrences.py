"""Error reports become rows of the occurrences table, and the counts that their issues gain.

On the way each report passes the steps that app and drainer chose: names are mapped back through source maps, noise is
filtered, the report is grouped, and in a burst of one issue only a sample keeps its body.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from ..model.issue import IssueDelta
from ..model.limits import MAX_TEXT_CHARS
from .decode.errors import Report
from .enrich import Arrival, Enricher, cut, route
from .identify import group
from .issue_deltas import count_in

Columns = dict[str, list[Any]]
DECODER = msgspec.json.Decoder(Report)
ENCODER = msgspec.json.Encoder()


class Occurred(NamedTuple):
    """One report, with how it came and the id that its row gets."""

    arrival: Arrival
    event_id: int
    report: Report


class Target(Protocol):
    """Where rows and counts go: the drainer's block."""

    deltas: dict[str, IssueDelta]

    def add(self, table: str, columns: Columns) -> None: ...

    def filtered(self, arrival: Arrival, category: str, reason: str) -> None: ...


class Step(Protocol):
    """Looks at a report and may change it in place. Answers why it is not kept, "" when it is."""

    def __call__(self, arrival: Arrival, report: Report) -> str: ...


class Occurrences:
    """`before` run ahead of grouping (source maps, noise), `after` behind it (spikes, forwarding)."""

    def __init__(
        self, enricher: Enricher, *, before: Sequence[Step] = (), after: Sequence[Step] = ()
    ) -> None:
        self.enricher = enricher
        self.before = before
        self.after = after

    def decode(self, body: bytes) -> Report:
        return DECODER.decode(body)

    def add(self, target: Target, occurred: Sequence[Occurred], category: str) -> None:
        """Put the reports that pass the steps into `target`: many at once, for a block of rows has a price of its own."""
        kept = [one for one in occurred if self._keeps(target, one.arrival, one.report, category)]
        if not kept:
            return
        moments = [self.enricher.moment(one.arrival.received_ms, one.report.at) for one in kept]
        target.add("errors", self._columns(kept, moments))
        count_in(
            target.deltas, [(one.arrival, one.report, at) for one, (at, _) in zip(kept, moments, strict=True)]
        )

    def _keeps(self, target: Target, arrival: Arrival, report: Report, category: str) -> bool:
        as_chain(report)
        reason = first_reason(self.before, arrival, report)
        if not reason and not report.issue_id:
            group(report, arrival.project_id)
        reason = reason or first_reason(self.after, arrival, report)
        if reason:
            target.filtered(arrival, category, reason)
        return not reason

    def _columns(self, kept: Sequence[Occurred], moments: Sequence[tuple[int, str]]) -> Columns:
        items = [one.report for one in kept]
        arrivals = [one.arrival for one in kept]
        agents = [self.enricher.agents.parse(one.report.user_agent or one.arrival.agent) for one in kept]
        return {
            "id": [one.event_id for one in kept],
            "project_id": [arrival.project_id for arrival in arrivals],
            "issue_id": [item.issue_id for item in items],
            "fingerprint_version": [item.fingerprint_version for item in items],
            "at": [at for at, _ in moments],
            "received_at": [arrival.received_ms for arrival in arrivals],
            "error_type": [item.error_type for item in items],
            "message": [item.message for item in items],
            "culprit": [item.culprit for item in items],
            "severity": [item.severity for item in items],
            "handled": [item.handled for item in items],
            "page": [item.page[:MAX_TEXT_CHARS] for item in items],
            "route": [route(item.page) if item.page else "" for item in items],
            "component": [cut(item.component) for item in items],
            "session_id": [cut(item.session_id) for item in items],
            "user_id": [cut(item.user_id) for item in items],
            "anonymous_id": [cut(item.anonymous_id) for item in items],
            "device_type": [
                cut(item.device_type) or agent.device_type for item, agent in zip(items, agents, strict=True)
            ],
            "platform": [cut(item.platform) for item in items],
            "browser": [agent.browser for agent in agents],
            "os": [agent.os for agent in agents],
            "region": [
                cut(item.region) or arrival.region for item, arrival in zip(items, arrivals, strict=True)
            ],
            "environment": [item.environment for item in items],
            "release": [item.release for item in items],
            "time_flag": [flag for _, flag in moments],
            "event_id": [item.event_id for item in items],
            "trace_id": [item.trace_id for item in items],
            "transaction": [item.transaction for item in items],
            "sdk": [item.sdk for item in items],
            "stack": [item.stack for item in items],
            "exceptions": [ENCODER.encode(item.exceptions) if item.exceptions else b"" for item in items],
            "tags": [ENCODER.encode(item.tags) if item.tags else b"" for item in items],
            "files": [ENCODER.encode(item.files) if item.files else b"" for item in items],
            "breadcrumbs": [ENCODER.encode(item.breadcrumbs) for item in items],
            "context": [context(item, flag) for item, (_, flag) in zip(items, moments, strict=True)],
        }


def context(report: Report, flag: str) -> bytes:
    """Everything free that came with the error; a disbelieved time stands in it too."""
    return ENCODER.encode(report.context | {"clientTime": report.at} if flag else report.context)


def first_reason(steps: Sequence[Step], arrival: Arrival, report: Report) -> str:
    return next((reason for step in steps if (reason := step(arrival, report))), "")


def as_chain(report: Report) -> None:
    """Frames that a client parsed itself are a chain of one: everything behind reads `exceptions` alone."""
    if report.frames and not report.exceptions:
        report.exceptions = [{"type": report.error_type, "value": report.message, "frames": report.frames}]
    elif report.frames and not report.exceptions[-1].get("frames"):
        report.exceptions[-1] = report.exceptions[-1] | {"frames": report.frames}
    report.frames = []
