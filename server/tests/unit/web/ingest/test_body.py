"""Decompression: each encoding, cut-off and foreign bytes, and bombs that stop at the limit in little memory."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import BadInput, TooLarge
from holdfast_server.web.ingest.body import READERS, decompress

LIMIT = 1_000_000


def raw_deflate(body: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return machine.compress(body) + machine.flush()


def framed_zstd(body: bytes) -> bytes:
    """As streaming clients write it: without the size in the frame."""
    machine = zstandard.ZstdCompressor().compressobj()
    return machine.compress(body) + machine.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
    "zstd without size": ("zstd", framed_zstd),
}
EACH = pytest.mark.parametrize(("encoding", "pack"), list(PACKERS.values()), ids=list(PACKERS))


@given(st.binary(min_size=1, max_size=2000), st.sampled_from(sorted(PACKERS)))
def test_there_and_back(body: bytes, name: str) -> None:
    """What a client compressed is what we read."""
    encoding, pack = PACKERS[name]
    assert decompress(pack(body), encoding, LIMIT) == body


@EACH
def test_exactly_the_limit(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """A body of the limit passes, one byte more does not."""
    body = bytes(range(256)) * (LIMIT // 256)
    assert decompress(pack(body), encoding, len(body)) == body
    with pytest.raises(TooLarge):
        decompress(pack(body), encoding, len(body) - 1)


@EACH
def test_bomb_costs_little_memory(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """A bomb of 200 MB stops at the limit: at no time is much more than the limit in memory."""
    bomb = pack(b"\0" * 200_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            decompress(bomb, encoding, LIMIT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * LIMIT


@EACH
def test_cut_off(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """A body that ends too early is refused, or gives a true beginning that no JSON parser will take for a whole."""
    body = b'{"events":[' + b'{"type":"page_view"},' * 50 + b"]}"
    packed = pack(body)
    for end in (0, 1, len(packed) // 2, len(packed) - 1):
        try:
            plain = decompress(packed[:end], encoding, LIMIT)
        except BadInput:
            continue
        assert plain != body or end == len(packed) - 1
        assert body.startswith(plain)


@given(st.binary(max_size=200), st.sampled_from(sorted(READERS)))
def test_any_bytes(body: bytes, encoding: str) -> None:
    """Bytes that are not of the encoding are bad input, never another error."""
    with suppress(BadInput):
        assert isinstance(decompress(body, encoding, LIMIT), bytes)


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_plain(encoding: str) -> None:
    """No encoding, or identity, leaves the body alone."""
    assert decompress(b"x", encoding) == b"x"


@pytest.mark.parametrize("encoding", ["lzma", "gzip, br", "utf-8"])
def test_unknown_encodings(encoding: str) -> None:
    """An encoding that we don't know is refused with those we do."""
    with pytest.raises(BadInput) as caught:
        decompress(b"x", encoding)
    assert "gzip" in caught.value.hint


def test_huge_zstd_window_is_refused() -> None:
    """A frame that asks for a window beyond 8 MB (RFC 9659) is refused before memory is set aside for it."""
    options: Any = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    machine = zstandard.ZstdCompressor(compression_params=options).compressobj()
    packed = machine.compress(b"x" * 100) + machine.flush()
    with pytest.raises(BadInput):
        decompress(packed, "zstd")
