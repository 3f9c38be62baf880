"""What came along with an occurrence: files of strangers, and what the person wrote."""

import json
import struct
import zlib

import httpx
import pytest

from .conftest import Element, Made, Person, Site, until

EVENT_ID = "c" * 32
PAGE = b"<html><script>parent.evil=1</script></html>"


def picture() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress((b"\0" + b"\x40\x80\xc0" * 8) * 8)
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def item(kind: str, body: bytes, **header: str) -> bytes:
    return json.dumps({"type": kind, "length": len(body), **header}).encode() + b"\n" + body + b"\n"


@pytest.fixture(scope="module")
def broken(site: Site, admin: Person) -> Made:
    """An occurrence with a page that calls itself a picture, and a picture; somebody wrote about it."""
    made = admin.make_project()
    event = {"event_id": EVENT_ID, "exception": {"values": [{"type": "CartError", "value": "it broke"}]}}
    envelope = json.dumps({"event_id": EVENT_ID}).encode() + b"\n"
    envelope += item("event", json.dumps(event).encode())
    envelope += item("attachment", PAGE, filename="page.html", content_type="image/png")
    envelope += item("attachment", picture(), filename="screen.png", content_type="image/png")
    answer = httpx.post(
        f"{site.url}/api/{made.id}/envelope/?sentry_key={made.public_key}", content=envelope, timeout=30
    )
    assert answer.status_code == 200, answer.text
    until(lambda: links(admin, made) != [], "the error")
    site.post(made, "/api/feedback", {"message": "The basket was empty <b>again</b>", "eventId": EVENT_ID})
    return made


def links(person: Person, made: Made) -> list[str]:
    rows = person.see(f"/admin/errors?project={made.slug}&search=CartError").all("a", class_="hf-row-link")
    return [row.attributes["href"].partition("?")[0] for row in rows]


def occurrence(person: Person, made: Made) -> Element:
    return person.see(f"{links(person, made)[0]}/occurrence?project={made.slug}")


def test_a_file_is_saved_and_never_opened(admin: Person, broken: Made) -> None:
    """Whatever it calls itself: as bytes without a type, in a sandbox, under a plain name."""
    found = occurrence(admin, broken).one("a", download="")
    assert found.text == "page.html"
    for query in ("", "&show=1"):
        answer = admin.client.get(found.attributes["href"] + query)
        assert answer.content == PAGE
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == 'attachment; filename="page.html"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_picture_is_shown_for_what_it_is(admin: Person, broken: Made) -> None:
    """Its type is read from its bytes, and the page shows it."""
    shown = occurrence(admin, broken).all("img", alt="screen.png")[0]
    answer = admin.client.get(shown.attributes["src"])
    assert (answer.headers["content-type"], answer.content) == ("image/png", picture())


def test_a_file_needs_a_login_and_its_own_error(site: Site, admin: Person, broken: Made) -> None:
    """Nobody reads it without a session, and another project has none."""
    href = occurrence(admin, broken).one("a", download="").attributes["href"]
    assert site.stranger().client.get(href).status_code == 303
    other = admin.make_project()
    assert admin.client.get(href.replace(broken.slug, other.slug)).status_code == 404
    assert admin.client.get(href.replace("/files/0", "/files/9")).status_code == 404


def test_what_the_person_wrote_stands_beside_it(admin: Person, broken: Made) -> None:
    """As text, with the occurrence that it is about."""
    quote = occurrence(admin, broken).one("blockquote")
    assert quote.text == "The basket was empty <b>again</b>"
