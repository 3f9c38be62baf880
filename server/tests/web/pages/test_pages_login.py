"""Logging in and out, and what a page says to whom it does not know."""

import secrets
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from .conftest import EMAIL, PASSWORD, Made, Person, Site, parse

PAGES = (
    "/admin/dashboard",
    "/admin/metrics",
    "/admin/errors",
    "/admin/ledger",
    "/admin/projects",
    "/admin/people",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_for_the_login_and_remembers_where_to_go(site: Site, path: str) -> None:
    """Without a session every page leads to the login, which knows the page and its query."""
    answer = site.stranger().client.get(f"{path}?range=7d")
    target = urlsplit(answer.headers["location"])
    assert (answer.status_code, target.path) == (303, "/login")
    assert parse_qs(target.query) == {"next": [f"{path}?range=7d"]}


def test_after_the_login_the_page_asked_for_is_shown(site: Site) -> None:
    """The right password opens a session and goes on to `next`."""
    person = site.stranger()
    answer = person.log_in(EMAIL, PASSWORD, next="/admin/ledger?range=7d")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/ledger?range=7d")
    assert person.see("/").one("h1").text in ("Dashboard", "Send the first event")


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    """HttpOnly and SameSite=Lax stand on it; Secure only where the public address is https."""
    cookie = site.stranger().log_in(EMAIL, PASSWORD).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/login",
        "\n//evil.example",
    ],
)
def test_the_login_leads_to_our_own_pages_only(site: Site, evil: str) -> None:
    """A `next` that leads elsewhere is forgotten."""
    assert site.stranger().log_in(EMAIL, PASSWORD, next=evil).headers["location"] == "/admin/dashboard"


def test_a_wrong_password_is_said_without_saying_which_part_is_wrong(site: Site) -> None:
    """A known and an unknown address get the same sentence, and the address typed stays in the form."""
    known, unknown = (
        site.stranger().log_in(email, "wrong") for email in (EMAIL, f"{secrets.token_hex(4)}@example.org")
    )
    assert known.status_code == unknown.status_code == 401
    says = [parse(answer.text).one(role="alert").text for answer in (known, unknown)]
    assert says[0] == says[1]
    assert parse(known.text).one("input", name="email").attributes["value"] == EMAIL
    assert site.stranger().log_in(EMAIL, PASSWORD).status_code == 303


def test_guessing_is_slowed_down(site: Site) -> None:
    """After a handful of attempts the next has to wait, and the answer says how long."""
    email = f"{secrets.token_hex(4)}@example.org"
    answers = [site.stranger().log_in(email, f"guess {n}") for n in range(7)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert "too many attempts" in parse(answers[-1].text).one(role="alert").text.lower()


def test_another_site_cannot_log_somebody_in(site: Site) -> None:
    """A form that another site sends is refused, the right password notwithstanding."""
    answer = site.stranger().client.post(
        "/login", data={"email": EMAIL, "password": PASSWORD}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_logging_out_ends_the_session(site: Site) -> None:
    """The token is worth nothing afterwards, wherever it is kept."""
    person = site.person()
    token = person.client.cookies["holdfast_session"]
    assert person.submit("/logout").status_code == 303
    again = httpx.get(
        f"{site.url}/admin/dashboard", headers={"accept": "text/html", "cookie": f"holdfast_session={token}"}
    )
    assert again.headers["location"].startswith("/login")


def test_a_panel_without_a_session_says_so_in_its_own_place(site: Site) -> None:
    """htmx's panels get the error itself, not a login page inside a panel."""
    answer = httpx.get(f"{site.url}/admin/dashboard/panels/rates", headers={"hx-request": "true"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_authenticated")


def test_a_boosted_link_without_a_session_loads_the_login_whole(site: Site) -> None:
    """The browser is told to go to the login, and to come back."""
    answer = httpx.get(
        f"{site.url}/admin/errors",
        headers={"hx-request": "true", "hx-boosted": "true", "accept": "text/html"},
    )
    assert answer.headers["hx-redirect"] == "/login?next=%2Fadmin%2Ferrors"


def test_pages_are_strict_with_browsers(admin: Person, made: Made) -> None:
    """No inline script, no frame, no cache: the headers stand on pages and panels."""
    for path in ("/admin/dashboard", f"/admin/dashboard/panels/rates?project={made.slug}"):
        headers = admin.client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["cache-control"] == "no-store"


def test_an_error_is_a_page_for_people(admin: Person) -> None:
    """A wrong address, a wrong range and an unknown project say what is wrong and what to do."""
    assert "nothing here" in admin.see("/admin/nowhere", 404).one("h1").text.lower()
    assert "not a time range" in admin.see("/admin/dashboard?range=soon", 400).text
    assert "no project" in admin.see("/admin/dashboard?project=nobodys", 404).text
