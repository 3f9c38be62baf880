"""The gallery as people meet it: on a phone and a desk, light and dark. HOLDFAST_SCREENSHOTS names a folder for pictures."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from holdfast_server.web.components.environment import DIST, WEB

pytestmark = pytest.mark.browser

AXE = WEB.parents[2] / "web-assets" / "node_modules" / "axe-core" / "axe.min.js"
FIRST_VISIT_B = 300_000
NEXT_VISIT_B = 30_000


def settle(page: Page) -> None:
    page.wait_for_load_state("load")
    expect(page.locator(".hf-chart:not(.is-drawn)")).to_have_count(0)
    expect(page.locator("[data-panel-body][aria-busy=true]")).to_have_count(0)


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("HOLDFAST_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def serious(page: Page) -> list[str]:
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci in server/web-assets)")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("path", ["/gallery", "/login?problem=Email+or+password+is+wrong.", "/missing"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1440])
def test_everybody_can_use_it(open_page: Callable[..., Page], path: str, theme: str, width: int) -> None:
    """No serious or critical finding of axe in any theme and width, and nothing is wider than the screen."""
    page = open_page(path, width=width, theme=theme)
    settle(page)
    picture(page, f"{path.strip('/').split('?')[0]}-{width}-{theme}")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_opens_is_usable_too(open_page: Callable[..., Page], theme: str) -> None:
    """The list of keys, the time range's menu and the custom range pass the same check while open."""
    page = open_page(theme=theme)
    settle(page)
    page.keyboard.press("?")
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.locator("#hf-range-button").click()
    assert serious(page) == []
    picture(page, f"range-{theme}")
    page.get_by_role("button", name="Custom range…").click()
    assert serious(page) == []


def test_twice_the_size(open_page: Callable[..., Page]) -> None:
    """At 200 % zoom of a small laptop nothing is cut off at the side."""
    page = open_page(width=640, height=400, device_scale_factor=2)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_nothing_jumps(open_page: Callable[..., Page]) -> None:
    """Charts and panels take their room before they are filled."""
    page = open_page()
    page.evaluate(
        "window.shift = 0; new PerformanceObserver((list) => { for (const e of list.getEntries()) window.shift += e.value }).observe({type: 'layout-shift', buffered: true})"
    )
    settle(page)
    assert page.evaluate("window.shift") < 0.05


def test_page_weight(open_page: Callable[..., Page]) -> None:
    """A first visit stays within 300 KB of gzip, the next page within 30 KB."""
    page = open_page()
    settle(page)
    html = len(gzip.compress(page.content().encode(), 6))
    assets = sum(
        len(gzip.compress(file.read_bytes(), 6))
        for file in DIST.iterdir()
        if file.suffix in (".js", ".css") or file.name.startswith("favicon")
    )
    assert html <= NEXT_VISIT_B
    assert assets + html <= FIRST_VISIT_B


def test_charts_come_only_where_there_are_charts(open_page: Callable[..., Page], site: Any) -> None:
    """A page without charts does not load the second script."""
    page = open_page("/other")
    settle(page)
    assert not [path for _, path, _ in site.requests if "charts" in path]


def test_login_works_without_javascript(open_page: Callable[..., Page], site: Any) -> None:
    """The login form posts by itself, and says where to go afterwards."""
    page = open_page("/login", java_script_enabled=False)
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Log in").click()
    posts = [body for method, path, body in site.requests if method == "POST" and path == "/login"]
    assert posts == ["next=%2Fgallery&email=ada%40example.org&password=secret"]
