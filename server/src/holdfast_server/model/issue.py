"""Issues: groups of occurrences that people finish. What the drainer adds to them, what people set, what happened to them."""

from typing import Literal

import msgspec

Severity = Literal["critical", "error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "error", "warning", "info")
Status = Literal["new", "ongoing", "regressed", "resolved", "ignored"]
STATUSES: tuple[Status, ...] = ("new", "ongoing", "regressed", "resolved", "ignored")
ResolveKind = Literal["now", "release", "next_release"]
IgnoreKind = Literal["count", "time", "forever"]
RuleField = Literal["message", "type", "culprit"]
RuleKind = Literal["glob", "regex"]
SEEN_IN_MAX = 1_000
"""Releases that are remembered for one fingerprint."""
HOLDFAST = "holdfast"
"""The actor of what happened by itself."""


class IssueDelta(msgspec.Struct):
    """What one drained block adds to one fingerprint. Times are epoch ms; `sample` is the latest occurrence as JSON text.

    `issue_id` is the fingerprint's id, the `errorId` of the wire. `release` is the newest occurrence's, `first_release` the
    oldest's; `releases` and `environments` are all that the block saw, with the newest time of each. `group_id` names another
    fingerprint that means the same (its symbolicated twin). `search_text` are the functions and files of the stack. A sample
    that is not `whole` (in a burst, without its stack) takes the place of none that is.
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
    group_id: str = ""
    search_text: str = ""
    releases: dict[str, int] = {}
    environments: dict[str, int] = {}
    whole: bool = True


class Issue(msgspec.Struct, frozen=True):
    """The state of one issue. `id` is the id of the fingerprint that it began with, 32 hex digits.

    `users` and `sessions` are estimates that follow within minutes. `ignored_left` is how many more occurrences wake it.
    """

    id: str
    project_id: int
    fingerprint_version: int
    error_type: str
    message: str
    culprit: str
    severity: Severity
    status: Status
    resolved: bool
    frequency: int
    first_seen_ms: int
    last_seen_ms: int
    first_release: str
    last_release: str
    environment: str
    sample: str
    users: int = 0
    sessions: int = 0
    resolved_at_ms: int | None = None
    resolve_kind: ResolveKind | None = None
    resolved_in_release: str | None = None
    ignore_kind: IgnoreKind | None = None
    ignored_until_ms: int | None = None
    ignored_left: int | None = None
    assigned_to: int | None = None


class IssueCounts(msgspec.Struct, frozen=True):
    """How many issues a project has; `by_severity` counts the open ones (neither resolved nor ignored), `by_status` all.

    Both name every severity and status. `unresolved` are all but the resolved ones.
    """

    unresolved: int
    resolved: int
    by_severity: dict[str, int]
    by_status: dict[str, int] = {}

    @property
    def open(self) -> int:
        return self.unresolved - self.by_status.get("ignored", 0)


class Applied(msgspec.Struct, frozen=True):
    """What a block did to issues, by id: those that nobody knew, those that came back, those that stopped being ignored."""

    new: list[str] = []
    regressed: list[str] = []
    woken: list[str] = []


class Fingerprint(msgspec.Struct, frozen=True):
    """One fingerprint of an issue. `parent_id` says below which other one a merge put it; the root has none, and can't be
    taken out. `rule_id` is the rule that merged it, None for a person or a twin."""

    id: str
    issue_id: str
    parent_id: str | None
    rule_id: int | None
    error_type: str
    message: str
    culprit: str
    severity: Severity
    frequency: int
    first_seen_ms: int
    last_seen_ms: int
    first_release: str
    last_release: str


class Activity(msgspec.Struct, frozen=True):
    """Something that happened to an issue. `actor` is an e-mail address, a key's name, or HOLDFAST; `detail` is free."""

    id: int
    issue_id: str
    at_ms: int
    actor: str
    action: str
    detail: dict[str, object]


class Release(msgspec.Struct, frozen=True):
    """A version of a project, and when occurrences in it were first and last seen."""

    version: str
    first_seen_ms: int
    last_seen_ms: int


class GroupingRule(msgspec.Struct, frozen=True):
    """What matches becomes one issue. `fingerprint_id` is the first that matched: the others hang below it."""

    id: int
    project_id: int
    name: str
    field: RuleField
    kind: RuleKind
    pattern: str
    enabled: bool
    fingerprint_id: str | None
    created_by: str
    created_at_ms: int


class StalePeople(msgspec.Struct, frozen=True):
    """An issue whose estimate of users and sessions is older than its latest occurrence. `frequency` is what it had when
    asked: more by the time of the answer means that it is stale again."""

    project_id: int
    issue_id: str
    fingerprint_ids: list[str]
    frequency: int
    first_seen_ms: int


class People(msgspec.Struct, frozen=True):
    """How many users and sessions met an issue, within 2 %."""

    users: int
    sessions: int
