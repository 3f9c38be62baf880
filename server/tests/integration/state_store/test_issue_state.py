"""What people set on issues, what brings them back, and what the clock does."""

from dataclasses import dataclass

import pytest

from holdfast_server.errors import BadInput, NotFound, TooLarge
from holdfast_server.model.issue import Applied, Issue, People
from holdfast_server.model.project import Role
from holdfast_server.state_store import (
    issue_actions,
    issue_activity,
    issue_jobs,
    issue_merge,
    issues,
    projects,
    releases,
    users,
)
from holdfast_server.state_store.connect import StateStore

from .conftest import Block, found, made

WHO = "ann@example.org"
DAY_MS = 86_400_000


@dataclass
class Desk:
    """Somebody who triages one project."""

    store: StateStore
    project: int

    def resolve(self, *ids: str, at: int = 1_000, **how: object) -> int:
        return issue_actions.resolve(self.store, self.project, ids, actor=WHO, at_ms=at, **how)  # type: ignore[arg-type]

    def ignore(self, *ids: str, at: int = 1_000, **how: object) -> int:
        return issue_actions.ignore(self.store, self.project, ids, actor=WHO, at_ms=at, **how)  # type: ignore[arg-type]

    def reopen(self, *ids: str) -> int:
        return issue_actions.reopen(self.store, self.project, ids, actor=WHO, at_ms=2_000)

    def assign(self, *ids: str, user_id: int | None) -> int:
        return issue_actions.assign(self.store, self.project, ids, actor=WHO, at_ms=1_000, user_id=user_id)

    def issue(self, issue_id: str = "a") -> Issue:
        return found(self.store, self.project, issue_id)

    def log(self, issue_id: str = "a") -> list[tuple[str, str, dict[str, object]]]:
        entries = issue_activity.activity(self.store, self.project, issue_id)
        return [(entry.actor, entry.action, entry.detail) for entry in reversed(entries)]


@pytest.fixture
def desk(store: StateStore, project: int) -> Desk:
    return Desk(store, project)


def test_resolved_now(desk: Desk, drain: Block) -> None:
    """Resolved, an issue stays so through occurrences from before; one from after is a regression, told once."""
    drain("a", "b", at=100)
    assert desk.resolve("a", "a", "nothing", at=1_000) == 1
    assert drain("a", at=900) == Applied()
    assert (desk.issue().status, desk.issue().resolved_at_ms, desk.issue().frequency) == (
        "resolved",
        1_000,
        2,
    )
    assert drain("a", at=1_001, release="2.0") == Applied(regressed=["a"])
    assert (desk.issue().status, desk.issue().resolved, desk.issue().resolved_at_ms) == (
        "regressed",
        False,
        None,
    )
    assert drain("a", at=1_002) == Applied()
    assert desk.log() == [(WHO, "resolve", {"kind": "now"}), ("holdfast", "regressed", {"release": "2.0"})]


def test_resolving_twice(desk: Desk, drain: Block) -> None:
    """What is resolved already does not change, nor does another project's."""
    drain("a")
    other = projects.create(desk.store, name="Blog", slug="blog", created_at_ms=1)[0].id
    issues.apply(desk.store, "other", 1, [made(other, "theirs")])
    assert desk.resolve("a", "theirs") == 1
    assert desk.resolve("a", at=5_000) == 0
    assert desk.issue().resolved_at_ms == 1_000
    assert not found(desk.store, other, "theirs").resolved


@pytest.mark.parametrize(
    ("seen", "comes_back"),
    [("1.4.0", False), ("1.5.0", False), ("1.5.1", True), ("1.10.0", True), ("", False)],
)
def test_resolved_in_a_release(desk: Desk, drain: Block, seen: str, comes_back: bool) -> None:
    """Resolved in 1.5.0, only a later release brings an issue back, however late older ones are seen."""
    drain("a", release="1.4.0")
    desk.resolve("a", kind="release", release=" 1.5.0 ")
    assert desk.issue().resolved_in_release == "1.5.0"
    assert drain("a", at=9_000, release=seen).regressed == (["a"] if comes_back else [])


