"""The gallery: every component on one page, served with the strict policy of the real pages, opened by Chromium."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from jinja2 import Environment
from playwright.sync_api import Browser, Page

from holdfast_server.web.components.chart import Chart, Marker, Series, Shares, Slice, Threshold
from holdfast_server.web.components.environment import DIST, WEB, build_environment
from holdfast_server.web.components.shell import (
    Bar,
    BulkAction,
    Choice,
    Column,
    Csrf,
    Flash,
    NavItem,
    Pager,
    Person,
)

HERE = Path(__file__).parent
NOW_MS = 1_795_183_331_000
HOUR_MS = 3_600_000
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

BAR = Bar(
    path="/gallery",
    project="shop",
    projects=(Choice("shop", "Shop"), Choice("blog", "Blog")),
    environments=("production", "staging"),
    releases=("2.3.1", "2.3.0", "2.2.9"),
    keep={"sort": "frequency"},
)
NAV = [
    NavItem("Dashboard", "/gallery", "dashboard", "dashboard", "d"),
    NavItem("Metrics", "/other", "chart-line", "metrics", "m"),
    NavItem("Errors", "/other", "bug", "errors", "e"),
    NavItem("Settings", "/missing", "settings", "settings", "s"),
    NavItem("API docs", "/schema", "api", "api", leaves=True),
]


def chart_times(count: int = 24) -> list[int]:
    first = NOW_MS // HOUR_MS * HOUR_MS - (count - 1) * HOUR_MS
    return [first + step * HOUR_MS for step in range(count)]


def wave(low: float, high: float, shift: int = 0) -> list[float | None]:
    """A day's shape: quiet at night, the same in every run."""
    shape = [1, 0, 0, 1, 2, 3, 5, 7, 8, 9, 9, 8, 9, 10, 9, 8, 7, 8, 9, 8, 6, 4, 3, 2]
    return [
        round(low + (high - low) * shape[(step + shift) % 24] / 10 + (step * 7 % 5) * high / 60, 4)
        for step in range(24)
    ]


def samples() -> dict[str, Any]:
    times = chart_times()
    marker = [Marker(times[15] + 2 * 60_000, "2.3.1"), Marker(times[6], "2.3.0")]
    gap: list[float | None] = [None if 8 <= step <= 9 else value for step, value in enumerate(wave(180, 640))]
    columns = [
        Column("error", "Error"),
        Column("state", "State"),
        Column("frequency", "Times", align="end", sort_url="/gallery?sort=frequency", sorted="descending"),
        Column("users", "Users", align="end", sort_url="/gallery?sort=users", priority=2),
        Column("seen", "Last seen", align="end", sort_url="/gallery?sort=seen", priority=2),
    ]
    errors = (
        "TypeError",
        "TimeoutError",
        "PaymentDeclined",
        "KeyError: 'cart'",
        "IntegrityError",
        "ConnectionReset",
    )
    states = (("alert", "Critical"), ("alert", "Error"), ("degraded", "Warning"), ("healthy", "Resolved"))
    rows = [
        {
            "id": f"e{step}",
            "error_type": name,
            "message": "Cannot read properties of undefined (reading 'total')",
            "state": states[step % 4][0],
            "word": states[step % 4][1],
            "frequency": 41_233 // (step * step + 1),
            "users": 812 // (step + 1),
            "last_seen": NOW_MS - (step * step * 190 + 20) * 1000,
        }
        for step, name in enumerate(errors)
    ]
    kinds = (
        ("page_view", "browser", ""),
        ("retry_success", "repeat", "good"),
        ("optimistic_action_rollback", "rollback", "bad"),
        ("user_action", "click", ""),
    )
    feed = [
        {
            "title": kinds[step % 4][0],
            "at": NOW_MS - step * 7_000,
            "detail": "/checkout",
            "icon": kinds[step % 4][1],
            "tone": kinds[step % 4][2],
        }
        for step in range(20)
    ]
    return {
        "now": NOW_MS - 4 * 60_000,
        "events": Chart(
            "Events over time",
            "count",
            3600,
            times,
            [Series("accepted", wave(800, 5200)), Series("invalid", wave(10, 420, 3))],
            markers=marker,
            incomplete_from=times[-1],
        ),
        "latency": Chart(
            "Latency",
            "ms",
            3600,
            times,
            [Series("p50", wave(80, 210)), Series("p95", gap), Series("p99", wave(420, 1500))],
            thresholds=[Threshold("Alert", 2000)],
            markers=marker,
            incomplete_from=times[-1],
        ),
        "types": Shares(
            "What they are",
            "count",
            [
                Slice("page_view", 5210),
                Slice("api_call", 3890),
                Slice("user_action", 2104),
                Slice("action", 980),
                Slice("error", 422),
                Slice("performance", 120),
            ],
        ),
        "silent": Chart("Retries", "percent", 3600, times, [Series("retry success", [None] * 24)]),
        "columns": columns,
        "rows": rows,
        "actions": [
            BulkAction("resolve", "Resolve", "e", "check"),
            BulkAction("ignore", "Ignore", "i", "eye-off"),
        ],
        "pager": Pager(older="/gallery?cursor=2", shown="6 of 128 errors"),
        "feed": feed,
        "empty": {
            "title": "No errors in this range",
            "text": "Choose a longer range, or send one to see how it looks.",
            "action_url": "/other",
            "action_text": "How to send errors",
        },
    }


