"""Listing issues: order, filters, search, pages."""

from collections.abc import Callable

import pytest

from holdfast_server.errors import BadInput
from holdfast_server.model.issue import SEVERITIES, Issue, IssueDelta
from holdfast_server.state_store import issue_actions, issues, projects
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.issue_list import SORTS, SortBy, list_issues

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


@pytest.mark.parametrize(("name", "value"), [("sort_by", "colour"), ("severity", "huge")])
def test_unknown_choice(store: StateStore, name: str, value: str) -> None:
    """An unknown order or severity is refused with those that there are."""
    with pytest.raises(BadInput) as caught:
        list_issues(store, 1, **{name: value})  # type: ignore[arg-type]
    assert "use one of" in caught.value.hint
