"""A request's body, plain and within limits: read in pieces, decompressed with a bounded output (a bomb stops early)."""

import zlib
from collections.abc import Callable
from typing import Any

import brotli
import zstandard

from ...errors import BadInput, TooLarge
from ...model.limits import MAX_BODY_BYTES, MAX_PLAIN_BYTES
from ..services import HttpRequest

JSON_TYPES = (
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "",
)
"""`text/plain` is what sendBeacon sends, the form type what `curl -d` sends; some clients send no type at all."""

MAX_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
"""What RFC 9659 allows on the web; the decoder sets this much memory aside before the first byte comes out."""
GZIP_MAGIC = b"\x1f\x8b"
"""No text and no protobuf begins so. A page that may not ask first (CORS) compresses without naming it in a header."""
MAX_UNHEARD_BYTES = 16 * 1024 * 1024
"""A client that is still sending would not hear why it is refused: so much of what is too large is read and dropped."""


async def read_body(request: HttpRequest, limit: int = MAX_BODY_BYTES) -> bytes:
    """`limit` is for the body as it arrives. Raises TooLarge beyond a limit, BadInput for an encoding that is wrong or
    unknown."""
    body = await read_packed(request, limit)
    encoding = encoding_of(request, body)
    return decompress(body, encoding) if encoding else body


async def read_packed(
    request: HttpRequest, limit: int, *, on_bytes: Callable[[int], None] = lambda _: None
) -> bytes:
    """The body as it arrives. Raises TooLarge beyond `limit` bytes; `on_bytes` hears of each piece that is kept."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            on_bytes(len(chunk))
            chunks.append(chunk)
        elif size > limit + MAX_UNHEARD_BYTES:
            break
    if size > limit:
        raise TooLarge("the body", f"{limit} bytes", hint="send fewer events at once, or compress the body")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def encoding_of(request: HttpRequest, body: bytes) -> str:
    return request.headers.get("content-encoding", "") or ("gzip" if body[:2] == GZIP_MAGIC else "")


def decompress(body: bytes, encoding: str, limit: int = MAX_PLAIN_BYTES) -> bytes:
    """Undo one content encoding. Raises BadInput for what is not that encoding, TooLarge beyond `limit` bytes."""
    name = encoding.strip().lower()
    if name in ("identity", ""):
        return body
    reader = READERS.get(name)
    if reader is None:
        raise BadInput(f"the content encoding {encoding!r} is not known", hint="use " + ", ".join(READERS))
    try:
        plain = reader(body, limit)
    except (zlib.error, brotli.error, zstandard.ZstdError, EOFError) as exc:
        raise BadInput(
            f"the body is not {name}, or it is cut off: {exc}", hint="check Content-Encoding"
        ) from exc
    if len(plain) > limit:
        raise TooLarge("the decompressed body", f"{limit} bytes")
    return plain


def _inflate(window: int) -> Callable[[bytes, int], bytes]:
    def read(body: bytes, limit: int) -> bytes:
        machine = zlib.decompressobj(window)
        plain = machine.decompress(body, limit + 1)
        if len(plain) <= limit and not machine.eof:
            raise EOFError("the end is missing")
        return plain

    return read


def _deflate(body: bytes, limit: int) -> bytes:
    """HTTP's deflate is zlib's format; some clients send it raw."""
    try:
        return _inflate(zlib.MAX_WBITS)(body, limit)
    except zlib.error:
        return _inflate(-zlib.MAX_WBITS)(body, limit)


def _brotli(body: bytes, limit: int) -> bytes:
    machine = brotli.Decompressor()
    plain: bytes = machine.process(body, output_buffer_limit=limit + 1)
    while len(plain) <= limit and not machine.is_finished():
        more = machine.process(b"", output_buffer_limit=limit + 1 - len(plain))
        if not more:
            raise EOFError("the end is missing")
        plain += more
    return plain


def _zstd(body: bytes, limit: int) -> bytes:
    options: dict[str, Any] = {"max_window_size": MAX_ZSTD_WINDOW_BYTES}
    with zstandard.ZstdDecompressor(**options).stream_reader(body, read_across_frames=True) as reader:
        plain: bytes = reader.read(limit + 1)
    if not plain and body:
        raise EOFError("the end is missing")
    return plain


READERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _inflate(zlib.MAX_WBITS | 16),
    "x-gzip": _inflate(zlib.MAX_WBITS | 16),
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
