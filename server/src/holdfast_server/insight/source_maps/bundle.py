"""An artifact bundle as sentry-cli and the bundler plugins make it: a ZIP behind eight bytes, with a manifest.

It comes from outside: the directory is measured before it is read, entries are read in pieces under limits, and anything
that is not as it should be raises BadInput with the part's name.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

import msgspec

from ...errors import BadInput, TooLarge
from .documents import canonical

MAGIC = b"SYSB"
MEGABYTE = 1024 * 1024
MAX_BUNDLE_BYTES = 512 * MEGABYTE
MAX_PLAIN_BYTES = 2048 * MEGABYTE
MAX_FILE_BYTES = 64 * MEGABYTE
MAX_FILES = 20_000
MAX_DIRECTORY_BYTES = 16 * MEGABYTE
MAX_MANIFEST_BYTES = 32 * MEGABYTE
MAX_PATH = 500
PIECE = 256 * 1024
END = struct.Struct("<4s4H2LH")
"""The record at a ZIP's end: how many entries there are, and how large their directory is."""
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""All that zipfile raises for bytes that lie: an offset may lead before the start, a name may be in no encoding."""
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Kind(StrEnum):
    SCRIPT = "script"
    MAP = "map"


KINDS = {"minified_source": Kind.SCRIPT, "source_map": Kind.MAP, "source": Kind.SCRIPT}
"""A script that does not look minified is called a source; RAM bundles of React Native are left out."""


class ManifestFile(msgspec.Struct):
    type: str = ""
    url: str = ""
    headers: dict[str, str] = {}


class Manifest(msgspec.Struct):
    files: dict[str, ManifestFile]
    release: str | None = None
    dist: str | None = None


@dataclass(frozen=True)
class BundleFile:
    """One file of a bundle: `path` is the address that it is served at, `name` where it lies in the ZIP."""

    name: str
    path: str
    kind: Kind
    debug_id: str
    reference: str


@dataclass(frozen=True)
class Bundle:
    archive: zipfile.ZipFile
    files: tuple[BundleFile, ...]
    release: str
    dist: str
    left_out: int

    def read(self, name: str, limit: int = MAX_FILE_BYTES) -> Iterator[bytes]:
        """The bytes of one file, in pieces. Raises BadInput for a damaged one, TooLarge beyond `limit`."""
        left = limit
        try:
            with self.archive.open(name) as file:
                while piece := file.read(PIECE):
                    left -= len(piece)
                    if left < 0:
                        raise TooLarge(f"{name[:200]!r} in the bundle", f"{limit:,} bytes")
                    yield piece
        except DAMAGED as exc:
            raise BadInput(
                f"{name[:200]!r} in the bundle is damaged: {exc}", hint="build and upload it again"
            ) from exc


def open_bundle(file: BinaryIO, size: int) -> Bundle:
    """Raises BadInput or TooLarge for whatever is not a bundle within the limits."""
    measure(file, size)
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGED as exc:
        raise not_a_bundle(str(exc)) from exc
    entries = {entry.filename: entry for entry in archive.infolist()}
    for entry in entries.values():
        refuse_odd(entry)
    if sum(entry.file_size for entry in entries.values()) > MAX_PLAIN_BYTES:
        raise TooLarge("the unpacked bundle", f"{MAX_PLAIN_BYTES:,} bytes", hint="upload the build in parts")
    manifest = read_manifest(archive, entries)
    files = tuple(found for name, entry in manifest.files.items() if (found := file_of(name, entry, entries)))
    return Bundle(
        archive, files, manifest.release or "", manifest.dist or "", len(manifest.files) - len(files)
    )


def measure(file: BinaryIO, size: int) -> None:
    """Look at the ZIP's end before the directory is read: reading it costs memory for each entry."""
    if size > MAX_BUNDLE_BYTES:
        raise TooLarge("the bundle", f"{MAX_BUNDLE_BYTES:,} bytes", hint="upload the build in parts")
    file.seek(max(0, size - END.size - 65_535 - 20))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < END.size:
        raise not_a_bundle("its end is missing")
    _, _, _, _, entries, directory_bytes, _, _ = END.unpack_from(tail, at)
    if entries > MAX_FILES + 1 or tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        raise TooLarge(
            "the number of files in the bundle", f"{MAX_FILES:,}", hint="upload the build in parts"
        )
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise TooLarge("the directory of the bundle", f"{MAX_DIRECTORY_BYTES:,} bytes")
    file.seek(0)


def refuse_odd(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 1 or entry.compress_type not in COMPRESSIONS:
        raise BadInput(
            f"{entry.filename[:200]!r} in the bundle is encrypted or compressed in an unknown way",
            hint="bundles are made by sentry-cli or a bundler's plugin",
        )
    if entry.file_size > MAX_FILE_BYTES and entry.filename != "manifest.json":
        raise TooLarge(f"{entry.filename[:200]!r} in the bundle", f"{MAX_FILE_BYTES:,} bytes")


def read_manifest(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> Manifest:
    if "manifest.json" not in entries:
        raise not_a_bundle("it has no manifest.json")
    raw = Bundle(archive, (), "", "", 0).read("manifest.json", MAX_MANIFEST_BYTES)
    try:
        return msgspec.json.decode(b"".join(raw), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise not_a_bundle(f"its manifest.json can't be read: {exc}") from exc


def file_of(name: str, entry: ManifestFile, entries: dict[str, zipfile.ZipInfo]) -> BundleFile | None:
    kind = KINDS.get(entry.type)
    if kind is None or name not in entries or not 0 < len(entry.url) <= MAX_PATH:
        return None
    headers = {key.lower(): value for key, value in entry.headers.items()}
    reference = headers.get("sourcemap", headers.get("x-sourcemap", ""))
    return BundleFile(name, entry.url, kind, canonical(headers.get("debug-id", "")), reference[:MAX_PATH])


def not_a_bundle(why: str) -> BadInput:
    return BadInput(
        f"the upload is not an artifact bundle: {why}",
        hint="upload with sentry-cli or holdfast sourcemaps upload",
    )
