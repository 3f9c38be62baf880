"""What a drained block adds to fingerprints: counts, latest facts, samples, text, and where each was seen.

A new fingerprint gets its place here: below the twin that its group names, below what a rule of the project collects, or as
the root of an issue of its own. Called by `issues.apply`, inside of its transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select

from holdfast_server.model.issue import SEEN_IN_MAX, SEVERITIES, Fingerprint, IssueDelta
from holdfast_server.state_store import releases, rule_match, text_index
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.rows import Values, by_key, changed, chunks, write_changes
from holdfast_server.state_store.tables import fingerprints, samples, seen_in
from holdfast_server.state_store.text import storable

SAMPLE_LIMIT = 65_536
UNKNOWN_SEVERITY_RANK = SEVERITIES.index("error")
TEXT_AGE_MS = 600_000
"""A text in the index is replaced by a newer one no sooner than this: each replacement costs as much as 20 counts."""
RELEASE, ENVIRONMENT = 0, 1
LISTED_MAX = 5_000
SEEN_MAX = {RELEASE: SEEN_IN_MAX, ENVIRONMENT: 50}

FROM_NEWEST = (
    "fingerprint_version",
    "error_type",
    "message",
    "culprit",
    "environment",
    "last_seen_ms",
    "last_release",
)
SUMS = ("frequency", "first_seen_ms", "first_release", "severity_rank")
COUNTED = (*FROM_NEWEST, *SUMS)
"""The columns that occurrences change, of fingerprints and issues alike."""


def rows_of(deltas: Iterable[IssueDelta], project_ids: set[int]) -> dict[str, Values]:
    """One row a fingerprint; what belongs to no project is left out, because it would stop the drainer for ever."""
    rows: dict[str, Values] = {}
    for delta in deltas:
        if delta.project_id in project_ids:
            row = _row(delta)
            before = rows.get(delta.issue_id)
            rows[delta.issue_id] = row if before is None else _joined(before, row)
    return rows


def folded(before: Mapping[str, Any], after: Mapping[str, Any]) -> Values:
    """The counted columns of two as those of one: the newest speaks, counts add up, the worst severity stays."""
    newest = after if after["last_seen_ms"] >= before["last_seen_ms"] else before
    earliest = after if after["first_seen_ms"] < before["first_seen_ms"] else before
    return {
        **{name: newest[name] for name in FROM_NEWEST},
        "frequency": before["frequency"] + after["frequency"],
        "first_seen_ms": earliest["first_seen_ms"],
        "first_release": earliest["first_release"],
        "severity_rank": min(before["severity_rank"], after["severity_rank"]),
    }


def count(store: StateStore, connection: Connection, rows: dict[str, Values]) -> dict[str, str]:
    """Adds the rows and answers the issue of each fingerprint."""
    columns = [
        fingerprints.c[name] for name in ("n", "id", "issue_id", "search_text", "text_at_ms", *COUNTED)
    ]
    known = {row["id"]: row for row in by_key(connection, fingerprints.c.id, rows, columns)}
    fresh = [row for fingerprint_id, row in rows.items() if fingerprint_id not in known]
    numbers = {fingerprint_id: row["n"] for fingerprint_id, row in known.items()}
    spoken = [row["id"] for row in fresh]
    changes: dict[str, Values] = {}
    texts: list[tuple[int, str, str]] = []
    for fingerprint_id, before in known.items():
        row = rows[fingerprint_id]
        changes[fingerprint_id] = changed(before, folded(before, row))
        if row["last_seen_ms"] < before["last_seen_ms"]:
            continue
        spoken.append(fingerprint_id)
        if (
            row["whole"]
            and row["last_seen_ms"] >= before["text_at_ms"] + TEXT_AGE_MS
            and row["search_text"] != before["search_text"]
        ):
            texts.append((before["n"], before["search_text"], row["search_text"]))
            changes[fingerprint_id] |= {"search_text": row["search_text"], "text_at_ms": row["last_seen_ms"]}
    write_changes(connection, fingerprints.c.id, changes)
    text_index.replace(store, connection, texts)
    numbers |= _add(store, connection, fresh)
    _keep_samples(
        store, connection, [rows[each] for each in spoken if rows[each]["whole"] or each not in known]
    )
    _keep_seen(store, connection, rows, numbers)
    return {key: known[key]["issue_id"] if key in known else row["issue_id"] for key, row in rows.items()}


def of_issue(store: StateStore, project_id: int, issue_id: str, *, limit: int = 100) -> list[Fingerprint]:
    """The fingerprints that make an issue, the most frequent first; `issue_id` may be any of them."""
    mine = fingerprints.alias()
    root = select(mine.c.issue_id).where(mine.c.id == issue_id, mine.c.project_id == project_id)
    statement = (
        select(fingerprints)
        .where(fingerprints.c.issue_id == root.scalar_subquery())
        .order_by(fingerprints.c.frequency.desc(), fingerprints.c.n)
        .limit(limit)
    )
    with store.read() as connection:
        return [fingerprint_of(dict(row)) for row in connection.execute(statement).mappings()]


def ids_of(store: StateStore, project_id: int, issue_ids: Iterable[str]) -> dict[str, list[str]]:
    """The fingerprints of each of some issues, for questions to the event store about all of a list's rows at once."""
    found: dict[str, list[str]] = {issue_id: [] for issue_id in issue_ids}
    statement = (
        select(fingerprints.c.issue_id, fingerprints.c.id)
        .where(fingerprints.c.issue_id.in_(list(found)), of_project(project_id))
        .order_by(fingerprints.c.last_seen_ms.desc())
        .limit(LISTED_MAX)
    )
    with store.read() as connection:
        for row in connection.execute(statement):
            found[row.issue_id].append(row.id)
    return found


