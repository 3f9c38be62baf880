"""Triage: the list of errors, and what people do to many of them at once."""

import pytest

from .conftest import Element, Made, Person, Site, until

STACK = "TypeError: it broke\n    at total (https://shop.example/assets/cart.js:10:15)\n    at flush (https://shop.example/node_modules/react-dom/index.js:1:2)"
KINDS = ("AlphaError", "BetaError", "GammaError")
RELEASES = ("1.0.0", "1.1.0", "1.1.0")


@pytest.fixture
def broken(site: Site, admin: Person, made: Made) -> Made:
    """Three errors: alpha three times and critical in 1.0.0, beta twice, gamma once as a warning, both in 1.1.0."""
    for kind, count, severity, release in zip(
        KINDS, (3, 2, 1), ("critical", "error", "warning"), RELEASES, strict=True
    ):
        for _ in range(count):
            report = {
                "errorType": kind,
                "message": f"{kind} in the cart",
                "severity": severity,
                "stack": STACK,
                "page": "/cart",
                "userId": "u1",
                "release": release,
                "environment": "production" if kind == "AlphaError" else "staging",
            }
            site.post(made, "/api/errors", report)
    until(lambda: names(admin, made, "sort=frequency") == list(KINDS), "the errors")
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


def bulk(person: Person, made: Made, action: str, *chosen: str, query: str = "") -> str:
    """Does something to some errors; answers what the next page says."""
    answer = person.submit(f"/admin/errors/bulk?project={made.slug}&{query}", id=list(chosen), action=action)
    assert answer.status_code == 303, answer.text
    return person.see(answer.headers["location"]).one(id="hf-flashes").text


def tabs(person: Person, made: Made) -> dict[str, int]:
    nav = errors(person, made).one("nav", class_="hf-tabs")
    return {
        tab.text.split()[0]: int(tab.one("data").attributes["value"])
        for tab in nav.all("a")
        if tab.all("data")
    }


def test_errors_are_sorted_and_filtered_by_links(admin: Person, broken: Made) -> None:
    """Frequency and severity order the list; severity, status and search narrow it."""
    assert names(admin, broken, "sort=severity") == list(KINDS)
    assert names(admin, broken, "severity=warning") == ["GammaError"]
    assert names(admin, broken, "search=betaerr") == ["BetaError"]
    assert names(admin, broken, "status=resolved") == []
    head = errors(admin, broken, "sort=frequency").one("th", data_col="times")
    assert head.attributes["aria-sort"] == "descending"


def test_search_finds_functions_and_files(admin: Person, broken: Made) -> None:
    """What stands in the stack is searched too, not only type and message."""
    assert sorted(names(admin, broken, "search=cart.js")) == sorted(KINDS)
    assert sorted(names(admin, broken, "search=total")) == sorted(KINDS)
    assert names(admin, broken, "search=nothing-like-this") == []


def test_the_bar_narrows_by_environment_and_release(admin: Person, broken: Made) -> None:
    """Only what was seen there is listed."""
    assert names(admin, broken, "env=production") == ["AlphaError"]
    assert sorted(names(admin, broken, "release=1.1.0")) == ["BetaError", "GammaError"]


def test_each_row_has_its_trend_in_words_too(admin: Person, broken: Made) -> None:
    """The small chart says the same in its title, for those who can't see it."""
    page = errors(admin, broken, "sort=frequency")
    titles = [drawn.one("title").text for drawn in page.all("svg", class_="hf-spark")]
    assert [title.split(",")[0] for title in titles] == [
        "3 times in the last 24 hours",
        "2 times in the last 24 hours",
        "1 time in the last 24 hours",
    ]


def test_what_cannot_be_asked_is_said(admin: Person, broken: Made) -> None:
    """An unknown status, severity, order, person or cursor is a page that says what there is."""
    for query in ("status=gone", "severity=awful", "sort=colour", "assigned=x", "cursor=x"):
        assert (
            admin.see(f"/admin/errors?project={broken.slug}&{query}", 400).one("h1").text
            == "That request can't be used"
        )


