"""Triage in Chromium, end to end: events over HTTP, a click or a key, more events, and the page says what became of it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import Made, Person, Site, until


def report(site: Site, made: Made, name: str = "CartError", release: str = "1.0.0", **more: Any) -> None:
    body = {"errorType": name, "message": f"{name} happened", "release": release, "userId": "u1"}
    site.post(made, "/api/errors", body | more)


def listed(person: Person, made: Made, query: str = "status=all") -> dict[str, tuple[str, int]]:
    """Each error of the list: its id and how often it was seen."""
    page = person.see(f"/admin/errors?project={made.slug}&{query}")
    return {
        row.one("a").text: (
            row.one("input", name="id").attributes["value"],
            int(row.one("td", data_col="times").one("data").attributes["value"]),
        )
        for row in page.all("tr", data_row="")
    }


def seen(person: Person, made: Made, times: int, name: str = "CartError") -> str:
    """Waits until an error was counted so often; its id."""
    until(lambda: listed(person, made).get(name, ("", 0))[1] == times, f"{name} seen {times} times")
    return listed(person, made)[name][0]


def open_error(window: Page, made: Made, error_id: str) -> None:
    window.goto(f"/admin/errors/{error_id}?project={made.slug}")
    expect(window.locator("#occurrence [data-panel-body]")).to_have_attribute("aria-busy", "false")


def state(window: Page) -> Any:
    return window.locator(".hf-issue-head .hf-chip")


def said(window: Page) -> Any:
    return window.locator("#hf-flashes")


def test_a_resolved_error_that_happens_again_regresses(
    site: Site, admin: Person, window: Page, made: Made
) -> None:
    """Resolved by a key, back by an event: the page says regressed, and the activity tells both."""
    report(site, made)
    open_error(window, made, seen(admin, made, 1))
    expect(state(window)).to_have_text("New")
    window.keyboard.press("e")
    expect(said(window)).to_contain_text("1 error is resolved.")
    expect(state(window)).to_have_text("Resolved")
    report(site, made)
    seen(admin, made, 2)
    window.reload()
    expect(state(window)).to_have_text("Regressed")
    expect(window.locator(".hf-sentence")).to_contain_text("Back again: it was resolved")
    expect(window.locator("#activity")).to_contain_text("saw it again")
    expect(window.locator("#activity")).to_contain_text("admin@localhost resolved it")
    window.goto(f"/admin/errors?project={made.slug}&status=regressed")
    expect(window.locator("#errors tbody tr")).to_have_count(1)


def test_resolved_in_the_next_release_waits_for_it(
    site: Site, admin: Person, window: Page, made: Made
) -> None:
    """The release that is out may still have it; the one after may not."""
    report(site, made, release="shop@1.0.0")
    error_id = seen(admin, made, 1)
    open_error(window, made, error_id)
    window.get_by_role("button", name="Other ways to resolve").click()
    window.get_by_role("button", name="In the next release").click()
    expect(said(window)).to_contain_text("1 error is resolved in the next release.")
    expect(window.locator(".hf-sentence")).to_contain_text("seen in a later release, it counts as regressed")
    report(site, made, release="shop@1.0.0")
    seen(admin, made, 2)
    window.reload()
    expect(state(window)).to_have_text("Resolved")
    report(site, made, release="shop@1.1.0")
    seen(admin, made, 3)
    window.reload()
    expect(state(window)).to_have_text("Regressed")


def test_an_ignored_error_wakes_after_so_many(site: Site, admin: Person, window: Page, made: Made) -> None:
    """Ignored by keys until it happens two more times: the first is counted in silence, the second wakes it."""
    report(site, made)
    open_error(window, made, seen(admin, made, 1))
    window.keyboard.press("i")
    window.get_by_role("button", name="Otherwise").click()
    window.locator("#ignore-count").fill("2")
    window.get_by_role("button", name="Ignore until then").click()
    expect(state(window)).to_have_text("Ignored")
    expect(window.locator(".hf-sentence")).to_contain_text("Ignored until it happens 2 times more.")
    report(site, made)
    seen(admin, made, 2)
    window.reload()
    expect(state(window)).to_have_text("Ignored")
    expect(window.locator(".hf-sentence")).to_contain_text("1 time more")
    report(site, made)
    seen(admin, made, 3)
    window.reload()
    expect(state(window)).not_to_have_text("Ignored")
    expect(window.locator("#activity")).to_contain_text("stopped ignoring it")


def test_two_errors_are_merged_and_taken_apart_again(
    site: Site, admin: Person, window: Page, made: Made
) -> None:
    """Merged from the list by keys, one error with the sum; taken apart on its page, each with its own counts."""
    for name, times in (("AlphaError", 2), ("BetaError", 1)):
        for _ in range(times):
            report(site, made, name)
    alpha, beta = seen(admin, made, 2, "AlphaError"), seen(admin, made, 1, "BetaError")
    window.goto(f"/admin/errors?project={made.slug}&sort=frequency")
    rows = window.locator("#errors tbody tr")
    expect(rows).to_have_count(2)
    for key in ("j", "x", "j", "x"):
        window.keyboard.press(key)
    window.on("dialog", lambda dialog: dialog.accept())
    window.get_by_role("button", name="Merge").click()
    expect(said(window)).to_contain_text("2 errors are one now")
    expect(rows).to_have_count(1)
    expect(rows.first.locator("td[data-col=times]")).to_have_text("3")
    open_error(window, made, beta)
    assert f"/admin/errors/{alpha}" in window.url
    merged = window.locator("#merged")
    expect(merged).to_contain_text("BetaError")
    report(site, made, "BetaError")
    seen(admin, made, 4, "BetaError" if "BetaError" in listed(admin, made) else "AlphaError")
    merged.get_by_role("checkbox", name="Select BetaError").check()
    merged.get_by_role("button", name="Take the selected out").click()
    expect(said(window)).to_contain_text("on its own again.")
    assert {name: count for name, (_, count) in listed(admin, made).items()} == {
        "AlphaError": 2,
        "BetaError": 2,
    }


def test_the_list_is_triaged_by_keys_alone(site: Site, admin: Person, window: Page, made: Made) -> None:
    """Walk, take, ignore from the menu, resolve; after each act the focus is where it was."""
    for name in ("AlphaError", "BetaError", "GammaError"):
        report(site, made, name)
        seen(admin, made, 1, name)
    window.goto(f"/admin/errors?project={made.slug}&sort=createdAt")
    rows = window.locator("#errors tbody tr")
    names = rows.locator(".hf-row-link")
    expect(names).to_have_text(["GammaError", "BetaError", "AlphaError"])
    for key in ("j", "j", "a"):
        window.keyboard.press(key)
    expect(said(window)).to_contain_text("1 error is yours.")
    expect(rows.nth(1)).to_be_focused()
    window.keyboard.press("i")
    expect(window.get_by_role("button", name="Until it happens 10 more times")).to_be_focused()
    for _ in range(6):
        window.keyboard.press("ArrowDown")
    window.keyboard.press("Enter")
    expect(said(window)).to_contain_text("1 error is ignored for good.")
    expect(names).to_have_text(["GammaError", "AlphaError"])
    expect(rows.nth(1)).to_be_focused()
    window.keyboard.press("e")
    expect(said(window)).to_contain_text("1 error is resolved.")
    expect(names).to_have_text(["GammaError"])
    window.keyboard.press("k")
    window.keyboard.press("Enter")
    expect(window.locator("h1")).to_have_text("GammaError")


def test_a_rule_makes_one_error_of_many_and_takes_it_back(
    site: Site, admin: Person, window: Page, made: Made
) -> None:
    """Previewed, made, grouping what was there and what comes; deleted, everything is as before."""
    for name in ("ChunkErrorA", "ChunkErrorB"):
        report(site, made, name)
        seen(admin, made, 1, name)
    window.goto(f"/admin/errors/rules?project={made.slug}")
    window.locator("#f-field").select_option("type")
    window.locator("#f-pattern").fill("ChunkError*")
    window.get_by_role("button", name="Preview").click()
    expect(window.locator(".hf-rule-preview")).to_contain_text("2 errors match today.")
    window.locator("#f-name").fill("Lost chunks")
    window.get_by_role("button", name="Create rule").click()
    expect(said(window)).to_contain_text("The rule Lost chunks groups what matches")
    report(site, made, "ChunkErrorC")
    until(lambda: [count for _, count in listed(admin, made).values()] == [3], "one error of three")
    window.get_by_role("button", name="Delete rule").click()
    window.get_by_role("dialog").get_by_role("button", name="Delete rule").click()
    expect(said(window)).to_contain_text("The rule Lost chunks is deleted")
    assert [count for _, count in listed(admin, made).values()] == [1, 1, 1]
    assert [action for action in ("rule.create", "rule.delete") if site.audit(action, made.slug)] == [
        "rule.create",
        "rule.delete",
    ]


def test_the_next_occurrence_comes_without_losing_the_place(
    site: Site, admin: Person, window: Page, made: Made
) -> None:
    """A key leads to the older one, the address names it, and Back leads to where one was."""
    for number in (1, 2):
        report(site, made, eventId=f"{number:032x}")
        seen(admin, made, number)
    open_error(window, made, listed(admin, made)["CartError"][0])
    expect(window.locator("#occurrence")).to_contain_text(f"{2:032x}")
    window.keyboard.press("p")
    expect(window.locator("#occurrence")).to_contain_text(f"{1:032x}")
    expect(window).to_have_url(re.compile(r"[?&]event=\d+"))
    window.reload()
    expect(window.locator("#occurrence")).to_contain_text(f"{1:032x}")
    window.keyboard.press("n")
    expect(window.locator("#occurrence")).to_contain_text(f"{2:032x}")
    window.go_back()
    expect(window.locator("#occurrence")).to_contain_text(f"{1:032x}")


def test_markdown_is_copied_by_a_key(site: Site, admin: Person, window: Page, made: Made) -> None:
    """What is in the clipboard is the ticket."""
    report(site, made)
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_error(window, made, seen(admin, made, 1))
    window.keyboard.press("c")
    expect(window.get_by_text("Copied", exact=True).first).to_be_visible()
    assert str(window.evaluate("navigator.clipboard.readText()")).startswith("## CartError\n")


EVIL = (
    '"><script>window.evil=1</script><img src=x onerror="window.evil=2"><svg onload=window.evil=3>\'`{{7*7}}'
)
LINK = "javascript:window.evil=4"


def hostile(text: str) -> dict[str, Any]:
    """A report in which every field of every kind says it."""
    frame = {
        "function": text, "filename": text, "module": text, "abs_path": LINK, "lineno": 3, "in_app": True, "context_line": text,
        "pre_context": [text], "post_context": [text], "vars": {text: text}, "unmapped": text, "raw": {"function": text, "filename": LINK, "lineno": 1},
    }  # fmt: skip
    return {
        "errorType": text, "message": text, "stack": text, "page": LINK, "component": text, "userId": text, "anonymousId": text, "sessionId": text,
        "release": text, "environment": text, "platform": text, "deviceType": text, "region": text, "userAgent": text, "transaction": text, "sdk": text,
        "traceId": text, "eventId": "e" * 32, "tags": {text: text}, "metadata": {text: text, "request": {"url": LINK, text: text}, "deep": {"list": [text]}},
        "breadcrumbs": [{"category": text, "message": text, "level": text, "type": text, "data": {text: text}}],
        "exceptions": [{"type": text, "value": text, "module": text, "mechanism": {"type": text}, "frames": [frame, {**frame, "in_app": False}]}, {"type": text, "value": text, "frames": [frame]}],
    }  # fmt: skip


@pytest.mark.parametrize("text", [EVIL, LINK])
def test_what_an_error_says_is_never_run(
    site: Site, admin: Person, window: Page, made: Made, text: str
) -> None:
    """Script, handlers and javascript: addresses in every field are shown as text, on every page that tells of them."""
    site.post(made, "/api/errors", hostile(text))
    until(lambda: len(listed(admin, made)) == 1, "the error")
    ((error_id, _),) = listed(admin, made).values()
    pages = [
        f"/admin/errors?project={made.slug}",
        f"/admin/errors/{error_id}?project={made.slug}",
        f"/admin/errors/rules?project={made.slug}&pattern={'%3Cscript%3E'}*",
    ]
    for path in pages:
        window.goto(path)
        expect(window.locator("[aria-busy=true]")).to_have_count(0)
        check_inert(window)
    window.goto(pages[1])
    expect(window.locator("#occurrence .hf-thrown")).to_have_count(2)
    window.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    check_inert(window)
    window.get_by_role("link", name="Session").click()
    expect(window.locator("h1")).to_have_text("Session")
    check_inert(window)


def check_inert(window: Page) -> None:
    assert window.evaluate("window.evil") is None
    assert (
        window.evaluate("document.querySelectorAll('img[src=x], script:not([src]):not([type])').length") == 0
    )
    assert window.evaluate("[...document.links].every(link => /^https?:$/.test(link.protocol))")


def test_the_pages_of_errors_fit_a_phone(site: Site, admin: Person, window: Page, made: Made) -> None:
    """At 390 px nothing of the list, the error and the session hangs over the edge, long words included."""
    long = "x" * 300
    report(site, made, long[:190], message=long, sessionId="s1", page=long, tags={"long": long}, stack=long)
    error_id = seen(admin, made, 1, long[:190])
    window.set_viewport_size({"width": 390, "height": 800})
    for path in ("", f"/{error_id}", "/rules"):
        window.goto(f"/admin/errors{path}?project={made.slug}")
        expect(window.locator("[aria-busy=true]")).to_have_count(0)
        assert window.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    window.goto(f"/admin/sessions/s1?project={made.slug}")
    assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")
