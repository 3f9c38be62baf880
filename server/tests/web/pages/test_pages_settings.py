"""Projects, their keys, the snippets that are run as they stand, and people."""

import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Browser

from .conftest import PASSWORD, SDK, Element, Made, Person, Site, parse, until


def settings(person: Person, made: Made) -> Element:
    return person.see(f"/admin/projects/{made.slug}/settings")


def code(page: Element, key: str) -> str:
    """A snippet as its copy button would copy it."""
    block = page.one("section", id=f"snippet-{key}").one("pre").one("code")
    return "".join(child for child in block.children if isinstance(child, str))


@contextmanager
def other_origin(document: str) -> Iterator[str]:
    """A site of somebody else's that answers with `document`: Chromium refuses to load from this machine into pages
    that have no address of their own, so the page has to be served."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(document.encode())

        def log_message(self, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(command: list[str], **environment: str) -> None:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout


def test_the_curl_snippet_works_as_it_stands(site: Site, admin: Person, made: Made) -> None:
    """Pasted into a shell, it records one event."""
    run(["bash", "-ec", code(settings(admin, made), "curl").replace("curl ", "curl -sSf ", 1)])
    until(lambda: [event["page"] for event in site.events(made)] == ["/hello"], "curl's event")


@pytest.mark.parametrize(("key", "kind"), [("python", "page_view"), ("collector", "user_action")])
def test_the_python_snippets_work_as_they_stand(
    site: Site, admin: Person, made: Made, key: str, kind: str
) -> None:
    """Pasted into a program, they record one event."""
    run([sys.executable, "-c", code(settings(admin, made), key)], PYTHONPATH=str(SDK))
    until(lambda: [event["type"] for event in site.events(made)] == [kind], f"{key}'s event")


def test_the_browser_snippet_works_as_it_stands(
    site: Site, admin: Person, made: Made, browser: Browser
) -> None:
    """In the head of a page of another origin, it records the page view."""
    snippet = code(settings(admin, made), "browser")
    with other_origin(f"<!doctype html><html><head>{snippet}</head><body>Hello</body></html>") as url:
        page = browser.new_page()
        page.goto(f"{url}/hello")
        until(lambda: page.evaluate("typeof window.holdfast") == "object", "the script")
        page.goto("about:blank")
        page.close()
    until(lambda: any(event["type"] == "page_view" for event in site.events(made)), "the browser's event")


def test_a_new_secret_key_is_shown_once(site: Site, admin: Person, made: Made) -> None:
    """The answer holds it; the settings page afterwards knows only its ends. It reads, and it is in the audit log."""
    answer = admin.submit(f"/admin/projects/{made.slug}/keys", kind="secret", label="reports")
    value = parse(answer.text).one(id="new-secret").one("button").attributes["data-copy"]
    assert value.startswith("hf_sec_")
    assert value not in str(settings(admin, made))
    assert httpx.get(f"{site.url}/api/events", headers={"x-holdfast-key": value}).status_code == 200
    assert site.audit("key.create", made.slug)


def test_a_revoked_key_is_refused_at_once(site: Site, admin: Person, made: Made) -> None:
    """The question names the key; afterwards nobody can send with it."""
    page = settings(admin, made)
    dialog = next(each for each in page.all("dialog") if each.attributes["id"].startswith("revoke-"))
    assert made.public_key[:11] in dialog.one("h2").text
    answer = admin.submit(dialog.one("form").attributes["action"])
    assert f"{made.public_key[:11]}" in admin.see(answer.headers["location"]).one(id="hf-flashes").text
    refused = httpx.post(
        f"{site.url}/api/telemetry/batch",
        json={"events": [{"type": "x"}]},
        headers={"x-holdfast-key": made.public_key},
    )
    assert refused.status_code == 401
    assert site.audit("key.revoke", made.slug)
    assert "no public key" in settings(admin, made).text


def test_a_project_is_renamed_and_keeps_its_links(admin: Person, made: Made) -> None:
    """The short name stays; an empty name is refused with a sentence."""
    admin.submit(f"/admin/projects/{made.slug}/name", name="Another name")
    assert settings(admin, made).one("h1").text == "Another name: settings"
    answer = admin.submit(f"/admin/projects/{made.slug}/name", name="  ")
    assert "1 to 200 characters" in admin.see(answer.headers["location"]).one(id="hf-flashes").text


@pytest.fixture
def viewer(site: Site, admin: Person) -> tuple[Person, str]:
    """A person who may only read, made on the page."""
    email = f"{secrets.token_hex(4)}@example.org"
    assert (
        admin.submit("/admin/people", email=email, name="Vera", password=PASSWORD, role="viewer").status_code
        == 303
    )
    return site.person(email), email


def row_of(person: Person, email: str) -> Element:
    return next(row for row in person.see("/admin/people").all("tr") if email in row.text)


def test_a_viewer_reads_and_changes_nothing(admin: Person, viewer: tuple[Person, str], made: Made) -> None:
    """No settings, no people, no buttons that would be refused; and the refusal where it is tried."""
    person, _ = viewer
    page = person.see(f"/admin/dashboard?project={made.slug}")
    assert {"Settings", "People"}.isdisjoint(link.text for link in page.one("nav", id="hf-nav").all("a"))
    person.see(f"/admin/projects/{made.slug}/settings", 403)
    person.see("/admin/people", 403)
    assert not person.see("/admin/projects").all("form", action="/admin/projects")
    assert person.submit("/admin/projects", name="Mine").status_code == 403
    assert (
        person.submit(f"/admin/errors/bulk?project={made.slug}", id=["x"], action="resolve").status_code
        == 403
    )


def test_a_role_changes_what_a_person_may_do(
    site: Site, admin: Person, viewer: tuple[Person, str], made: Made
) -> None:
    """An admin opens settings, though not people; the change is in the audit log."""
    person, email = viewer
    action = row_of(admin, email).one("form").attributes["action"]
    admin.submit(action, role="admin")
    assert settings(person, made).one("h1").text.endswith(": settings")
    person.see("/admin/people", 403)
    assert site.audit("user.role", email)


def test_a_disabled_person_is_out_at_once(site: Site, admin: Person, viewer: tuple[Person, str]) -> None:
    """Their session ends and the password opens nothing; enabling lets them in again."""
    person, email = viewer
    number = row_of(admin, email).one("form").attributes["action"].split("/")[3]
    admin.submit(f"/admin/people/{number}/disable")
    assert person.client.get("/admin/dashboard").headers["location"].startswith("/login")
    assert person.log_in(email, PASSWORD).status_code == 401
    admin.submit(f"/admin/people/{number}/enable")
    assert person.log_in(email, PASSWORD).status_code == 303


def test_a_new_password_is_shown_once_and_ends_the_old_one(
    site: Site, admin: Person, viewer: tuple[Person, str]
) -> None:
    """The generated password opens the door, the old one does not."""
    person, email = viewer
    number = row_of(admin, email).one("form").attributes["action"].split("/")[3]
    answer = admin.submit(f"/admin/people/{number}/password")
    password = parse(answer.text).one("section", id="new-password").one("button").attributes["data-copy"]
    assert person.log_in(email, PASSWORD).status_code == 401
    assert person.log_in(email, password).status_code == 303
    assert site.audit("user.password", email)


def test_the_last_super_admin_stays(admin: Person) -> None:
    """Nobody can lock everybody out."""
    action = row_of(admin, "admin@localhost").one("form").attributes["action"]
    answer = admin.submit(action, role="viewer")
    assert "last super admin" in admin.see(answer.headers["location"]).one(id="hf-flashes").text


def test_a_weak_password_is_said_beside_its_field(admin: Person) -> None:
    """The form comes back with what was typed and what is wrong."""
    email = f"{secrets.token_hex(4)}@example.org"
    page = parse(admin.submit("/admin/people", email=email, password="short", role="viewer").text)
    assert page.one("input", name="password").attributes["aria-invalid"] == "true"
    assert page.one("input", name="email").attributes["value"] == email
    assert "shorter than 10 characters" in page.one(id="f-password-says").text
