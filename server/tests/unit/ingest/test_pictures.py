"""Pictures of strangers: what is one, how large, and what of it is kept."""

import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from server.tests.pictures import chunk, header, jpeg, part, png, riff, segment, webp

from holdfast_server.errors import BadInput, TooLarge
from holdfast_server.ingest.pictures import MAX_PICTURE_BYTES, picture_of

SECRET = b"Ada Lovelace, 51.5 N 0.1 W"
SOME = [png(), jpeg(), webp()]


@pytest.mark.parametrize(
    ("data", "kind"), [(png(40, 30), "image/png"), (jpeg(40, 30), "image/jpeg"), (webp(40, 30), "image/webp")]
)
def test_pictures(data: bytes, kind: str) -> None:
    """Type and size are read from the bytes."""
    found = picture_of(data)
    assert (found.media_type, found.width, found.height) == (kind, 40, 30)
    assert picture_of(found.data) == found


@pytest.mark.parametrize(
    "data",
    [
        png(40, 30, chunk(b"tEXt", b"Author\0" + SECRET), chunk(b"eXIf", SECRET), chunk(b"iCCP", SECRET)),
        png() + SECRET,
        jpeg(40, 30, segment(0xE1, b"Exif\0\0" + SECRET), segment(0xFE, SECRET)),
        jpeg() + SECRET,
        webp(40, 30, part(b"EXIF", SECRET), part(b"XMP ", SECRET)),
        webp() + SECRET,
        riff(part(b"VP8X", b"\x0c\0\0\0" + b"\x27\0\0\x1d\0\0"), webp()[12:], part(b"EXIF", SECRET)),
    ],
)
def test_only_the_picture_is_kept(data: bytes) -> None:
    """Places, names, comments and whatever hangs behind the end are left out; the size stays."""
    found = picture_of(data)
    assert SECRET not in found.data
    assert (found.width, found.height) == (40, 30)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><svg/>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a" + b"\0" * 40,
        b"BM" + b"\0" * 60,
        b"%PDF-1.7",
        b"PK\x03\x04" + b"\0" * 40,
        png()[:40],
        png()[:-12],
        b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"x") + chunk(b"IEND", b""),
        b"\x89PNG\r\n\x1a\n" + header(4, 4) + header(9_000, 1) + chunk(b"IEND", b""),
        b"\x89PNG\r\n\x1a\n" + header(0, 4) + chunk(b"IEND", b""),
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**31) + b"IHDR" + b"\0" * 40,
        jpeg()[:20],
        jpeg()[:-2],
        b"\xff\xd8\xff" + b"\xff" * 500,
        b"\xff\xd8" + segment(0xDA, b"") + b"\xff\xd9",
        webp()[:20],
        riff(part(b"EXIF", b"x")),
        riff(part(b"VP8X", b"\x02\0\0\0" + b"\x27\0\0\x1d\0\0"), part(b"ANMF", webp()[12:])),
        b"RIFF" + struct.pack("<I", 2**31) + b"WEBP" + b"VP8L",
    ],
)
def test_no_pictures(data: bytes) -> None:
    """What is no whole picture of a known type is refused, whatever it was called."""
    with pytest.raises(BadInput) as caught:
        picture_of(data)
    assert caught.value.path == "screenshot"


@pytest.mark.parametrize(
    "data",
    [
        png(10_001, 1),
        png(2**31 - 1, 2**31 - 1),
        png(6_000, 6_000),
        jpeg(65_535, 65_535),
        webp(16_384, 16_384),
        b"\x89PNG\r\n\x1a\n" + b"\0" * MAX_PICTURE_BYTES,
    ],
)
def test_too_large(data: bytes) -> None:
    """Dimensions that would fill a reader's memory, and too many bytes, are refused before anybody draws it."""
    with pytest.raises(TooLarge):
        picture_of(data)


def test_a_bomb_is_not_unpacked() -> None:
    """A small picture whose data unpacks to a gigabyte costs nothing here: only its claimed size counts."""
    machine = zlib.compressobj(9)
    data = b"".join(machine.compress(b"\0" * 1_000_000) for _ in range(500)) + machine.flush()
    bomb = b"\x89PNG\r\n\x1a\n" + header(10, 10) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    assert (picture_of(bomb).width, picture_of(bomb).height) == (10, 10)


@given(st.sampled_from(SOME), st.data())
def test_damaged(whole: bytes, draw: st.DataObject) -> None:
    """A picture with some bytes changed, cut or added is read or refused, and nothing else happens."""
    at = draw.draw(st.integers(0, len(whole)))
    changed = whole[:at] + draw.draw(st.binary(max_size=8)) + whole[at + draw.draw(st.integers(0, 8)) :]
    try:
        found = picture_of(changed)
    except BadInput:
        return
    assert found.media_type in ("image/png", "image/jpeg", "image/webp")
    assert 0 < found.width * found.height <= 30_000_000


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x40\0\0\0WEBP"]), st.binary(max_size=300)
)
def test_any_bytes(magic: bytes, rest: bytes) -> None:
    """Bytes that only begin like a picture are read or refused."""
    with suppress(BadInput):
        assert picture_of(magic + rest).data
