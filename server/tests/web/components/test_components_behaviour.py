"""What the pages do: the bar and the URL, keys, dialogs, tables, panels that fail, feeds that wait."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def query(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def test_choosing_in_the_bar_is_a_url_and_back_works(open_page: Callable[..., Page], site: Any) -> None:
    """A choice changes the URL without loading the page anew, empty values stay out, and Back undoes it."""
    page = open_page("/gallery?project=shop&range=7d")
    page.evaluate("window.sameDocument = true")
    page.get_by_label("Environment").select_option("staging")
    page.wait_for_url("**env=staging**")
    assert query(page) == {
        "range": "7d",
        "sort": "frequency",
        "project": "shop",
        "env": "staging",
        "tz": "UTC",
    }
    expect(page.get_by_label("Environment")).to_have_value("staging")
    page.go_back()
    expect(page.get_by_label("Environment")).to_have_value("")
    assert page.evaluate("window.sameDocument") is True


def test_another_project_has_other_environments(open_page: Callable[..., Page]) -> None:
    """Changing the project leaves environment and release behind: they belong to the old one."""
    page = open_page("/gallery?env=staging&release=2.3.1")
    page.get_by_label("Project", exact=True).select_option("blog")
    page.wait_for_url("**project=blog**")
    assert {"env", "release"}.isdisjoint(query(page))


def test_a_preset_of_the_time_range(open_page: Callable[..., Page]) -> None:
    """The key t opens the ranges; one of them becomes the page's."""
    page = open_page()
    page.keyboard.press("t")
    expect(page.locator("#hf-range")).to_be_visible()
    page.get_by_role("link", name="Last 7 days").click()
    page.wait_for_url("**range=7d**")
    expect(page.locator("#hf-range-button")).to_contain_text("Last 7 days")


def test_a_custom_range_is_in_the_zone_of_the_page(open_page: Callable[..., Page]) -> None:
    """Typed times are on the page's wall clock and leave as UTC; an end before the start is refused."""
    page = open_page("/gallery?tz=Europe/Berlin")
    page.locator("#hf-range-button").click()
    page.get_by_role("button", name="Custom range…").click()
    expect(page.locator("#hf-to")).to_have_value("2026-11-20T15:02:11")
    page.locator("#hf-from").fill("2026-11-20T16:00")
    assert (
        page.locator("#hf-to").evaluate("input => input.validationMessage")
        == "The end must be after the start."
    )
    page.locator("#hf-from").fill("2026-11-20T10:00")
    page.get_by_role("button", name="Show this range").click()
    page.wait_for_url("**from=**")
    assert (query(page)["from"], query(page)["to"]) == (
        "2026-11-20T09:00:00.000Z",
        "2026-11-20T14:02:11.000Z",
    )
    assert "range" not in query(page)


def test_any_zone_can_be_chosen(open_page: Callable[..., Page]) -> None:
    """The browser's zone is named, and every other is one dialog away."""
    page = open_page()
    zone = page.get_by_role("combobox", name="Time zone")
    expect(zone.locator("option").first).to_have_text("Europe/Berlin (browser)")
    zone.select_option("other")
    page.get_by_label("Zone", exact=True).fill("Asia/Kolkata")
    page.get_by_role("button", name="Use this zone").click()
    page.wait_for_url("**tz=Asia%2FKolkata**")
    expect(page.locator("time[data-time=absolute]")).to_have_text("20 Nov 2026, 19:28:11 UTC+5:30")


def test_the_server_learns_the_browsers_zone(open_page: Callable[..., Page]) -> None:
    """A cookie tells the zone, so that the server can draw days as the reader sees them."""
    page = open_page()
    assert page.evaluate("document.cookie") == "hf_tz=Europe%2FBerlin"


def test_live_can_be_switched_off(open_page: Callable[..., Page]) -> None:
    """Live is part of the URL; off, no stream is opened and the feed says so."""
    page = open_page("/gallery?live=0")
    expect(page.locator("#hf-live")).to_have_text("Paused")
    expect(page.locator("#feed [data-feed-words]")).to_have_text("Live is off")
    page.locator("#hf-live").click()
    expect(page.locator("#hf-live")).to_have_text("Live")
    assert "live" not in query(page)


def test_the_theme_is_remembered_and_charts_follow(open_page: Callable[..., Page]) -> None:
    """A chosen theme is there before the first paint of the next page."""
    page = open_page()
    page.get_by_label("Dark").check(force=True)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 17, 19)"
    page.reload(wait_until="commit")
    # The head's script runs before the body is parsed; from the body on, something may be painted.
    page.wait_for_selector("body", state="attached")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_label("As the system").check(force=True)
    assert page.evaluate("document.documentElement.dataset.theme ?? ''") == ""


def test_dialogs_hold_and_return_the_focus(open_page: Callable[..., Page]) -> None:
    """The question before something dangerous starts at Cancel, keeps the focus inside, and gives it back."""
    page = open_page()
    opener = page.get_by_role("button", name="Revoke")
    opener.click()
    expect(page.get_by_role("dialog", name="Revoke key hf_pub_4f2a?")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_keys_go_places(open_page: Callable[..., Page]) -> None:
    """g and a letter go to a page, / to the search, ? to the list of keys; typing does none of it."""
    page = open_page()
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("g m?")
    assert urlsplit(page.url).path == "/gallery"
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/other**")
    expect(page.locator("main")).to_be_focused()
    expect(page.locator("[aria-current=page]")).to_have_text("Metrics")


def test_single_keys_can_be_switched_off(open_page: Callable[..., Page]) -> None:
    """Who speaks to the computer can switch single keys off."""
    page = open_page()
    page.keyboard.press("?")
    page.get_by_label("Use single keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#hf-help")).to_be_hidden()


