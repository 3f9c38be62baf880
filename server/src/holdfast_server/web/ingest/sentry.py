"""Sentry's ingest paths below /api/<project>: envelope, store, security, minidump; each with and without its last slash, and
never a redirect, for some clients follow none. Each answers when what is kept of it is on disk.
"""

import asyncio
import base64
import binascii
import uuid
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from litestar import Response, Router, post
from litestar.enums import MediaType
from litestar.params import FromPath

from ...errors import BadInput, Busy, TooLarge, UnsupportedType
from ...ingest.at_once import Hold
from ...ingest.decode.envelope import parse_envelope, parse_header
from ...ingest.pipeline import Sender
from ...ingest.sentry_intake import TakenEnvelope
from ...model.limits import (
    MAX_ENVELOPE_BYTES,
    MAX_ENVELOPE_LINE_BYTES,
    MAX_ENVELOPE_PLAIN_BYTES,
    MAX_SENTRY_EVENT_BYTES,
)
from ...model.outcome import Outcome
from ...model.project import ApiKey
from ..services import HttpRequest, TakesIn, intake
from .body import decompress, encoding_of, read_packed
from .sentry_answers import HANDLERS, answer
from .sentry_auth import allowed_key, key_in, key_of_dsn
from .sentry_schema import EnvelopeOperation, MinidumpOperation, SecurityOperation, StoreOperation

MEGABYTE = 1024 * 1024
INLINE_BYTES = 65_536
"""What arrives in fewer bytes, and unpacks to less than a megabyte, is read here and now; more takes room and a thread."""
STEPS = (8 * MEGABYTE, MAX_ENVELOPE_PLAIN_BYTES)
"""Room that is set aside for a large body before it is unpacked."""
ARRIVES_WITHIN_S = 120
WAIT_S, WAITS = 0.1, 100
"""How long a large body waits for room, and how often it asks."""
SECURITY_TYPES = (
    "application/json", "application/csp-report", "application/reports+json", "application/expect-ct-report", "application/expect-ct-report+json",
    "application/expect-staple-report", "text/plain", "",
)  # fmt: skip

Take = Callable[[Sender, bytes], Awaitable[TakenEnvelope]]


@dataclass(frozen=True)
class Caller:
    """Who calls, as far as the headers tell: an envelope may name its key only inside."""

    request: HttpRequest
    project_id: int
    ours: TakesIn
    key: ApiKey | None

    @property
    def sender(self) -> Sender:
        headers = self.request.headers
        return Sender(self.project_id, headers.get("user-agent", ""), headers.get("cf-ipcountry", ""))


@post(
    "/envelope",
    status_code=200,
    tags=["sentry"],
    operation_class=EnvelopeOperation,
    summary="Sentry: an envelope",
)
async def envelope(request: HttpRequest, project_id: FromPath[int]) -> Response[bytes]:
    caller = await _caller(request, project_id, inside=True)

    async def take(sender: Sender, body: bytes) -> TakenEnvelope:
        if caller.key is None:
            line = body[: MAX_ENVELOPE_LINE_BYTES + 1].partition(b"\n")[0]
            await allowed_key(request, key_of_dsn(parse_header(line).dsn), project_id)
        if not body:
            raise BadInput("empty request body")
        large = len(body) > MEGABYTE
        parsed = await asyncio.to_thread(parse_envelope, body) if large else parse_envelope(body)
        return await caller.ours.sentry.take_envelope(sender, parsed)

    return await _taken(caller, take, "envelope")


@post("/store", status_code=200, tags=["sentry"], operation_class=StoreOperation, summary="Sentry: one event")
async def store(request: HttpRequest, project_id: FromPath[int]) -> Response[bytes]:
    caller = await _caller(request, project_id)

    async def take(sender: Sender, body: bytes) -> TakenEnvelope:
        return await caller.ours.sentry.take_event(sender, unwrapped(body))

    return await _taken(caller, take, "error")


