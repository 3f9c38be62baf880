"""Files by content: durable, whole or absent, bounded, and swept only when nobody needs them."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import NotFound, StoreAway, TooLarge
from holdfast_server.model.files import Files

LIMIT = 1_000
HOUR_S = 3_600


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def visible(files: Files) -> list[str]:
    return sorted(path.parent.name + path.name for path in files.folder.glob("[0-9a-f][0-9a-f]/*"))


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_what_is_put_is_read(tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]) -> None:
    """Bytes come back as they were, under the SHA-256 of their content, whether whole or in pieces."""
    files = Files(tmp_path_factory.mktemp("files"))
    whole = b"".join(chunks)
    ref = files.put(iter(chunks), limit=LIMIT)
    assert ref == files.put(whole, limit=LIMIT)
    assert (ref.sha256, ref.size) == (hashlib.sha256(whole).hexdigest(), len(whole))
    assert files.read(ref.sha256) == whole
    assert visible(files) == [ref.sha256]


@given(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=8), st.data())
def test_an_interrupted_put_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes], data: st.DataObject
) -> None:
    """A sender that breaks off anywhere leaves no file, neither visible nor waiting."""
    files = Files(tmp_path_factory.mktemp("files"))
    stop = data.draw(st.integers(0, len(chunks)))

    def broken() -> Iterator[bytes]:
        yield from chunks[:stop]
        raise ConnectionError("gone")

    with pytest.raises(StoreAway):
        files.put(broken(), limit=LIMIT)
    assert visible(files) == []
    assert list(files.incoming.iterdir()) == []


def test_a_put_is_on_disk_before_it_is_visible(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is synced before it gets its name, and the folder that holds the name after."""
    synced: list[tuple[Path, list[str]]] = []

    def note(handle: int) -> None:
        synced.append((Path(f"/proc/self/fd/{handle}").readlink(), visible(files)))

    monkeypatch.setattr(os, "fsync", note)
    ref = files.put(b"x", limit=LIMIT)
    content = [names for path, names in synced if path.parent == files.incoming]
    assert content == [[]]
    assert synced[-1] == (files.folder / ref.sha256[:2], [ref.sha256])


def test_the_limit_counts_what_arrives(files: Files) -> None:
    """One byte over the limit is refused and leaves nothing; exactly the limit is kept."""
    assert files.put(b"x" * LIMIT, limit=LIMIT).size == LIMIT
    before = visible(files)
    with pytest.raises(TooLarge):
        files.put((b"x" for _ in range(LIMIT + 1)), limit=LIMIT)
    assert visible(files) == before


@pytest.mark.parametrize(
    "name", ["", "../lock", "a" * 63, "A" * 64, "/etc/passwd", "\0" * 64, "a" * 63 + "\n"]
)
def test_other_names_are_not_found(files: Files, name: str) -> None:
    """A name that is no SHA-256 leads nowhere."""
    assert not files.has(name)
    assert not files.delete(name)
    with pytest.raises(NotFound):
        files.open(name)


def test_a_sweep_takes_what_nobody_needs(files: Files) -> None:
    """A file goes when no reference names it and its grace is over; a new put of it starts the grace anew."""
    kept, old, put_again = (files.put(text, limit=LIMIT).sha256 for text in (b"kept", b"old", b"again"))
    start = (files.folder / old[:2] / old[2:]).stat().st_mtime
    for name in (kept, old, put_again):
        os.utime(files.folder / name[:2] / name[2:], (start - 2 * HOUR_S, start - 2 * HOUR_S))
    files.put(b"again", limit=LIMIT)
    (files.incoming / "left").write_bytes(b"half")
    assert files.sweep({kept}, now_s=start, grace_s=HOUR_S) == 1
    assert visible(files) == sorted([kept, put_again])
    assert files.sweep({kept}, now_s=start + 2 * HOUR_S, grace_s=HOUR_S) == 2
    assert visible(files) == [kept]
    assert list(files.incoming.iterdir()) == []


def test_a_folder_that_refuses_is_temporary(tmp_path: Path) -> None:
    """When the disk can't keep a file the caller is told to try again, with the reason."""
    (tmp_path / "files").write_text("a file where the folder should be")
    with pytest.raises(StoreAway, match="folder of files"):
        Files(tmp_path / "files").put(b"x", limit=LIMIT)
