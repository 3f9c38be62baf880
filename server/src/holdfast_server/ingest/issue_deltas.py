"""What a block adds to issues: its occurrences counted by issue, and what the newest of each says.

The dear parts (the sample, the text to search in) are made once for each issue of a chunk, not for each occurrence.
"""

from collections.abc import Sequence

import msgspec

from ..model.issue import SEVERITIES, IssueDelta
from ..model.limits import MAX_TEXT_CHARS
from .decode.errors import Report
from .enrich import Arrival
from .spikes import BODY_TAG, BODY_WORD

ENCODER = msgspec.json.Encoder()
MAX_SAMPLE_BYTES = 32_768
MAX_SEARCH_CHARS = 600
SEARCHED_EXCEPTIONS, SEARCHED_FRAMES = 3, 30
MAX_NAMED = 100
"""Releases or environments of one issue in one block."""

Seen = tuple[Arrival, Report, int]
"""An occurrence and when it happened, epoch ms."""


def count_in(deltas: dict[str, IssueDelta], seen: Sequence[Seen]) -> None:
    """Count occurrences into what the block already says of their issues."""
    by_issue: dict[str, list[Seen]] = {}
    for one in seen:
        by_issue.setdefault(one[1].issue_id, []).append(one)
    for found in by_issue.values():
        merge(deltas, delta(found))


def delta(seen: Sequence[Seen]) -> IssueDelta:
    """What these occurrences of one issue add to it."""
    first = min(seen, key=lambda one: one[2])
    newest = max(reversed(seen), key=lambda one: one[2])  # of two at one moment, what came last
    whole = [one for one in seen if one[1].tags.get(BODY_TAG) != BODY_WORD]
    arrival, report, _ = max(reversed(whole), key=lambda one: one[2]) if whole else newest
    return IssueDelta(
        issue_id=report.issue_id,
        project_id=arrival.project_id,
        fingerprint_version=report.fingerprint_version,
        error_type=report.error_type,
        message=newest[1].message,
        culprit=report.culprit,
        severity=min((one[1].severity for one in seen), key=rank),
        count=len(seen),
        first_seen_ms=first[2],
        last_seen_ms=newest[2],
        release=newest[1].release,
        environment=newest[1].environment,
        sample=sample(arrival, report),
        whole=bool(whole),
        first_release=first[1].release,
        group_id=report.group_id,
        search_text=search_text(report) if whole else "",
        releases=latest_of([(report.release, at) for _, report, at in seen]),
        environments=latest_of([(report.environment, at) for _, report, at in seen]),
    )


def latest_of(named: list[tuple[str, int]]) -> dict[str, int]:
    """Each name with the newest time that it was seen at, bounded."""
    found: dict[str, int] = {}
    for name, at in named:
        if name and at > found.get(name, -1) and (name in found or len(found) < MAX_NAMED):
            found[name] = at
    return found


def rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


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
    old.severity = min(old.severity, new.severity, key=rank)
    old.search_text = new.search_text or old.search_text
    if new.last_seen_ms >= old.last_seen_ms:
        old.last_seen_ms, old.message, old.sample, old.release, old.environment = (
            new.last_seen_ms,
            new.message,
            new.sample if new.whole or not old.whole else old.sample,
            new.release,
            new.environment,
        )
    old.whole = old.whole or new.whole
    old.releases = latest_of([*old.releases.items(), *new.releases.items()])
    old.environments = latest_of([*old.environments.items(), *new.environments.items()])
