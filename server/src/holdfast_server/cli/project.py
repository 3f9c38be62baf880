"""`holdfast project`: make and list projects. Works on the state store itself, with or without a running server."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ..accounts import keys
from ..accounts.projects import create_project
from ..model.clock import SystemClock, iso
from ..state_store import migrations as state_schema
from ..state_store import projects
from ..state_store.connect import StateStore
from .options import Config, Data, settings

app = typer.Typer(help="Make and list projects.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What people will call it.")],
    as_json: AsJson = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a project with its first two keys. The secret key is shown this once."""
    chosen = settings(config, data=data)
    chosen.server.data.mkdir(parents=True, exist_ok=True)
    store = StateStore.open(chosen.state_url)
    try:
        state_schema.migrate(store)
        made = create_project(store, name, SystemClock())
    finally:
        store.close()
    dsn = keys.dsn(chosen.base_url, made.public_key, made.project.id)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "project_id": made.project.id,
                    "public_key": made.public_key,
                    "secret_key": made.secret_key,
                    "dsn": dsn,
                }
            )
        )
        return
    typer.echo(
        f"Project {made.project.name!r} has id {made.project.id}.\n  DSN        {dsn}\n  public key {made.public_key}\n  secret key {made.secret_key}  (shown this once)"
    )


@app.command("list")
def list_(as_json: AsJson = False, data: Data = None, config: Config = None) -> None:
    """List the projects."""
    store = StateStore.open(settings(config, data=data).state_url)
    try:
        state_schema.migrate(store)
        found = projects.list_projects(store)
    finally:
        store.close()
    if as_json:
        typer.echo(
            json.dumps([{"project_id": item.id, "slug": item.slug, "name": item.name} for item in found])
        )
        return
    table = Table("id", "slug", "name", "made")
    for item in found:
        table.add_row(str(item.id), item.slug, item.name, iso(item.created_at_ms)[:10])
    Console().print(table)