def of_project(project_id: int) -> ColumnElement[bool]:
    """Beside an issue's id: as an expression, or SQLite reads the index of the whole project (36 ms among 100,000)."""
    mine: ColumnElement[bool] = (fingerprints.c.project_id + 0) == project_id
    return mine


def fingerprint_of(row: Mapping[str, Any]) -> Fingerprint:
    values = {name: row[name] for name in Fingerprint.__struct_fields__ if name != "severity"}
    return Fingerprint(severity=SEVERITIES[row["severity_rank"]], **values)


def _row(delta: IssueDelta) -> Values:
    known_severity = delta.severity in SEVERITIES
    error_type, message, culprit = (
        storable(delta.error_type, 200),
        storable(delta.message, 2000),
        storable(delta.culprit, 400),
    )
    return {
        "id": delta.issue_id,
        "project_id": delta.project_id,
        "group_id": storable(delta.group_id, 64) or delta.issue_id,
        "fingerprint_version": delta.fingerprint_version,
        "error_type": error_type,
        "message": message,
        "culprit": culprit,
        "severity_rank": SEVERITIES.index(delta.severity) if known_severity else UNKNOWN_SEVERITY_RANK,
        "frequency": delta.count,
        "first_seen_ms": delta.first_seen_ms,
        "last_seen_ms": delta.last_seen_ms,
        "first_release": storable(delta.first_release or delta.release, 200),
        "last_release": storable(delta.release, 200),
        "environment": storable(delta.environment, 100),
        # cut JSON is no JSON; the occurrence itself is in the event store
        "sample": storable(delta.sample, SAMPLE_LIMIT) if len(delta.sample) <= SAMPLE_LIMIT else "{}",
        "whole": delta.whole,
        "search_text": text_index.searchable(error_type, culprit, message, delta.search_text),
        "releases": _named(delta.releases, delta.release, delta.last_seen_ms, 200),
        "environments": _named(delta.environments, delta.environment, delta.last_seen_ms, 100),
    }


def _named(seen: Mapping[str, int], newest: str, at_ms: int, limit: int) -> dict[str, int]:
    return {storable(name, limit): ms for name, ms in (seen or {newest: at_ms}).items() if name}


def _joined(before: Values, after: Values) -> Values:
    newest = after if after["last_seen_ms"] >= before["last_seen_ms"] else before
    return {
        **newest,
        **folded(before, after),
        "sample": next((row for row in (newest, before, after) if row["whole"]), newest)["sample"],
        "whole": before["whole"] or after["whole"],
        "releases": _newest_of_each(before["releases"], after["releases"]),
        "environments": _newest_of_each(before["environments"], after["environments"]),
    }


def _newest_of_each(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in [*one, *other]}


