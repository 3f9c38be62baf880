"""When a resolved issue has regressed, and when an ignored one wakes: decided by what a drained block adds to it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from holdfast_server.model.issue import HOLDFAST
from holdfast_server.model.releases import is_later
from holdfast_server.state_store import releases
from holdfast_server.state_store.issue_activity import Happened, write
from holdfast_server.state_store.rows import Values
from holdfast_server.state_store.tables import issues

NAMES = (
    "status",
    "resolved_at_ms",
    "resolve_kind",
    "resolved_in_release",
    "ignore_kind",
    "ignored_until_ms",
    "ignored_left",
)
COLUMNS = [issues.c[name] for name in NAMES]
OPEN: Values = {
    "resolved": False,
    "resolved_at_ms": None,
    "resolve_kind": None,
    "resolved_in_release": None,
    "ignore_kind": None,
    "ignored_until_ms": None,
    "ignored_left": None,
}
"""An issue that is neither resolved nor ignored."""


@dataclass
class Woken:
    """What is to be written to which issue, and which of them came back in which way."""

    changes: dict[str, Values] = field(default_factory=dict)
    regressed: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)


def wake(
    connection: Connection, known: Mapping[str, Mapping[str, Any]], added: Mapping[str, Values]
) -> Woken:
    """Looks at the resolved and ignored ones among the issues that a block touches."""
    asleep = {key: row for key, row in known.items() if row["status"] in ("resolved", "ignored")}
    first_seen = _first_seen(connection, asleep, added)
    found, happened = Woken(), []
    for issue_id, row in asleep.items():
        gain = added[issue_id]
        if row["status"] == "resolved":
            cause = _regression(row, gain, first_seen[row["project_id"]])
            if cause is not None:
                found.changes[issue_id] = OPEN | {"status": "regressed"}
                found.regressed.append(issue_id)
                happened.append(_event(row, issue_id, gain, "regressed", cause))
        elif (left := _ignored_still(row, gain)) is None:
            found.changes[issue_id] = OPEN | {"status": "ongoing"}
            found.woken.append(issue_id)
            happened.append(_event(row, issue_id, gain, "woken", {"kind": row["ignore_kind"]}))
        else:
            found.changes[issue_id] = left
    write(connection, happened)
    return found


def _regression(
    row: Mapping[str, Any], gain: Values, first_seen: Mapping[str, int]
) -> dict[str, object] | None:
    """Why the issue is there again; None when the new occurrences do not say so."""
    if row["resolve_kind"] == "now" or row["resolve_kind"] is None:
        return (
            {"release": gain["last_release"]} if gain["last_seen_ms"] > (row["resolved_at_ms"] or 0) else None
        )
    than = row["resolved_in_release"] or ""
    if not than:  # resolved in the next release when there was none: any is the next
        later = [
            version for version in gain["releases"] if first_seen.get(version, 0) > row["resolved_at_ms"]
        ]
    else:
        later = [version for version in gain["releases"] if is_later(version, than, first_seen)]
    return {"release": later[0], "resolvedIn": than} if later else None


def _ignored_still(row: Mapping[str, Any], gain: Values) -> Values | None:
    """What changes on an issue that stays ignored; None when it wakes."""
    if row["ignore_kind"] == "count":
        left = (row["ignored_left"] or 0) - gain["frequency"]
        return {"ignored_left": left} if left > 0 else None
    if row["ignore_kind"] == "time" and gain["last_seen_ms"] >= (row["ignored_until_ms"] or 0):
        return None
    return {}


def _event(
    row: Mapping[str, Any], issue_id: str, gain: Values, action: str, detail: dict[str, object]
) -> Happened:
    return Happened(row["project_id"], issue_id, gain["last_seen_ms"], HOLDFAST, action, detail)


def _first_seen(
    connection: Connection, asleep: Mapping[str, Mapping[str, Any]], added: Mapping[str, Values]
) -> dict[int, Mapping[str, int]]:
    """When the releases that have to be compared were first seen, by project."""
    compared: dict[int, set[str]] = defaultdict(set)
    for issue_id, row in asleep.items():
        if row["status"] == "resolved" and row["resolve_kind"] in ("release", "next_release"):
            compared[row["project_id"]] |= {row["resolved_in_release"] or "", *added[issue_id]["releases"]}
    found: dict[int, Mapping[str, int]] = defaultdict(dict)
    for project_id, versions in compared.items():
        found[project_id] = releases.first_seen(connection, project_id, versions)
    return found
