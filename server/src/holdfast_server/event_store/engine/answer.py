"""Answers in ClickHouse's form: headers, whole or chunked bodies, and errors with their number."""

import json

from ... import __version__
from .channel import Channel, Gone, Started
from .exchange import Exchange, Headers
from .execution import Stats
from .faults import Code, Fault, http_status

WHOLE_BYTES = 4 << 20
"""A finished answer up to this size goes out with a Content-Length, a larger one in chunks."""

CONTENT_TYPES = (
    ("JSONEachRow", "application/x-ndjson; charset=UTF-8"),
    ("JSONCompactEachRow", "application/x-ndjson; charset=UTF-8"),
    ("JSON", "application/json; charset=UTF-8"),
    ("TabSeparated", "text/tab-separated-values; charset=UTF-8"),
    ("TSV", "text/tab-separated-values; charset=UTF-8"),
    ("CSV", "text/csv; charset=UTF-8; header=absent"),
    ("Pretty", "text/plain; charset=UTF-8"),
    ("Vertical", "text/plain; charset=UTF-8"),
    ("XML", "application/xml; charset=UTF-8"),
    ("Markdown", "text/markdown; charset=UTF-8"),
)


def content_type(name: str) -> str:
    return next((kind for begin, kind in CONTENT_TYPES if name.startswith(begin)), "application/octet-stream")


def summary(stats: Stats) -> str:
    """X-ClickHouse-Summary: numbers as strings, as ClickHouse writes them."""
    values = {name: str(value) for name, value in vars(stats).items()}
    return json.dumps({**values, "total_rows_to_read": values["read_rows"]}, separators=(",", ":"))


def common_headers(query_id: str) -> Headers:
    return [
        ("X-ClickHouse-Server-Display-Name", f"holdfast-engine {__version__}"),
        ("X-ClickHouse-Query-Id", query_id),
        ("X-ClickHouse-Timezone", "UTC"),
    ]


def good_headers(started: Started, query_id: str, progress: bool) -> Headers:
    head = started.head
    headers = common_headers(query_id)
    if head.format:
        headers += [("Content-Type", content_type(head.format)), ("X-ClickHouse-Format", head.format)]
    if started.encoding:
        headers += [("Content-Encoding", started.encoding), ("Vary", "Accept-Encoding")]
    stats = head.stats or Stats()
    if progress and head.stats is not None:
        headers.append(("X-ClickHouse-Progress", summary(stats)))
    headers.append(("X-ClickHouse-Summary", summary(stats)))
    if head.stats is None:
        headers.append(("X-ClickHouse-Exception-Tag", started.tag))
    return headers


async def relay(channel: Channel, exchange: Exchange, query_id: str, progress: bool) -> None:
    """Send what the worker puts into the channel. Raises Fault when it failed before the first byte."""
    started = await channel.get()
    if isinstance(started, Fault):
        raise started
    if not isinstance(started, Started):
        return
    headers = good_headers(started, query_id, progress)
    pieces, more = await gather(channel) if started.head.stats is not None else ([], True)
    if not more:
        await exchange.respond(200, headers, b"".join(pieces))
        return
    await exchange.begin(200, headers)
    for piece in pieces:
        await exchange.write(piece)
    del pieces
    while isinstance(item := await channel.get(), bytes):
        await exchange.write(item)
    await exchange.end()


async def gather(channel: Channel) -> tuple[list[bytes], bool]:
    """The first pieces of a finished answer, and whether there are more."""
    pieces: list[bytes] = []
    size = 0
    while size <= WHOLE_BYTES:
        item = await channel.get()
        if isinstance(item, Fault):
            raise item
        if not isinstance(item, bytes):
            return pieces, isinstance(item, Gone)
        pieces.append(item)
        size += len(item)
    return pieces, True


async def respond_fault(exchange: Exchange, fault: Fault, query_id: str, status: int = 0) -> None:
    headers = [
        *common_headers(query_id),
        ("X-ClickHouse-Exception-Code", str(fault.number)),
        ("Content-Type", "text/plain; charset=UTF-8"),
    ]
    if fault.number == Code.AUTHENTICATION_FAILED:
        headers.append(("WWW-Authenticate", 'Basic realm="holdfast engine"'))
    await exchange.respond(status or http_status(fault.number), headers, fault.text.encode() + b"\n")


def late_fault(fault: Fault, tag: str) -> bytes:
    """An error behind rows that are sent already, in the frame that clients look for (ClickHouse 25.11 and later)."""
    text = fault.text.encode() + b"\n"
    frame = b"\r\n__exception__\r\n" + tag.encode() + b"\r\n"
    return frame + text + str(len(text)).encode() + b" " + tag.encode() + b"\r\n__exception__\r\n"
