"""One error's page: its occurrences with stack, chain, crumbs and tags, and what leaves the page as JSON or Markdown."""

import re
from typing import Any

import pytest

from .conftest import Element, Made, Person, Site, until

EVENT_IDS = [f"{number:032x}" for number in (1, 2, 3)]
CHAIN: list[dict[str, Any]] = [
    {
        "type": "ReadTimeout",
        "value": "the provider did not answer",
        "frames": [{"function": "charge", "filename": "shop/payments.py", "lineno": 91, "in_app": True}],
    },
    {
        "type": "CheckoutError",
        "value": "the order could not be placed",
        "mechanism": {"type": "starlette"},
        "frames": [
            {"function": "app", "filename": "starlette/routing.py", "lineno": 73, "in_app": False},
            {"function": "run", "filename": "fastapi/routing.py", "lineno": 214, "in_app": False},
            {
                "function": "place_order",
                "filename": "shop/checkout.py",
                "lineno": 118,
                "in_app": True,
                "pre_context": ["def place_order(order):"],
                "context_line": "    charge(order)",
                "post_context": ["    return order"],
                "vars": {"order": {"id": "9f31"}},
            },
            {
                "function": "a.b",
                "filename": "https://shop.example/assets/app.js",
                "lineno": 1,
                "colno": 900,
                "in_app": True,
                "unmapped": "no_artifact_for_release",
            },
        ],
    },
]


@pytest.fixture(scope="module")
def broken(site: Site, admin: Person) -> Made:
    """One error, three occurrences, each a minute after the other; the last in another release."""
    made = admin.make_project()
    first = site.now_ms() - 600_000
    for number, event_id in enumerate(EVENT_IDS):
        at_ms = first + number * 60_000
        report = {
            "errorType": "CheckoutError",
            "message": "the order could not be placed",
            "severity": "critical",
            "timestamp": at_ms,
            "eventId": event_id,
            "release": "2.0.0" if number == 2 else "1.0.0",
            "environment": "production",
            "page": "/checkout",
            "userId": f"u{number % 2}",
            "sessionId": f"s{number}",
            "traceId": "ab" * 16,
            "tags": {"server": f"web-{number}", "runtime": "CPython"},
            "exceptions": CHAIN,
            "metadata": {"request": {"method": "POST"}, "deep": {"cart": [1]}},
            "breadcrumbs": [
                {"timestamp": at_ms - 1_000, "category": "http", "message": "POST /charge", "level": "error"},
                {"timestamp": at_ms - 5_000, "category": "ui.click", "message": "button#pay"},
            ],
        }
        site.post(made, "/api/errors", report)
    until(lambda: issue_id(admin, made) != "" and frequency(admin, made) == "3", "the error")
    return made


def row(person: Person, made: Made) -> Element | None:
    rows = person.see(f"/admin/errors?project={made.slug}").all("tr", data_row="")
    return rows[0] if rows else None


def issue_id(person: Person, made: Made) -> str:
    found = row(person, made)
    return found.one("input", name="id").attributes["value"] if found else ""


def frequency(person: Person, made: Made) -> str:
    found = row(person, made)
    return found.one("td", data_col="times").text if found else ""


def own(person: Person, made: Made, part: str = "", query: str = "") -> str:
    return f"/admin/errors/{issue_id(person, made)}{part}?project={made.slug}&{query}"


def occurrence(person: Person, made: Made, query: str = "") -> Element:
    return person.see(own(person, made, "/occurrence", query))


def test_the_head_says_first_how_it_stands(admin: Person, broken: Made) -> None:
    """Type, message, state and one sentence, before any panel has come."""
    page = admin.see(own(admin, broken))
    assert page.one("h1").text == "CheckoutError"
    assert page.one(class_="hf-issue-message").text == "the order could not be placed"
    sentence = page.one(class_="hf-sentence").text
    assert sentence.startswith("New: first seen within a week. 3 times in all")
    assert "since release 1.0.0" in sentence


