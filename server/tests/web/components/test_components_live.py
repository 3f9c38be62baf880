"""Feeds: rows arrive at the top, wait while someone reads, and a lost connection is said."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def connected(page: Page) -> None:
    expect(page.locator("#feed [data-feed-words]")).to_have_text("Live")


def first_row(page: Page) -> Any:
    return page.locator("#feed [data-feed-row]").first


def test_a_row_slides_in_at_the_top(open_page: Callable[..., Page], site: Any) -> None:
    """Who is at the top sees a new row at once, with its time in words."""
    page = open_page()
    connected(page)
    site.push_row("order_placed")
    expect(first_row(page)).to_contain_text("order_placed")
    expect(first_row(page).locator("time")).to_have_text("just now")


def test_rows_wait_while_someone_reads(open_page: Callable[..., Page], site: Any) -> None:
    """Scrolled down, nothing moves; a count waits, and a click lets the rows in, newest first."""
    page = open_page()
    connected(page)
    page.locator("[data-feed-scroll]").evaluate("box => { box.scrollTop = 100 }")
    site.push_row("first")
    site.push_row("second")
    pill = page.locator("[data-feed-waiting]")
    expect(pill).to_have_text("2 new")
    expect(first_row(page)).to_contain_text("page_view")
    pill.click()
    expect(first_row(page)).to_contain_text("second")
    expect(pill).to_be_hidden()
    assert page.locator("[data-feed-scroll]").evaluate("box => box.scrollTop") == 0


def test_a_paused_feed_waits_and_goes_on(open_page: Callable[..., Page], site: Any) -> None:
    """Paused, the feed says so and holds what comes; going on shows it."""
    page = open_page()
    connected(page)
    pause = page.get_by_role("button", name="Pause recent events")
    pause.click()
    expect(page.locator("#feed [data-feed-words]")).to_have_text("Paused")
    site.push_row("held")
    expect(page.locator("[data-feed-waiting]")).to_have_text("1 new")
    pause.click()
    expect(first_row(page)).to_contain_text("held")


def test_the_feed_has_an_end(open_page: Callable[..., Page], site: Any) -> None:
    """Old rows leave at the bottom: a day of events does not fill the browser's memory."""
    page = open_page()
    connected(page)
    page.locator("#feed").evaluate("feed => { feed.dataset.maxRows = '5' }")
    for number in range(120):
        site.push_row(f"row {number}")
    expect(first_row(page)).to_contain_text("row 119")
    expect(page.locator("#feed [data-feed-row]")).to_have_count(100)


def test_a_lost_connection_is_said_and_found_again(open_page: Callable[..., Page], site: Any) -> None:
    """The dot says since when it reconnects, and rows come again afterwards without a reload."""
    page = open_page()
    connected(page)
    site.streaming = False
    site.drop_streams()
    expect(page.locator("#feed [data-feed-words]")).to_have_text("Reconnecting since 14:02")
    expect(page.locator("#hf-live")).to_have_text("Reconnecting")
    site.streaming = True
    connected(page)
    expect(page.locator("#hf-live")).to_have_text("Live")
    site.push_row("after")
    expect(first_row(page)).to_contain_text("after")
    expect(page.locator("#feed [data-feed-row]", has_text="after")).to_have_count(1)


def test_leaving_the_page_closes_the_stream(open_page: Callable[..., Page], site: Any) -> None:
    """Another page keeps no stream of the one before."""
    page = open_page()
    connected(page)
    page.locator("[data-go=m]").click()
    page.wait_for_url("**/other**")
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter(e => e.name.includes('/live')).length")
        <= 1
    )
    expect(page.locator("#feed")).to_have_count(0)
