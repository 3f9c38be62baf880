"""Applications with Sentry's own clients, unchanged but for the address: what they sent is what Holdfast shows, field by field.

One server for all; each client has a project of its own. The applications are in clients/; each prints what its client made
of the errors, as they left it.
"""

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from e2e.server import Server, wait_until
from playwright.sync_api import sync_playwright

from holdfast_server.accounts.projects import create_project
from holdfast_server.model.clock import SystemClock
from holdfast_server.state_store.connect import StateStore

CLIENTS = Path(__file__).parent / "clients"
Json = dict[str, Any]
needs_node = pytest.mark.skipif(
    not (CLIENTS / "node_modules" / "@sentry").is_dir() or not shutil.which("node"),
    reason="Node.js or its packages are not installed (npm ci in e2e/clients)",
)


@dataclass
class Project:
    """A project of one client, and what it holds."""

    server: Server
    id: int
    public_key: str
    secret_key: str

    @property
    def dsn(self) -> str:
        return self.server.url.replace("://", f"://{self.public_key}@") + f"/{self.id}"

    def rows(self, columns: str, rest: str) -> list[Json]:
        sql = f"SELECT {columns} FROM {rest}"
        answer = self.server.send("POST", "/api/query", {"sql": sql}, key=self.secret_key)
        assert answer.status == 200, (sql, answer)
        return [dict(zip(columns.split(", "), row, strict=True)) for row in answer.json["rows"]]

    def get(self, path: str) -> Any:
        answer = self.server.send("GET", path, key=self.secret_key)
        assert answer.status == 200, answer
        return answer.json

    def wait_for(self, count: int, table: str) -> None:
        """What clients send by themselves comes when it comes."""
        wait_until(
            lambda: len(self.rows("id", table)) >= count, f"{count} in {table}", 30, lambda: self.server.said
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("sentry") / "data", HOLDFAST_DRAIN_INTERVAL_MS="50") as running:
        yield running.start()


def new_project(server: Server, name: str) -> Project:
    with closing(StateStore.open(f"sqlite:///{server.data}/state.db")) as state:
        made = create_project(state, name, SystemClock())
    return Project(server, made.project.id, made.public_key, made.secret_key)


def run(*command: str) -> Json:
    """What the application printed last; it must have ended well and said nothing on standard error."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert done.returncode == 0, done.stderr
    found: Json = json.loads(done.stdout.splitlines()[-1])
    return found


def clean_environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SENTRY_", "HOLDFAST_", "COVERAGE"))
    }


LAST_OF_SESSIONS = "app_sessions ORDER BY version DESC LIMIT 1 BY session_id"
PERSONAL = ("email", "username", "ip_address")


def check_occurrences(project: Project, sent: list[Json]) -> None:
    """Every field of every event, compared with the row that it became."""
    columns = (
        "event_id, error_type, message, severity, handled, release, environment, transaction, sdk, trace_id, user_id, platform, page, "
        "tags, exceptions, breadcrumbs, context"
    )
    rows = {
        row["event_id"]: row for row in project.rows(columns, "errors WHERE error_type != 'User feedback'")
    }
    assert set(rows) == {event["event_id"] for event in sent}
    for event in sent:
        check_occurrence(event, rows[event["event_id"]])


def check_occurrence(event: Json, row: Json) -> None:
    context = json.loads(row["context"])
    chain = listed(event.get("exception"))
    if chain and chain[-1].get("type"):
        assert (row["error_type"], row["message"]) == (chain[-1]["type"], chain[-1]["value"])
    else:
        message = event.get("logentry") or event["message"]
        assert row["error_type"] == "Message"
        assert row["message"] == (
            message if isinstance(message, str) else message.get("formatted") or message["message"]
        )
    assert row["severity"] == {"fatal": "critical"}.get(
        event.get("level", "error"), event.get("level", "error")
    )
    assert row["handled"] == all((item.get("mechanism") or {}).get("handled") is not False for item in chain)
    for name in ("release", "environment", "platform"):
        assert row[name] == event[name], name
    assert row["transaction"] == (event.get("transaction") or "")
    assert row["sdk"] == f"{event['sdk']['name']} {event['sdk']['version']}"
    assert row["trace_id"] == event["contexts"]["trace"]["trace_id"]
    assert row["user_id"] == event["user"]["id"]
    assert row["page"] == (event.get("request") or {}).get("url", "")
    assert json.loads(row["tags"] or "{}") == {
        name: str(value) for name, value in event.get("tags", {}).items()
    }
    assert json.loads(row["breadcrumbs"] or "[]") == listed(event.get("breadcrumbs"))
    assert frames_of(json.loads(row["exceptions"] or "[]")) == frames_of(
        chain or listed(event.get("threads"))
    )
    event["contexts"]["trace"].pop("dynamic_sampling_context", None)  # travels in the envelope's header
    for name in ("contexts", "extra", "modules", "server_name", "logger", "dist", "request"):
        assert context.get(name) == (event.get(name) or None), name
    rest = {name: value for name, value in event["user"].items() if name != "id" and name not in PERSONAL}
    assert context.get("user", {}) == rest
    assert "jo@example.org" not in json.dumps(row)


def listed(sent: Any) -> list[Json]:
    values = sent.get("values", []) if isinstance(sent, dict) else sent or []
    return list(values)


def frames_of(chain: list[Json]) -> list[Any]:
    """The frames of every link, whole, wherever the link keeps them."""
    return [(item.get("stacktrace") or {}).get("frames", item.get("frames") or []) for item in chain]


def check_file(project: Project, name: str, content: bytes) -> None:
    """The attachment is named in its occurrence, and its bytes are the client's."""
    found = [
        file for row in project.rows("files", "errors WHERE files != ''") for file in json.loads(row["files"])
    ]
    [file] = [file for file in found if file["name"] == name]
    sha256 = file["sha256"]
    assert (project.server.data / "files" / "attachments" / sha256[:2] / sha256[2:]).read_bytes() == content


