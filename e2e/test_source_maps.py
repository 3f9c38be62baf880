"""Real tools upload a real build, a real browser breaks in it, and the error is shown in its own source (issue 5).

sentry-cli and Sentry's bundler plugin are unchanged; `holdfast sourcemaps upload` is ours.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from e2e.server import SOURCES, Server
from playwright.sync_api import Browser, sync_playwright

CLIENTS = Path(__file__).parent / "clients"
TOOLS = CLIENTS / "node_modules" / ".bin"
Json = dict[str, Any]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("server") / "data"
    with Server(data, HOLDFAST_DRAIN_INTERVAL_MS="50") as made:
        yield made.start()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("HOLDFAST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no Chromium is installed (set HOLDFAST_CHROMIUM to another)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def run(server: Server) -> Callable[..., str]:
    """Runs a tool of Node.js as a pipeline would; answers what it printed."""
    if shutil.which("node") is None or not (TOOLS / "sentry-cli").exists():
        pytest.skip("Node.js or the packages of e2e/clients are not installed (npm ci in that folder)")
    own = {
        "SENTRY_URL": server.url,
        "SENTRY_AUTH_TOKEN": server.secret_key,
        "SENTRY_ORG": "any",
        "SENTRY_PROJECT": "my-application",
        "DO_NOT_TRACK": "1",
    }

    def tool(*command: str, **more: str) -> str:
        done = subprocess.run(
            command, env=os.environ | own | more, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return tool


@pytest.fixture
def breaks(server: Server, browser: Browser) -> Callable[[Path, str], list[Json]]:
    """Serves a build, opens it, and gives the frames of the error that it throws, as they are kept."""

    def frames(folder: Path, release: str) -> list[Json]:
        web = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        threading.Thread(target=web.serve_forever, daemon=True).start()
        dsn = server.url.replace("://", f"://{server.public_key}@") + "/1"
        page = browser.new_page()
        with page.expect_response(
            lambda answer: "/envelope/" in answer.url and "event" in (answer.request.post_data or "")
        ):
            page.goto(f"http://127.0.0.1:{web.server_port}/?dsn={quote(dsn)}&release={quote(release)}")
        page.close()
        web.shutdown()
        web.server_close()
        server.wait_drained()
        [[text]] = server.ask(f"SELECT exceptions FROM errors WHERE release = '{release}' LIMIT 1")
        found: list[Json] = json.loads(text)[0]["frames"]
        return found

    return frames


def own_source(frames: list[Json]) -> list[tuple[str, str, int]]:
    """Function, file and line of the last frames: the way from the page to the fault."""
    return [(frame["function"], Path(frame["filename"]).name, frame["lineno"]) for frame in frames[-3:]]


ORIGINAL = [("checkout", "main.ts", 8), ("totalOf", "cart.ts", 5), ("priceOf", "cart.ts", 11)]


def test_sentry_cli(
    tmp_path: Path, run: Callable[..., str], breaks: Callable[[Path, str], list[Json]]
) -> None:
    """`sentry-cli sourcemaps inject` and `upload`: the error names functions, files and lines of the source."""
    run("node", str(CLIENTS / "build_shop.mjs"), str(tmp_path))
    cli = str(TOOLS / "sentry-cli")
    run(cli, "releases", "new", "cli@1.0.0")
    run(cli, "sourcemaps", "inject", str(tmp_path))
    said = run(cli, "sourcemaps", "upload", "--release", "cli@1.0.0", str(tmp_path))
    assert "File processing complete" in said
    run(cli, "releases", "finalize", "cli@1.0.0")
    frames = breaks(tmp_path, "cli@1.0.0")
    assert own_source(frames) == ORIGINAL
    last = frames[-1]
    assert last["context_line"] == '    throw new CartError("a price below zero: " + item.price);'
    assert last["raw"]["filename"].endswith("/assets/main.js")
    assert last["debug_id"] in said


def test_a_bundler_plugin(
    tmp_path: Path, run: Callable[..., str], breaks: Callable[[Path, str], list[Json]]
) -> None:
    """Sentry's plugin uploads with a client of its own while esbuild builds."""
    run("node", str(CLIENTS / "build_shop.mjs"), str(tmp_path), "plugin", SENTRY_RELEASE="plugin@1.0.0")
    assert own_source(breaks(tmp_path, "plugin@1.0.0")) == ORIGINAL


def test_holdfast_upload(
    server: Server, tmp_path: Path, run: Callable[..., str], breaks: Callable[[Path, str], list[Json]]
) -> None:
    """`holdfast sourcemaps upload` without debug ids: release and path are enough. Again, it sends nothing twice."""
    run("node", str(CLIENTS / "build_shop.mjs"), str(tmp_path))
    command = [
        sys.executable,
        "-m",
        "holdfast_server.cli",
        "sourcemaps",
        "upload",
        str(tmp_path),
        "--release",
        "own@1.0.0",
    ]
    command += ["--url", server.url, "--key", server.secret_key]
    sources = os.pathsep.join(map(str, SOURCES))
    assert "2 files uploaded for release own@1.0.0." in run(*command, PYTHONPATH=sources)
    assert "0 files uploaded, 2 were there already" in run(*command, PYTHONPATH=sources)
    assert own_source(breaks(tmp_path, "own@1.0.0")) == ORIGINAL


def test_nothing_uploaded(
    server: Server, tmp_path: Path, run: Callable[..., str], breaks: Callable[[Path, str], list[Json]]
) -> None:
    """Without its maps the same error says for each frame why it is shown as it runs, also by `explain`."""
    run("node", str(CLIENTS / "build_shop.mjs"), str(tmp_path))
    server.send("POST", "/api/sourcemaps?release=other&path=~/x.js", b"x()", key=server.secret_key)
    frames = breaks(tmp_path, "forgotten@1.0.0")
    assert {frame.get("unmapped") for frame in frames} <= {"no_artifact_for_release", None}
    [[event]] = server.ask("SELECT event_id FROM errors WHERE release = 'forgotten@1.0.0'")
    answer = server.send("GET", f"/api/sourcemaps/explain?event={event}", key=server.secret_key)
    assert answer.status == 200, answer
    assert {frame["code"] for frame in answer.json["frames"]} == {"no_artifact_for_release"}
