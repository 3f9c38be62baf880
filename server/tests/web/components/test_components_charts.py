"""Charts in the browser: table view, export, zoom by dragging, hidden series, failure."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def drawn(page: Page) -> None:
    expect(page.locator(".hf-chart:not(.is-drawn)")).to_have_count(0)


def test_every_chart_is_a_table_too(open_page: Callable[..., Page]) -> None:
    """The table shows the newest bucket first, exact values, gaps as no data, and what is not finished."""
    page = open_page()
    drawn(page)
    page.get_by_label("Show Latency as a table").click()
    rows = page.locator("#latency tbody tr")
    expect(rows).to_have_count(24)
    expect(rows.first.locator("td").first).to_have_text("20 Nov 2026, 14:00 to 15:00 (so far)")
    expect(rows.nth(15).locator("td").nth(2)).to_have_text("no data")
    expect(page.locator("#latency [data-chart-canvas]")).to_be_hidden()
    page.get_by_label("Show Latency as a table").click()
    expect(page.locator("#latency [data-chart-canvas] canvas").first).to_be_visible()


def test_the_numbers_can_be_taken_along(open_page: Callable[..., Page], tmp_path: Path) -> None:
    """CSV has every bucket with raw values in UTC; PNG is a picture."""
    page = open_page()
    drawn(page)
    page.get_by_label("Export Latency").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Numbers (CSV)").click()
    assert download.value.suggested_filename == "latency.csv"
    download.value.save_as(tmp_path / "latency.csv")
    lines = (tmp_path / "latency.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "time (UTC),p50 (ms),p95 (ms),p99 (ms)"
    assert len(lines) == 25
    page.get_by_label("Export Latency").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Picture (PNG)").click()
    download.value.save_as(tmp_path / "latency.png")
    assert (tmp_path / "latency.png").read_bytes().startswith(b"\x89PNG")


def test_dragging_zooms_the_page(open_page: Callable[..., Page]) -> None:
    """A drag over a chart makes whole buckets of it the page's range; Back undoes it."""
    page = open_page("/gallery?range=24h")
    drawn(page)
    canvas = page.locator("#latency [data-chart-canvas]")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 100)
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 110)
    page.mouse.up()
    page.wait_for_url("**from=**")
    zoomed = dict(parse_qsl(urlsplit(page.url).query))
    assert zoomed["from"].endswith(":00:00.000Z")
    assert zoomed["from"] < zoomed["to"]
    assert "range" not in zoomed
    page.go_back()
    page.wait_for_url("**range=24h")


def test_a_click_is_no_zoom(open_page: Callable[..., Page]) -> None:
    """A click or a shaky hand leaves the range alone."""
    page = open_page()
    drawn(page)
    page.locator("#latency [data-chart-canvas]").click()
    assert "from=" not in page.url


def test_a_hidden_series_stays_hidden_over_a_refresh(open_page: Callable[..., Page]) -> None:
    """The legend's buttons hide and show; new data does not bring the series back."""
    page = open_page()
    drawn(page)
    button = page.locator("#latency .hf-legend-item", has_text="p99")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(button).to_be_focused()
    page.get_by_label("Theme").or_(page.locator("[data-theme-choice]")).first.get_by_label("Dark").check(
        force=True
    )
    expect(button).to_have_attribute("aria-pressed", "false")


def test_arrow_keys_read_the_chart(open_page: Callable[..., Page]) -> None:
    """Without a mouse, arrows walk the buckets and each is said."""
    page = open_page()
    drawn(page)
    page.locator("#rollbacks [data-chart-canvas]").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#rollbacks [data-chart-says]")).to_contain_text(
        "20 Nov 2026, 13:00 to 14:00: rollback rate"
    )
    expect(page.locator("#rollbacks .hf-tip")).to_be_visible()


def test_one_cursor_on_all_charts_and_one_box(open_page: Callable[..., Page]) -> None:
    """The line follows on every chart, the box with numbers only under the pointer."""
    page = open_page()
    drawn(page)
    page.locator("#latency [data-chart-canvas]").hover()
    expect(page.locator("#latency .hf-tip")).to_be_visible()
    expect(page.locator("#latency .hf-tip")).to_contain_text("p95")
    expect(page.locator("#events .hf-tip")).to_be_hidden()


def test_a_chart_that_fails_can_be_tried_again(open_page: Callable[..., Page], site: Any) -> None:
    """A chart whose data does not come says why, and a retry draws it."""
    site.chart_status = 503
    page = open_page()
    panel = page.locator("#rollbacks-panel")
    expect(panel.get_by_role("alert")).to_contain_text("The event store does not answer. Wait a moment.")
    site.chart_status = 200
    panel.get_by_role("button", name="Retry").click()
    expect(panel.locator(".hf-chart.is-drawn [data-chart-canvas]")).to_be_visible()
    expect(panel.get_by_role("alert")).to_have_count(0)


def test_a_chart_of_nothing_says_so(open_page: Callable[..., Page]) -> None:
    """Only gaps are no data, never a line at zero; the words say what to send."""
    page = open_page()
    drawn(page)
    expect(page.locator("#silent [data-chart-empty]")).to_have_text(
        "No retries in this range. Send retry_attempt to see them."
    )
    expect(page.locator("#nothing-yet [data-chart-empty]")).to_be_visible()
    expect(page.locator("#latency [data-chart-empty]")).to_be_hidden()


def test_a_chart_is_said_in_words(open_page: Callable[..., Page]) -> None:
    """Screen readers hear the title, the last, lowest and highest values."""
    page = open_page()
    drawn(page)
    label = page.locator("#rollbacks [data-chart-canvas]").get_attribute("aria-label")
    assert label
    assert label.startswith("Is the optimistic UI honest?. rollback rate: last ")
