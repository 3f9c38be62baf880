"""A real server with its engine for the pages' tests, a person with a browser's habits, and HTML read as a tree."""

import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

with warnings.catch_warnings():
    # Litestar 2.25 announces other names for parameters while the API's handlers are declared.
    warnings.simplefilter("ignore", DeprecationWarning)
    import holdfast_server.web.pages  # noqa: F401

PASSWORD = "four unrelated words do well"
EMAIL = "admin@localhost"
SERVER = Path(__file__).parents[3] / "src"
SDK = Path(__file__).parents[4] / "sdk-python" / "src"
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
START_MAX_S = 60


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        parts = (child if isinstance(child, str) else child.text for child in self.children)
        return " ".join(" ".join(parts).split())

    def all(self, tag: str = "", **wanted: str) -> list["Element"]:
        """Every element below of this tag whose attributes hold these values (`class_` by word)."""
        found: list[Element] = []
        for child in self.children:
            if isinstance(child, Element):
                if (not tag or child.tag == tag) and child._has(wanted):
                    found.append(child)
                found += child.all(tag, **wanted)
        return found

    def one(self, tag: str = "", **wanted: str) -> "Element":
        found = self.all(tag, **wanted)
        assert found, f"no {tag or 'element'} with {wanted} in: {self.text[:300]}"
        return found[0]

    def _has(self, wanted: dict[str, str]) -> bool:
        return all(self._holds(name.strip("_").replace("_", "-"), value) for name, value in wanted.items())

    def _holds(self, name: str, value: str) -> bool:
        own = self.attributes.get(name)
        return own is not None and (value in own.split() if name == "class" else own == value)


class Tree(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        names = [element.tag for element in self.open]
        if tag in names[1:]:
            del self.open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(text: str) -> Element:
    return Tree(text).root


@dataclass(frozen=True)
class Made:
    """A project made for one test, so that tests do not meet."""

    id: int
    slug: str
    public_key: str
    secret_key: str


@dataclass
class Site:
    url: str
    data: Path
    clients: list[httpx.Client] = field(default_factory=list)

    def stranger(self) -> "Person":
        client = httpx.Client(base_url=self.url, headers={"accept": "text/html"}, timeout=30)
        self.clients.append(client)  # closed with the site: an open socket that is forgotten is a warning
        return Person(self, client)

    def person(self, email: str = EMAIL, password: str = PASSWORD) -> "Person":
        person = self.stranger()
        assert person.log_in(email, password).status_code == 303
        return person

    def now_ms(self) -> int:
        """The server's time: it runs on this machine's clock."""
        return time.time_ns() // 1_000_000

    def send(self, made: Made, *events: dict[str, Any]) -> None:
        self.post(made, "/api/v1/events", {"events": list(events)})

    def post(self, made: Made, path: str, body: Any) -> httpx.Response:
        answer = httpx.post(
            self.url + path, json=body, headers={"x-holdfast-key": made.public_key}, timeout=30
        )
        assert answer.status_code < 300, answer.text
        return answer

    def events(self, made: Made) -> list[dict[str, Any]]:
        """What arrived, newest first, as the API tells it."""
        answer = httpx.get(f"{self.url}/api/events", headers={"x-holdfast-key": made.secret_key}, timeout=30)
        found: list[dict[str, Any]] = answer.raise_for_status().json()["events"]
        return found

    def wait_for(self, made: Made, count: int = 1) -> None:
        """Until the ledger knows them: it is written after the events and what is counted of them."""
        until(lambda: self._accepted(made) >= count, f"{count} events of {made.slug}")

    def _accepted(self, made: Made) -> int:
        answer = httpx.get(f"{self.url}/api/ledger", headers={"x-holdfast-key": made.secret_key}, timeout=30)
        found = answer.raise_for_status().json()["outcomes"]
        return sum(each["quantity"] for each in found if each["outcome"] == "accepted")

    def audit(self, action: str, subject: str = "") -> list[tuple[str, str]]:
        """(actor, subject) of the entries of the audit log, read beside the server."""
        with sqlite3.connect(f"file:{self.data / 'state.db'}?mode=ro", uri=True) as connection:
            rows = connection.execute(
                "SELECT actor, subject FROM audit_log WHERE action = ? ORDER BY id", (action,)
            ).fetchall()
        connection.close()
        return [(actor, about) for actor, about in rows if subject in about]


@dataclass
class Person:
    """Somebody at a browser without JavaScript: pages, forms, cookies."""

    site: Site
    client: httpx.Client

    def log_in(self, email: str, password: str, **fields: str) -> httpx.Response:
        return self.client.post("/login", data={"email": email, "password": password, **fields})

    def see(self, path: str, status: int = 200) -> Element:
        answer = self.client.get(path, follow_redirects=True)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
        return parse(answer.text)

    @property
    def token(self) -> str:
        app = self.see("/admin/projects").one(id="hf-app")
        return str(next(iter(json.loads(app.attributes["hx-headers"]).values())))

    def submit(self, path: str, *, token: str | None = None, **fields: Any) -> httpx.Response:
        """Send a form with the token that its page gave."""
        return self.client.post(path, data={"csrf_token": self.token if token is None else token, **fields})

    def make_project(self) -> Made:
        name = f"Shop {secrets.token_hex(4)}"
        answer = self.submit("/admin/projects", name=name)
        assert answer.status_code == 200, answer.text
        shown = [
            element.attributes["data-copy"]
            for element in parse(answer.text).all("button")
            if "data-copy" in element.attributes
        ]
        public = next(text for text in shown if text.startswith("hf_pub_"))
        secret = next(text for text in shown if text.startswith("hf_sec_"))
        dsn = next(text for text in shown if text.startswith("http"))
        return Made(int(dsn.rpartition("/")[2]), name.lower().replace(" ", "-"), public, secret)


def until(true: Callable[[], bool], what: str, within_s: float = 20) -> None:
    ends = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < ends, f"waited {within_s} s in vain for {what}"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("pages") / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "HOLDFAST_ADMIN_PASSWORD": PASSWORD,
        "HOLDFAST_DRAIN_INTERVAL_MS": "50",
        "PYTHONPATH": f"{SERVER}{os.pathsep}{SDK}",
    }
    log = data.parent / "server.log"
    with log.open("wb") as output:
        command = [
            sys.executable,
            "-m",
            "holdfast_server.cli",
            "serve",
            "--data",
            str(data),
            "--port",
            str(port),
        ]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    found = Site(f"http://127.0.0.1:{port}", data)
    try:
        until(lambda: is_ready(found.url, process), f"the server: {log.read_text()[-2000:]}", START_MAX_S)
        yield found
    finally:
        for client in found.clients:
            client.close()
        process.terminate()
        process.wait(30)


def is_ready(url: str, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "the server ended"
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="session")
def admin(site: Site) -> Person:
    return site.person()


@pytest.fixture
def made(admin: Person) -> Made:
    return admin.make_project()


@pytest.fixture
def window(browser: Browser, site: Site, admin: Person) -> Iterator[Page]:
    """A browser in which the administrator is logged in; at the end nothing may have broken the policy or thrown."""
    troubles: list[str] = []
    context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 900})
    context.add_cookies(
        [{"name": "holdfast_session", "value": admin.client.cookies["holdfast_session"], "url": site.url}]
    )
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda message: troubles.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield page
    context.close()
    assert not troubles, troubles
