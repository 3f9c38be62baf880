"""`holdfast tail`: events as they arrive, from the running server's live stream, with filters."""

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer
import urllib3
from rich.console import Console
from rich.text import Text

from ..errors import CannotStart
from . import client
from .options import Data, Key, ProjectName, Url

RECONNECT_S = 2


def tail(
    project: ProjectName = "",
    type_: Annotated[str, typer.Option("--type", "-t", help="Only this event type.")] = "",
    component: Annotated[str, typer.Option(help="Only this component.")] = "",
    session: Annotated[str, typer.Option(help="Only this session.")] = "",
    user: Annotated[str, typer.Option(help="Only this user.")] = "",
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, max=1000, help="Show so many past events first.")
    ] = 10,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", "-f", help="Go on showing what arrives.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")] = False,
    data: Data = None,
    url: Url = "",
    key: Key = "",
) -> None:
    """Show events as they arrive. Ctrl-C ends it."""
    server = client.find(data, url, key)
    show = Printer(as_json)
    if lines:
        fields = {
            "project": project,
            "type": type_,
            "component": component,
            "session": session,
            "user": user,
            "limit": lines,
        }
        for event in reversed(server.call("GET", "/api/events", fields=fields)["events"]):
            show(event)
    wanted = {"type": type_, "component": component, "sessionId": session, "userId": user}
    while follow:
        try:
            for event in stream(server, project):
                if all(not value or event.get(name) == value for name, value in wanted.items()):
                    show(event)
        except (CannotStart, urllib3.exceptions.HTTPError) as exc:
            Console(stderr=True).print(f"reconnecting: {exc}", style="dim")
        time.sleep(RECONNECT_S)


def stream(server: client.Server, project: str) -> Iterator[dict[str, Any]]:
    """Events of the server's live stream until it ends."""
    with server.open(
        "GET", "/live/events", fields={"project": project}, timeout_s=60, stream=True
    ) as response:
        buffer = b""
        for piece in response.stream(4096):
            buffer += piece
            *messages, buffer = buffer.replace(b"\r\n", b"\n").split(b"\n\n")
            for message in messages:
                yield from _events(message)


def _events(message: bytes) -> Iterator[dict[str, Any]]:
    data = [line[5:].strip() for line in message.splitlines() if line.startswith(b"data:")]
    if data:
        yield from json.loads(b"\n".join(data)).get("events", [])


class Printer:
    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.console = Console(highlight=False, soft_wrap=True)

    def __call__(self, event: dict[str, Any]) -> None:
        if self.as_json:
            typer.echo(json.dumps(event, ensure_ascii=False))
            return
        text = Text(event["createdAt"][11:23] + "  ", style="dim")
        text.append(f"{event['type']:<28}", style="bold red" if event["type"] == "error" else "bold")
        about = [str(event[name]) for name in ("component", "name", "page", "action") if event.get(name)]
        text.append(" ".join(dict.fromkeys(about)))
        if event.get("duration") is not None:
            text.append(f"  {event['duration']:.0f} ms", style="cyan")
        who = event.get("userId") or event.get("anonymousId") or event.get("sessionId")
        text.append(f"  {who}" if who else "", style="dim")
        self.console.print(text)
