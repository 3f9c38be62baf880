"""The dashboard: its sentence, its numbers, its panels, and the way to the first event."""

import time
from typing import Any

import httpx

from .conftest import Element, Made, Person, Site, parse, until


def at(hours_ago: float) -> int:
    return round((time.time() - hours_ago * 3600) * 1000)


def actions(
    count: int, rolled_back: int, hours_ago: float, release: str, component: str = "Checkout"
) -> list[dict[str, Any]]:
    ends = ["optimistic_action_rollback"] * rolled_back + ["optimistic_action_success"] * (
        count - rolled_back
    )
    return [
        {
            "type": name,
            "component": component,
            "release": release,
            "timestamp": at(hours_ago),
            "userId": f"u{n % 7}",
        }
        for n, name in enumerate(ends)
    ]


def rows_of(table: Element) -> dict[str, list[str]]:
    """Cells by the row's first line."""
    found: dict[str, list[str]] = {}
    for row in table.one("tbody").all("tr"):
        cells = [child for child in row.children if isinstance(child, Element)]
        found[cells[0].text] = [cell.text for cell in cells[1:]]
    return found


def test_the_sentence_names_the_component_the_comparison_and_the_release(
    site: Site, admin: Person, made: Made
) -> None:
    """A rollback rate that trebled with a new release is said at the top, in words, with the release as a link in time."""
    site.send(
        made,
        *actions(200, 4, 30, "1.0"),
        *actions(100, 2, 6, "1.0"),
        *actions(100, 40, 2, "2.0"),
        *actions(300, 3, 3, "1.0", "Search"),
    )
    site.wait_for(made, 700)
    page = admin.see(f"/admin/dashboard?project={made.slug}")
    sentence = page.one("p", class_="hf-sentence").text
    assert "Checkout rolled back 21 % of optimistic actions in the last 24 hours" in sentence
    assert "times as in the 24 hours before" in sentence
    assert "since release 2.0 appeared" in sentence
    assert page.one("p", class_="hf-sentence").all(class_="hf-is-degraded") or page.one(
        "p", class_="hf-sentence"
    ).all(class_="hf-is-alert")


def test_the_four_numbers_have_window_comparison_state_and_link(
    site: Site, admin: Person, made: Made
) -> None:
    """Events, people, error rate and overall resilience: exact on hover, each with its window and where it comes from."""
    site.send(made, *actions(100, 0, 1, "1.0"), *actions(50, 0, 30, "1.0"))
    site.wait_for(made, 150)
    cards = admin.see(f"/admin/dashboard?project={made.slug}").all(class_="hf-stat")
    told = {card.one("h2").text: card for card in cards}
    assert list(told) == ["Events", "People", "Error rate", "Overall resilience"]
    assert told["Events"].one("data").attributes["value"] == "100"
    assert told["People"].one("data").attributes["value"] == "7"
    assert "up 100 % from 50" in told["Events"].text
    assert "Healthy" in told["Overall resilience"].text
    assert all("last 24 hours" in card.text and card.all("a") for card in cards)


def test_all_is_well_is_said_when_it_is(site: Site, admin: Person, made: Made) -> None:
    """Healthy rates make one calm sentence."""
    site.send(made, *actions(100, 0, 1, "1.0"))
    site.wait_for(made, 100)
    sentence = admin.see(f"/admin/dashboard?project={made.slug}").one("p", class_="hf-sentence").text
    assert sentence.startswith("All is well: 100 events from 7 people in the last 24 hours")


def test_no_data_is_no_data_and_says_since_when(site: Site, admin: Person, made: Made) -> None:
    """An empty window is not zero: the sentence says when the last event came."""
    site.send(made, *actions(5, 0, 50, "1.0"))
    until(
        lambda: "last event came" in admin.see(f"/admin/dashboard?project={made.slug}&range=1h").text,
        "the event",
    )
    page = admin.see(f"/admin/dashboard?project={made.slug}&range=1h")
    assert "Nothing arrived in the last hour" in page.one("p", class_="hf-sentence").text
    assert "2 d ago" in page.one("p", class_="hf-sentence").text