def test_resolving_many_is_one_act_and_stands_in_the_audit_log(
    site: Site, admin: Person, broken: Made
) -> None:
    """The selection leaves the open list, the page says so, and who did it is written down."""
    chosen = ids(admin, broken)
    said = bulk(admin, broken, "resolve:now", chosen["AlphaError"], chosen["BetaError"])
    assert "2 errors are resolved." in said
    assert names(admin, broken) == ["GammaError"]
    assert ("admin@localhost", "2 issues") in site.audit("issue.resolve")
    bulk(admin, broken, "reopen", chosen["BetaError"], query="status=resolved")
    assert sorted(names(admin, broken)) == ["BetaError", "GammaError"]


def test_each_tab_counts_what_it_holds(admin: Person, broken: Made) -> None:
    """The numbers beside the tabs follow what people do."""
    chosen = ids(admin, broken)
    bulk(admin, broken, "resolve:now", chosen["AlphaError"])
    bulk(admin, broken, "ignore:count:10", chosen["BetaError"])
    counted = tabs(admin, broken)
    assert counted == {
        "Open": 1, "New": 1, "Ongoing": 0, "Regressed": 0, "Resolved": 1, "Ignored": 1, "All": 3,
    }  # fmt: skip
    assert names(admin, broken, "status=ignored") == ["BetaError"]


def test_an_error_is_taken_and_filtered_by_whose_it_is(admin: Person, broken: Made) -> None:
    """Assigning names the person in the row; "mine" and "nobody's" divide the list."""
    chosen = ids(admin, broken)
    assert "1 error is yours." in bulk(admin, broken, "assign:me", chosen["BetaError"])
    assert names(admin, broken, "assigned=me") == ["BetaError"]
    assert "BetaError" not in names(admin, broken, "assigned=nobody")
    bulk(admin, broken, "assign:nobody", chosen["BetaError"])
    assert names(admin, broken, "assigned=me") == []


def test_an_act_that_is_not_known_changes_nothing(admin: Person, broken: Made) -> None:
    """What no button says is answered with a sentence, and every error stays as it is."""
    chosen = ids(admin, broken)
    for action in ("explode", "resolve:never", "ignore:count:0", "ignore:time:x", "assign:999999", "merge"):
        said = bulk(admin, broken, action, chosen["AlphaError"])
        assert said.endswith("."), action
    assert len(names(admin, broken)) == 3


def test_a_change_without_the_token_is_refused(admin: Person, broken: Made) -> None:
    """Neither no token nor a wrong one changes anything."""
    chosen = ids(admin, broken)
    for token in ("", "0" * 64):
        answer = admin.submit(
            f"/admin/errors/bulk?project={broken.slug}",
            token=token,
            id=[chosen["AlphaError"]],
            action="resolve:now",
        )
        assert answer.status_code == 403
    assert len(names(admin, broken)) == 3


def test_an_empty_list_says_what_it_would_hold(admin: Person, broken: Made) -> None:
    """Nothing matches, nothing resolved, nothing at all: three different sentences, each with a way on."""
    found = [
        errors(admin, broken, query).one(class_="hf-empty-title").text
        for query in ("search=zzz", "status=resolved")
    ]
    fresh = errors(admin, admin.make_project()).one(class_="hf-empty-title").text
    assert [*found, fresh] == ["No errors match", "No resolved errors", "No open errors"]


def test_a_rule_is_switched_off_and_on_again(site: Site, admin: Person, broken: Made) -> None:
    """Off, what it joined stays and what comes stands alone; on, that is joined too; all of it is in the audit log."""
    page = f"/admin/errors/rules?project={broken.slug}"
    rule = {"name": "Greek", "field": "type", "kind": "glob", "pattern": "*Error"}
    assert admin.submit(page, **rule).status_code == 303
    assert len(names(admin, broken)) == 1
    form = admin.see(page).one("tbody").one("form").attributes["action"]
    admin.submit(form, action="disable")
    site.post(broken, "/api/errors", {"errorType": "DeltaError", "message": "later"})
    until(lambda: len(names(admin, broken)) == 2, "the new error")
    admin.submit(form, action="enable")
    assert len(names(admin, broken)) == 1
    assert all(site.audit(f"rule.{act}", broken.slug) for act in ("create", "disable", "enable"))


def test_a_pattern_that_is_none_says_why(admin: Person, broken: Made) -> None:
    """The preview names what is wrong beside the field, and nothing is made."""
    page = admin.see(f"/admin/errors/rules?project={broken.slug}&field=type&kind=regex&pattern=(")
    assert "is not a pattern that can be used" in page.one(id="f-pattern-says").text
    assert not page.all(class_="hf-rule-preview")
