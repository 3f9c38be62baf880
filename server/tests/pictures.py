"""Pictures made by hand for tests, and such as somebody would send who means harm."""

import struct
import zlib


def png(width: int = 40, height: int = 30, *extra: bytes, colour: bytes = b"\x40\x80\xc0") -> bytes:
    """A picture that a browser draws; `extra` are whole chunks put before its data."""
    rows = zlib.compress((b"\0" + colour * min(width, 4_000)) * min(height, 4_000))
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", header(width, height), *extra, chunk(b"IDAT", rows), chunk(b"IEND", b""))
    )


def header(width: int, height: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def jpeg(width: int = 40, height: int = 30, *extra: bytes) -> bytes:
    """The skeleton of a JPEG: enough for whoever reads its segments."""
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\x34\xff\x00\x56\xff\xd9"
    return b"\xff\xd8" + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0") + b"".join(extra) + frame + scan


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def webp(width: int = 40, height: int = 30, *extra: bytes) -> bytes:
    """The skeleton of a lossless WebP."""
    bits = struct.pack("<I", (width - 1) | (height - 1) << 14)
    return riff(part(b"VP8L", b"\x2f" + bits + b"\x00" * 8), *extra)


def riff(*parts: bytes) -> bytes:
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def part(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