def test_the_thrown_error_stands_before_its_cause(admin: Person, broken: Made) -> None:
    """The chain is told from the crash back to where it began, each error with its own frames."""
    heads = [head.text for head in occurrence(admin, broken).all(class_="hf-thrown-head")]
    assert heads == [
        "CheckoutError : the order could not be placed by starlette",
        "caused by ReadTimeout : the provider did not answer",
    ]


def test_foreign_frames_are_folded_and_ours_stand_open(admin: Person, broken: Made) -> None:
    """The innermost frame comes first; libraries are one line that opens; source and values are there."""
    thrown = occurrence(admin, broken).all(class_="hf-thrown")[0]
    frames = thrown.one("ol", class_="hf-frames").all("li", class_="hf-frame")
    assert frames[0].text.startswith("a.b https://shop.example/assets/app.js:1:900")
    assert "Nothing was uploaded for this release." in frames[0].text
    assert "open" in frames[1].one("details").attributes
    assert frames[1].one(class_="hf-source-here").text == "118 > charge(order)"
    assert '{"id":"9f31"}' in frames[1].one(class_="hf-values").text
    fold = thrown.one("li", class_="hf-frame-fold")
    assert fold.one("summary").text == "2 frames of libraries"
    assert "open" not in fold.one("details").attributes


def test_breadcrumbs_stand_in_the_order_of_their_times(admin: Person, broken: Made) -> None:
    """However they were sent, what happened last stands next to the error."""
    crumbs = [crumb.text for crumb in occurrence(admin, broken).all("li", class_="hf-crumb")]
    assert [crumb.split()[0] for crumb in crumbs] == ["−5", "−1", "0"]
    assert "button#pay" in crumbs[0]
    assert "error POST /charge" in crumbs[1]


def test_one_walks_from_occurrence_to_occurrence(admin: Person, broken: Made) -> None:
    """Newest first, older and newer by links, oldest and newest from anywhere; the ends have no further link."""
    steps = ("Oldest occurrence", "Older occurrence", "Newer occurrence", "Newest occurrence")

    def links(page: Element) -> dict[str, str]:
        return {
            link.attributes["title"]: link.attributes["hx-get"]
            for link in page.one("nav", class_="hf-steps").all("a")
        }

    newest = occurrence(admin, broken)
    assert EVENT_IDS[2] in newest.text
    assert list(links(newest)) == list(steps[:2])
    middle = admin.see(links(newest)[steps[1]])
    assert EVENT_IDS[1] in middle.text
    assert list(links(middle)) == list(steps)
    oldest = admin.see(links(newest)[steps[0]])
    assert EVENT_IDS[0] in oldest.text
    assert EVENT_IDS[2] in admin.see(links(oldest)[steps[3]]).text


def test_an_occurrence_is_found_by_its_clients_id(admin: Person, broken: Made) -> None:
    """The id that a client printed opens its occurrence; one of nobody is not there."""
    assert EVENT_IDS[0] in occurrence(admin, broken, f"event={EVENT_IDS[0]}").text
    answer = admin.client.get(own(admin, broken, "/occurrence", "event=" + "f" * 32))
    assert answer.status_code == 404


def test_the_release_of_the_bar_narrows_the_occurrences(admin: Person, broken: Made) -> None:
    """With a release chosen, its newest occurrence is shown and the way leads within it."""
    page = occurrence(admin, broken, "release=1.0.0")
    assert EVENT_IDS[1] in page.text
    assert "newest" in page.one(class_="hf-occurrence-bar").text


def test_tags_are_told_by_share(admin: Person, broken: Made) -> None:
    """What differs has bars, what is the same in all of them stands below."""
    page = admin.see(own(admin, broken, "/tags"))
    assert "Of the newest 3 occurrences." in page.text
    shares = {part.one("dt").text: part.one("dd").text for part in page.one(class_="hf-shares").all("div")}
    assert shares["release"] == "1.0.0 66.7 % 2.0.0 33.3 %"
    same = {part.one("dt").text: part.one("dd").text for part in page.one(class_="hf-facts").all("div")}
    assert same["runtime"] == "CPython"


