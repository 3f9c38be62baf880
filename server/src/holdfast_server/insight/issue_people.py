"""Keeps the estimates of users and sessions beside each issue, where the list sorts by them: a job that asks the event store
about those that occurred since. When a store is away it raises, and the next run goes on where this one stopped.
"""

from collections import defaultdict

from ..event_store.connect import EventStore
from ..event_store.queries.issue_people import people_of, people_together
from ..model.issue import People, StalePeople
from ..state_store import issue_jobs
from ..state_store.connect import StateStore

BATCH = 200
"""Issues in one question: their ids travel in its address."""
BATCHES = 25
NOBODY = People(0, 0)


def refresh_people(state: StateStore, facts: EventStore, now_ms: int) -> int:
    """Brings up to 5,000 issues up to date, those that wait longest first. Answers how many."""
    refreshed = 0
    for _ in range(BATCHES):
        stale = issue_jobs.stale_people(state, BATCH)
        counted: dict[str, tuple[int, People]] = {}
        by_project: dict[int, list[StalePeople]] = defaultdict(list)
        for each in stale:
            by_project[each.project_id].append(each)
        for project_id, asked in by_project.items():
            counted |= _count(facts, project_id, asked)
        if counted:
            issue_jobs.set_people(state, counted, now_ms)
        refreshed += len(stale)
        if len(stale) < BATCH:
            break
    return refreshed


def _count(facts: EventStore, project_id: int, asked: list[StalePeople]) -> dict[str, tuple[int, People]]:
    """Most issues have one fingerprint and are counted in one question; a merged one needs its own."""
    alone = {each.fingerprint_ids[0]: each for each in asked if len(each.fingerprint_ids) == 1}
    since_ms = min(each.first_seen_ms for each in asked)
    found = people_of(facts, project_id, list(alone), since_ms) if alone else {}
    counted = {
        each.issue_id: (each.frequency, found.get(fingerprint_id, NOBODY))
        for fingerprint_id, each in alone.items()
    }
    for each in asked:
        if len(each.fingerprint_ids) != 1:
            people = people_together(facts, project_id, each.fingerprint_ids, each.first_seen_ms)
            counted[each.issue_id] = (each.frequency, people)
    return counted