def test_every_resilience_rate_has_its_state_baseline_and_threshold(
    site: Site, admin: Person, made: Made
) -> None:
    """All of the catalogue's metrics stand in the table; those without data say so."""
    site.send(made, *actions(100, 8, 1, "1.0"))
    site.wait_for(made, 100)
    rows = rows_of(admin.see(f"/admin/dashboard/panels/rates?project={made.slug}").one("table"))
    assert len(rows) == 8
    rolled = next(cells for name, cells in rows.items() if name.startswith("Rollback rate"))
    assert rolled[:2] == ["Degraded", "8 %"]
    assert (rolled[3], rolled[4]) == ("at most 5 %", "over 10 %")
    retried = next(cells for name, cells in rows.items() if name.startswith("Retry success rate"))
    assert retried[:2] == ["No data", "\u2013"]


def test_events_over_time_add_up_and_mark_releases(site: Site, admin: Person, made: Made) -> None:
    """The chart's bars hold every event of the window; a release that appeared in it is a marker."""
    site.send(made, *actions(60, 0, 20, "1.0"), *actions(40, 0, 2, "2.0"), {"type": "page_view", "page": "/"})
    site.wait_for(made, 101)
    chart = admin.client.get(f"/admin/dashboard/charts/events.json?project={made.slug}").json()
    assert sum(value for series in chart["series"] for value in series["values"]) == 101
    assert len(chart["times"]) == len(chart["series"][0]["values"])
    assert [marker["label"] for marker in chart["markers"]] == ["2.0"]


def test_top_errors_count_the_window_and_link_to_the_issue(site: Site, admin: Person, made: Made) -> None:
    """The most frequent unresolved issue stands first, with its occurrences in the window."""
    for message, count in (("card declined", 3), ("cart is gone", 1)):
        for _ in range(count):
            site.post(
                made,
                "/api/errors",
                {
                    "errorType": "PaymentError" if count == 3 else "CartError",
                    "message": message,
                    "severity": "error",
                },
            )
    site.wait_for(made, 4)
    until(
        lambda: len(admin.see(f"/admin/dashboard/panels/errors?project={made.slug}").all("a")) == 2,
        "two issues",
    )
    panel = admin.see(f"/admin/dashboard/panels/errors?project={made.slug}")
    assert [link.text for link in panel.all("a")] == ["PaymentError", "CartError"]
    assert panel.all("tr")[1].one("data").attributes["value"] == "3"
    assert panel.all("a")[0].attributes["href"].startswith("/admin/errors/")


def test_a_project_without_data_shows_how_to_send_and_notices_the_first_event(
    site: Site, admin: Person, made: Made
) -> None:
    """The page waits with real keys; once an event is there it is told to load again, and says that it was received."""
    page = admin.see(f"/admin/dashboard?project={made.slug}")
    assert page.one("h1").text == "Send the first event"
    assert all(made.public_key in code.text for code in page.all("code"))
    waiting = page.one(id="waiting").attributes["hx-get"]
    assert admin.client.get(waiting).status_code == 204
    site.send(made, {"type": "page_view", "page": "/hello"})
    until(lambda: admin.client.get(waiting).headers.get("hx-refresh") == "true", "the first event")
    admin.client.get(waiting)
    after = admin.see(f"/admin/dashboard?project={made.slug}")
    assert after.one(id="hf-flashes").text.startswith("First event received.")
    assert after.one("h1").text == "Dashboard"


