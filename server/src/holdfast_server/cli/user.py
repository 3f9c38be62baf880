"""`holdfast user`: make people, list them, give a new password. Works on the state store itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ..accounts.roles import TITLES
from ..accounts.users import Users
from ..model.clock import SystemClock, iso
from ..model.project import Role
from ..state_store import migrations as state_schema
from ..state_store.connect import StateStore
from .options import Config, Data, settings

app = typer.Typer(help="Make people, list them, give new passwords.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="The person's e-mail address, which is how they log in.")]


@contextmanager
def _users(data: Data, config: Config) -> Iterator[Users]:
    store = StateStore.open(settings(config, data=data).state_url)
    try:
        state_schema.migrate(store)
        yield Users(store, SystemClock())
    finally:
        store.close()


@app.command("create")
def create(
    email: Email,
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.VIEWER,
    name: Annotated[str, typer.Option(help="How pages call the person.")] = "",
    password: Annotated[
        str,
        typer.Option(
            prompt=True,
            hide_input=True,
            confirmation_prompt=True,
            help="At least 10 characters; asked for when left out.",
        ),
    ] = "",
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a person who can log in."""
    with _users(data, config) as users:
        made = users.create(email, password, role, name)
    typer.echo(f"{made.email} may log in now, as {TITLES[made.role]}.")


@app.command("list")
def list_(data: Data = None, config: Config = None) -> None:
    """List the people."""
    with _users(data, config) as users:
        table = Table("e-mail", "name", "role", "since", "state")
        for person in users.everybody():
            table.add_row(
                person.email,
                person.name,
                TITLES[person.role],
                iso(person.created_at_ms)[:10],
                "disabled" if person.disabled else "active",
            )
    Console().print(table)


@app.command("password")
def password(email: Email, data: Data = None, config: Config = None) -> None:
    """Give a person a new, generated password; their sessions end."""
    with _users(data, config) as users:
        generated = users.reset_password(users.by_email(email).id)
    typer.echo(f"The new password of {email}: {generated}")
