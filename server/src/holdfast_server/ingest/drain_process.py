"""The drainer's process, from the server's side: started, watched, started again when it dies, told to stop.

A process of its own because Python runs one thread at a time: in the server's process, moving blocks slowed answers five
times and cost half as much CPU again (measured). Its death loses nothing: the spool holds, and a pinned range is repeated.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import structlog

log = structlog.get_logger(__name__)

MODULE = "holdfast_server.drainer"
FIRST_BACKOFF_S = 0.2
MAX_BACKOFF_S = 10.0


class ForwardConfig(msgspec.Struct, frozen=True):
    """Where to forward, and what."""

    dsn: str
    folder: str
    environments: list[str]
    error_rate: float
    performance_rate: float
    quota_bytes: int
    salt: str


class DrainConfig(msgspec.Struct, frozen=True):
    """All that the child needs; it goes down its standard input, because it holds passwords."""

    spool: str
    boot_id: str
    events_host: str
    events_port: int
    events_user: str
    events_password: str
    events_database: str
    events_secure: bool
    events_cluster: str
    state_url: str
    node: int
    max_age_s: float
    block_rows: int
    interval_s: float
    source_maps: str
    burst_bodies: int
    burst_new_bodies: int
    log_format: str
    forward: ForwardConfig | None = None


class DrainReport(msgspec.Struct):
    """A line of the child's standard output."""

    moved: int
    trouble: str


class DrainProcess:
    """`start` and `stop` from one thread; `trouble`, `moved`, `restarts` and `pid` from any."""

    def __init__(self, config: DrainConfig) -> None:
        self.config = config
        self.trouble = ""
        self.moved = 0
        self.restarts = 0
        self.stopping = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread(target=self._watch, name="drain-process", daemon=True)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def start(self) -> None:
        self.process = self._spawn()
        self.thread.start()

    def stop(self, timeout_s: float = 30) -> None:
        """Let it finish its block. By force when that takes longer: the block is then repeated at the next start."""
        self.stopping.set()
        process = self.process
        if process is not None:
            self._end_input(process)
            try:
                process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
        self.thread.join(5)

    def _watch(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        while self.process is not None:
            moved_before = self.moved
            code = self._listen(self.process)
            if self.stopping.is_set():
                return
            self.trouble = f"the drainer's process ended with code {code}"
            log.error("drain.process_died", code=code, again_in_s=backoff_s)
            self.stopping.wait(backoff_s)
            if self.stopping.is_set():
                return
            backoff_s = FIRST_BACKOFF_S if self.moved > moved_before else min(backoff_s * 2, MAX_BACKOFF_S)
            self.restarts += 1
            self.process = self._spawn()

    def _listen(self, process: "subprocess.Popen[bytes]") -> int:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                report = msgspec.json.decode(line, type=DrainReport)
            except msgspec.DecodeError:
                continue
            self.moved += report.moved
            self.trouble = report.trouble
        self._end_input(process)
        return process.wait()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        sources = str(Path(__file__).parents[2])  # the child runs the very code that its parent does
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, (sources, os.environ.get("PYTHONPATH")))),
        }
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert process.stdin is not None
        try:
            process.stdin.write(msgspec.json.encode(self.config) + b"\n")
            process.stdin.flush()
        except OSError:
            log.exception("drain.process_failed")
        return process

    def _end_input(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        try:
            process.stdin.close()
        except OSError:
            log.debug("drain.input_gone")