def test_the_bar_lives_in_the_url(site: Site, admin: Person, made: Made) -> None:
    """Environment, release and range narrow everything, and every link carries them on."""
    site.send(
        made,
        *(
            {"type": "page_view", "environment": name, "release": "1.0"}
            for name in ("production", "production", "staging")
        ),
    )
    site.wait_for(made, 3)
    page = admin.see(f"/admin/dashboard?project={made.slug}&env=staging&range=7d&tz=UTC")
    assert page.all(class_="hf-stat")[0].one("data").attributes["value"] == "1"
    link = next(a for a in page.all("a") if a.text == "Metrics").attributes["href"]
    assert {"env=staging", "range=7d", "tz=UTC", f"project={made.slug}"} <= set(
        link.partition("?")[2].split("&")
    )
    assert [option.text for option in page.one("select", name="env").all("option")] == [
        "All environments",
        "production",
        "staging",
    ]


def test_a_key_reads_its_own_project_only(site: Site, made: Made) -> None:
    """A secret key opens its project's dashboard; a public one opens nothing."""
    url = f"{site.url}/admin/dashboard"
    assert httpx.get(url, headers={"authorization": f"Bearer {made.secret_key}"}).status_code == 200
    assert httpx.get(url, headers={"authorization": f"Bearer {made.public_key}"}).status_code == 403


def test_metrics_tables_hold_what_was_sent(site: Site, admin: Person, made: Made) -> None:
    """Latency by endpoint, pages, vitals and components: each panel from the same events."""
    calls = [
        {
            "type": "api_call",
            "endpoint": "/api/cart",
            "method": "GET",
            "status": 500 if n < 5 else 200,
            "duration": 100 + n,
        }
        for n in range(50)
    ]
    slow = [
        {"type": "api_call", "endpoint": "/api/slow", "method": "GET", "status": 200, "duration": 3000}
        for _ in range(3)
    ]
    vital = [{"type": "performance", "name": "LCP", "value": 5000}]
    views = [{"type": "page_view", "page": "/product/123456", "userId": "u1"}] * 2
    site.send(made, *calls, *slow, *vital, *views, *actions(40, 20, 0, "1.0"))
    site.wait_for(made, 96)
    query = f"project={made.slug}"
    endpoints = rows_of(admin.see(f"/admin/metrics/panels/latency?{query}&sort=p95").one("table"))
    assert list(endpoints) == ["GET /api/slow", "GET /api/cart"]
    assert endpoints["GET /api/cart"][0] == "50"
    assert endpoints["GET /api/cart"][4].startswith("5 10")
    pages = rows_of(admin.see(f"/admin/metrics/panels/pages?{query}").one("table"))
    assert pages == {"/product/[id]": ["2", "1"]}
    vitals = rows_of(admin.see(f"/admin/metrics/panels/vitals?{query}").one("table"))
    assert vitals["LCP Largest contentful paint"][0] == "Poor"
    assert vitals["INP Interaction to next paint"][0] == "No data"
    components = rows_of(admin.see(f"/admin/metrics/panels/components?{query}").one("table"))
    assert components["Checkout"][:2] == ["Alert", "50 %"]
    shares = admin.client.get(f"/admin/metrics/charts/types.json?{query}").json()
    assert sum(part["value"] for part in shares["slices"]) == 96
    head = parse(admin.client.get(f"/admin/metrics/panels/head?{query}").text)
    assert head.all(class_="hf-stat")[0].one("data").attributes["value"] == "96"


def test_the_ledger_adds_up(site: Site, admin: Person, made: Made) -> None:
    """Sent is the sum of its outcomes, what the client says it dropped included, and each has its reason."""
    body = {
        "events": [{"type": "page_view"}, {"type": "page_view"}, {"type": 7}],
        "dropped": [{"reason": "sampled", "quantity": 4}],
    }
    site.post(made, "/api/telemetry/batch", body)
    url = f"/admin/ledger/panels/totals?project={made.slug}"
    until(lambda: "Of 7 sent, 2 were accepted" in admin.see(url).text, "the ledger")
    panel = admin.see(url)
    assert (
        panel.one(class_="hf-equation").text
        == "7 sent = 2 accepted + 0 filtered + 4 sampled + 0 limited + 1 invalid"
    )
    assert {name.partition(" ")[0] for name in rows_of(panel.one("table"))} == {"Sampled", "Bad"}
