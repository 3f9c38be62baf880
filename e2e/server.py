"""A real server process for tests: started, asked, killed, started again on the same folder and port, stopped.

It is the command that people run, with the sources of this checkout. Whatever a test leaves running is ended by `close`.
"""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
SOURCES = (ROOT / "server" / "src", ROOT / "sdk-python" / "src")
COMMAND = (sys.executable, "-c")
RUN = "from holdfast_server.cli import main; main()"
READY_S = 60.0
PROBE_S = 0.05


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """One data folder and one port; at most one process at a time.

    `settings` are environment variables. `before` is Python that runs in the server's process ahead of it, to shorten a wait
    or to break something. The keys are read from what the first start prints.
    """

    def __init__(self, data: Path, *, before: str = "", **settings: str) -> None:
        self.data = data
        self.before = before
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data.parent / f"{data.name}.log"
        self.settings = {"HOLDFAST_ADMIN_PASSWORD": "only for this test", **settings}
        self.process: subprocess.Popen[bytes] | None = None
        self.public_key = ""
        self.secret_key = ""

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- its life

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the process and return at once."""
        command = [
            *COMMAND,
            f"{self.before}\n{RUN}",
            "serve",
            "--data",
            str(self.data),
            "--port",
            str(self.port),
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(self.settings),
            )
        return self.process

    def start(self) -> "Server":
        """Start the process and return when it is ready."""
        self.spawn()
        self.wait_ready()
        return self

    def wait_ready(self, timeout_s: float = READY_S) -> None:
        wait_until(self._ready_or_dead, f"{self.url} ready", timeout_s, lambda: self.said)
        self.read_keys()

    def kill(self) -> None:
        """SIGKILL, as the kernel's out-of-memory killer would; the children must notice by themselves."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, timeout_s: float = 30) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout_s)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            children = self.children()
            self.kill()
            for pid in children:
                end(pid)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def engine_pid(self) -> int | None:
        """Found by the kernel's word, not the server's: also when that does not answer."""
        return self._child("holdfast_server.event_store.engine")

    @property
    def drainer_pid(self) -> int | None:
        return self._child("holdfast_server.drainer")

    def children(self) -> list[int]:
        assert self.process is not None
        found: list[int] = []
        for task in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            try:
                found += [int(pid) for pid in task.read_text().split()]
            except OSError:
                continue  # the thread ended meanwhile
        return [pid for pid in found if alive(pid)]

    def _child(self, module: str) -> int | None:
        return next((pid for pid in self.children() if module in command_of(pid)), None)

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    # -- asking it

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str = "",
        headers: dict[str, str] | None = None,
        timeout_s: float = 60,
    ) -> Answer:
        """One request; an answer of any status is an answer, OSError means there was none."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {key or self.secret_key}", "Content-Type": "application/json"} | (
            headers or {}
        )
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                return Answer(
                    answer.status,
                    {name.lower(): value for name, value in answer.headers.items()},
                    answer.read(),
                )
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(
                    refused.code,
                    {name.lower(): value for name, value in refused.headers.items()},
                    refused.read(),
                )

    def get(self, path: str) -> Any:
        answer = self.send("GET", path)
        assert answer.status == 200, answer
        return answer.json

    def ask(self, sql: str) -> list[list[Any]]:
        """A question in SQL, as a person would ask it."""
        answer = self.send("POST", "/api/query", {"sql": sql})
        assert answer.status == 200, (sql, answer)
        rows: list[list[Any]] = answer.json["rows"]
        return rows

    def send_events(self, *events: dict[str, Any], **more: Any) -> Answer:
        return self.send(
            "POST", "/api/telemetry/batch", {"events": list(events), **more}, key=self.public_key
        )

    @property
    def ready(self) -> bool:
        return self.answers("/readyz")

    def answers(self, path: str) -> bool:
        try:
            return self.send("GET", path, timeout_s=15).status == 200
        except OSError:
            return False

    @property
    def pending(self) -> int:
        return int(self.get("/api/health/extended")["spool"]["pendingEvents"])

    def wait_drained(self, timeout_s: float = 60) -> None:
        wait_until(lambda: self.pending == 0, "an empty spool", timeout_s, lambda: self.said)

    # -- behind it

    def _ready_or_dead(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (
            f"the server ended with code {self.process.returncode}:\n{self.said}"
        )
        return self.ready

    def read_keys(self) -> None:
        found = [re.findall(pattern, self.said) for pattern in (r"hf_pub_[0-9a-f]+", r"hf_sec_[0-9a-f]+")]
        if all(found):
            self.public_key, self.secret_key = found[0][-1], found[1][-1]


def environment(settings: dict[str, str]) -> dict[str, str]:
    """This checkout's sources, and no settings of the caller's own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
    path = os.pathsep.join([*map(str, SOURCES), *filter(None, [os.environ.get("PYTHONPATH")])])
    return inherited | {"PYTHONPATH": path} | settings


def wait_until(met: Any, what: str, timeout_s: float = 30, evidence: Any = lambda: "") -> None:
    """Return once `met()` is true; fail with what was waited for and the evidence at the deadline."""
    deadline = time.monotonic() + timeout_s
    while not met():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s for {what}\n{evidence()[-6000:]}"
        time.sleep(PROBE_S)


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def command_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    wait_until(lambda: not alive(pid), f"the end of process {pid}")


def free_port() -> int:
    """A port below those that the kernel gives to outgoing connections: a client that knocks while the server is down
    could otherwise be given the very port as its own, and connect to itself."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    # By chance, because test processes beside this one look for ports too, and theirs are bound a second later.
    for port in random.sample(range(low - 12_000, low), 12_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port not in GIVEN:
                GIVEN.add(port)
                return port
    raise AssertionError("no free port")


GIVEN: set[int] = set()
