"""The inbox of feedback, one message, and the part of the settings that says what noise is."""

import base64
import secrets

import pytest
from playwright.sync_api import Page, expect
from server.tests.pictures import png

from .conftest import PASSWORD, Element, Made, Person, Site

UA = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def give(site: Site, made: Made, **fields: object) -> str:
    answer = site.post(made, "/api/feedback", {"message": "It does nothing", "userAgent": UA, **fields})
    return str(answer.json()["feedbackId"])


def picture() -> str:
    return "data:image/png;base64," + base64.b64encode(png(400, 300)).decode()


def inbox(person: Person, made: Made, query: str = "") -> Element:
    return person.see(f"/admin/feedback?project={made.slug}&{query}")


def messages(page: Element) -> list[str]:
    return [link.text for link in page.all("a", class_="hf-row-link")]


@pytest.fixture
def viewer(site: Site, admin: Person) -> Person:
    email = f"viewer-{secrets.token_hex(3)}@example.org"
    made = admin.submit("/admin/people", email=email, password=PASSWORD, role="viewer", name="")
    assert made.status_code in (200, 303), made.text
    return site.person(email)


def test_nothing_yet(admin: Person, made: Made) -> None:
    """An empty inbox says how to fill it."""
    page = inbox(admin, made)
    assert "Nobody has written yet." in page.text
    assert "ReportBugButton" in page.text


def test_the_inbox(site: Site, admin: Person, made: Made) -> None:
    """Newest first, with page, picture, browser, release and contact; the first sentence counts them."""
    give(site, made, message="first", page="/a", release="2.3.1")
    shown = give(site, made, message="second", page="/b", contact="ada@example.org", screenshot=picture())
    page = inbox(admin, made)
    assert messages(page) == ["second", "first"]
    assert "2 messages wait to be read." in page.text
    first, second = page.one("tbody").all("tr")
    assert "ada@example.org" in first.text
    assert "2.3.1" in second.text
    assert "Safari 17 on macOS" in first.text
    source = first.one("img").attributes["src"]
    assert source.startswith(f"/admin/feedback/{shown}/screenshot")
    answer = admin.client.get(source)
    assert (answer.headers["content-type"], answer.content) == ("image/png", png(400, 300))


def test_one_message(site: Site, admin: Person, made: Made) -> None:
    """All that is known: words, picture, contact, what the application added, the session and the error."""
    given = give(
        site,
        made,
        message="line one\nline two",
        contact="ada@example.org",
        screenshot=picture(),
        sessionId="s 1",
        metadata={"plan": "pro"},
        environment="production",
    )
    page = admin.see(f"/admin/feedback/{given}?project={made.slug}")
    assert "line one line two" in page.text
    assert "ada@example.org" in page.text
    assert '"plan": "pro"' in page.text
    links = [link.attributes.get("href", "") for link in page.all("a")]
    assert any(link.startswith("/admin/sessions/s%201") for link in links), links
    assert any(link.startswith("/admin/errors/") for link in links)


def test_hostile_text_is_inert(site: Site, admin: Person, made: Made) -> None:
    """What strangers write stands there as text, in every field."""
    given = give(
        site,
        made,
        **dict.fromkeys(
            ("message", "contact", "page", "url", "release", "environment", "userId", "sessionId"), HOSTILE
        ),
        metadata={HOSTILE: HOSTILE},
    )
    for page in (inbox(admin, made), admin.see(f"/admin/feedback/{given}?project={made.slug}")):
        assert HOSTILE in page.text
        assert not page.all("img", src="x")
        assert all("alert" not in script.text for script in page.all("script"))


def test_marking(site: Site, admin: Person, made: Made) -> None:
    """What is marked as done leaves the open ones, is found among the done, and stands in the audit log."""
    given = [give(site, made, message=f"message {number}") for number in range(3)]
    answer = admin.submit(f"/admin/feedback/bulk?project={made.slug}", action="done", id=given[:2])
    assert answer.status_code == 303
    assert messages(inbox(admin, made)) == ["message 2"]
    assert len(messages(inbox(admin, made, "status=done"))) == 2
    assert len(messages(inbox(admin, made, "status=all"))) == 3
    assert site.audit("feedback.done", "2 feedbacks")
    answer = admin.submit(f"/admin/feedback/{given[0]}/status?project={made.slug}", action="spam")
    assert answer.status_code == 303
    assert messages(inbox(admin, made, "status=spam")) == ["message 0"]
    assert (
        admin.submit(f"/admin/feedback/bulk?project={made.slug}", action="burn", id=given).status_code == 400
    )
    assert (
        admin.submit(
            f"/admin/feedback/bulk?project={made.slug}", token="no", action="done", id=given
        ).status_code
        == 403
    )


