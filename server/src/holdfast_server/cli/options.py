"""Options that several commands share, and the settings they make."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ..settings import Settings, load

Data = Annotated[Path | None, typer.Option("--data", help="The data folder (HOLDFAST_DATA; default: data).")]
Config = Annotated[Path | None, typer.Option("--config", help="A TOML file with settings (HOLDFAST_CONFIG).")]
Url = Annotated[
    str,
    typer.Option(
        "--url", envvar="HOLDFAST_URL", help="The running server; default: the one that uses the data folder."
    ),
]
Key = Annotated[
    str,
    typer.Option(
        "--key",
        envvar="HOLDFAST_KEY",
        help="A secret key; default: the data folder's own access.",
        show_default=False,
    ),
]
ProjectName = Annotated[
    str, typer.Option("--project", help="The project's id or slug; default: the first one.")
]


def settings(config: Path | None = None, **overrides: Any) -> Settings:
    """Raises CannotStart with every problem at once."""
    file = config or (Path(os.environ["HOLDFAST_CONFIG"]) if os.environ.get("HOLDFAST_CONFIG") else None)
    return load(os.environ, file, overrides)
