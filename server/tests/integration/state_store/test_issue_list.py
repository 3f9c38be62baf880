"""Listing issues: order, filters, search, pages."""

from collections.abc import Callable
from typing import Any

import pytest

from holdfast_server.errors import BadInput
from holdfast_server.model.issue import SEVERITIES, Issue, IssueDelta
from holdfast_server.model.project import Role
from holdfast_server.state_store import issue_actions, issue_list, issue_merge, issues, projects, users
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.issue_list import SORTS, SortBy, list_issues

from .conftest import Block

SEVERITY_OF = list(SEVERITIES)


@pytest.fixture
def project_id(store: StateStore) -> int:
    """Twenty issues whose three orders differ, with many equal values, and one issue of another project."""
    mine, other = (projects.create(store, name=n, slug=n, created_at_ms=1)[0].id for n in ("shop", "blog"))
    block = [
        IssueDelta(
            issue_id=f"{number:02}",
            project_id=mine,
            fingerprint_version=1,
            error_type="TypeError" if number % 2 else "ValueError",
            message=f"100% of cart_{number} failed",
            culprit=f"Checkout in step {number}",
            severity=SEVERITY_OF[number % 4],
            count=1 + number % 3,
            first_seen_ms=1_000 - number % 5,
            last_seen_ms=2_000 + number * 7 % 11,
            release="",
            environment="",
            sample="{}",
        )
        for number in range(20)
    ]
    block.append(IssueDelta("99", other, 1, "TypeError", "cart", "", "error", 9, 1, 9_999, "", "", "{}"))
    issues.apply(store, "spool", 1, block)
    return mine


KEYS: dict[SortBy, Callable[[Issue], tuple[int, str]]] = {
    "frequency": lambda issue: (-issue.frequency, reverse(issue.id)),
    "lastSeen": lambda issue: (-issue.last_seen_ms, reverse(issue.id)),
    "createdAt": lambda issue: (-issue.first_seen_ms, reverse(issue.id)),
    "users": lambda issue: (-issue.users, reverse(issue.id)),
    "severity": lambda issue: ([str(s) for s in SEVERITIES].index(issue.severity), issue.id),
}


def reverse(issue_id: str) -> str:
    return "".join(chr(255 - ord(letter)) for letter in issue_id)


@pytest.mark.parametrize("sort_by", SORTS)
def test_order(store: StateStore, project_id: int, sort_by: SortBy) -> None:
    """Each order puts the most frequent, the latest or the worst first."""
    listed, cursor = list_issues(store, project_id, sort_by=sort_by)
    assert len(listed) == 20
    assert cursor is None
    assert listed == sorted(listed, key=KEYS[sort_by])


@pytest.mark.parametrize("limit", [1, 7, 20])
@pytest.mark.parametrize("sort_by", SORTS)
def test_pages(store: StateStore, project_id: int, sort_by: SortBy, limit: int) -> None:
    """Page after page shows every issue once, in the order of the whole list."""
    whole, _ = list_issues(store, project_id, sort_by=sort_by)
    seen: list[Issue] = []
    cursor: str | None = None
    for _page in range(20):
        page, cursor = list_issues(store, project_id, sort_by=sort_by, limit=limit, cursor=cursor)
        seen += page
        if cursor is None:
            break
    assert seen == whole


def test_page_after_a_change(store: StateStore, project_id: int) -> None:
    """A page starts after the last row seen, though that row has moved meanwhile."""
    first, cursor = list_issues(store, project_id, limit=5)
    whole, _ = list_issues(store, project_id)
    issues.apply(
        store,
        "spool",
        2,
        [IssueDelta(first[-1].id, project_id, 1, "", "", "", "error", 50, 1, 9_000, "", "", "{}")],
    )
    assert list_issues(store, project_id, limit=5, cursor=cursor)[0] == whole[5:10]


