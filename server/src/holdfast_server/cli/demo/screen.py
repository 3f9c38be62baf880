"""What people see of the demo in the terminal: a bar while history loads, where to log in, and what to look for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.status import Status
from rich.table import Table
from rich.text import Text

from ...accounts import keys
from ...model.project import Project
from ...settings import Settings
from .folder import Memory
from .shop.rhythm import DAY_MS
from .shop.story import BAD_VERSION, TITLES, Release, Story

WORTH_TELLING = 1_000


class Bar:
    def __init__(self, progress: Progress, total: float) -> None:
        self.progress = progress
        self.task = progress.add_task("", total=total, events=0)

    def advance(self, visits: float, events: int) -> None:
        self.progress.update(self.task, advance=visits, events=events)

    def finish(self) -> None:
        self.progress.update(self.task, completed=self.progress.tasks[self.task].total)


class Screen:
    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)

    def waiting(self, sentence: str) -> Status:
        """A moving sign where there is a terminal, nothing where there is none."""
        return self.console.status(sentence)

    @contextmanager
    def loading(self, sentence: str, total: float) -> Iterator[Bar]:
        columns = (
            TextColumn(sentence),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[events]:,} events"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console) as progress:
            yield Bar(progress, max(total, 1.0))

    def loaded(self, events: int, seconds: float) -> None:
        if events < WORTH_TELLING:
            return
        self.console.print(
            f"{events:,} events sent and stored in {seconds:.0f} s ({events / max(seconds, 0.1):,.0f} a second)."
        )

    def goes_on(self, memory: Memory) -> None:
        self.console.print(
            f"This folder's shop was made with --seed {memory.seed} --days {memory.days}, and goes on with them. Start over with --fresh."
        )

    def welcome(
        self, settings: Settings, memory: Memory, project: Project, public_key: str, story: Story, now_ms: int
    ) -> None:
        facts = Table.grid(padding=(0, 2))
        for name, value in (
            ("Log in at", f"{settings.base_url}/login"),
            ("e-mail", memory.email),
            ("password", memory.password),
            ("project", f"{project.name} ({project.slug})"),
            ("DSN", keys.dsn(settings.base_url, public_key, project.id)),
        ):
            facts.add_row(
                Text(name, style="dim"),
                Text(value, style="bold" if name == "password" else "", overflow="fold"),
            )
        body = Group(
            facts, Padding(Text("What you will find", style="dim"), (1, 0, 0, 0)), happenings(story, now_ms)
        )
        self.console.print(Panel(body, title="The corner shop is open", expand=False))
        self.console.print(
            "Visitors come and go now. Ctrl-C closes the shop; the same command opens it again."
        )

    def lost(self, events: int) -> None:
        self.console.print(
            f"{events:,} events were dropped by the client because the server did not take them.",
            style="yellow",
        )

    def ended(self, data: Path) -> None:
        self.console.print(f"Closed. Everything is kept in {data}.")


def happenings(story: Story, now_ms: int) -> Table:
    """What went wrong, by the reader's own clock; what is under way comes last."""
    found = [(item.from_ms, item.to_ms, TITLES[item.kind]) for item in story.troubles]
    found += [(item.at_ms, 0, released(item)) for item in story.releases]
    found.append((story.born_ms - 2 * DAY_MS, now_ms + 1, "A sale draws more visitors from day to day"))
    rows = Table.grid(padding=(0, 2))
    for from_ms, to_ms, sentence in sorted(found):
        if from_ms >= story.born_ms - story.days * DAY_MS and from_ms <= now_ms:
            rows.add_row(Text(span_text(from_ms, to_ms, now_ms)), Text(sentence))
    return rows


def released(item: Release) -> str:
    consequence = "; every sixth addition to the cart rolls back" if item.version == BAD_VERSION else ""
    return f"Release {item.version}: {item.about}{consequence}"


def span_text(from_ms: int, to_ms: int, now_ms: int) -> str:
    """`Tue 17 Nov 12:40–15:52`, `Wed 18 Nov 10:15`, `since Fri 20 Nov 15:01`."""
    began = datetime.fromtimestamp(from_ms / 1000, UTC).astimezone()
    text = f"{began:%a %d %b %H:%M}"
    if to_ms > now_ms:
        return f"since {text}"
    return f"{text}–{datetime.fromtimestamp(to_ms / 1000, UTC).astimezone():%H:%M}" if to_ms else text
