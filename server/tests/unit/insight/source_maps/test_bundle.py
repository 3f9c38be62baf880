"""Artifact bundles come from outside: whole ones are read, all others are refused in time."""

import io
import json
import random
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import BadInput, TooLarge
from holdfast_server.insight.source_maps import bundle
from holdfast_server.insight.source_maps.bundle import BundleFile, Kind, open_bundle

DEBUG_ID = "89f1811c-0f16-5a1e-979e-2425be661ccc"
SCRIPT = {
    "type": "minified_source",
    "url": "~/assets/main.js",
    "headers": {"debug-id": DEBUG_ID, "Sourcemap": "main.js.map"},
}


def made(
    manifest: Any,
    files: dict[str, bytes],
    prefix: bytes = b"SYSB\x02\0\0\0",
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    out = io.BytesIO(prefix)
    out.seek(len(prefix))
    with zipfile.ZipFile(out, "a" if not prefix else "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        if manifest is not None:
            archive.writestr(
                "manifest.json", manifest if isinstance(manifest, bytes) else json.dumps(manifest)
            )
    return out.getvalue()


def opened(data: bytes) -> bundle.Bundle:
    return open_bundle(io.BytesIO(data), len(data))


def good(**more: Any) -> bytes:
    manifest = {"org": "me", "release": "shop@1.0.0", "files": {"_/_/assets/main.js": SCRIPT}, **more}
    return made(manifest, {"_/_/assets/main.js": b"x()"})


@pytest.mark.parametrize("prefix", [b"SYSB\x02\0\0\0", b""])
def test_a_whole_bundle(prefix: bytes) -> None:
    """Files come with their address, kind, debug id and map; the eight bytes before the ZIP may be there or not."""
    manifest = {"release": "shop@1.0.0", "dist": "7", "files": {"a.js": SCRIPT}}
    found = opened(made(manifest, {"a.js": b"x()"}, prefix))
    assert found.files == (BundleFile("a.js", "~/assets/main.js", Kind.SCRIPT, DEBUG_ID, "main.js.map"),)
    assert (found.release, found.dist, found.left_out) == ("shop@1.0.0", "7", 0)
    assert b"".join(found.read("a.js")) == b"x()"


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "indexed_ram_bundle", "url": "~/a"},
        {"type": "source_map", "url": ""},
        {"type": "source_map", "url": "x" * 501},
        {},
    ],
)
def test_entries_of_no_use(entry: dict[str, Any]) -> None:
    """What can't be found by a frame is left out and counted; the others stay."""
    found = opened(made({"files": {"a.js": SCRIPT, "b": entry, "gone.js": SCRIPT}}, {"a.js": b"", "b": b""}))
    assert ([file.name for file in found.files], found.left_out) == (["a.js"], 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x05\x06",
        b"x" * 1000,
        good()[:-10],
        good()[:40],
        made(None, {"a": b""}),
        made(b"[]", {}),
        made(b'{"files": []}', {}),
        made(b'{"files": {"a": {"headers": {"debug-id": 7}}}}', {}),
        made(b"[" * 100_000, {}),
        made(b"\xff\xfe", {}),
        made({"files": {}}, {"a": b"x" * 100}, method=zipfile.ZIP_BZIP2),
    ],
    ids=range(12),
)
def test_what_is_no_bundle(data: bytes) -> None:
    """Anything else is the sender's fault, with a reason."""
    with pytest.raises(BadInput, match="bundle"):
        opened(data)


def test_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that unpacks beyond the limit is refused by its header, and by what comes out when the header lies."""
    monkeypatch.setattr(bundle, "MAX_FILE_BYTES", 1_000)
    bomb = made({"files": {"a.js": SCRIPT}}, {"a.js": b"\0" * 1_001})
    with pytest.raises(TooLarge):
        opened(bomb)
    small = made({"files": {"a.js": SCRIPT}}, {"a.js": b"\0" * 900})
    with pytest.raises(TooLarge):
        list(opened(small).read("a.js", limit=500))
    lying = small.replace((900).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(BadInput):
        list(opened(lying).read("a.js"))


def test_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of entries is known before the directory is read."""
    monkeypatch.setattr(bundle, "MAX_FILES", 3)
    assert opened(made({"files": {}}, {str(n): b"" for n in range(3)})).files == ()
    with pytest.raises(TooLarge):
        opened(made({"files": {}}, {str(n): b"" for n in range(4)}))


@pytest.mark.parametrize(
    "name", ["MAX_BUNDLE_BYTES", "MAX_PLAIN_BYTES", "MAX_DIRECTORY_BYTES", "MAX_MANIFEST_BYTES"]
)
def test_every_limit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each limit is in force."""
    monkeypatch.setattr(bundle, name, 2)
    with pytest.raises(TooLarge):
        opened(good())


@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(0, 400))
def test_damage(seed: int, hits: int, cut: int) -> None:
    """A bundle with bytes changed, lost or added anywhere is read or refused, never anything else."""
    chance = random.Random(seed)
    data = bytearray(good())
    for _ in range(hits):
        data[chance.randrange(len(data))] = chance.randrange(256)
    del data[chance.randrange(len(data)) :][:cut]
    damaged = bytes(data[: len(data) - cut % 7])
    try:
        found = opened(damaged)
        for file in found.files:
            list(found.read(file.name))
    except BadInput:
        return
    assert found.left_out >= 0
