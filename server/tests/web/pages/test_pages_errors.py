"""Triage: the issue list, one issue, and what people do to them."""

import pytest

from .conftest import Element, Made, Person, Site, until

STACK = "TypeError: it broke\n    at total (https://shop.example/assets/cart.js:10:15)\n    at flush (https://shop.example/node_modules/react-dom/index.js:1:2)"
KINDS = ("AlphaError", "BetaError", "GammaError")


@pytest.fixture
def broken(site: Site, admin: Person, made: Made) -> Made:
    """Three issues: alpha three times and critical, beta twice, gamma once as a warning."""
    for kind, count, severity in zip(KINDS, (3, 2, 1), ("critical", "error", "warning"), strict=True):
        for _ in range(count):
            report = {
                "errorType": kind,
                "message": f"{kind} in the cart",
                "severity": severity,
                "stack": STACK,
                "page": "/cart",
                "userId": "u1",
                "metadata": {"items": 3},
            }
            site.post(
                made,
                "/api/errors",
                {**report, "breadcrumbs": [{"category": "ui.click", "message": "button#pay"}]},
            )
    until(lambda: names(admin, made, "sort=frequency") == list(KINDS), "the issues")
    return made


def errors(person: Person, made: Made, query: str = "") -> Element:
    return person.see(f"/admin/errors?project={made.slug}&{query}")


def names(person: Person, made: Made, query: str = "") -> list[str]:
    return [link.text for link in errors(person, made, query).all("a", class_="hf-row-link")]


def ids(person: Person, made: Made) -> dict[str, str]:
    page = errors(person, made, "sort=frequency&status=all")
    return {
        row.one("a").text: row.one("input", name="id").attributes["value"]
        for row in page.one("tbody").all("tr")
    }


def test_issues_are_sorted_and_filtered_by_links(admin: Person, broken: Made) -> None:
    """Frequency and severity order the list; severity, status and search narrow it."""
    assert names(admin, broken, "sort=severity") == list(KINDS)
    assert names(admin, broken, "severity=warning") == ["GammaError"]
    assert names(admin, broken, "search=betaerr") == ["BetaError"]
    assert names(admin, broken, "status=resolved") == []
    head = errors(admin, broken, "sort=frequency").one("th", data_col="times")
    assert head.attributes["aria-sort"] == "descending"


def test_what_cannot_be_asked_is_said(admin: Person, broken: Made) -> None:
    """An unknown status, severity, order or cursor is a page that says what there is."""
    for query in ("status=gone", "severity=awful", "sort=colour", "cursor=x"):
        assert (
            admin.see(f"/admin/errors?project={broken.slug}&{query}", 400).one("h1").text
            == "That request can't be used"
        )


def test_resolving_many_is_one_act_and_stands_in_the_audit_log(
    site: Site, admin: Person, broken: Made
) -> None:
    """The selection leaves the open list, the page says so, and who did it is written down."""
    chosen = ids(admin, broken)
    answer = admin.submit(
        f"/admin/errors/bulk?project={broken.slug}",
        id=[chosen["AlphaError"], chosen["BetaError"]],
        action="resolve",
    )
    assert answer.status_code == 303
    assert "2 errors are resolved." in admin.see(answer.headers["location"]).one(id="hf-flashes").text
    assert names(admin, broken) == ["GammaError"]
    assert ("admin@localhost", "2 issues") in site.audit("issue.resolve")
    admin.submit(
        f"/admin/errors/bulk?project={broken.slug}&status=resolved", id=[chosen["BetaError"]], action="reopen"
    )
    assert sorted(names(admin, broken)) == ["BetaError", "GammaError"]


def test_a_change_without_the_token_is_refused(admin: Person, broken: Made) -> None:
    """Neither no token nor a wrong one changes anything."""
    chosen = ids(admin, broken)
    for token in ("", "0" * 64):
        answer = admin.submit(
            f"/admin/errors/bulk?project={broken.slug}",
            token=token,
            id=[chosen["AlphaError"]],
            action="resolve",
        )
        assert answer.status_code == 403
    assert len(names(admin, broken)) == 3


def test_one_issue_shows_its_latest_occurrence(admin: Person, broken: Made) -> None:
    """Stack with our frames apart from foreign ones, breadcrumbs, context, and how far it reaches."""
    issue = ids(admin, broken)["AlphaError"]
    page = admin.see(f"/admin/errors/{issue}?project={broken.slug}")
    assert page.one("h1").text == "AlphaError"
    latest = admin.see(f"/admin/errors/{issue}/latest?project={broken.slug}")
    frames = latest.all("li", class_="hf-frame")
    assert frames[0].text.startswith("total https://shop.example/assets/cart.js:10:15")
    assert ["hf-frame-foreign" in frame.attributes["class"] for frame in frames] == [False, True]
    assert "button#pay" in latest.one(class_="hf-crumbs").text
    assert '"items": 3' in latest.text
    numbers = admin.see(f"/admin/errors/{issue}/numbers?project={broken.slug}")
    assert [value.attributes["value"] for value in numbers.all("data")] == ["3", "1"]
    chart = admin.client.get(f"/admin/errors/{issue}/times.json?project={broken.slug}").json()
    assert sum(chart["series"][0]["values"]) == 3


def test_an_issue_is_resolved_and_reopened_on_its_own_page(admin: Person, broken: Made) -> None:
    """The button does what it says, and then offers the way back."""
    issue = ids(admin, broken)["GammaError"]
    own = f"/admin/errors/{issue}?project={broken.slug}"
    assert (
        admin.submit(f"/admin/errors/{issue}/status?project={broken.slug}", action="resolve").status_code
        == 303
    )
    assert admin.see(own).one("button", name="action").attributes["value"] == "reopen"
    admin.submit(f"/admin/errors/{issue}/status?project={broken.slug}", action="reopen")
    assert admin.see(own).one("button", name="action").attributes["value"] == "resolve"


def test_an_issue_of_another_project_is_not_shown(admin: Person, broken: Made) -> None:
    """Its id alone opens nothing: the project counts."""
    issue = ids(admin, broken)["AlphaError"]
    other = admin.make_project()
    admin.see(f"/admin/errors/{issue}?project={other.slug}", 404)


def test_hostile_text_stays_text(site: Site, admin: Person, made: Made) -> None:
    """What an error says is shown, never run."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    site.post(
        made,
        "/api/errors",
        {
            "errorType": evil,
            "message": evil,
            "stack": evil,
            "page": evil,
            "component": evil,
            "metadata": {evil: evil},
        },
    )
    until(lambda: len(names(admin, made)) == 1, "the issue")
    assert names(admin, made) == [evil]
    issue = ids(admin, made)[evil]
    for path in ("", "/latest", "/numbers"):
        page = admin.see(f"/admin/errors/{issue}{path}?project={made.slug}")
        assert not page.all("img")
        assert all("alert" not in script.text for script in page.all("script"))
    feed = admin.see(f"/live/recent?project={made.slug}")
    assert not feed.all("script")
    assert evil in feed.one(class_="hf-feed-row").text
