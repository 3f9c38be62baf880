"""The `holdfast` command: one file per group of commands; errors become one clear sentence and exit code 1."""

import sys

import typer
from rich.console import Console
from rich.text import Text

from ..errors import HoldfastError
from . import demo, doctor, project, query, serve, sourcemaps, tail, user

app = typer.Typer(
    name="holdfast",
    help="Tells a team how well its application holds up.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("tail")(tail.tail)
app.command("query")(query.query)
app.command("doctor")(doctor.doctor)
app.add_typer(project.app, name="project")
app.add_typer(user.app, name="user")
app.add_typer(sourcemaps.app, name="sourcemaps")


def main() -> None:
    try:
        app()
    except HoldfastError as exc:
        console = Console(stderr=True, highlight=False)
        console.print(Text.assemble(("holdfast: ", "bold red"), exc.message), soft_wrap=True)
        if exc.hint:
            console.print(Text(f"  {exc.hint}"), soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
