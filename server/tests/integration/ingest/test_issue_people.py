"""From occurrences to what their issues say: users, sessions, releases, environments, and the text that is searched."""

from holdfast_server.insight.issue_people import refresh_people
from holdfast_server.state_store import issue_jobs, issue_list, issue_merge, issues

from .rig import Rig


def people(rig: Rig, issue_id: str) -> tuple[int, int, int]:
    issue = issues.get(rig.state, rig.project_id, issue_id)
    assert issue is not None
    return issue.frequency, issue.users, issue.sessions


def occur(rig: Rig, message: str, who: range, **more: object) -> str:
    for number in who:
        found = rig.put_error(
            message=message,
            errorType=message.title(),
            userId=f"user {number}",
            sessionId=f"s{number % 3}",
            **more,
        )
    rig.drain()
    return found


def test_users_and_sessions(rig: Rig) -> None:
    """Each issue gets the number of users and sessions that met it, and gets it anew when it occurs again."""
    one, two = occur(rig, "one", range(7)), occur(rig, "two", range(4, 6))
    rig.put_error(message="nobody", errorType="Nobody")
    rig.drain()
    assert refresh_people(rig.state, rig.store, rig.clock.now_ms()) >= 3
    assert (people(rig, one), people(rig, two)) == ((7, 7, 3), (2, 2, 2))
    assert refresh_people(rig.state, rig.store, rig.clock.now_ms()) == 0
    occur(rig, "one", range(5, 9))
    assert people(rig, one) == (11, 7, 3)
    assert len(issue_jobs.stale_people(rig.state)) == 1
    refresh_people(rig.state, rig.store, rig.clock.now_ms())
    assert people(rig, one) == (11, 9, 3)


def test_people_of_a_merged_issue(rig: Rig) -> None:
    """Who met two errors that are one now is one person; taken apart, each has its own again."""
    one, two = occur(rig, "one", range(5)), occur(rig, "two", range(3, 8))
    issue_merge.merge(rig.state, rig.project_id, [one, two], actor="x", at_ms=1, into=one)
    refresh_people(rig.state, rig.store, rig.clock.now_ms())
    assert people(rig, two) == (10, 8, 3)
    issue_merge.unmerge(rig.state, rig.project_id, [two], actor="x", at_ms=1)
    refresh_people(rig.state, rig.store, rig.clock.now_ms())
    assert (people(rig, one), people(rig, two)) == ((5, 5, 3), (5, 5, 3))


def test_where_a_block_was_seen(rig: Rig) -> None:
    """One block with several releases and environments: the issue is found by each, and by functions of its stack."""
    stack = "TypeError: one\n    at addItem (https://shop.example.org/src/cart/basket.js:10:5)"
    for build, place in (("1.0.0", "staging"), ("1.1.0", "production"), ("1.2.0", "")):
        found = rig.put_error(message="one", errorType="One", buildId=build, environment=place, stack=stack)
    other = rig.put_error(message="two", errorType="Two", buildId="1.1.0")
    rig.drain()

    def ids(**wanted: object) -> set[str]:
        return {issue.id for issue in issue_list.list_issues(rig.state, rig.project_id, **wanted)[0]}  # type: ignore[arg-type]

    assert ids(release="1.0.0") == ids(release="1.2.0") == ids(environment="staging") == {found}
    assert ids(release="1.1.0") == {found, other}
    assert ids(search="cart/BASKET") == ids(search="additem") == {found}