def test_filters(store: StateStore, project_id: int) -> None:
    """Severity and state narrow the list, alone and together, through pages."""
    issue_actions.resolve(store, project_id, ["00", "04", "01"], actor="a@b.c", at_ms=10_000)

    def ids(**filters: object) -> list[str]:
        return sorted(issue.id for issue in list_issues(store, project_id, **filters)[0])  # type: ignore[arg-type]

    assert ids(severity="critical") == ["00", "04", "08", "12", "16"]
    assert ids(resolved=True) == ["00", "01", "04"]
    assert ids(severity="critical", resolved=False) == ["08", "12", "16"]
    assert len(ids(resolved=False)) == 17
    assert len(ids(severity="critical", limit=2)) == 2


@pytest.mark.parametrize(
    ("search", "number"),
    [
        ("typeerror", 10),
        ("CHECKOUT in step 1", 11),
        ("cart_7", 1),
        ("  cart_7  ", 1),
        ("100%", 20),
        ("0% of", 20),
        ("%", 20),
        ("cart%", 0),
        ("cart_", 20),
        ("car__7", 0),
        ("\\", 0),
        ("'; DROP TABLE issues; --", 0),
        ("", 20),
        ("   ", 20),
    ],
)
def test_search(store: StateStore, project_id: int, search: str, number: int) -> None:
    """Search finds a piece of type, message or culprit in any case; signs of SQL are plain signs."""
    assert len(list_issues(store, project_id, search=search)[0]) == number


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_bad_limit(store: StateStore, limit: int) -> None:
    """A page has 1 to 200 issues."""
    with pytest.raises(BadInput) as caught:
        list_issues(store, 1, limit=limit)
    assert caught.value.path == "limit"


@pytest.mark.parametrize("cursor", ["x", "!!!", "WyJmcmVxdWVuY3kiXQ", "e30", "é", "a" * 5, "\ud800", "W10="])
def test_bad_cursor(store: StateStore, cursor: str) -> None:
    """A cursor that we never gave out is refused."""
    with pytest.raises(BadInput) as caught:
        list_issues(store, 1, cursor=cursor)
    assert caught.value.path == "cursor"


def test_cursor_of_another_order(store: StateStore, project_id: int) -> None:
    """A cursor belongs to its order."""
    _, cursor = list_issues(store, project_id, limit=1, sort_by="frequency")
    with pytest.raises(BadInput, match="cursor"):
        list_issues(store, project_id, sort_by="lastSeen", cursor=cursor)


@pytest.mark.parametrize(
    ("name", "value"),
    [("sort_by", "colour"), ("severity", "huge"), ("status", "odd"), ("release_in", "some")],
)
def test_unknown_choice(store: StateStore, name: str, value: str) -> None:
    """An unknown order or severity is refused with those that there are."""
    with pytest.raises(BadInput) as caught:
        list_issues(store, 1, **{name: value})  # type: ignore[arg-type]
    assert "use one of" in caught.value.hint


def ids_of(store: StateStore, project: int, **wanted: Any) -> list[str]:
    listed, _ = list_issues(store, project, sort_by="createdAt", **wanted)
    return sorted(issue.id for issue in listed)


def test_status_and_assigned(store: StateStore, project: int, drain: Block) -> None:
    """The list narrows to each status, to what is open, and to whom it belongs."""
    drain("a", "b", "c", "d")
    who = {"actor": "ann@example.org", "at_ms": 1_000}
    issue_actions.resolve(store, project, ["b"], **who)  # type: ignore[arg-type]
    issue_actions.ignore(store, project, ["c"], **who)  # type: ignore[arg-type]
    ann = users.create(store, email="a@b.c", name="Ann", password_hash="x", role=Role.ADMIN, created_at_ms=1)
    issue_actions.assign(store, project, ["c", "d"], **who, user_id=ann.id)  # type: ignore[arg-type]
    expected = {
        "all": "abcd",
        "open": "ad",
        "new": "ad",
        "resolved": "b",
        "ignored": "c",
        "ongoing": "",
        "regressed": "",
    }
    for status, names in expected.items():
        assert ids_of(store, project, status=status) == list(names), status
    assert ids_of(store, project, resolved=False) == list("acd")
    assert ids_of(store, project, assigned=ann.id) == list("cd")
    assert ids_of(store, project, assigned=ann.id, status="open") == ["d"]
    assert ids_of(store, project, assigned="nobody") == list("ab")
    counted = issues.counts(store, project)
    assert (counted.open, counted.unresolved, counted.by_status["ignored"]) == (2, 3, 1)


