"""Keeps the engine process alive: starts it, watches it, starts it again on the same port, and stops it cleanly.

Lives in the server process. The child is spawned, never forked: chDB hangs in a forked process. When the child keeps
dying, restarts grow apart and `state` says why; callers see refused connections meanwhile.
"""

import contextlib
import json
import logging
import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ...errors import CannotStart
from .config import EngineConfig, prepare_folders

Phase = Literal["starting", "up", "restarting", "stopped"]

HOST = "127.0.0.1"
BACK_OFF_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_S = 2.0
"""A child that was up this long starts with a clean record when it dies: only one that can't live waits longer."""
READY_S = 120.0
"""Restarts may have to load many parts; the first start is bounded by its caller."""
HEARTBEAT_S = 2.0
PING_TIMEOUT_S = 10.0
MISSED_PINGS = 3
LOCKED_PATIENCE_S = 6.0
"""An engine whose server was killed needs a moment to let go of the folder."""
STDERR_LINES = 200


@dataclass(frozen=True)
class EngineState:
    """`since_ms` is when the phase began (UTC epoch milliseconds); `last_error` says why the child died last."""

    phase: Phase
    since_ms: int
    last_error: str = ""
    restarts: int = 0


class EngineSupervisor:
    """One engine process. `start` and `stop` block; everything else may be read from any thread."""

    def __init__(
        self,
        config: EngineConfig,
        *,
        on_change: Callable[[EngineState], None] | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.config = config
        self.reserved: socket.socket | None = None
        self.on_change = on_change
        self.now_ms = now_ms
        self.child: Child | None = None
        self.stopping = threading.Event()
        self.first = threading.Event()
        self.refusal: CannotStart | None = None
        self.thread: threading.Thread | None = None
        self.stop_grace_s = 10.0
        self._state = EngineState("stopped", now_ms())

    @property
    def url(self) -> str:
        """Known from the first start on, and the same ever after."""
        return f"http://{HOST}:{self.config.port}"

    @property
    def pid(self) -> int | None:
        child = self.child
        return child.process.pid if child is not None and child.process.poll() is None else None

    @property
    def state(self) -> EngineState:
        return self._state

    def start(self, timeout_s: float = 30) -> None:
        """Block until the engine answers. Raises CannotStart with the reason that the engine gave. Started twice is once."""
        if self.thread is not None and self.thread.is_alive():
            return
        prepare_folders(self.config)
        self.reserve()
        self.stopping.clear()
        self.first.clear()
        self.refusal = None
        self.change("starting")
        # The thread that spawns the child must outlive it: Linux ties PR_SET_PDEATHSIG to that thread, not to the process.
        self.thread = threading.Thread(
            target=self.supervise, args=(time.monotonic() + timeout_s,), name="engine-supervisor", daemon=True
        )
        self.thread.start()
        self.first.wait()
        if self.refusal is not None:
            self.thread.join()
            self.release()
            raise self.refusal

    def stop(self, timeout_s: float = 20) -> None:
        """Let running queries end (bounded), close chDB and wait for the process. Safe to call twice."""
        self.stop_grace_s = max(0.0, timeout_s - 5)
        self.stopping.set()
        child = self.child
        if child is not None:
            child.ask_to_stop(self.stop_grace_s)
        if self.thread is not None:
            self.thread.join(timeout_s)
            if self.thread.is_alive() and child is not None:
                child.kill()
                self.thread.join(5)
            self.thread = None
        self.release()
        self.change("stopped", self._state.last_error)

    def reserve(self) -> None:
        if self.reserved is None:
            self.reserved = reserve_port(self.config.port)
            self.config = replace(self.config, port=self.reserved.getsockname()[1])

    def release(self) -> None:
        if self.reserved is not None:
            self.reserved.close()
            self.reserved = None

    def change(self, phase: Phase, last_error: str = "", restarts: int | None = None) -> None:
        count = self._state.restarts if restarts is None else restarts
        self._state = EngineState(phase, self.now_ms(), last_error, count)
        if self.on_change is not None:
            try:
                self.on_change(self._state)
            except Exception:
                logging.getLogger(__name__).exception("a listener of the engine's state failed")

    def supervise(self, deadline_s: float) -> None:
        """The supervising thread: one child after the other until stop."""
        try:
            if not self.first_child(deadline_s):
                return
            deaths = 0
            while not self.stopping.is_set():
                began_s = time.monotonic()
                error = self.watch()
                if self.stopping.is_set():
                    break
                deaths = 1 if time.monotonic() - began_s > STEADY_S else deaths + 1
                self.change("restarting", error, self._state.restarts + 1)
                self.revive(deaths)
        finally:
            child, self.child = self.child, None
            if child is not None:
                child.end(self.stop_grace_s)
            self.first.set()

    def first_child(self, deadline_s: float) -> bool:
        """The first start: it is tried again only while another engine is letting go of the folder."""
        patience_s = min(deadline_s, time.monotonic() + LOCKED_PATIENCE_S)
        while True:
            error = self.spawn(deadline_s)
            if error is None:
                self.first.set()
                return True
            if not is_locked(error) or time.monotonic() > patience_s or self.stopping.wait(0.3):
                self.refusal = refusal(self.config, error)
                self.change("stopped", str(self.refusal))
                return False

    def revive(self, deaths: int) -> None:
        """Start the child again, waiting longer after each failure."""
        while not self.stopping.wait(BACK_OFF_S[min(deaths - 1, len(BACK_OFF_S) - 1)]):
            error = self.spawn(time.monotonic() + READY_S)
            if error is None:
                return
            deaths += 1
            self.change("restarting", str(refusal(self.config, error)))

    def spawn(self, deadline_s: float) -> str | None:
        """Start a child and wait until it is ready. Returns None, or what it said before it gave up."""
        child = self.child = Child(self.config)
        if self.stopping.is_set():
            child.ask_to_stop(0)
        if child.ready(deadline_s) and child.ping():
            self.change("up", self._state.last_error)
            return None
        child.kill()
        return child.last_words() or child.epitaph()

    def watch(self) -> str:
        """Return when the child is dead, with the reason. A child that answers no heartbeat is killed."""
        child = self.child
        assert child is not None
        missed = 0
        while not child.gone(HEARTBEAT_S):
            if self.stopping.is_set():
                child.end(self.stop_grace_s)
                return "stopped"
            missed = 0 if child.ping() else missed + 1
            if missed >= MISSED_PINGS:
                child.kill()
                return f"it answered no heartbeat for {round(MISSED_PINGS * (HEARTBEAT_S + PING_TIMEOUT_S))} seconds"
        child.mourn()
        return child.epitaph()


class Child:
    """One process of the engine with its three pipes: life line, ready line, and what it says on standard error."""

    def __init__(self, config: EngineConfig) -> None:
        self.url = f"http://{HOST}:{config.port}/ping"
        self.said: deque[str] = deque(maxlen=STDERR_LINES)
        sources = str(Path(__file__).parents[3])  # the child runs the very code that its parent does
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, (sources, os.environ.get("PYTHONPATH")))),
        }
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", __package__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        self.listener = threading.Thread(target=self.listen, name="engine-stderr", daemon=True)
        self.listener.start()
        self.tell(config.to_json() + "\n")

    def tell(self, line: str) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        with contextlib.suppress(OSError, ValueError):
            stdin.write(line.encode())
            stdin.flush()

    def listen(self) -> None:
        """Drain standard error: chDB's start-up errors carry no text and are told only there."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.decode(errors="replace").rstrip()[:2000])

    def ready(self, deadline_s: float) -> bool:
        """Wait for the ready line. False when the child dies first or the time is up."""
        assert self.process.stdout is not None
        while (left_s := deadline_s - time.monotonic()) > 0:
            if not self.readable(left_s):
                return False
            line = self.process.stdout.readline()
            if not line:
                return False
            with contextlib.suppress(ValueError):
                if "ready" in json.loads(line):
                    return True
        return False

    def gone(self, wait_s: float) -> bool:
        """Whether the child has ended, waiting for it at most so long. Its end of the pipe tells at once."""
        assert self.process.stdout is not None
        if self.readable(wait_s) and not self.process.stdout.read1(1):  # type: ignore[attr-defined]
            return True
        return self.process.poll() is not None

    def readable(self, wait_s: float) -> bool:
        poller = select.poll()
        poller.register(self.process.stdout, select.POLLIN)  # type: ignore[arg-type]
        return bool(poller.poll(wait_s * 1000))

    def ping(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(self.url, timeout=PING_TIMEOUT_S) as answer:  # noqa: S310
            return bool(answer.status == 200)
        return False

    def ask_to_stop(self, grace_s: float) -> None:
        self.tell(f"stop {grace_s}\n")

    def end(self, grace_s: float) -> None:
        """Stop cleanly, or by force when it takes too long, and close the pipes."""
        self.ask_to_stop(grace_s)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace_s + 4)
        self.kill()

    def mourn(self) -> None:
        """After its standard output ended: let the process end by itself, so that its exit code tells the truth."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.kill()

    def kill(self) -> None:
        """End the process now (nothing acknowledged is lost) and close the pipes."""
        self.process.kill()
        self.process.wait()
        self.listener.join(2)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()

    def last_words(self) -> str:
        return "\n".join(self.said).strip()

    def epitaph(self) -> str:
        code = self.process.returncode
        how = (
            f"it was killed by signal {-code}"
            if code is not None and code < 0
            else f"it ended with code {code}"
        )
        words = self.last_words().splitlines()
        return f"{how}: {words[-1]}" if words else how


def reserve_port(port: int) -> socket.socket:
    """Hold a port without listening, so that it stays ours while the child is down; connections are refused meanwhile."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        holder.bind((HOST, port))
    except OSError as exc:
        holder.close()
        raise CannotStart(
            f"the engine's port {port} is taken: {exc.strerror}",
            hint="name another port, or 0 for any free one",
        ) from exc
    return holder


def is_locked(error: str) -> bool:
    return "Cannot lock file" in error


def refusal(config: EngineConfig, error: str) -> CannotStart:
    """The engine's last words as a sentence for people."""
    if is_locked(error):
        return CannotStart(
            f"another engine uses the data folder {config.data_dir}",
            hint="stop the other server first, or name another folder",
        )
    reason = re.search(r"(?:DB::Exception|Exception): ([^\n]+)", error)
    words = reason[1] if reason else (error.splitlines() or [""])[-1]
    return CannotStart(
        f"the event store's engine can't open {config.data_dir}: {words.strip()}",
        hint="look for damaged files or a full disk; restore a backup, or move the folder away to begin anew",
    )