def test_releases_and_people_are_counted(admin: Person, broken: Made) -> None:
    """Each release with its times, each person with theirs, the last seen first."""
    releases = [cells(row) for row in admin.see(own(admin, broken, "/releases")).one("tbody").all("tr")]
    assert [found[:3] for found in releases] == [["2.0.0", "1", "1"], ["1.0.0 first seen in", "2", "2"]]
    people = [cells(row) for row in admin.see(own(admin, broken, "/users")).one("tbody").all("tr")]
    assert [found[:2] for found in people] == [["u0", "2"], ["u1", "1"]]
    numbers = admin.see(own(admin, broken, "/numbers"))
    assert [value.attributes["value"] for value in numbers.all("data")] == ["3", "2", "3"]


def cells(found: Element) -> list[str]:
    return [child.text for child in found.children if isinstance(child, Element)]


def test_the_chart_counts_every_occurrence(admin: Person, broken: Made) -> None:
    """The bars add up to the number beside them."""
    chart = admin.client.get(own(admin, broken, "/times.json")).json()
    assert sum(chart["series"][0]["values"]) == 3


def test_why_they_are_one_error_is_said(admin: Person, broken: Made) -> None:
    """The frames that counted are named as the drainer took them."""
    page = occurrence(admin, broken).one(class_="hf-grouped")
    assert page.one("summary").text.startswith("Occurrences with the same error types and these frames")
    assert "place_order in shop/checkout" in page.text


def test_raw_json_is_what_was_kept(admin: Person, broken: Made) -> None:
    """Whole, as JSON, and as a file when asked to be saved."""
    answer = admin.client.get(own(admin, broken, "/json"))
    found = answer.json()
    assert found["event_id"] == EVENT_IDS[2]
    assert [item["type"] for item in found["exceptions"]] == ["ReadTimeout", "CheckoutError"]
    assert found["tags"]["server"] == "web-2"
    saved = admin.client.get(own(admin, broken, "/json", "download=1"))
    assert saved.headers["content-disposition"] == f'attachment; filename="occurrence-{found["id"]}.json"'


def test_markdown_for_a_ticket_tells_the_whole(admin: Person, broken: Made) -> None:
    """Title, facts, a link back, the stack and what happened before."""
    text = admin.client.get(own(admin, broken, "/markdown")).text
    assert text.startswith("## CheckoutError\n")
    assert re.search(r"<http://127\.0\.0\.1:\d+/admin/errors/[0-9a-f]{32}\?", text)
    assert "caused by ReadTimeout: the provider did not answer" in text
    assert "ui.click: button#pay" in text


def test_an_error_of_another_project_is_not_shown(admin: Person, broken: Made) -> None:
    """Its id alone opens nothing: the project counts, for the page and for every part of it."""
    found, other = issue_id(admin, broken), admin.make_project()
    admin.see(f"/admin/errors/{found}?project={other.slug}", 404)
    for part in ("occurrence", "numbers", "tags", "releases", "users", "activity", "json", "markdown"):
        answer = admin.client.get(f"/admin/errors/{found}/{part}?project={other.slug}")
        assert answer.status_code == 404, part


def test_a_viewer_sees_and_changes_nothing(site: Site, admin: Person, broken: Made) -> None:
    """Without the right there are no buttons, and a form of one's own is refused."""
    admin.submit(
        "/admin/people",
        email="looker@localhost",
        name="Looker",
        password="four other words do too",
        role="viewer",
    )
    viewer = site.person("looker@localhost", "four other words do too")
    page = viewer.see(own(admin, broken))
    assert not page.all("button", name="action")
    answer = viewer.submit(own(admin, broken, "/act"), token=viewer.token, action="resolve:now")
    assert answer.status_code == 403
