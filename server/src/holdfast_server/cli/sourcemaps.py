"""`holdfast sourcemaps`: upload a build's scripts and maps, list and delete what is there, and say why a frame is not mapped.

Looks into the files before it sends them, so that a build without maps is told here and not by the first unreadable error.
"""

import gzip
import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ..errors import BadInput
from ..insight.source_maps.bundle import MAX_FILE_BYTES
from ..insight.source_maps.documents import Described, describe_map, describe_script
from . import client
from .options import Data, Key, ProjectName, Url

app = typer.Typer(help="Source maps: minified errors in the words of your source.", no_args_is_help=True)

SCRIPTS = (".js", ".mjs", ".cjs", ".jsbundle", ".bundle")
SKIPPED_FOLDERS = {"node_modules", ".git"}
SHOWN = 10
Row = tuple[Any, ...]
Release = Annotated[
    str,
    typer.Option(
        "--release", "-r", envvar="HOLDFAST_RELEASE", help="Exactly what the client sends as its release."
    ),
]
Dist = Annotated[str, typer.Option("--dist", help="The distribution, if the client sends one.")]


@dataclass(frozen=True)
class LocalFile:
    file: Path
    path: str
    is_map: bool
    size: int
    described: Described
    sha256: str

    @property
    def reference(self) -> str:
        """The name of the map that belongs to a script, as a file beside it."""
        return self.described.reference.rsplit("/", 1)[-1] or self.file.name + ".map"


@app.command()
def upload(
    folder: Annotated[Path, typer.Argument(help="The folder of the build, for example dist.", exists=True)],
    release: Release = "",
    dist: Dist = "",
    url_prefix: Annotated[
        str, typer.Option("--url-prefix", help="Where the folder is served; ~ stands for any host.")
    ] = "~/",
    strip_prefix: Annotated[
        str, typer.Option("--strip-prefix", help="Cut this from the front of the files' paths.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")
    ] = False,
    project: ProjectName = "",
    data: Data = None,
    url: Url = "",
    key: Key = "",
) -> None:
    """Upload the scripts and source maps of a build. What the server has already is skipped, so it can be repeated."""
    console = Console(stderr=True, highlight=False)
    found = scan(folder, url_prefix, strip_prefix)
    for problem in problems(folder, found, release):
        console.print(f"  {problem}", style="yellow", soft_wrap=True)
    if dry_run:
        show(
            [(file.path, "map" if file.is_map else "script", f"{file.size:,}") for file in found],
            "Path",
            "Kind",
            "Bytes",
        )
        return
    server = client.find(data, url, key)
    asked = {"project": project, "release": release, "dist": dist}
    there = already(server, asked) if release else {}
    todo = [file for file in found if there.get(file.path) != file.sha256]
    send(server, asked, todo, console)
    skipped = f", {len(found) - len(todo)} were there already" if len(todo) < len(found) else ""
    typer.echo(f"{len(todo)} files uploaded{skipped}{f' for release {release}' if release else ''}.")


@app.command("list")
def list_uploaded(
    release: Release = "", project: ProjectName = "", data: Data = None, url: Url = "", key: Key = ""
) -> None:
    """The releases that have files, or with --release the files of one."""
    server = client.find(data, url, key)
    answer = server.call("GET", "/api/sourcemaps", fields={"project": project, "release": release})
    if release:
        files = answer["files"]
        rows: list[Row] = [
            (file["path"], file["kind"], f"{file['size']:,}", file["debugId"]) for file in files
        ]
        show(rows, "Path", "Kind", "Bytes", "Debug id")
    else:
        lines = answer["releases"]
        rows = [
            (
                line["release"] or "(debug ids)",
                line["dist"],
                f"{line['files']}",
                f"{line['bytes']:,}",
                line["uploaded_at"],
            )
            for line in lines
        ]
        show(rows, "Release", "Dist", "Files", "Bytes", "Uploaded")


