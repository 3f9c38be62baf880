"""Small disks of our own for tests: an ext4 image on a loop device, and a tmpfs. Both need root."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

IN_MEMORY = Path("/dev/shm")


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


def unmount(folder: Path, patience_s: float = 10) -> None:
    """A killed process may hold its files for a moment longer."""
    deadline = time.monotonic() + patience_s
    while folder.is_mount():
        try:
            run("umount", str(folder))
        except subprocess.CalledProcessError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


class Image:
    """An ext4 file system in a file. What a process wrote but never synced is not in that file: copied while it is mounted,
    the file is what a power cut leaves behind."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.file = folder / "disk.img"
        self.mounted_at = folder / "mnt"
        self.mounted_at.mkdir()
        with self.file.open("wb") as file:
            file.truncate(megabytes << 20)
        # Without the two options the kernel goes on formatting in the background, while the test copies the file.
        run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(self.file))

    def mount(self) -> None:
        run("mount", "-o", "loop", str(self.file), str(self.mounted_at))

    def copy(self) -> Path:
        """The file as it is now, beside it."""
        copied = self.file.with_suffix(".copy")
        run("cp", "--sparse=always", str(self.file), str(copied))
        return copied

    def replace_by(self, copied: Path) -> None:
        """Unmount, and put the copy in its place: what the mounted one held beyond is gone."""
        unmount(self.mounted_at)
        copied.replace(self.file)
        self.mount()


@contextmanager
def image(megabytes: int) -> Iterator[Image]:
    """A mounted image, in memory where that is possible so that copying it is quick. Skips where it can't be had."""
    need_root()
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("mkfs.ext4 is not installed")
    with tempfile.TemporaryDirectory(
        prefix="holdfast-disk-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None
    ) as folder:
        made = Image(Path(folder), megabytes)
        try:
            made.mount()
        except subprocess.CalledProcessError as exc:
            pytest.skip(f"no loop device to be had: {exc.stderr.strip()}")
        try:
            yield made
        finally:
            unmount(made.mounted_at)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A tmpfs of this size at `folder`. Skips where it can't be had."""
    need_root()
    folder.mkdir()
    try:
        run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    except subprocess.CalledProcessError as exc:
        pytest.skip(f"mounting is not allowed here: {exc.stderr.strip()}")
    try:
        yield folder
    finally:
        unmount(folder)


def need_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a disk for the test needs root")