def test_pages_of_the_inbox(site: Site, admin: Person, made: Made) -> None:
    """More than one page is walked by cursor."""
    for number in range(52):
        give(site, made, message=f"message {number}")
    first = inbox(admin, made)
    older = first.one("a", rel="next").attributes["href"]
    assert len(messages(first)) == 50
    assert messages(admin.see(older)) == ["message 1", "message 0"]


def test_viewers(site: Site, viewer: Person, made: Made) -> None:
    """A viewer reads what was said and sees pictures, but no contact, and can't mark anything."""
    given = give(site, made, contact="ada@example.org", screenshot=picture())
    for page in (inbox(viewer, made), viewer.see(f"/admin/feedback/{given}?project={made.slug}")):
        assert "ada@example.org" not in page.text
        assert "given; admins see it" in page.text
        assert not [
            form
            for form in page.all("form")
            if "feedback" in form.attributes.get("action", "") and form.attributes.get("method") == "post"
        ]
    assert viewer.client.get(f"/admin/feedback/{given}/screenshot").status_code == 200
    marked = viewer.submit(f"/admin/feedback/{given}/status?project={made.slug}", action="done")
    assert marked.status_code == 403


def test_strangers_see_nothing(site: Site, made: Made) -> None:
    """Without a login neither message nor picture is shown."""
    given = give(site, made, screenshot=picture())
    stranger = site.stranger()
    for path in ("/admin/feedback", f"/admin/feedback/{given}", f"/admin/feedback/{given}/screenshot"):
        answer = stranger.client.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")


def test_by_keys_alone(site: Site, made: Made, window: Page) -> None:
    """`g f` opens the inbox, `j` walks, `e` marks the row where the focus is as done."""
    for number in range(2):
        give(site, made, message=f"message {number}")
    window.goto(f"/admin/dashboard?project={made.slug}")
    window.keyboard.press("g")
    window.keyboard.press("f")
    expect(window.locator("h1")).to_have_text("Feedback")
    expect(window.locator(".hf-row-link")).to_have_count(2)
    window.keyboard.press("j")
    window.keyboard.press("e")
    expect(window.locator("#hf-flashes")).to_contain_text("1 message is done.")
    expect(window.locator(".hf-row-link")).to_have_count(1)


def test_noise_on_the_settings_page(admin: Person, made: Made) -> None:
    """Switches are saved as they stand; patterns are added and deleted; what can't be one is said."""
    path = f"/admin/projects/{made.slug}"

    def switches() -> dict[str, bool]:
        section = admin.see(f"{path}/settings").one("section", id="noise")
        boxes = section.all("input", type="checkbox")
        return {box.attributes["name"]: "checked" in box.attributes for box in boxes}

    assert switches() == {"crawlers": True, "extensions": True, "script_errors": True, "localhost": False}
    assert admin.submit(f"{path}/noise", localhost="on", crawlers="on").status_code == 303
    assert switches() == {"crawlers": True, "extensions": False, "script_errors": False, "localhost": True}
    admin.submit(f"{path}/noise/patterns", field="message", pattern="Resize<b>*")
    section = admin.see(f"{path}/settings").one("section", id="patterns")
    assert "Resize<b>*" in section.one("code").text
    refused = admin.submit(f"{path}/noise/patterns", field="message", pattern="*")
    assert "would match every error" in admin.see(refused.headers["location"]).text
    action = next(
        form.attributes["action"] for form in section.all("form") if "/delete" in form.attributes["action"]
    )
    assert admin.submit(action).status_code == 303
    assert not admin.see(f"{path}/settings").one("section", id="patterns").all("code")
