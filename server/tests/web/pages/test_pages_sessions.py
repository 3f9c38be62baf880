"""All that one session did, in order, around an occurrence, on its page and in its API twin."""

from typing import Any

import httpx
import pytest

from .conftest import Element, Made, Person, Site, until

COUNT = 130


@pytest.fixture(scope="module")
def told(site: Site, admin: Person) -> Made:
    """A session of 130 clicks a second apart with an error in its middle, and another one beside it."""
    made = admin.make_project()
    first = site.now_ms() - 1_000_000
    for start in range(0, COUNT, 65):
        site.send(
            made,
            *(
                {
                    "type": "click",
                    "timestamp": first + number * 1_000,
                    "page": f"/step/{number}",
                    "sessionId": "s/1",
                    "userId": "u1",
                    "release": "1.0.0",
                }
                for number in range(start, start + 65)
            ),
        )
    site.send(made, {"type": "click", "page": "/elsewhere", "sessionId": "other"})
    error = {"errorType": "CartError", "message": "it broke", "sessionId": "s/1", "timestamp": first + 64_500}
    site.post(made, "/api/errors", error)
    site.wait_for(made, COUNT + 2)
    until(lambda: len(errors(admin, made)) == 1, "the error")
    return made


def errors(person: Person, made: Made) -> list[Element]:
    return person.see(f"/admin/errors?project={made.slug}").all("a", class_="hf-row-link")


def session(person: Person, made: Made, query: str = "") -> Element:
    return person.see(f"/admin/sessions?id=s%2F1&project={made.slug}&{query}")


def steps(page: Element) -> list[int]:
    """The numbers of the clicks that are shown; the error is -1."""
    found = []
    for row in page.all("li", class_="hf-item"):
        _, is_step, number = row.text.partition("/step/")
        found.append(int(number.split()[0]) if is_step else -1)
    return found


def follow(person: Person, page: Element, rel: str) -> Element:
    return person.see(page.one("a", rel=rel).attributes["href"])


def test_a_session_is_told_from_its_beginning(admin: Person, told: Made) -> None:
    """In the order of time, with the error where it happened, and what others did left out."""
    page = session(admin, told)
    assert steps(page) == [*range(65), -1, *range(65, 99)]
    assert page.one(class_="hf-sentence").text.startswith("1 error and 130 other things in 2 min 9 s.")
    assert not page.all("a", rel="prev")


def test_pages_lead_both_ways_without_loss(admin: Person, told: Made) -> None:
    """Later and back again: every step once, in order."""
    first = session(admin, told)
    second = follow(admin, first, "next")
    assert steps(second) == list(range(99, COUNT))
    assert not second.all("a", rel="next")
    assert steps(follow(admin, second, "prev")) == steps(first)


def test_it_opens_around_the_occurrence_that_one_came_from(admin: Person, told: Made) -> None:
    """The link of an occurrence leads to its place, marked, with what happened before and after it."""
    error = errors(admin, told)[0].attributes["href"].partition("?")[0]
    occurrence = admin.see(f"{error}/occurrence?project={told.slug}")
    link = next(each for each in occurrence.all("a") if each.text == "Session")
    page = admin.see(link.attributes["href"].partition("#")[0])
    assert steps(page) == [*range(15, 65), -1, *range(65, 114)]
    assert [row.one("a").text for row in page.all(class_="hf-item-here")] == ["CartError"]
    assert page.all("a", rel="prev")
    assert page.all("a", rel="next")


def test_one_kind_alone_is_shown_when_asked(admin: Person, told: Made) -> None:
    """The tabs count every kind, and narrow to one."""
    page = session(admin, told, "kind=error")
    assert steps(page) == [-1]
    assert [tab.text for tab in page.one("nav", class_="hf-tabs").all("a")] == [
        "All 131", "Events 130", "Errors 1", "Logs 0", "Spans 0",
    ]  # fmt: skip


def test_a_session_of_nobody_is_not_there(admin: Person, told: Made) -> None:
    """Neither an unknown one nor one of another project."""
    admin.see(f"/admin/sessions/nobody?project={told.slug}", 404)
    other = admin.make_project()
    admin.see(f"/admin/sessions/other?project={other.slug}", 404)


def test_a_place_that_is_none_is_refused(admin: Person, told: Made) -> None:
    """A cursor made by hand is a page that says so."""
    for query in (
        "after=x",
        "before=1.2",
        "after=99999999999999999999.1.1",
        "after=1.9.1",
        "after=1.1.99999999999999999999",
    ):
        admin.see(f"/admin/sessions/other?project={told.slug}&{query}", 400)
    admin.see(f"/admin/sessions/other?project={told.slug}&at=999999999999999", 404)


def test_programs_read_the_same(site: Site, told: Made) -> None:
    """The API tells the session with its items and cursors, in the same order."""
    whole = asked(site, told, "other")
    assert (whole["counts"]["event"], whole["earlier"], whole["later"]) == (1, None, None)
    assert whole["items"][0]["page"] == "/elsewhere"
    answer = httpx.get(f"{site.url}/api/sessions/nobody", headers={"x-holdfast-key": told.secret_key})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def asked(site: Site, made: Made, name: str) -> Any:
    answer = httpx.get(f"{site.url}/api/sessions/{name}", headers={"x-holdfast-key": made.secret_key})
    return answer.raise_for_status().json()