def test_rows_by_keyboard(open_page: Callable[..., Page], site: Any) -> None:
    """j and k walk, x selects, e acts on the selection with the token; walking goes on from there, Enter opens the row."""
    page = open_page()
    for key in ("j", "j", "j", "k", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("[data-selected-count]")).to_have_text("2")
    page.keyboard.press("e")
    page.wait_for_function("() => !document.querySelector('input[name=id]:checked')")
    posts = [body for method, path, body in site.requests if method == "POST" and path == "/bulk"]
    assert posts == ["_csrf_token=token-1&id=e1&id=e2&action=resolve"]
    expect(page.locator("#issues-table tbody tr").nth(1)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**issue=e2**")


def test_a_click_anywhere_opens_the_row_but_not_on_its_box(open_page: Callable[..., Page]) -> None:
    """The whole row is the link; the checkbox only selects."""
    page = open_page()
    row = page.locator("#issues-table tbody tr").nth(2)
    row.locator("input").check()
    expect(page.locator(".hf-bulk-bar")).to_be_visible()
    assert urlsplit(page.url).path == "/gallery"
    row.locator("td").nth(3).click()
    page.wait_for_url("**issue=e2**")


def test_all_rows_and_none(open_page: Callable[..., Page]) -> None:
    """The head's box selects all rows and shows when only some are."""
    page = open_page()
    everything = page.get_by_label("Select all rows")
    everything.check()
    expect(page.locator("[data-selected-count]")).to_have_text("6")
    page.locator("#issues-table tbody input").first.uncheck()
    assert everything.evaluate("box => box.indeterminate")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".hf-bulk-bar")).to_be_hidden()


def test_columns_can_be_put_away(open_page: Callable[..., Page]) -> None:
    """A column put away stays away on the next visit."""
    page = open_page()
    page.get_by_label("Choose columns").click()
    page.locator("#issues-table-columns").get_by_label("Users").uncheck()
    expect(page.get_by_role("columnheader", name="Users")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("columnheader", name="Users")).to_be_hidden()
    expect(page.get_by_role("columnheader", name="Times")).to_be_visible()


def test_the_menu_of_a_phone(open_page: Callable[..., Page]) -> None:
    """The navigation opens as a drawer, takes the focus, closes by Escape and gives it back."""
    page = open_page(width=390)
    menu = page.get_by_role("button", name="Menu")
    expect(page.locator("#hf-nav")).to_be_hidden()
    menu.click()
    expect(menu).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#hf-nav a.hf-nav-item").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#hf-nav")).to_be_hidden()
    expect(menu).to_be_focused()


def test_a_failed_panel_fails_alone_and_comes_back(open_page: Callable[..., Page], site: Any) -> None:
    """A panel that fails says why in the server's words, offers a retry, and the rest of the page lives."""
    page = open_page()
    failed = page.locator("#broken")
    expect(failed.get_by_role("alert")).to_contain_text("The event store does not answer. Try again later.")
    expect(page.locator("#late")).to_contain_text("/checkout")
    site.broken = False
    failed.get_by_role("button", name="Retry").click()
    expect(failed).to_contain_text("/checkout")
    expect(failed.get_by_role("alert")).to_have_count(0)


def test_a_panel_that_had_content_keeps_it(open_page: Callable[..., Page], site: Any) -> None:
    """A refresh that fails leaves the numbers and says from when they are."""
    site.broken = False
    page = open_page()
    expect(page.locator("#broken")).to_contain_text("/checkout")
    site.broken = True
    page.evaluate("document.body.dispatchEvent(new CustomEvent('refresh'))")
    expect(page.locator("#broken").get_by_role("alert")).to_contain_text("The numbers below are from 14:02.")
    expect(page.locator("#broken")).to_contain_text("/checkout")


def test_an_error_page_is_shown(open_page: Callable[..., Page]) -> None:
    """A link that leads to an error shows the error's page, not nothing."""
    page = open_page()
    page.locator("[data-go=s]").click()
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_a_dead_server_is_said(open_page: Callable[..., Page]) -> None:
    """No answer at all is said in the messages, and the page stays."""
    page = open_page()
    page.context.set_offline(True)
    page.locator("[data-go=s]").click()
    expect(page.get_by_role("status").first).to_contain_text("The server does not answer.")
    page.context.set_offline(False)
    page.get_by_label("Dismiss").click()
    expect(page.locator("[data-flash]")).to_have_count(0)


def test_copying_gives_the_exact_value(open_page: Callable[..., Page]) -> None:
    """The copy button copies what is hidden, a selected number copies as the number it is."""
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Copy DSN").click()
    assert page.evaluate("navigator.clipboard.readText()") == "https://4f2a9c@holdfast.example/1"
    page.get_by_label("Copy From a shell").click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl https://holdfast.example")
    page.evaluate("getSelection().selectAllChildren(document.querySelectorAll('data.hf-num')[1])")
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == "1241233"
