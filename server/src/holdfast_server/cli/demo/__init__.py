"""`holdfast demo`: the server in a child process, and a believable small shop's traffic sent to it over HTTP.

The shop (shop/) is told from a seed; play.py sends its past and then its present by the Python client (delivery.py).
"""

import dataclasses
import os
import secrets
import signal
from collections.abc import Mapping
from pathlib import Path
from random import Random
from types import FrameType
from typing import Annotated, Any, Never

import typer

from ...accounts.passwords import refuse_weak
from ...model.clock import SystemClock
from ...settings import SECTIONS, Settings, load
from .folder import Folder, Memory
from .run import Demo
from .screen import Screen
from .server import refuse_taken_port

HONOURED = (
    "HOLDFAST_HOST",
    "HOLDFAST_PORT",
    "HOLDFAST_PUBLIC_URL",
    "HOLDFAST_LOG_FORMAT",
    "HOLDFAST_ENGINE_MEMORY_MB",
    "HOLDFAST_ADMIN_EMAIL",
    "HOLDFAST_ADMIN_PASSWORD",
)
"""Settings of the environment that hold for the demo too. The others don't: a demo must never write into a real store."""
ROOM_DAYS = 2


def demo(
    host: Annotated[
        str | None, typer.Option(help="The address to listen on (HOLDFAST_HOST; default: 127.0.0.1).")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(help="The port to listen on (HOLDFAST_PORT; default: 8321).", min=1, max=65535),
    ] = None,
    data: Annotated[Path, typer.Option("--data", help="The demo's own data folder.")] = Path("data/demo"),
    days: Annotated[
        int, typer.Option(help="Days of history to make up at the first start.", min=1, max=28)
    ] = 14,
    seed: Annotated[int, typer.Option(help="Another number makes another shop.")] = 7,
    fresh: Annotated[
        bool,
        typer.Option("--fresh/--keep", help="Start over with an empty folder, or go on with what is there."),
    ] = False,
) -> None:
    """Start the server with a small shop's traffic: two weeks of history, then live visitors until Ctrl-C."""
    # SIGINT too: a shell starts background jobs with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    screen = Screen()
    try:
        chosen = settings_of(os.environ, host=host, port=port, data=data)
        refuse_taken_port(chosen.server.host, chosen.server.port)
        folder = Folder(data)
        folder.claim(fresh=fresh)
        memory = folder.remembered() or begin(chosen, days=days, seed=seed)
        if (memory.days, memory.seed) != (days, seed):
            screen.goes_on(memory)
        folder.remember(memory)
        Demo(
            settings_of(os.environ, host=host, port=port, data=data, memory=memory),
            folder,
            memory,
            screen,
            SystemClock(),
        ).run()
    except KeyboardInterrupt:
        screen.ended(data)


def begin(chosen: Settings, *, days: int, seed: int) -> Memory:
    """What the first start decides. Raises BadInput for a password that the server would refuse."""
    now_ms = SystemClock().now_ms()
    accounts = chosen.accounts
    if accounts.admin_password:
        refuse_weak(accounts.admin_password, accounts.admin_email)
    return Memory(
        seed=seed,
        days=days,
        born_ms=now_ms,
        sent_to_ms=now_ms - days * 86_400_000,
        email=accounts.admin_email,
        password=accounts.admin_password or passphrase(secrets.SystemRandom()),
    )


def settings_of(
    environ: Mapping[str, str],
    *,
    host: str | None,
    port: int | None,
    data: Path,
    memory: Memory | None = None,
) -> Settings:
    """Raises CannotStart with every problem at once."""
    known = {
        setting.metadata["env"] for section in SECTIONS.values() for setting in dataclasses.fields(section)
    }
    kept = {name: value for name, value in environ.items() if name not in known or name in HONOURED}
    chosen: dict[str, Any] = {"host": host, "port": port, "data": data}
    if memory is not None:
        chosen |= {
            "max_event_age_days": memory.days + ROOM_DAYS,
            "admin_email": memory.email,
            "admin_password": memory.password,
        }
    return load(kept, None, chosen)


WORDS = (
    "amber", "basil", "candle", "cedar", "cherry", "clover", "copper", "coral", "daisy", "fennel", "garnet",
    "ginger", "hazel", "honey", "juniper", "lantern", "linen", "maple", "mint", "olive", "pepper", "plum",
    "quartz", "quince", "rosemary", "saffron", "sage", "tulip", "velvet", "walnut", "willow", "yarrow",
)  # fmt: skip


def passphrase(rng: Random) -> str:
    """Easy to type from one screen into another."""
    return "-".join([*rng.sample(WORDS, 4), str(rng.randrange(100, 1000))])


def _interrupt(number: int, frame: FrameType | None) -> Never:  # noqa: ARG001
    raise KeyboardInterrupt
