"""How many users and sessions met an issue, over all that the daily rollup has. Estimates within 2 %."""

from collections.abc import Sequence

from ...model.issue import People
from ..connect import EventStore

COUNTED = "uniqCombinedMerge(12)(users) AS c_users, uniqCombinedMerge(12)(sessions) AS c_sessions"
WHERE = (
    "project_id = {project:UInt32} AND at >= toDateTime(intDiv({since:UInt64}, 86400000) * 86400, 'UTC')"
    " AND issue_id IN {issues:Array(String)}"
)


def people_of(
    store: EventStore, project_id: int, fingerprint_ids: Sequence[str], since_ms: int
) -> dict[str, People]:
    """Of each fingerprint by itself; one that was not seen since is not in the answer."""
    sql = f"SELECT issue_id, {COUNTED} FROM issues_1d WHERE {WHERE} GROUP BY issue_id"
    rows = store.rows(sql, _parameters(project_id, fingerprint_ids, since_ms))
    return {row["issue_id"]: People(int(row["c_users"]), int(row["c_sessions"])) for row in rows}


def people_together(
    store: EventStore, project_id: int, fingerprint_ids: Sequence[str], since_ms: int
) -> People:
    """Of all the fingerprints, each user and session once."""
    sql = f"SELECT {COUNTED} FROM issues_1d WHERE {WHERE}"
    row = store.rows(sql, _parameters(project_id, fingerprint_ids, since_ms))[0]
    return People(int(row["c_users"]), int(row["c_sessions"]))


def _parameters(project_id: int, fingerprint_ids: Sequence[str], since_ms: int) -> dict[str, object]:
    return {"project": project_id, "since": max(0, since_ms), "issues": list(fingerprint_ids)}