@app.command()
def delete(
    release: Annotated[str, typer.Argument(help="The release whose files go; what happened in it stays.")],
    dist: Annotated[str | None, typer.Option("--dist", help="Only this distribution.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    project: ProjectName = "",
    data: Data = None,
    url: Url = "",
    key: Key = "",
) -> None:
    """Delete the uploaded files of a release."""
    server = client.find(data, url, key)
    if not yes:
        typer.confirm(f"Delete the source maps of release {release}?", abort=True)
    answer = server.call(
        "DELETE", "/api/sourcemaps", fields={"project": project, "release": release, "dist": dist}
    )
    typer.echo(f"{answer['deleted']} files deleted.")


@app.command()
def explain(
    event: Annotated[str, typer.Argument(help="The id of the event, from the page of its issue.")],
    project: ProjectName = "",
    data: Data = None,
    url: Url = "",
    key: Key = "",
) -> None:
    """Say for each frame of an error why it is not mapped, what was looked for, and what to do."""
    answer = client.find(data, url, key).call(
        "GET", "/api/sourcemaps/explain", fields={"project": project, "event": event}
    )
    typer.echo(
        f"Release {answer['release'] or '(none)'}: {answer['mapped']} frames are mapped, {answer['mappable']} more can be now."
    )
    for frame in answer["frames"]:
        typer.echo(
            f"\n{frame['address']}:{frame['line']}:{frame['column']}\n  {frame['sentence']} {frame['advice']}"
        )
        for name in frame["looked_for"][:SHOWN]:
            typer.echo(f"    looked for {name}")
    for name in answer["near"]:
        typer.echo(f"  the release has {name}")
    if not answer["frames"]:
        typer.echo("No frame is waiting for a map.")


def scan(folder: Path, url_prefix: str, strip_prefix: str) -> list[LocalFile]:
    """The scripts and maps below `folder`. Raises BadInput when there is no map at all."""
    prefix = url_prefix if url_prefix.endswith("/") else url_prefix + "/"
    found = [
        described(file, prefix + file.relative_to(folder).as_posix().removeprefix(strip_prefix).lstrip("/"))
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and not SKIPPED_FOLDERS & set(file.relative_to(folder).parts)
        and file.suffix in (*SCRIPTS, ".map")
        and not file.name.endswith(".css.map")
    ]
    if not any(file.is_map or file.described.embedded is not None for file in found):
        raise BadInput(
            f"there are no source maps in {folder}",
            hint="turn them on in the build (Vite: build.sourcemap = 'hidden'; esbuild: --sourcemap; webpack: devtool: 'hidden-source-map')",
        )
    return found


def described(file: Path, path: str) -> LocalFile:
    content = file.read_bytes()
    is_map = file.suffix == ".map"
    about = describe_map(content) if is_map else describe_script(content)
    return LocalFile(file, path, is_map, len(content), about, hashlib.sha256(content).hexdigest())


def problems(folder: Path, found: list[LocalFile], release: str) -> Iterable[str]:
    """A sentence for each file with which something will be missing."""
    here = {file.file for file in found}
    for file in found:
        name, about = file.file.relative_to(folder).as_posix(), file.described
        if about.problem:
            yield f"{name} is no source map: {about.problem}"
        elif not about.has_sources:
            yield f"{name} holds no source text (sourcesContent): frames will have no lines around them"
        elif not file.is_map and about.embedded is None and file.file.parent / file.reference not in here:
            said = f"names {about.reference}, which is not here" if about.reference else "names no source map"
            yield f"{name} {said}"
        if file.size > MAX_FILE_BYTES:
            yield f"{name} is larger than {MAX_FILE_BYTES:,} bytes, and will be refused"
        if not release and not about.debug_id:
            yield f"{name} has no debug id, and no --release is given"


def already(server: client.Server, asked: dict[str, str]) -> dict[str, str]:
    """What the release has, by path: its content's SHA-256."""
    files = server.call("GET", "/api/sourcemaps", fields=asked)["files"]
    return {file["path"]: file["sha256"] for file in files if file["dist"] == asked["dist"]}


def send(server: client.Server, asked: dict[str, str], files: list[LocalFile], console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Uploading", total=sum(file.size for file in files))
        for file in files:
            progress.update(task, description=file.file.name[:40])
            packed = gzip.compress(file.file.read_bytes(), 6)
            server.call(
                "POST", "/api/sourcemaps", fields={**asked, "path": file.path}, packed=packed, timeout_s=120
            )
            progress.advance(task, file.size)


def show(rows: list[Row], *heads: str) -> None:
    """A table for people, lines of tabs for programs."""
    if not sys.stdout.isatty():
        for row in rows:
            typer.echo("\t".join(str(cell) for cell in row))
        return
    table = Table(*heads)
    for row in rows:
        table.add_row(*map(str, row))
    Console().print(table)
