"""Bugsink (from PyPI) in its documented single-machine set-up: gunicorn, snappea, SQLite; started, asked, measured, stopped.

https://www.bugsink.com/docs/single-server-production/ without the reverse proxy in front, whose CPU is thus not counted.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from bench.load.server import TICKS, free_port

VERSION = "2.6.1"
HOME = Path(__file__).resolve().parents[2] / ".venv" / "peers" / f"bugsink-{VERSION}"
MAKE_PROJECT = """
from projects.models import Project
from teams.models import Team
team = Team.objects.create(name='bench')
project = Project.objects.create(name='bench', team=team, retention_max_event_count=10_000_000)
print('KEY', project.id, project.sentry_key.hex)
"""


def installed() -> Path:
    """The folder of its programs; installs it once."""
    if not (HOME / "bin" / "bugsink-manage").exists():
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
        subprocess.run([HOME / "bin" / "pip", "install", "--quiet", f"bugsink=={VERSION}"], check=True)
    return HOME / "bin"


class Bugsink:
    """`with Bugsink() as peer`: takes envelopes at `port`, project `project`, with `key`."""

    def __init__(self) -> None:
        self.programs = installed()
        self.folder = tempfile.TemporaryDirectory(prefix="bugsink-bench-")
        self.home = Path(self.folder.name)
        self.port = free_port()

    def __enter__(self) -> "Bugsink":
        self._run(
            "bugsink-create-conf", "--template=singleserver", "--host=127.0.0.1", f"--base-dir={self.home}"
        )
        config = self.home / "bugsink_conf.py"
        text = config.read_text().replace('"https://127.0.0.1"', f'"http://127.0.0.1:{self.port}"')
        # Its own limits on events are for small machines: with them it would refuse, and look faster than it is.
        config.write_text(
            text
            + "\nBUGSINK['MAX_EVENTS_PER_PROJECT_PER_5_MINUTES'] = 10_000_000\nBUGSINK['MAX_EVENTS_PER_PROJECT_PER_HOUR'] = 10_000_000\nBUGSINK['MAX_EVENTS_PER_PROJECT_PER_MONTH'] = 10_000_000\nBUGSINK['MAX_EVENTS_PER_5_MINUTES'] = 10_000_000\nBUGSINK['MAX_EVENTS_PER_HOUR'] = 10_000_000\nBUGSINK['MAX_EVENTS_PER_MONTH'] = 10_000_000\n"
        )
        self._run("bugsink-manage", "migrate")
        self._run("bugsink-manage", "migrate", "--database=snappea")
        made = self._run("bugsink-manage", "shell", "-c", MAKE_PROJECT)
        self.project, self.key = next(
            line.split()[1:] for line in made.splitlines() if line.startswith("KEY")
        )
        self.log = (self.home / "server.log").open("w")
        self.processes = [
            self._start("gunicorn", f"--bind=127.0.0.1:{self.port}", "--access-logfile", "/dev/null", "bugsink.wsgi"),
            self._start("bugsink-runsnappea"),
        ]  # fmt: skip
        self._wait_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)
        self.log.close()
        self.folder.cleanup()

    @property
    def digested(self) -> int:
        """Events that stand in its database, which is what its issue list counts."""
        return int(self._count("db.sqlite3", "events_event"))

    def wait_digested(self, count: int, timeout_s: float = 600) -> int:
        deadline = time.monotonic() + timeout_s
        while (now := self.digested) < count and time.monotonic() < deadline:
            time.sleep(0.25)
        return now

    def cpu_s(self) -> float:
        """User and system seconds of everything that belongs to it, ended children included."""
        total = 0
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and self._is_ours(process):
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                total += sum(map(int, fields[11:15]))
        return total / TICKS

    def disk_bytes(self) -> int:
        """Databases and stored events, with SQLite's logs written back first."""
        for name in ("db.sqlite3", "snappea.sqlite3"):
            with sqlite3.connect(self.home / name, timeout=60) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found = 0
        for file in self.home.rglob("*"):
            with suppress(FileNotFoundError):  # its workers come and go
                if file.is_file() and file.name not in ("server.log", "bugsink_conf.py"):
                    found += file.stat().st_size
        return found

    def _is_ours(self, process: Path) -> bool:
        try:
            return os.getpgid(int(process.name)) in {one.pid for one in self.processes}
        except ProcessLookupError:
            return False

    def _count(self, file: str, table: str) -> int:
        with sqlite3.connect(f"file:{self.home / file}?mode=ro", uri=True, timeout=60) as db:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def _environment(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(self.home), "DJANGO_SETTINGS_MODULE": "bugsink_conf"}

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run([self.programs / program, *arguments], cwd=self.home, env=self._environment(), check=False, capture_output=True, text=True)  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{program} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def _start(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([self.programs / program, *arguments], cwd=self.home, env=self._environment(), stdout=self.log, stderr=self.log, start_new_session=True)  # fmt: skip

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5)
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise SystemExit("Bugsink did not start:\n" + (self.home / "server.log").read_text())
