"""One HTTP exchange on ASGI: the request's parts, its bounded body, and an answer sent at the client's pace.

ASGI and not RSGI: Granian's RSGI streams (2.8) accept everything at once, so that a slow client would fill our memory.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from .faults import Code, Fault

BODY_LIMIT_BYTES = 512 << 20
PIECE_BYTES = 512 << 10
"""Granian holds about nine pieces for a client that does not read."""

Message = dict[str, Any]
Headers = list[tuple[str, str]]


class Exchange:
    """Wraps the three arguments of an ASGI application."""

    def __init__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query_string: str = scope["query_string"].decode("latin-1")
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.receive = receive
        self.send = send
        self.begun = False

    async def body(self) -> bytes:
        """The whole body, refused before it fills the memory."""
        length = self.headers.get("content-length", "")
        size = int(length) if length.isascii() and length.isdigit() else 0
        pieces: list[bytes] = []
        got = 0
        while max(size, got) <= BODY_LIMIT_BYTES:
            message = await self.receive()
            if message["type"] != "http.request":
                raise ConnectionError("the client left while it sent its body")
            pieces.append(message.get("body", b""))
            got += len(pieces[-1])
            if not message.get("more_body", False):
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        raise Fault(
            Code.QUERY_IS_TOO_LARGE, f"the body is over {BODY_LIMIT_BYTES >> 20} MiB; send less at once"
        )

    async def disconnected(self) -> None:
        """Return when the client has left. To be called after the body was read."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer, with its length."""
        await self.begin(status, [*headers, ("content-length", str(len(body)))])
        await self.send({"type": "http.response.body", "body": body, "more_body": False})

    async def begin(self, status: int, headers: Headers) -> None:
        self.begun = True
        packed = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers]
        await self.send({"type": "http.response.start", "status": status, "headers": packed})

    async def write(self, data: bytes) -> None:
        """Send more of a begun answer; waits while the client does not read."""
        for piece in cut(data):
            await self.send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})


def cut(data: bytes) -> Iterable[bytes]:
    if len(data) <= PIECE_BYTES:
        return (data,) if data else ()
    return (data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES))
