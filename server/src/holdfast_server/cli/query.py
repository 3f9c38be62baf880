"""`holdfast query`: one SELECT, asked of the running server through sql_guard; a table, JSON or CSV comes back."""

import csv
import json
import sys
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from . import client
from .options import Data, Key, ProjectName, Url

Format = Literal["table", "json", "csv"]


def query(
    sql: Annotated[str, typer.Argument(help="For example: SELECT type, count() FROM events GROUP BY type")],
    project: ProjectName = "",
    output: Annotated[Format, typer.Option("--format", "-f", help="How to print the rows.")] = "table",
    data: Data = None,
    url: Url = "",
    key: Key = "",
) -> None:
    """Ask in SQL: one SELECT over events, errors, outcomes and the rollups of a project."""
    answer = client.find(data, url, key).call(
        "POST", "/api/query", fields={"project": project}, body={"sql": sql}
    )
    names = [column["name"] for column in answer["columns"]]
    if output == "json":
        typer.echo(json.dumps([dict(zip(names, row, strict=True)) for row in answer["rows"]], indent=2))
    elif output == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows(answer["rows"])
    else:
        table = Table(*names)
        for row in answer["rows"]:
            table.add_row(*("" if value is None else str(value) for value in row))
        Console().print(table)
        typer.echo(f"{answer['rowCount']} rows in {answer['seconds'] * 1000:.0f} ms")
