"""Pictures of strangers: told by their bytes, bounded in dimensions before anybody draws them, and rewritten without what is
no picture (EXIF with its places and names, comments, colour profiles, whatever hangs behind the end).

Nothing is decompressed here: a picture that lies about itself costs the server a walk over its chunks.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..errors import BadInput, TooLarge

MAX_PICTURE_BYTES = 1_048_576
MAX_SIDE = 10_000
MAX_PIXELS = 30_000_000
"""Two screens of 5K: what a browser draws of it takes 120 MB."""
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"IDAT"}
)
JPEG_FRAMES = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
JPEG_DROPPED = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
"""APP1 to APP15 but Adobe's APP14, which says how colours are coded, and comments."""
WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
TAKEN = "a JPEG, PNG or WebP picture"


@dataclass(frozen=True)
class Picture:
    media_type: str
    width: int
    height: int
    data: bytes


def picture_of(data: bytes, path: str = "screenshot") -> Picture:
    """The picture, cleaned. Raises BadInput for what is none, TooLarge beyond a limit; `path` names the field."""
    if len(data) > MAX_PICTURE_BYTES:
        raise TooLarge(f"`{path}`", f"{MAX_PICTURE_BYTES} bytes", path=path, hint="send a smaller picture")
    reader = next((read for magic, read in READERS if magic(data)), None)
    if reader is None:
        raise BadInput(
            f"`{path}` is not {TAKEN}", path=path, hint="its type is told by its bytes, not by its name"
        )
    try:
        found = reader(data)
    except (struct.error, IndexError, ValueError) as exc:
        raise BadInput(f"`{path}` is a damaged picture", path=path, hint=f"send {TAKEN}") from exc
    if not (found.width and found.height):
        raise BadInput(f"`{path}` is a picture without a size", path=path, hint=f"send {TAKEN}")
    if max(found.width, found.height) > MAX_SIDE or found.width * found.height > MAX_PIXELS:
        raise TooLarge(f"`{path}`, {found.width}×{found.height} pixels,", f"{MAX_PIXELS:,} pixels", path=path)
    return found


def read_png(data: bytes) -> Picture:
    kept = [PNG_MAGIC]
    width = height = 0
    for number, (name, chunk) in enumerate(png_chunks(data)):
        if (number == 0) != (name == b"IHDR"):
            raise ValueError("a PNG begins with one header")
        if name == b"IHDR":
            width, height = struct.unpack_from(">II", chunk, 8)
        if name in PNG_KEPT or name == b"IEND":
            kept.append(chunk)
    return Picture("image/png", width, height, b"".join(kept))


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and whole chunk, up to the end's; what follows it is nobody's."""
    at = len(PNG_MAGIC)
    name = b""
    while name != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if end > len(data):
            raise ValueError("a chunk is cut off")
        name = data[at + 4 : at + 8]
        yield name, data[at:end]
        at = end


def read_jpeg(data: bytes) -> Picture:
    kept = [b"\xff\xd8"]
    width = height = 0
    at = 2
    while True:
        while data[at + 1] == 0xFF:  # fill bytes
            at += 1
        if data[at] != 0xFF:
            raise ValueError("a marker is missing")
        marker = data[at + 1]
        (length,) = struct.unpack_from(">H", data, at + 2)
        segment = data[at : at + 2 + length]
        if len(segment) < 4 or len(segment) != 2 + length:
            raise ValueError("a segment is cut off")
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", segment, 5)
        if marker == 0xDA:
            end = data.rindex(b"\xff\xd9") + 2
            return Picture("image/jpeg", width, height, b"".join([*kept, data[at:end]]))
        if marker not in JPEG_DROPPED:
            kept.append(segment)
        at += 2 + length


def read_webp(data: bytes) -> Picture:
    (riff,) = struct.unpack_from("<I", data, 4)
    if riff + 8 > len(data):
        raise ValueError("it is cut off")
    kept: list[bytes] = []
    width = height = 0
    at = 12
    while at + 8 <= riff + 8:
        name, (length,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        end = at + 8 + length + length % 2
        if at + 8 + length > riff + 8:
            raise ValueError("a chunk is cut off")
        chunk = data[at:end]
        if name in WEBP_SIZES:
            width, height = WEBP_SIZES[name](chunk[8:])
        if name == b"VP8X":
            # of its flags only the one for transparency stays: what the others announce is left out
            kept.append(chunk[:8] + bytes([chunk[8] & 0x10]) + chunk[9:])
        elif name in WEBP_KEPT:
            kept.append(chunk)
        at = end
    if not any(chunk[:4] in (b"VP8 ", b"VP8L") for chunk in kept):
        raise ValueError("there is no single picture in it")
    body = b"WEBP" + b"".join(kept)
    return Picture("image/webp", width, height, b"RIFF" + struct.pack("<I", len(body)) + body)


def vp8_size(chunk: bytes) -> tuple[int, int]:
    if chunk[3:6] != b"\x9d\x01\x2a":
        raise ValueError("no key frame")
    width, height = struct.unpack_from("<HH", chunk, 6)
    return width & 0x3FFF, height & 0x3FFF


def vp8l_size(chunk: bytes) -> tuple[int, int]:
    if chunk[0] != 0x2F:
        raise ValueError("no lossless picture")
    (bits,) = struct.unpack_from("<I", chunk, 1)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def vp8x_size(chunk: bytes) -> tuple[int, int]:
    return int.from_bytes(chunk[4:7], "little") + 1, int.from_bytes(chunk[7:10], "little") + 1


WEBP_SIZES: dict[bytes, Callable[[bytes], tuple[int, int]]] = {
    b"VP8 ": vp8_size,
    b"VP8L": vp8l_size,
    b"VP8X": vp8x_size,
}
READERS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Picture]], ...] = (
    (lambda data: data.startswith(PNG_MAGIC), read_png),
    (lambda data: data.startswith(b"\xff\xd8\xff"), read_jpeg),
    (lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", read_webp),
)
