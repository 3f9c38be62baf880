"""Compression of requests and answers on the HTTP interface, always piece by piece.

A broken body is a Fault of the client; a body that unpacks to more than the limit is refused before it fills memory.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import brotli
import lz4.frame
import zstandard

from .faults import Code, Fault

PIECE_BYTES = 4 << 20
PLAIN_LIMIT_BYTES = 2 << 30

ANSWERS = ("lz4", "zstd", "gzip", "deflate", "br")
"""What answers can be packed with, cheapest first: the wire is loopback, the CPU is shared with ingest."""


class Packer(Protocol):
    def pack(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class Plain:
    def pack(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class Calls:
    """A packer made of two functions of a library's streaming object."""

    def __init__(
        self, pack: Callable[[bytes], bytes], finish: Callable[[], bytes], head: bytes = b""
    ) -> None:
        self._pack, self._finish, self._head = pack, finish, head

    def pack(self, data: bytes) -> bytes:
        head, self._head = self._head, b""
        return head + self._pack(data)

    def finish(self) -> bytes:
        head, self._head = self._head, b""
        return head + self._finish()


def choose(accept: str) -> str:
    """The encoding to answer with, or an empty string for none."""
    offered = {
        part.split(";")[0].strip().lower()
        for part in accept.split(",")
        if "q=0" not in part.replace(" ", "").split(";")[1:]
    }
    return next((name for name in ANSWERS if name in offered), "")


def packer(encoding: str) -> Packer:
    if encoding == "lz4":
        frame = lz4.frame.LZ4FrameCompressor()
        return Calls(frame.compress, frame.flush, frame.begin())
    if encoding == "zstd":
        stream = zstandard.ZstdCompressor(level=1).compressobj()
        return Calls(stream.compress, stream.flush)
    if encoding in ("gzip", "deflate"):
        deflate = zlib.compressobj(3, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
        return Calls(deflate.compress, deflate.flush)
    if encoding == "br":
        compressor = brotli.Compressor(quality=3)
        return Calls(compressor.process, compressor.finish)
    return Plain()


def unpack(encoding: str, body: Iterable[bytes]) -> Iterator[bytes]:
    """The plain bytes of a request body, in pieces."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        yield from body
        return
    total = 0
    try:
        for piece in unpacked(name, body):
            total += len(piece)
            if total > PLAIN_LIMIT_BYTES:
                raise Fault(
                    Code.BAD_ARGUMENTS,
                    f"the body unpacks to more than {PLAIN_LIMIT_BYTES >> 20} MiB; send less at once",
                )
            yield piece
    except (zlib.error, brotli.error, zstandard.ZstdError, RuntimeError, EOFError) as exc:
        raise Fault(Code.CANNOT_DECOMPRESS, f"the body is not valid {name}: {exc}") from exc


def unpacked(name: str, body: Iterable[bytes]) -> Iterator[bytes]:
    if name == "lz4":
        return bounded_pieces(lz4.frame.LZ4FrameDecompressor(), body)
    if name in ("gzip", "x-gzip", "deflate"):
        return inflate(body, 15 if name == "deflate" else 31)
    if name == "zstd":
        return from_zstd(body)
    if name == "br":
        return from_brotli(body)
    raise Fault(
        Code.BAD_ARGUMENTS,
        f"Unknown compression method {name}; use gzip, deflate, br, zstd or lz4",
    )


def bounded_pieces(frame: Any, body: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in body:
        data = chunk
        while data or not frame.needs_input:
            if frame.eof:
                return
            yield frame.decompress(data, max_length=PIECE_BYTES)
            data = b""
    if not frame.eof:
        raise EOFError("it ends too early")


def inflate(body: Iterable[bytes], window: int) -> Iterator[bytes]:
    stream = zlib.decompressobj(window)
    for chunk in body:
        data = chunk
        while data:
            yield stream.decompress(data, PIECE_BYTES)
            data = stream.unconsumed_tail
            if stream.eof and stream.unused_data:
                data, stream = stream.unused_data, zlib.decompressobj(window)
    yield stream.flush()
    if not stream.eof:
        raise EOFError("it ends too early")


def from_zstd(body: Iterable[bytes]) -> Iterator[bytes]:
    """Fed in small slices: one block of 4 bytes may unpack to 128 KiB, and there is no other bound on a call's output."""
    stream = zstandard.ZstdDecompressor(max_window_size=128 << 20).decompressobj()
    for chunk in body:
        for at in range(0, len(chunk), 8 << 10):
            yield stream.decompress(chunk[at : at + (8 << 10)])
    if not stream.eof:
        raise EOFError("it ends too early")


def from_brotli(body: Iterable[bytes]) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    for chunk in body:
        for at in range(0, len(chunk), 64 << 10):
            yield stream.process(chunk[at : at + (64 << 10)])
    if not stream.is_finished():
        raise EOFError("it ends too early")
