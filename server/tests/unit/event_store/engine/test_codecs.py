"""Packing and unpacking, piece by piece."""

import gzip
import zlib
from collections import deque
from collections.abc import Callable

import brotli
import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast_server.event_store.engine import codecs
from holdfast_server.event_store.engine.faults import Fault

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "lz4": lz4.frame.compress,
}


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("name", PACK)
@settings(max_examples=25, deadline=None)
@given(data=st.binary(max_size=5000), size=st.integers(1, 700))
def test_unpacked_is_what_was_packed(name: str, data: bytes, size: int) -> None:
    """In pieces of any size, every encoding gives back what went in."""
    assert b"".join(codecs.unpack(name, pieces(PACK[name](data), size))) == data


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd", "lz4", ""])
def test_packed_answers_unpack(name: str) -> None:
    """What the engine packs, the clients' libraries unpack."""
    packer = codecs.packer(name)
    data = [b"a" * 100_000, b"", b"b" * 10]
    packed = b"".join([*(packer.pack(each) for each in data), packer.finish()])
    assert b"".join(codecs.unpack(name, [packed])) == b"".join(data)


@pytest.mark.parametrize("name", PACK)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda packed: packed[: len(packed) // 2],
        lambda packed: packed[:-1],
        lambda packed: b"no" + packed,
        lambda packed: b"",
    ],
)
def test_broken_bodies_are_refused(name: str, spoil: Callable[[bytes], bytes]) -> None:
    """A cut or spoilt body is an error, never a shorter body."""
    packed = PACK[name](bytes(range(256)) * 40)
    with pytest.raises(Fault) as caught:
        list(codecs.unpack(name, [spoil(packed)]))
    assert caught.value.number == 271


def test_a_bomb_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that unpacks to more than the limit is refused while it unpacks."""
    monkeypatch.setattr(codecs, "PLAIN_LIMIT_BYTES", 1 << 20)
    for name, pack in PACK.items():
        with pytest.raises(Fault, match="unpacks to more than"):
            deque(codecs.unpack(name, [pack(bytes(64 << 20))]), maxlen=0)


def test_unknown_encoding_is_named() -> None:
    """An encoding that nobody knows is told with those that work."""
    with pytest.raises(Fault, match="snappy"):
        list(codecs.unpack("snappy", [b"x"]))


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "gzip"),
        ("br;q=1.0, zstd;q=0.5", "zstd"),
        ("gzip;q=0", ""),
        ("*", ""),
        ("lz4,zstd", "lz4"),
        ("identity", ""),
    ],
)
def test_choice_of_encoding(accept: str, chosen: str) -> None:
    """The cheapest encoding that the client accepts."""
    assert codecs.choose(accept) == chosen