def test_release_and_environment(store: StateStore, project: int, drain: Block) -> None:
    """An issue is found by each release and environment that it was ever seen in, in one block or many, merged or not."""
    drain("a", release="1.0")
    drain(
        "a",
        at=200,
        release="2.0",
        releases={"2.0": 200, "1.5": 150},
        environments={"dev": 1, "production": 2},
    )
    drain("b", release="2.0", environments={"staging": 1})
    for release, names in {"1.0": "a", "1.5": "a", "2.0": "ab", "3.0": ""}.items():
        assert ids_of(store, project, release=release) == list(names), release
    assert ids_of(store, project, release="2.0", release_in="first") == ["b"]
    assert ids_of(store, project, release="2.0", release_in="last") == ["a", "b"]
    assert ids_of(store, project, release="1.5", release_in="last") == []
    for environment, names in {"production": "a", "dev": "a", "staging": "b", "Dev": ""}.items():
        assert ids_of(store, project, environment=environment) == list(names), environment
    assert ids_of(store, project, environment="staging", release="2.0") == ["b"]
    assert ids_of(store, project, environment="staging", release="1.0") == []
    issue_merge.merge(store, project, ["a", "b"], actor="x", at_ms=1, into="b")
    assert ids_of(store, project, environment="dev", release="1.5") == ["b"]


def test_search_in_the_stack(store: StateStore, project: int, drain: Block) -> None:
    """Functions and files are found, and so is the text of whatever was merged into an issue."""
    drain("a", search_text="src/Checkout/cart.ts addItem")
    drain("b", search_text="lib/ΠΛΗΡΩΜΉ.py pay")
    assert ids_of(store, project, search="checkout/CART") == ["a"]
    assert ids_of(store, project, search="πληρωμή") == ["b"]
    assert ids_of(store, project, search="ay") == ["b"]
    issue_merge.merge(store, project, ["a", "b"], actor="x", at_ms=1, into="a")
    assert ids_of(store, project, search="πληρωμή") == ["a"]
    assert ids_of(store, project, search='"') == []
    assert ids_of(store, project, search='a" OR "b') == []


def test_search_follows_the_message(store: StateStore, project: int, drain: Block) -> None:
    """The text that is searched is renewed when the newest occurrence says something else, ten minutes later at most."""
    drain("a", message="order 17 failed", at=1_000)
    drain("a", message="order 18 failed", at=2_000)
    assert ids_of(store, project, search="order 17") == ["a"]
    drain("a", message="order 19 failed", at=1_000_000)
    assert ids_of(store, project, search="order 17") == []
    assert ids_of(store, project, search="order 19") == ["a"]


@pytest.mark.parametrize("few", [0, 1, 4_000])
def test_walking_and_looking_up(
    store: StateStore, project: int, drain: Block, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Whether what matches is few or many, the pages are the same."""
    monkeypatch.setattr(issue_list, "FEW", few)
    for number in range(12):
        drain(f"{number:02}", at=number, release=f"r{number % 2}", n=number % 3 + 1)
    wanted = {"release": "r0", "environment": "production", "search": "message of", "status": "open"}
    whole, _ = list_issues(store, project, **wanted)  # type: ignore[arg-type]
    assert sorted(issue.id for issue in whole) == ["00", "02", "04", "06", "08", "10"]
    seen: list[Issue] = []
    cursor: str | None = None
    for _page in range(4):
        page, cursor = list_issues(store, project, limit=2, cursor=cursor, **wanted)  # type: ignore[arg-type]
        seen += page
        if cursor is None:
            break
    assert seen == whole
