"""An issue (a group of occurrences with one fingerprint) and the counts that the drainer adds to it."""

from typing import Literal

import msgspec

Severity = Literal["critical", "error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "error", "warning", "info")


class IssueDelta(msgspec.Struct):
    """What one drained block adds to one issue. Times are epoch ms; `sample` is the latest occurrence as JSON text.

    `release` is the newest occurrence's, `first_release` the oldest's.
    """

    issue_id: str
    project_id: int
    fingerprint_version: int
    error_type: str
    message: str
    culprit: str
    severity: str
    count: int
    first_seen_ms: int
    last_seen_ms: int
    release: str
    environment: str
    sample: str
    first_release: str = ""


class Issue(msgspec.Struct, frozen=True):
    """The state of one issue. `id` is the `errorId` of the wire: derived from project and fingerprint, 32 hex digits."""

    id: str
    project_id: int
    fingerprint_version: int
    error_type: str
    message: str
    culprit: str
    severity: str
    status: str
    resolved: bool
    frequency: int
    first_seen_ms: int
    last_seen_ms: int
    first_release: str
    last_release: str
    environment: str
    sample: str
    resolved_at_ms: int | None = None


class IssueCounts(msgspec.Struct, frozen=True):
    """How many issues a project has; `by_severity` counts the unresolved ones and names every severity."""

    unresolved: int
    resolved: int
    by_severity: dict[str, int]
