"""Error reports become rows of the occurrences table, and the counts that their issues gain.

On the way each report passes the steps that app and drainer chose: names are mapped back through source maps, noise is
filtered, the report is grouped, and in a burst of one issue only a sample keeps its body.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from ..model.issue import SEVERITIES, IssueDelta
from ..model.limits import MAX_TEXT_CHARS
from .decode.errors import Report
from .enrich import Arrival, Enricher, cut, route
from .identify import group
from .spikes import BODY_TAG, BODY_WORD

Columns = dict[str, list[Any]]
DECODER = msgspec.json.Decoder(Report)
ENCODER = msgspec.json.Encoder()
MAX_SAMPLE_BYTES = 32_768
MAX_SEARCH_CHARS = 500
SEARCHED_EXCEPTIONS, SEARCHED_FRAMES = 3, 30
MAX_NAMED = 100
"""Releases or environments of one issue in one block."""


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

    def add(self, target: Target, arrival: Arrival, reports: list[tuple[int, Report]], category: str) -> None:
        """Put the reports that pass the steps, each with its event id, into `target`."""
        kept = [
            (event_id, report)
            for event_id, report in reports
            if self._keeps(target, arrival, report, category)
        ]
        if not kept:
            return
        times, flags = self.enricher.times(arrival.received_ms, [report.at for _, report in kept])
        target.add("errors", self._columns(arrival, kept, times, flags))
        for (_, report), at in zip(kept, times, strict=True):
            new = delta(arrival, report, at)
            known = target.deltas.get(report.issue_id)
            if known is None or not known.sample:
                # once a block: it costs more than all the rest of a delta
                (known or new).search_text = search_text(report)
            merge(target.deltas, new)

    def _keeps(self, target: Target, arrival: Arrival, report: Report, category: str) -> bool:
        as_chain(report)
        reason = first_reason(self.before, arrival, report)
        if not reason and not report.issue_id:
            group(report, arrival.project_id)
        reason = reason or first_reason(self.after, arrival, report)
        if reason:
            target.filtered(arrival, category, reason)
        return not reason

    def _columns(
        self, arrival: Arrival, reports: list[tuple[int, Report]], times: list[int], flags: list[str]
    ) -> Columns:
        count = len(reports)
        items = [report for _, report in reports]
        agents = [self.enricher.agents.parse(item.user_agent or arrival.agent) for item in items]
        return {
            "id": [event_id for event_id, _ in reports],
            "project_id": [arrival.project_id] * count,
            "issue_id": [item.issue_id for item in items],
            "fingerprint_version": [item.fingerprint_version for item in items],
            "at": times,
            "received_at": [arrival.received_ms] * count,
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
            "region": [cut(item.region) or arrival.region for item in items],
            "environment": [item.environment for item in items],
            "release": [item.release for item in items],
            "time_flag": flags,
            "event_id": [item.event_id for item in items],
            "trace_id": [item.trace_id for item in items],
            "transaction": [item.transaction for item in items],
            "sdk": [item.sdk for item in items],
            "stack": [item.stack for item in items],
            "exceptions": [ENCODER.encode(item.exceptions) if item.exceptions else b"" for item in items],
            "tags": [ENCODER.encode(item.tags) if item.tags else b"" for item in items],
            "files": [ENCODER.encode(item.files) if item.files else b"" for item in items],
            "breadcrumbs": [ENCODER.encode(item.breadcrumbs) for item in items],
            "context": [context(item, flag) for item, flag in zip(items, flags, strict=True)],
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
    report.frames = []


def delta(arrival: Arrival, report: Report, at: int) -> IssueDelta:
    return IssueDelta(
        issue_id=report.issue_id,
        project_id=arrival.project_id,
        fingerprint_version=report.fingerprint_version,
        error_type=report.error_type,
        message=report.message,
        culprit=report.culprit,
        severity=report.severity,
        count=1,
        first_seen_ms=at,
        last_seen_ms=at,
        release=report.release,
        environment=report.environment,
        sample="" if report.tags.get(BODY_TAG) == BODY_WORD else sample(arrival, report),
        first_release=report.release,
        releases={report.release: at} if report.release else {},
        environments={report.environment: at} if report.environment else {},
        group_id=report.group_id,
    )


def search_text(report: Report) -> str:
    """Functions and files of the stack, innermost first, each once: what people look for besides the message."""
    words: dict[str, None] = {}
    for exception in reversed(report.exceptions[-SEARCHED_EXCEPTIONS:]):
        frames = exception.get("frames") if isinstance(exception, dict) else None
        for frame in reversed(frames[-SEARCHED_FRAMES:] if isinstance(frames, list) else []):
            if isinstance(frame, dict):
                words |= {
                    str(frame[name])[:200]: None
                    for name in ("function", "module", "filename")
                    if frame.get(name)
                }
    return " ".join(words)[:MAX_SEARCH_CHARS] or report.stack[:MAX_SEARCH_CHARS]


def sample(arrival: Arrival, report: Report) -> str:
    """The latest occurrence in P6's words, bounded: what the list and the ticket show without asking the event store."""
    fields = {
        "stack": report.stack[:16_384],
        "page": report.page[:MAX_TEXT_CHARS],
        "userAgent": (report.user_agent or arrival.agent)[:512],
        "userId": report.user_id,
        "sessionId": report.session_id,
        "buildId": report.release,
        "component": report.component,
        "metadata": report.context,
    }
    text = ENCODER.encode(fields)
    if len(text) > MAX_SAMPLE_BYTES:
        text = ENCODER.encode(fields | {"metadata": {}})
    return text.decode()


def merge(deltas: dict[str, IssueDelta], new: IssueDelta) -> None:
    """Add `new` to what the block already counts for its issue; the newest occurrence speaks for it."""
    old = deltas.get(new.issue_id)
    if old is None:
        deltas[new.issue_id] = new
        return
    old.count += new.count
    if new.first_seen_ms < old.first_seen_ms:
        old.first_seen_ms, old.first_release = new.first_seen_ms, new.first_release
    old.severity = min(old.severity, new.severity, key=lambda word: SEVERITIES.index(word))
    if new.last_seen_ms >= old.last_seen_ms:
        old.last_seen_ms, old.message, old.sample, old.release, old.environment = (
            new.last_seen_ms,
            new.message,
            new.sample or old.sample,
            new.release,
            new.environment,
        )
    _add_names(old.releases, new.releases)
    _add_names(old.environments, new.environments)


def _add_names(old: dict[str, int], new: dict[str, int]) -> None:
    for name, at in new.items():
        if at > old.get(name, -1) and (name in old or len(old) < MAX_NAMED):
            old[name] = at
