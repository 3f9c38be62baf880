"""`holdfast serve`: start everything, print what a newcomer needs once, answer until told to stop."""

import json
import os
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from ..accounts import keys
from ..app import FirstSteps, Holdfast
from ..app import serve as answer
from ..logs import set_up_logging
from ..settings import Settings
from .options import Config, Data, settings

ACCESS_FILE = "server.json"


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (HOLDFAST_HOST).")] = None,
    port: Annotated[
        int | None, typer.Option(help="The port to listen on (HOLDFAST_PORT; default: 8321).")
    ] = None,
    data: Data = None,
    role: Annotated[
        str | None,
        typer.Option(help="all, or one of ingest, web, worker when you run several (HOLDFAST_ROLE)."),
    ] = None,
    config: Config = None,
) -> None:
    """Start the server. Creates what is missing in the data folder; stops cleanly on SIGTERM and Ctrl-C."""
    run(settings(config, host=host, port=port, data=data, role=role))


def run(chosen: Settings) -> None:
    set_up_logging(chosen.server.log_format)
    holdfast = Holdfast(chosen)
    holdfast.start()
    try:
        uvloop.run(answer(holdfast, on_ready=lambda: announce(holdfast)))
    except KeyboardInterrupt:
        pass
    finally:
        (chosen.server.data / ACCESS_FILE).unlink(missing_ok=True)
        holdfast.stop()


def announce(holdfast: Holdfast) -> None:
    """Say where it is; leave the way in for commands beside the data folder, readable by its owner only."""
    chosen = holdfast.settings
    access = chosen.server.data / ACCESS_FILE
    descriptor = os.open(access, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"url": chosen.base_url, "token": holdfast.services.local_token, "pid": os.getpid()}, file)
    console = Console(highlight=False)
    if holdfast.first_steps is not None:
        console.print(first_steps(holdfast.first_steps, chosen.base_url))
    console.print(
        f"Holdfast answers at {chosen.base_url}  (data in {chosen.server.data.resolve()})", soft_wrap=True
    )


def first_steps(steps: FirstSteps, base_url: str) -> Panel:
    """What was made just now; a secret stands in it this once."""
    lines = [
        f"Log in at {base_url}/login",
        f"  e-mail     {steps.admin_email}",
        f"  password   {steps.admin_password or '(as it was)'}",
    ]
    if steps.project is not None:
        made = steps.project
        lines += [
            "",
            f"Project {made.project.name!r}",
            f"  DSN        {keys.dsn(base_url, made.public_key, made.project.id)}",
            f"  public key {made.public_key}",
            f"  secret key {made.secret_key}",
        ]
    lines += ["", "Passwords and secret keys are shown this once. Keep them."]
    return Panel(Text("\n".join(lines)), title="First start", expand=False)
