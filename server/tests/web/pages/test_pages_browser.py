"""The pages in Chromium: what moves by itself, what keys do, and what stays alive when a part fails."""

from playwright.sync_api import Page, expect

from .conftest import EMAIL, PASSWORD, Made, Person, Site, until


def test_the_first_event_turns_the_page_into_the_dashboard(site: Site, window: Page, made: Made) -> None:
    """Somebody who waits at the empty page sees it change by itself."""
    window.goto(f"/admin/dashboard?project={made.slug}")
    expect(window.locator("h1")).to_have_text("Send the first event")
    site.send(made, {"type": "page_view", "page": "/hello"})
    expect(window.locator("h1")).to_have_text("Dashboard", timeout=10_000)
    expect(window.locator("#hf-flashes")).to_contain_text("First event received.")
    expect(window.locator("#feed .hf-feed-row").first).to_contain_text("/hello")


def test_new_events_slide_into_the_feed(site: Site, window: Page, made: Made) -> None:
    """An event that arrives while the page is open stands at its top without a reload."""
    site.send(made, {"type": "page_view", "page": "/before"})
    site.wait_for(made)
    window.goto(f"/admin/dashboard?project={made.slug}")
    expect(window.locator("#feed [data-feed-words]")).to_have_text("Live")
    until(lambda: _sent_and_shown(site, window, made), "the feed")


def _sent_and_shown(site: Site, window: Page, made: Made) -> bool:
    """The stream begins with what comes after it opened: send until it shows."""
    site.send(made, {"type": "page_view", "page": "/now"})
    window.wait_for_timeout(700)
    return "/now" in (window.locator("#feed .hf-feed-row").first.text_content() or "")


def test_an_issue_is_resolved_by_keys_alone(site: Site, admin: Person, window: Page, made: Made) -> None:
    """`g e` opens the errors, `j` walks, `e` resolves the row where the focus is."""
    for name in ("AlphaError", "BetaError"):
        site.post(made, "/api/errors", {"errorType": name, "message": "it broke"})
    until(
        lambda: len(admin.see(f"/admin/errors?project={made.slug}").all("a", class_="hf-row-link")) == 2,
        "the issues",
    )
    window.goto(f"/admin/dashboard?project={made.slug}")
    window.keyboard.press("g")
    window.keyboard.press("e")
    expect(window.locator("h1")).to_have_text("Errors")
    rows = window.locator("#errors tbody tr")
    expect(rows).to_have_count(2)
    second = rows.nth(1).locator(".hf-row-link").text_content() or ""
    window.keyboard.press("j")
    window.keyboard.press("j")
    window.keyboard.press("x")
    window.keyboard.press("e")
    expect(window.locator("#hf-flashes")).to_contain_text("1 error is resolved.")
    expect(rows).to_have_count(1)
    expect(rows.first).not_to_contain_text(second)


def test_one_failed_panel_leaves_the_others_alive(site: Site, window: Page, made: Made) -> None:
    """It says why and offers a retry; the rest of the page is there, and the retry brings it."""
    site.send(made, {"type": "page_view", "page": "/"})
    site.wait_for(made)
    answer = {
        "status": 503,
        "content_type": "application/json",
        "body": '{"error":{"message":"the event store does not answer","hint":"try again later"}}',
    }
    window.route("**/panels/rates*", lambda route: route.fulfill(**answer))
    window.goto(f"/admin/dashboard?project={made.slug}")
    failed = window.locator("#rates .hf-failed")
    expect(failed).to_contain_text("The event store does not answer. Try again later.")
    expect(window.locator("#errors")).to_contain_text("No open errors in this range")
    window.unroute("**/panels/rates*")
    failed.get_by_role("button", name="Retry").click()
    expect(window.locator("#rates table")).to_be_visible()


def test_a_person_logs_in_with_a_browser(site: Site, window: Page, made: Made) -> None:
    """From a deep link through the login and on to the page that was asked for."""
    window.context.clear_cookies()
    window.goto(f"/admin/ledger?project={made.slug}&range=7d")
    window.fill("[name=email]", EMAIL)
    window.fill("[name=password]", PASSWORD)
    window.keyboard.press("Enter")
    expect(window.locator("h1")).to_have_text("Ledger")
    assert "range=7d" in window.url


def test_a_session_that_ended_leads_to_the_login(site: Site, window: Page, made: Made) -> None:
    """A click on a link of an open page, after the session ended, loads the login whole."""
    window.goto(f"/admin/ledger?project={made.slug}")
    window.context.clear_cookies()
    window.get_by_role("link", name="Metrics").click()
    expect(window.locator("h1")).to_have_text("Log in")


def test_a_key_is_revoked_after_one_question(site: Site, window: Page, made: Made) -> None:
    """The dialog names the key; only its own button revokes."""
    window.goto(f"/admin/projects/{made.slug}/settings")
    window.get_by_role("button", name="Revoke").first.click()
    dialog = window.get_by_role("dialog")
    expect(dialog).to_contain_text(made.public_key[:11])
    dialog.get_by_role("button", name="Revoke").click()
    expect(window.locator("#hf-flashes")).to_contain_text("is revoked.")


def test_the_dashboard_fits_a_phone(site: Site, window: Page, made: Made) -> None:
    """At 390 px nothing hangs over the edge."""
    site.send(
        made,
        {
            "type": "api_call",
            "endpoint": "/api/a-rather-long-name/of-an-endpoint",
            "method": "GET",
            "status": 200,
            "duration": 12,
        },
    )
    site.wait_for(made)
    window.set_viewport_size({"width": 390, "height": 800})
    for path in ("dashboard", "metrics", "errors", "ledger"):
        window.goto(f"/admin/{path}?project={made.slug}")
        window.wait_for_load_state("load")
        expect(window.locator("[aria-busy=true]")).to_have_count(0)
        assert window.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