def test_resolved_in_the_next_release(desk: Desk, drain: Block) -> None:
    """The next release is any later than the newest known; without versions, any that is first seen later."""
    drain("a", "b", at=100, release="build-x")
    drain("b", at=200, release="build-y")
    desk.resolve("a", "b", at=300, kind="next_release")
    assert desk.issue().resolved_in_release == "build-y"
    assert drain("a", "b", at=400, release="build-y") == Applied()
    assert drain("a", at=500, release="build-x") == Applied()
    assert drain("a", at=600, release="build-z").regressed == ["a"]
    assert desk.log()[-1] == ("holdfast", "regressed", {"release": "build-z", "resolvedIn": "build-y"})


def test_next_release_of_none(desk: Desk, drain: Block) -> None:
    """Where no release is known yet, the first one named is the next."""
    drain("a")
    desk.resolve("a", at=300, kind="next_release")
    assert drain("a", at=400) == Applied()
    assert drain("a", at=500, release="1.0").regressed == ["a"]


def test_one_late_release_in_a_block(desk: Desk, drain: Block) -> None:
    """A block that saw several releases is a regression when any of them is later."""
    drain("a", release="1.0.0")
    desk.resolve("a", kind="next_release")
    block = drain("a", at=5_000, release="1.0.0", releases={"1.0.0": 5_000, "1.1.0": 4_000})
    assert block.regressed == ["a"]


def test_ignored_until_a_count(desk: Desk, drain: Block) -> None:
    """Ignored until ten more, an issue wakes with the tenth."""
    drain("a", n=500)
    desk.ignore("a", kind="count", count=10)
    assert drain("a", n=9, at=2_000) == Applied()
    assert (desk.issue().status, desk.issue().ignored_left) == ("ignored", 1)
    assert drain("a", at=2_001) == Applied(woken=["a"])
    assert (desk.issue().status, desk.issue().ignored_left) == ("ongoing", None)
    assert desk.log() == [
        (WHO, "ignore", {"kind": "count", "count": 10}),
        ("holdfast", "woken", {"kind": "count"}),
    ]


def test_ignored_until_a_time(desk: Desk, drain: Block) -> None:
    """Ignored until a time, an issue wakes at the first occurrence after it, or by the clock."""
    drain("a", "b")
    desk.ignore("a", "b", kind="time", until_ms=5_000)
    assert drain("a", at=4_999) == Applied()
    assert drain("a", at=5_000).woken == ["a"]
    assert issue_jobs.wake_ignored(desk.store, 4_999) == []
    assert issue_jobs.wake_ignored(desk.store, 5_000) == ["b"]
    assert issue_jobs.wake_ignored(desk.store, 6_000) == []
    assert (desk.issue("b").status, desk.issue("b").ignored_until_ms) == ("ongoing", None)


def test_ignored_for_good(desk: Desk, drain: Block) -> None:
    """Ignored for good, nothing wakes an issue but a person."""
    drain("a")
    assert desk.ignore("a") == 1
    assert drain("a", n=1_000_000, at=10**12) == Applied()
    assert issue_jobs.wake_ignored(desk.store, 10**13) == []
    assert desk.issue().status == "ignored"
    assert (desk.reopen("a"), desk.reopen("a"), desk.issue().status) == (1, 0, "ongoing")


@pytest.mark.parametrize(
    ("how", "path"),
    [
        ({"kind": "count"}, "count"),
        ({"kind": "count", "count": 0}, "count"),
        ({"kind": "time"}, "until"),
        ({"kind": "time", "until_ms": 999}, "until"),
    ],
)
def test_ignored_until_nothing(desk: Desk, how: dict[str, object], path: str) -> None:
    """A count of none and a time that has passed are refused, with what to do."""
    with pytest.raises(BadInput) as caught:
        desk.ignore("a", **how)
    assert (caught.value.path, bool(caught.value.hint)) == (path, True)


def test_resolved_in_no_release(desk: Desk) -> None:
    """Resolving in a release needs its name."""
    with pytest.raises(BadInput) as caught:
        desk.resolve("a", kind="release", release="  ")
    assert caught.value.path == "release"