def check_nothing_was_refused(project: Project) -> None:
    assert {row["outcome"] for row in project.get("/api/ledger?range=1h")["outcomes"]} == {"accepted"}


@pytest.mark.parametrize("options", [(), ("without-brotli",)], ids=["brotli", "gzip"])
def test_python(server: Server, options: tuple[str, ...]) -> None:
    """sentry-sdk: chained exceptions, messages, attachments, transactions, logs, metrics, a cron monitor and the session."""
    project = new_project(server, "python")
    sent = run(sys.executable, str(CLIENTS / "python_app.py"), project.dsn, *options)
    server.wait_drained()
    assert len(sent["events"]) == 2
    check_occurrences(project, sent["events"])
    check_file(project, "grüße.log", b"line 1\nline 2\n")
    check_file(project, "empty.bin", b"")
    check_transaction(project, sent["transactions"][0])
    check_records(project, release="shop@1.2.3", level="warn", counted=3)
    [session] = project.rows("user_id, status, errors, release", LAST_OF_SESSIONS)
    assert session == {"user_id": "u-7", "status": "exited", "errors": 1, "release": "shop@1.2.3"}
    check_monitor(project, "0 3 * * *")
    [health] = project.get("/api/releases/health")["releases"]
    assert (health["release"], health["sessions"], health["errored"], health["crashFreeSessions"]) == (
        "shop@1.2.3",
        1,
        1,
        1.0,
    )
    check_nothing_was_refused(project)


def check_transaction(project: Project, sent: Json) -> None:
    """The transaction and each of its spans are there, and latency and AI usage heard of them."""
    rows = {
        row["span_id"]: row
        for row in project.rows(
            "span_id, trace_id, parent_id, name, op, status, release, duration_ms, is_segment, attributes",
            "spans",
        )
    }
    trace = sent["contexts"]["trace"]
    root = rows.pop(trace["span_id"])
    assert (root["name"], root["op"], root["status"], root["trace_id"]) == (
        sent["transaction"],
        trace["op"],
        trace["status"],
        trace["trace_id"],
    )
    assert (root["release"], root["is_segment"]) == (sent["release"], True)
    assert set(rows) == {span["span_id"] for span in sent["spans"]}
    for span in sent["spans"]:
        row = rows[span["span_id"]]
        assert (row["name"], row["op"], row["parent_id"]) == (
            span["description"],
            span["op"],
            span["parent_span_id"],
        )
        assert json.loads(row["attributes"]).items() >= span["data"].items()
    assert request_events(project) == [
        {"type": "ai_operation", "name": "ai.operation", "status": 0},
        {"type": "api_latency", "name": "GET api.example.org/rates/[id]", "status": 200},
        {"type": "http.request", "name": "GET /orders/{id}", "status": 503},
    ]


def request_events(project: Project) -> list[Json]:
    return project.rows(
        "type, name, status",
        "events WHERE type IN ('http.request', 'api_latency', 'ai_operation') ORDER BY type",
    )


def check_records(project: Project, *, release: str, level: str, counted: int) -> None:
    """One log record and the metrics, whole."""
    [record] = project.rows("body, severity, release, environment, attributes", "logs")
    assert (record["body"], record["severity"]) == ("stock of tea is low", level)
    assert (record["release"], record["environment"]) == (release, "staging")
    assert json.loads(record["attributes"])["left"] == 2
    found = {row["name"]: row for row in project.rows("name, kind, unit, value", "points ORDER BY name")}
    total = sum(row["value"] for row in project.rows("value", "points WHERE name = 'orders.paid'"))
    assert (total, found["orders.paid"]["kind"]) == (counted, "counter")
    if "queue.length" in found:
        assert (found["queue.length"]["kind"], found["queue.length"]["value"]) == ("gauge", 17)
        assert (
            found["answer.time"]["kind"],
            found["answer.time"]["value"],
            found["answer.time"]["unit"],
        ) == ("distribution", 12.5, "millisecond")