def _add(store: StateStore, connection: Connection, fresh: Sequence[Values]) -> dict[str, int]:
    """Inserts new fingerprints at their place; answers their numbers."""
    if not fresh:
        return {}
    _place(connection, fresh)
    names = ("id", "project_id", "issue_id", "parent_id", "rule_id", "group_id", "search_text", *COUNTED)
    connection.execute(
        insert(fingerprints),
        [{**{name: row[name] for name in names}, "text_at_ms": row["last_seen_ms"]} for row in fresh],
    )
    columns = (fingerprints.c.id, fingerprints.c.n)
    numbers = {
        row["id"]: row["n"] for row in by_key(connection, columns[0], [r["id"] for r in fresh], columns)
    }
    text_index.add(store, connection, [(numbers[row["id"]], row["search_text"]) for row in fresh])
    return numbers


def _place(connection: Connection, fresh: Sequence[Values]) -> None:
    """Gives each new row its parent, the rule that chose it, and its issue."""
    leaders = _leaders(connection, fresh)
    rules = rule_match.active(connection, {row["project_id"] for row in fresh})
    for row in fresh:
        leader, rule = leaders.get((row["project_id"], row["group_id"])), None
        if leader is None:
            rule = rules.first(row)
            leader = rules.leader(rule) if rule is not None else None
        parent_id, issue_id = leader or (None, row["id"])
        row |= {"parent_id": parent_id, "issue_id": issue_id, "rule_id": rule and parent_id and rule.id}
        if rule is not None and leader is None:
            rules.lead(connection, rule, row["id"])
        leaders.setdefault((row["project_id"], row["group_id"]), (row["id"], issue_id))


def _leaders(connection: Connection, fresh: Sequence[Values]) -> dict[tuple[int, str], tuple[str, str]]:
    """Project and group → the oldest fingerprint of the group, and its issue."""
    columns = [fingerprints.c[name] for name in ("n", "project_id", "group_id", "id", "issue_id")]
    found = by_key(connection, fingerprints.c.group_id, {row["group_id"] for row in fresh}, columns)
    leaders: dict[tuple[int, str], tuple[str, str]] = {}
    for row in sorted(found, key=lambda each: int(each["n"])):
        leaders.setdefault((row["project_id"], row["group_id"]), (row["id"], row["issue_id"]))
    return leaders


def _keep_samples(store: StateStore, connection: Connection, rows: Sequence[Values]) -> None:
    if rows:
        statement = store.insert(samples)
        statement = statement.on_conflict_do_update(
            index_elements=["fingerprint_id"], set_={"sample": statement.excluded.sample}
        )
        connection.execute(
            statement, [{"fingerprint_id": row["id"], "sample": row["sample"]} for row in rows]
        )


def _keep_seen(
    store: StateStore, connection: Connection, rows: Mapping[str, Values], numbers: Mapping[str, int]
) -> None:
    """Remembers releases of the project, and the releases and environments of each fingerprint."""
    named: releases.Named = {}
    for row in rows.values():
        for version, at_ms in row["releases"].items():
            key = row["project_id"], version
            first, last = named.get(key, (at_ms, at_ms))
            named[key] = min(first, at_ms), max(last, at_ms)
    recorded = releases.record(store, connection, named) if named else set()
    pairs = {
        (numbers[row["id"]], kind, value): row["project_id"]
        for row in rows.values()
        for kind, values in ((RELEASE, row["releases"]), (ENVIRONMENT, row["environments"]))
        for value in values
        if kind == ENVIRONMENT or (row["project_id"], value) in recorded
    }
    _add_seen(connection, pairs)


def _add_seen(connection: Connection, pairs: Mapping[tuple[int, int, str], int]) -> None:
    known: set[tuple[int, int, str]] = set()
    held: dict[tuple[int, int], int] = {}
    columns = (seen_in.c.fingerprint_n, seen_in.c.kind, seen_in.c.value)
    for chunk in chunks({n for n, _, _ in pairs}):
        for n, kind, value in connection.execute(select(*columns).where(columns[0].in_(chunk))):
            known.add((n, kind, value))
            held[n, kind] = held.get((n, kind), 0) + 1
    fresh: list[Values] = []
    for (n, kind, value), project_id in pairs.items():
        if (n, kind, value) not in known and held.get((n, kind), 0) < SEEN_MAX[kind]:
            held[n, kind] = held.get((n, kind), 0) + 1
            fresh.append({"fingerprint_n": n, "kind": kind, "value": value, "project_id": project_id})
    if fresh:
        connection.execute(insert(seen_in), fresh)