def test_assign(desk: Desk, drain: Block) -> None:
    """An issue is given to somebody who may log in, or to nobody; status stays, and it lasts."""
    drain("a")
    ann = users.create(desk.store, email=WHO, name="Ann", password_hash="x", role=Role.ADMIN, created_at_ms=1)
    gone = users.create(
        desk.store, email="b@c.de", name="Bob", password_hash="x", role=Role.ADMIN, created_at_ms=1
    )
    users.set_disabled(desk.store, gone.id, True)
    assert desk.assign("a", user_id=ann.id) == 1
    drain("a", at=9_000)
    assert (desk.issue().assigned_to, desk.issue().status) == (ann.id, "new")
    for nobody in (gone.id, 999):
        with pytest.raises(NotFound, match="user"):
            desk.assign("a", user_id=nobody)
    assert (desk.assign("a", user_id=None), desk.issue().assigned_to) == (1, None)


def test_too_many_at_once(desk: Desk) -> None:
    """A thousand issues are changed at once, not more."""
    with pytest.raises(TooLarge):
        desk.resolve(*(f"{number}" for number in range(1_002)))


def test_new_for_a_week(desk: Desk, drain: Block) -> None:
    """Seven days after it was first seen, what is new is ongoing; what people decided stays."""
    drain("a", "b", "c", at=1_000)
    drain("d", at=5_000)
    desk.resolve("b")
    assert issue_jobs.age_new(desk.store, 7 * DAY_MS + 2_000) == 2
    assert [desk.issue(name).status for name in "abcd"] == ["ongoing", "resolved", "ongoing", "new"]


def test_people(desk: Desk, drain: Block) -> None:
    """Who occurred waits for an estimate, longest first; one that occurs while it is counted stays due."""
    drain("a", "b")
    assert {each.issue_id for each in issue_jobs.stale_people(desk.store)} == {"a", "b"}
    drain("b")
    counted = {"a": (1, People(7, 9)), "b": (1, People(3, 3))}
    issue_jobs.set_people(desk.store, counted, 5_000)
    assert (desk.issue().users, desk.issue().sessions, desk.issue("b").users) == (7, 9, 3)
    [left] = issue_jobs.stale_people(desk.store)
    assert (left.issue_id, left.fingerprint_ids, left.frequency) == ("b", ["b"], 2)
    drain("a")
    drain("c")
    assert issue_jobs.stale_people(desk.store)[0].issue_id == "c"
    issue_merge.merge(desk.store, desk.project, ["a", "b"], actor=WHO, at_ms=1)
    merged = {each.issue_id: sorted(each.fingerprint_ids) for each in issue_jobs.stale_people(desk.store)}
    assert merged == {"a": ["a", "b"], "c": ["c"]}


def test_releases(desk: Desk, drain: Block) -> None:
    """Releases are known with their times; the newest is the latest version, and old ones are forgotten."""
    drain("a", at=100, release="1.9.0")
    drain("a", at=200, release="1.10.0")
    drain("a", at=300, release="1.9.1")
    drain("a", at=50, release="1.9.0")
    assert [each.version for each in releases.list_releases(desk.store, desk.project)] == [
        "1.9.1",
        "1.10.0",
        "1.9.0",
    ]
    assert releases.newest(desk.store, desk.project) == "1.10.0"
    assert releases.list_releases(desk.store, desk.project)[-1].first_seen_ms == 50
    assert releases.forget(desk.store, 150) == 1
    assert len(releases.list_releases(desk.store, desk.project)) == 2


def test_endless_releases(desk: Desk, drain: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who names a new release each time fills a bounded list; counting goes on."""
    monkeypatch.setattr(releases, "RELEASES_MAX", 5)
    for number in range(8):
        drain("a", release=f"r{number}")
    assert len(releases.list_releases(desk.store, desk.project)) == 5
    assert (desk.issue().frequency, desk.issue().last_release) == (8, "r7")


def test_activity_pages(desk: Desk, drain: Block) -> None:
    """The log is read page by page, the latest first."""
    drain("a")
    for _ in range(3):
        desk.resolve("a")
        desk.reopen("a")
    first = issue_activity.activity(desk.store, desk.project, "a", limit=4)
    rest = issue_activity.activity(desk.store, desk.project, "a", limit=4, before_id=first[-1].id)
    assert [entry.action for entry in (*first, *rest)] == ["reopen", "resolve"] * 3
    assert issue_activity.activity(desk.store, desk.project + 1, "a") == []
