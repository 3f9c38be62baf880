"""Files by their content: written once, found by the SHA-256 of what is in them, never changed.

A put is durable when it returns (file and folders are fsynced) and shows nothing before: the bytes gather in
`incoming/` and are renamed into their place. Every process that shares the folder may put, read and sweep at once.
One folder for each purpose: a sweep knows the references of one.
"""

import fcntl
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO

from ..errors import NotFound, StoreAway, TooLarge

NAME = re.compile(r"[0-9a-f]{64}")
GRACE_S = 3600
"""How long a file without a reference stays: whoever put it has this long to write down that it is needed."""


@dataclass(frozen=True)
class FileRef:
    sha256: str
    size: int


class Files:
    """The files below `folder`. Names that are no SHA-256 are not found, so none of them leads out of the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"

    def put(self, data: bytes | Iterable[bytes], *, limit: int) -> FileRef:
        """Keep these bytes. Raises TooLarge beyond `limit` bytes, StoreAway when the disk refuses."""
        chunks = (data,) if isinstance(data, bytes) else data
        with translated():
            self._make(self.incoming)
            with tempfile.NamedTemporaryFile(dir=self.incoming, delete=False) as temporary:
                try:
                    made = write(temporary, chunks, limit)
                    self._publish(Path(temporary.name), made.sha256)
                finally:
                    Path(temporary.name).unlink(missing_ok=True)
        return made

    def has(self, sha256: str) -> bool:
        return NAME.fullmatch(sha256) is not None and self._path(sha256).is_file()

    def open(self, sha256: str) -> BufferedReader:
        """The file, opened for reading; one that is swept meanwhile can be read to its end. Raises NotFound."""
        if NAME.fullmatch(sha256) is None:
            raise NotFound("file", sha256[:64])
        with translated():
            try:
                return self._path(sha256).open("rb")
            except FileNotFoundError:
                raise NotFound("file", sha256) from None

    def read(self, sha256: str) -> bytes:
        with self.open(sha256) as file, translated():
            return file.read()

    def delete(self, sha256: str) -> bool:
        """Take a file away at once; False when there was none."""
        if not self.has(sha256):
            return False
        with translated():
            self._path(sha256).unlink(missing_ok=True)
        return True

    def sweep(self, keep: Container[str], *, now_s: float | None = None, grace_s: float = GRACE_S) -> int:
        """Delete what is not in `keep` and was last put longer than `grace_s` ago, and what interrupted puts left.
        Answers how many files went."""
        oldest = (time.time() if now_s is None else now_s) - grace_s
        gone = 0
        with translated():
            for path in [*self.incoming.glob("*"), *self.folder.glob("[0-9a-f][0-9a-f]/*")]:
                if path.parent == self.incoming or path.parent.name + path.name not in keep:
                    gone += self._expire(path, oldest)
        return gone

    def _publish(self, temporary: Path, sha256: str) -> None:
        final = self._path(sha256)
        self._make(final.parent)
        with self._alone():
            # also when it is there already: its age starts anew, and whoever wrote it may not have synced the folder yet
            temporary.replace(final)
        sync_folder(final.parent)

    def _expire(self, path: Path, oldest: float) -> int:
        with self._alone():
            try:
                if path.stat().st_mtime >= oldest:
                    return 0
            except FileNotFoundError:
                return 0
            path.unlink()
            return 1

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Between looking at a file's age and deleting it nobody may put the same file."""
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256[2:]

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for parent in (self.folder.parent, self.folder):
                sync_folder(parent)


def write(file: IO[bytes], chunks: Iterable[bytes], limit: int) -> FileRef:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLarge("the file", f"{limit:,} bytes")
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
    return FileRef(digest.hexdigest(), size)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def translated() -> Iterator[None]:
    """The one place where the disk's errors become ours."""
    try:
        yield
    except OSError as exc:
        raise StoreAway("folder of files", exc.strerror or str(exc)) from exc
