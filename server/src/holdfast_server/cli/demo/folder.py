"""The demo's data folder, and what it remembers there between two runs. Never touches a folder that the demo did not make."""

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

import msgspec

from ...app import take_folder
from ...errors import CannotStart

MARKER = "demo.json"
LOCK = "lock"


class Memory(msgspec.Struct, frozen=True):
    """`born_ms` is the first start: the story is told around it. Everything up to `sent_to_ms` has arrived."""

    seed: int
    days: int
    born_ms: int
    sent_to_ms: int
    email: str
    password: str


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def marker(self) -> Path:
        return self.path / MARKER

    def claim(self, *, fresh: bool) -> None:
        """Make sure that the folder is the demo's and that no server uses it; empty it when `fresh`. Raises CannotStart."""
        with ExitStack() as exits:
            take_folder(self.path, exits)
            others = [item for item in self.path.iterdir() if item.name != LOCK]
            if others and not self.marker.exists():
                raise CannotStart(
                    f"the folder {self.path.resolve()} holds data that the demo did not make",
                    hint="name another folder with --data",
                )
            if fresh:
                for item in sorted(
                    others, key=lambda item: item.name == MARKER
                ):  # the marker last: a half-emptied folder is still ours
                    shutil.rmtree(item) if item.is_dir() else item.unlink()

    def remembered(self) -> Memory | None:
        """None at the first start. Raises CannotStart when the marker can't be read."""
        try:
            return msgspec.json.decode(self.marker.read_bytes(), type=Memory)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as exc:
            raise CannotStart(f"{self.marker} can't be read: {exc}", hint="start over with --fresh") from exc

    def remember(self, memory: Memory) -> None:
        """Whole or not at all; for its owner only, because the demo's password stands in it."""
        new = self.marker.with_suffix(".new")
        descriptor = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(memory))
        new.replace(self.marker)
