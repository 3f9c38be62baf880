"""`holdfast doctor`: looks at settings, disk, stores, spool and clock, and says what to do about what is wrong."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from ..errors import HoldfastError
from ..settings import Settings
from ..state_store.connect import StateStore
from . import client
from .options import Config, Data, settings

MARKS = {
    "ok": ("[green]ok[/]", 0),
    "warning": ("[yellow]warning[/]", 0),
    "problem": ("[bold red]problem[/]", 1),
}
LOW_DISK_GB = 2
FSYNC_SLOW_MS = 50


@dataclass(frozen=True)
class Finding:
    """`level` is ok, warning or problem; `advice` says what to do."""

    subject: str
    level: str
    message: str
    advice: str = ""


def doctor(data: Data = None, config: Config = None) -> None:
    """Check everything that Holdfast stands on. Exit code 1 when something needs doing."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        chosen = settings(config, data=data)
    except HoldfastError as exc:
        console.print(f"{MARKS['problem'][0]}  settings: {exc.message}")
        raise typer.Exit(1) from exc
    found = [
        Finding("settings", "ok", "all of them can be used"),
        *disk(chosen.server.data),
        state(chosen),
        *server(data),
    ]
    for item in found:
        console.print(f"{MARKS[item.level][0]}  {item.subject}: {item.message}")
        if item.advice:
            console.print(f"      {item.advice}", markup=False)
    raise typer.Exit(max(MARKS[item.level][1] for item in found))


def disk(folder: Path) -> list[Finding]:
    if not folder.exists():
        return [
            Finding(
                "disk",
                "warning",
                f"the data folder {folder.resolve()} does not exist yet",
                "holdfast serve makes it",
            )
        ]
    if not os.access(folder, os.W_OK):
        return [
            Finding(
                "disk",
                "problem",
                f"the data folder {folder.resolve()} can't be written",
                "change its owner, or choose another with --data",
            )
        ]
    free_gb = shutil.disk_usage(folder).free / 1024**3
    space = Finding("disk", "ok", f"{free_gb:.1f} GB free in {folder.resolve()}")
    if free_gb < LOW_DISK_GB:
        space = Finding(
            "disk",
            "problem",
            f"only {free_gb:.1f} GB free in {folder.resolve()}",
            "free some space, or keep less: HOLDFAST_EVENTS_DAYS",
        )
    return [space, flush(folder)]


def flush(folder: Path) -> Finding:
    """How long the disk takes to make one write durable: what every acknowledgement waits for."""
    probe = folder / ".doctor"
    began = time.perf_counter()
    with probe.open("wb") as file:
        file.write(b"x" * 4096)
        file.flush()
        os.fsync(file.fileno())
    took_ms = (time.perf_counter() - began) * 1000
    probe.unlink()
    if took_ms > FSYNC_SLOW_MS:
        return Finding(
            "disk",
            "warning",
            f"a durable write takes {took_ms:.0f} ms",
            "acknowledgements wait for it; a local SSD takes below 5 ms",
        )
    return Finding("disk", "ok", f"a durable write takes {took_ms:.1f} ms")


def state(chosen: Settings) -> Finding:
    if (
        chosen.state_url.startswith("sqlite:///")
        and not Path(chosen.state_url.removeprefix("sqlite:///")).exists()
    ):
        return Finding("state store", "warning", "it does not exist yet", "holdfast serve makes it")
    try:
        store = StateStore.open(chosen.state_url)
        try:
            took_ms = store.ping()
        finally:
            store.close()
    except HoldfastError as exc:
        return Finding("state store", "problem", exc.message, exc.hint or "check HOLDFAST_STATE")
    return Finding("state store", "ok", f"{store.where} answers in {took_ms:.1f} ms")


def server(data: Path | None) -> list[Finding]:
    """What the running server says about the parts that only it can reach."""
    try:
        running = client.find(data, "", "")
        report = running.call("GET", "/api/health/extended", timeout_s=15)
    except HoldfastError as exc:
        return [Finding("server", "warning", exc.message, exc.hint)]
    levels = {"healthy": "ok", "degraded": "warning", "critical": "problem"}
    found = [
        Finding(
            "server",
            "ok",
            f"version {report['version']} answers at {running.url}, up for {report['uptime']['formatted']}",
        )
    ]
    names = {
        "events": "event store",
        "state": "state store seen by the server",
        "spool": "spool",
        "disk": "disk seen by the server",
    }
    for name, check in report["components"].items():
        latency = "" if check["latencyMs"] is None else f"answers in {check['latencyMs']:.1f} ms"
        found.append(Finding(names[name], levels[check["status"]], check["message"] or latency or "well"))
    pending = report["spool"]["pendingEvents"]
    found.append(
        Finding(
            "spool",
            "ok" if pending < 1_000_000 else "warning",
            f"{pending} acknowledged events wait for the event store",
        )
    )
    return [*found, clock(running)]


def clock(running: client.Server) -> Finding:
    """A server whose clock is off flags every client's events as too old or ahead."""
    with running.open("GET", "/healthz") as response:
        date = response.headers.get("date", "")
    if not date:
        return Finding(
            "clock", "ok", f"this machine says {time.strftime('%Y-%m-%d %H:%M:%S')} UTC{time.strftime('%z')}"
        )
    return Finding("clock", "ok", f"the server says {date}")
