"""A real server in a folder of its own, for benchmarks: started, asked, measured, stopped."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

CLI = ("-m", "holdfast_server.cli")
TICKS = os.sysconf("SC_CLK_TCK")


class BenchServer:
    """`with BenchServer() as server`: answers at `url`; `cpu_s` and `rss_mb` count the server and its engine."""

    def __init__(self, **environment: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="holdfast-bench-")
        self.data = Path(self.folder.name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {"HOLDFAST_ADMIN_PASSWORD": "only for this benchmark"} | environment

    def __enter__(self) -> "BenchServer":
        self.start()
        text = (self.data / "server.log").read_text()
        self.public_key = re.findall(r"hf_pub_[0-9a-f]+", text)[0]
        self.secret_key = re.findall(r"hf_sec_[0-9a-f]+", text)[0]
        return self

    def start(self) -> None:
        """Raises SystemExit with what the server said when it does not come up."""
        self.log = (self.data / "server.log").open("w+")
        command = [sys.executable, *CLI, "serve", "--data", str(self.data / "data"), "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, stdout=self.log, stderr=subprocess.STDOUT, env=self.environment
        )
        deadline = time.monotonic() + 60
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the server did not start:\n" + (self.data / "server.log").read_text())
            time.sleep(0.1)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.log.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.folder.cleanup()

    def ready(self) -> bool:
        try:
            return urllib.request.urlopen(self.url + "/readyz", timeout=2).status == 200
        except OSError:
            return False

    def get(self, path: str) -> Any:
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": f"Bearer {self.secret_key}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def ask(self, sql: str) -> list[list[Any]]:
        request = urllib.request.Request(
            self.url + "/api/query",
            json.dumps({"sql": sql}).encode(),
            {"Authorization": f"Bearer {self.secret_key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())["rows"]  # type: ignore[no-any-return]

    @property
    def pending(self) -> int:
        """Events that wait in the spool; from /metrics, which asks the engine next to nothing."""
        with urllib.request.urlopen(self.url + "/metrics", timeout=60) as answer:
            found = re.search(
                r"^holdfast_spool_pending_events ([\d.e+]+)", answer.read().decode(), re.MULTILINE
            )
        assert found
        return int(float(found.group(1)))

    def wait_drained(self, timeout_s: float = 300) -> None:
        deadline = time.monotonic() + timeout_s
        while self.pending:
            if time.monotonic() > deadline:
                raise SystemExit("the spool did not drain")
            time.sleep(0.2)

    @property
    def pids(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found = {self.process.pid, *map(int, children)}
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            found |= {int(pid) for pid in (task / "children").read_text().split()}
        return sorted(found)

    def part(self, pid: int) -> str:
        """Which of the three processes this is."""
        command = Path(f"/proc/{pid}/cmdline").read_text()
        return (
            "engine"
            if "event_store.engine" in command
            else "drainer"
            if "holdfast_server.drainer" in command
            else "server"
        )

    def cpu_s(self) -> dict[int, float]:
        """User and system seconds by process: the server's own first."""
        used = {}
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used[pid] = (int(fields[11]) + int(fields[12])) / TICKS
        return used

    def rss_mb(self) -> dict[int, float]:
        return {
            pid: int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) / 1024
            for pid in self.pids
        }

    def folder_bytes(self) -> int:
        """All that stays: facts, state, files. Not the spool's file, whose size is that of its largest backlog."""
        found = 0
        for file in (self.data / "data").rglob("*"):
            with suppress(FileNotFoundError):  # merges replace parts
                if file.is_file() and file.parent.name != "spool":
                    found += file.stat().st_size
        return found

    def disk_bytes(self, table: str = "events") -> tuple[int, int]:
        """Rows and bytes of one table on disk, from the engine's own folder."""
        total = sum(
            file.stat().st_size for file in (self.data / "data" / "events").rglob("*") if file.is_file()
        )
        return int(self.ask(f"SELECT count() FROM {table}")[0][0]), total


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