@post(
    ["/security", "/nel"],
    status_code=200,
    tags=["sentry"],
    operation_class=SecurityOperation,
    summary="Browsers' security reports",
)
async def security(request: HttpRequest, project_id: FromPath[int]) -> Response[bytes]:
    caller = await _caller(request, project_id)
    query = request.query_params
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in SECURITY_TYPES:
        caller.ours.ledger.count(project_id, Outcome.INVALID, UnsupportedType.code, category="security")
        raise UnsupportedType(kind, "application/csp-report or application/reports+json")

    async def take(sender: Sender, body: bytes) -> TakenEnvelope:
        release, environment = query.get("sentry_release", ""), query.get("sentry_environment", "")
        return await caller.ours.sentry.take_security(sender, body, release=release, environment=environment)

    return await _taken(caller, take, "security")


@post(
    "/minidump",
    status_code=200,
    tags=["sentry"],
    operation_class=MinidumpOperation,
    summary="Sentry: a minidump, which is not kept",
)
async def minidump(request: HttpRequest, project_id: FromPath[int]) -> Response[str]:
    """Read to its end and thrown away: its sender waits for an id, and would try again without one."""
    caller = await _caller(request, project_id)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_ENVELOPE_PLAIN_BYTES:
            raise TooLarge("the minidump", f"{MAX_ENVELOPE_PLAIN_BYTES} bytes")
    caller.ours.sentry.not_kept(caller.sender, "minidump")
    return Response(str(uuid.uuid4()), media_type=MediaType.TEXT)


async def _caller(request: HttpRequest, project_id: int, *, inside: bool = False) -> Caller:
    """`inside` leaves the key open when there is none yet: it may be in the body. Raises NotKnown or NotAllowed."""
    value = key_in(request)
    key = None if inside and not value else await allowed_key(request, value, project_id)
    return Caller(request, project_id, intake(request), key)


async def _taken(caller: Caller, take: Take, category: str) -> Response[bytes]:
    """The answer to a body; one that can't be read as a whole is in the ledger too."""
    ours = caller.ours
    try:
        with ours.pipeline.at_once.hold() as hold:
            body = await _body(caller, hold)
            return answer(await take(caller.sender, body))
    except BadInput as exc:
        # Without a key in the headers nobody knows whose it was.
        project_id = caller.project_id if caller.key else 0
        ours.ledger.count(project_id, Outcome.INVALID, exc.code, category=category)
        raise


async def _body(caller: Caller, hold: Hold) -> bytes:
    """The plain body; room for a large one is taken before it is unpacked. Raises BadInput, TooLarge or Busy."""
    request = caller.request
    try:
        async with asyncio.timeout(ARRIVES_WITHIN_S):
            packed = await read_packed(request, MAX_ENVELOPE_BYTES, on_bytes=hold.grow)
    except TimeoutError as exc:
        raise BadInput(f"the body did not arrive within {ARRIVES_WITHIN_S} seconds") from exc
    encoding = encoding_of(request, packed)
    if not encoding:
        return packed
    if len(packed) <= INLINE_BYTES:
        try:
            return decompress(packed, encoding, MEGABYTE)
        except TooLarge:
            pass  # it may be within the real limit
    for limit in STEPS:
        await _room(hold, limit)
        unpack = partial(decompress, packed, encoding, limit)
        try:
            plain = await caller.ours.pipeline.at_once.decode(unpack, len(packed), is_packed=True)
        except TooLarge:
            hold.grow(-limit)
            if limit == STEPS[-1]:
                raise
        else:
            hold.grow(len(plain) - limit)
            return plain
    raise AssertionError("the last step returns or raises")


async def _room(hold: Hold, count: int) -> None:
    """Set so many bytes aside. Waits for others to end, for clients send nothing a second time; raises Busy in the end."""
    for _ in range(WAITS):
        try:
            return hold.grow(count)
        except Busy:
            await asyncio.sleep(WAIT_S)
    return hold.grow(count)


def unwrapped(body: bytes) -> bytes:
    """Old clients send base64 of zlib instead of JSON."""
    if body[:1] in (b"{", b" ", b"\n") or not body:
        return body
    try:
        packed = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return body
    try:
        machine = zlib.decompressobj()
        plain = machine.decompress(packed, MAX_SENTRY_EVENT_BYTES + 1)
    except zlib.error:
        return packed
    return plain


ROUTES: list[Any] = [
    Router(
        path="/api/{project_id:int}",
        route_handlers=[envelope, store, security, minidump],
        exception_handlers=HANDLERS,
    ),
]
