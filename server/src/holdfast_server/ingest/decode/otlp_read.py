"""OTLP's bytes as messages: protobuf by the official classes, JSON by the shapes that name the same fields.

Bad bytes are BadInput, whatever they are. A body of millions of empty messages, which take a hundred times the room in memory
that they take on the wire, is refused before it is read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar, cast

import msgspec
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ...errors import BadInput, TooLarge
from .native import split_path, storable
from .otlp_shapes import Logs, Metrics, Traces

MAX_PARTS = 1_000_000
"""Messages in one request, attributes and their values included: about 200 MB in memory."""
MAX_NESTING = 100
"""Protobuf's own limit."""
UNCOUNTED_BYTES = 1_048_576
"""Below, a body can't hold enough of them to matter."""

T = TypeVar("T")
Children = dict[int, Descriptor]


@dataclass(frozen=True)
class Reader(Generic[T]):
    """Reads requests of one path in either encoding. Raises BadInput."""

    message: type[Message]
    json: Callable[[bytes], T]

    def read(self, body: bytes, *, is_json: bool) -> T:
        return self._from_json(body) if is_json else self._from_protobuf(body)

    def _from_json(self, body: bytes) -> T:
        if not body.strip():
            body = b"{}"
        if len(body) > UNCOUNTED_BYTES and body.count(b"{") > MAX_PARTS:
            raise too_many()
        try:
            return self.json(storable(body))
        except RecursionError as exc:
            raise TooLarge("the nesting of the request", "a hundred levels") from exc
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            sentence, path = split_path(str(exc))
            raise BadInput(
                f"the body is not OTLP as JSON: {sentence}",
                path=path,
                hint="field names are lowerCamelCase, ids are hexadecimal, enums are numbers",
            ) from exc

    def _from_protobuf(self, body: bytes) -> T:
        if (
            len(body) > UNCOUNTED_BYTES
            and parts(body, cast("Descriptor", self.message.DESCRIPTOR)) > MAX_PARTS
        ):
            raise too_many()
        try:
            return cast("T", self.message.FromString(body))
        except DecodeError as exc:
            raise BadInput(
                "the body is not OTLP as protobuf, or it is cut off",
                hint="check Content-Type: application/x-protobuf for protobuf, application/json for JSON",
            ) from exc


TRACES: Reader[Traces] = Reader(ExportTraceServiceRequest, msgspec.json.Decoder(Traces).decode)
LOGS: Reader[Logs] = Reader(ExportLogsServiceRequest, msgspec.json.Decoder(Logs).decode)
METRICS: Reader[Metrics] = Reader(ExportMetricsServiceRequest, msgspec.json.Decoder(Metrics).decode)


def too_many() -> TooLarge:
    return TooLarge("the number of records and attributes in the request", f"{MAX_PARTS}")


def parts(body: bytes, descriptor: Descriptor) -> int:
    """How many messages the body holds, until there are too many. Where the bytes are no fields, the decoder stops as well."""
    count, open_ones = 0, [(_fields(body, 0, len(body)), _children(descriptor))]
    while open_ones and count <= MAX_PARTS and len(open_ones) <= MAX_NESTING:
        fields, children = open_ones[-1]
        try:
            found = next(fields, None)
        except IndexError:
            return count
        if found is None:
            open_ones.pop()
            continue
        number, start, end = found
        if number in children:
            count += 1
            open_ones.append((_fields(body, start, end), _children(children[number])))
    return count


def _fields(body: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """`(number, start, end)` of each length-delimited field. Raises IndexError where the bytes are no fields."""
    while at < end:
        tag, at = _varint(body, at)
        wire = tag & 7
        if wire == 2:
            size, at = _varint(body, at)
            if at + size > end:
                raise IndexError
            yield tag >> 3, at, at + size
            at += size
        elif wire == 0:
            _, at = _varint(body, at)
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        elif wire > 5:
            raise IndexError  # 3 and 4 open and close a group: what is in it counts as if it stood here


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise IndexError


@lru_cache(maxsize=64)
def _children(descriptor: Descriptor) -> Children:
    """The fields that hold messages, by their number."""
    return {
        field.number: field.message_type
        for field in descriptor.fields
        if field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type is not None
    }