def rollback_chart() -> Chart:
    times = chart_times()
    return Chart(
        "Is the optimistic UI honest?",
        "percent",
        3600,
        times,
        [Series("rollback rate", [value if value is None else value / 10 for value in wave(0.1, 0.9)])],
        thresholds=[Threshold("Alert", 0.1)],
        markers=[Marker(times[15], "2.3.1")],
        incomplete_from=times[-1],
    )


@dataclass
class Site:
    """A small server of the gallery. Tests push events, break panels and read what was asked for."""

    environment: Environment
    url: str = ""
    broken: bool = True
    chart_status: int = 200
    streaming: bool = True
    flashes: list[Flash] = field(default_factory=list)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    streams: list["queue.Queue[str | None]"] = field(default_factory=list)

    def push_row(self, title: str) -> None:
        text = self.environment.from_string(
            '{% from "components/feed.html" import feed_row %}{{ feed_row(title, now, "pushed") }}'
        ).render(title=title, now=NOW_MS)
        data = "".join(f"data: {line}\n" for line in text.splitlines())
        for stream in self.streams:
            stream.put(f"event: row\n{data}\n")

    def drop_streams(self) -> None:
        for stream in self.streams:
            stream.put(None)
        self.streams.clear()

    def reset(self) -> None:
        self.drop_streams()
        self.broken, self.chart_status, self.streaming = True, 200, True
        self.flashes, self.requests = [], []

    def page(self, path: str, query: dict[str, str]) -> tuple[int, str]:
        context: dict[str, Any] = {"csrf": Csrf("token-1"), "action_url": "/login"}
        if path == "/login":
            return 200, self.environment.get_template("pages/login/login.html").render(
                title="Log in", problem=query.get("problem", ""), email="", next_url="/gallery", **context
            )
        if path == "/missing":
            return 404, self.environment.get_template("pages/error/error.html").render(
                status=404,
                title="There is nothing here",
                sentence="there is nothing at /missing",
                hint="check the address",
            )
        bar = replace(
            BAR,
            path=path,
            environment=query.get("env", ""),
            release=query.get("release", ""),
            range=query.get("range", "24h"),
            project=query.get("project", "shop"),
            tz=query.get("tz", "UTC"),
            live=query.get("live") != "0",
        )
        shell = {
            "nav": NAV,
            "bar": bar,
            "user": Person("ada@example.org", "Ada Lovelace", "admin"),
            "flashes": self.flashes,
            **context,
        }
        if path == "/gallery":
            sentence = "Checkout rolled back 12.4 % of actions in the last 24 hours, three times its usual; since release 2.3.1."
            return 200, self.environment.get_template("gallery.html").render(
                title="Dashboard",
                nav_key="dashboard",
                sentence=sentence,
                sentence_state="alert",
                samples=samples(),
                **shell,
            )
        return 200, self.environment.from_string('{% extends "pages/base.html" %}').render(
            title="Another page", nav_key="metrics", **shell
        )


class Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.site.requests.append(("GET", self.path, ""))
        if parts.path.startswith("/static/dist/"):
            file = DIST / parts.path.removeprefix("/static/dist/")
            self.send(200, file.read_bytes(), TYPES[file.suffix])
        elif parts.path == "/live":
            self.stream()
        elif parts.path == "/chart.json":
            chart = (
                msgspec.json.encode(rollback_chart()).decode()
                if self.site.chart_status == 200
                else '{"error":{"message":"the event store does not answer","hint":"wait a moment"}}'
            )
            self.send(self.site.chart_status, chart.encode(), "application/json")
        elif parts.path == "/panel/broken" and self.site.broken:
            self.send(
                503,
                json.dumps(
                    {"error": {"message": "the event store does not answer", "hint": "try again later"}}
                ).encode(),
                "application/json",
            )
        elif parts.path.startswith("/panel/"):
            self.send(200, b"<ul class='hf-loaded'><li>/checkout</li><li>/cart</li></ul>")
        else:
            status, text = self.site.page(parts.path, query)
            self.send(status, text.encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.site.requests.append(("POST", self.path, body))
        self.send_response(303)
        self.send_header("location", "/gallery")
        self.send_header("content-length", "0")
        self.end_headers()

    def send(self, status: int, body: bytes, kind: str = "text/html; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        if not self.site.streaming:
            self.send(503, b"{}", "application/json")
            return
        waiting: queue.Queue[str | None] = queue.Queue()
        self.site.streams.append(waiting)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"retry: 100\n\n")
        while (text := waiting.get()) is not None:
            try:
                self.wfile.write(text.encode())
            except OSError:
                return

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def gallery_site() -> Iterator[Site]:
    site = Site(build_environment(now_ms=lambda: NOW_MS, roots=(WEB, HERE)))
    handler = type("GalleryHandler", (Handler,), {"site": site})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        site.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield site
        site.drop_streams()
        server.shutdown()
        thread.join()


@pytest.fixture
def site(gallery_site: Site) -> Site:
    gallery_site.reset()
    return gallery_site


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens a page of the gallery. At the end nothing may have broken the policy or thrown."""
    contexts = []
    troubles: list[str] = []

    def open_it(
        path: str = "/gallery",
        *,
        width: int = 1440,
        height: int = 900,
        theme: Literal["light", "dark"] = "light",
        **options: Any,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            timezone_id="Europe/Berlin",
            locale="en-GB",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.clock.set_fixed_time(datetime.fromtimestamp(NOW_MS / 1000, UTC))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console",
            lambda message: (
                troubles.append(message.text)
                if "Content Security Policy" in message.text or "TypeError" in message.text
                else None
            ),
        )
        page.goto(site.url + path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not troubles, troubles