def check_monitor(project: Project, schedule: str) -> None:
    [monitor] = project.get("/api/monitors")["monitors"]
    assert (monitor["slug"], monitor["status"], monitor["ok"], monitor["failed"]) == (
        "nightly-bill",
        "ok",
        1,
        0,
    )
    assert (monitor["environment"], monitor["schedule"]["value"]) == ("staging", schedule)
    assert monitor["nextExpected"] is not None


@needs_node
def test_node(server: Server) -> None:
    """@sentry/node: the same, with spans streamed instead of transactions, and a person's feedback."""
    project = new_project(server, "node")
    sent = run("node", str(CLIENTS / "node_app.mjs"), project.dsn)
    server.wait_drained()
    assert len(sent["events"]) == 2
    check_occurrences(project, sent["events"])
    check_file(project, "trace.bin", b"\x00\x0a\xff\x0a{")
    spans = {
        row["name"]: row
        for row in project.rows("name, op, kind, status, release, user_id, is_segment", "spans")
    }
    assert set(spans) == {"GET /orders/:id", "SELECT 1", "chat tiny-1"}
    assert spans["GET /orders/:id"] == {
        "name": "GET /orders/:id", "op": "http.server", "kind": "server", "status": "ok", "release": "shop@2.0.0", "user_id": "u-9", "is_segment": True,
    }  # fmt: skip
    assert request_events(project) == [
        {"type": "ai_operation", "name": "ai.operation", "status": 0},
        {"type": "http.request", "name": "GET /orders/:id", "status": 200},
    ]
    check_records(project, release="shop@2.0.0", level="warn", counted=2)
    [session] = project.rows("user_id, status, release", LAST_OF_SESSIONS)
    assert session == {"user_id": "u-9", "status": "exited", "release": "shop@2.0.0"}
    check_monitor(project, "1")
    check_feedback(project)
    check_nothing_was_refused(project)


def check_feedback(project: Project) -> None:
    [said] = project.rows("message, user_id, release", "errors WHERE error_type = 'User feedback'")
    assert said["message"] == "the pay button does nothing"


@pytest.fixture(scope="module")
def page_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page with the bundled application, at an origin of its own."""
    folder = tmp_path_factory.mktemp("page")
    bundle = [str(CLIENTS / "node_modules" / ".bin" / "esbuild"), str(CLIENTS / "browser_app.mjs")]
    subprocess.run(
        [*bundle, "--bundle", f"--outfile={folder}/app.js", "--log-level=error"], check=True, timeout=120
    )
    (folder / "index.html").write_text(
        "<!doctype html><title>shop</title><link rel=icon href=data:,><script src=app.js></script>"
    )
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}/"
        site.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Requests are no news."""


@needs_node
@pytest.mark.browser
def test_browser(server: Server, page_url: str) -> None:
    """@sentry/browser in Chromium, at another origin: errors caught and uncaught, spans, logs, metrics, the session, feedback."""
    path = os.environ.get("HOLDFAST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no Chromium is installed (set HOLDFAST_CHROMIUM to another)")
    project = new_project(server, "browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        complaints: list[str] = []
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.goto(page_url)
        sent = page.evaluate("dsn => window.run(dsn)", project.dsn)
        project.wait_for(4, "errors")
        page.goto("about:blank")  # what is left is sent as the page goes
        project.wait_for(1, "app_sessions")
        project.wait_for(1, "logs")
        project.wait_for(1, "points")
        project.wait_for(1, "spans WHERE op = 'pageload'")
        browser.close()
    server.wait_drained()
    assert complaints == []
    assert [listed(event.get("exception"))[-1].get("type") for event in sent["events"]] == [
        "Error",
        None,
        "RangeError",
    ]
    check_occurrences(project, sent["events"])
    check_file(project, "state.json", b'{"cart":3}')
    assert {row["browser"] for row in project.rows("browser", "errors")} <= {"Chrome", "HeadlessChrome"}
    check_records(project, release="page@3.0.0", level="error", counted=1)
    vitals = {
        row["name"]: row["value"] for row in project.rows("name, value", "events WHERE type = 'performance'")
    }
    assert vitals["TTFB"] > 0
    [health] = project.get("/api/releases/health")["releases"]
    assert (health["release"], health["unhandled"], health["crashed"]) == ("page@3.0.0", 1, 0)
    check_feedback(project)
    check_nothing_was_refused(project)
