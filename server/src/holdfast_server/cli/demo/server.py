"""The server as the demo's child: started, waited for, watched, and stopped. What it says goes to a log file."""

import contextlib
import dataclasses
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import urllib3

from ...errors import CannotStart
from ...settings import SECTIONS, Settings

LOG_FILE = "server.log"
READY_S = 60
STOP_S = 20


class Server:
    """A context manager: inside, the server answers (once `wait_ready` has returned); after it, it has stopped."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log: Path = settings.server.data / LOG_FILE
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", f"{__package__}.attended"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment(self.settings),
                start_new_session=True,  # Ctrl-C reaches the parent alone, which stops its sending first
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The closed pipe tells it to stop; one that does not is ended by force (nothing acknowledged is lost)."""
        assert self.process is not None
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_ready(self) -> None:
        """Raises CannotStart with the server's own words when it ends, or when it takes too long."""
        deadline_s = time.monotonic() + READY_S
        with urllib3.PoolManager(timeout=2.0, retries=False) as pool:
            while time.monotonic() < deadline_s:
                self.check()
                with contextlib.suppress(urllib3.exceptions.HTTPError):
                    if pool.request("GET", f"{local_url(self.settings)}/readyz").status == 200:
                        return
                time.sleep(0.1)
        raise CannotStart(f"the server did not get ready within {READY_S} s", hint=f"look into {self.log}")

    def check(self) -> None:
        """Raises CannotStart when the server has ended by itself."""
        assert self.process is not None
        if self.process.poll() is not None:
            raise CannotStart(
                f"the server ended: {self.last_words()}", hint=f"the whole story is in {self.log}"
            )

    def last_words(self) -> str:
        """The end of its log: the sentence with which it gave up."""
        lines = [line for line in self.log.read_text("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"


def local_url(settings: Settings) -> str:
    """How this machine reaches the server, whatever its public address is."""
    return dataclasses.replace(settings, server=dataclasses.replace(settings.server, public_url="")).base_url


def environment(settings: Settings) -> dict[str, str]:
    """The child's environment: ours, with exactly these settings and no others of the server's."""
    known = {item.metadata["env"] for section in SECTIONS.values() for item in dataclasses.fields(section)}
    kept = {
        name: value for name, value in os.environ.items() if name not in known and name != "HOLDFAST_CONFIG"
    }
    return kept | {"PYTHONUNBUFFERED": "1"} | changed(settings)


def changed(settings: Settings) -> dict[str, str]:
    """The settings that differ from their defaults, as environment variables."""
    found: dict[str, str] = {}
    for name in SECTIONS:
        section = getattr(settings, name)
        for item in dataclasses.fields(section):
            value = getattr(section, item.name)
            if value != item.default:
                found[item.metadata["env"]] = ",".join(value) if isinstance(value, tuple) else str(value)
    return found


def refuse_taken_port(host: str, port: int) -> None:
    """Told before anything is started, in words that help."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise CannotStart(
                f"the server can't listen on {host}:{port}: {exc.strerror or exc}",
                hint="choose another one with --port, or stop what uses it",
            ) from exc
