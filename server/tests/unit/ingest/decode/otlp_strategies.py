"""OTLP requests for property tests: protobuf messages of every kind, and the same as OTLP's JSON by an encoder of its own."""

import base64
import json
import math
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

REQUESTS = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
IDS = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DEPRECATED = {"string_value_strindex", "key_strindex"}
WHOLE_NUMBERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SFIXED64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64 - 1),
}
BIG = {
    FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_FIXED64, FieldDescriptor.TYPE_SFIXED64,
}  # fmt: skip


@st.composite
def requests(draw: st.DrawFn, kind: str) -> Message:
    """A request with at the most a few of everything, any field set or not."""
    return fill(draw, REQUESTS[kind](), 0)


def fill(draw: st.DrawFn, message: Message, level: int) -> Any:
    chosen = {oneof.name: draw(st.sampled_from([*oneof.fields])) for oneof in message.DESCRIPTOR.oneofs}
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if field.name in DEPRECATED or (oneof is not None and chosen[oneof.name] is not field):
            continue
        if isinstance(message, AnyValue) and level > 12 and field.message_type is not None:
            continue
        is_spine = level < 4 or field.name in ("spans", "log_records", "metrics", "data_points", *IDS)
        if not is_spine and draw(st.booleans()):
            continue
        if field.is_repeated:
            count = draw(st.integers(1 if is_spine else 0, 2))
            if field.message_type is not None:
                for _ in range(count):
                    fill(draw, getattr(message, field.name).add(), level + 1)
            else:
                getattr(message, field.name).extend(draw(scalar(field)) for _ in range(count))
        elif field.message_type is not None:
            part = getattr(message, field.name)
            part.SetInParent()
            fill(draw, part, level + 1)
        else:
            setattr(message, field.name, draw(scalar(field)))
    return message


def scalar(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.name in IDS:
        size = IDS[field.name]
        return st.one_of(
            st.binary(min_size=size, max_size=size),
            st.binary(min_size=size, max_size=size),
            st.binary(max_size=20),
        )
    if field.type == FieldDescriptor.TYPE_STRING:
        return TEXT
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=6)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return st.booleans()
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return st.floats(width=64)
    if field.enum_type is not None:
        return st.sampled_from([value.number for value in field.enum_type.values])
    if field.name == "flags":
        return st.sampled_from([0, 0, 0x100, 0x300, 1])
    return st.integers(*WHOLE_NUMBERS[field.type])


def as_json(message: Message, *, numbers_as_text: bool, upper: bool = False) -> bytes:
    """The request as OTLP's JSON: numbers beyond 32 bits as text or as numbers, ids in small or large letters."""
    return json.dumps(_object(message, numbers_as_text, upper)).encode()


def _object(message: Message, as_text: bool, upper: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"anUnknownField": {"x": [1]}}
    for field, value in message.ListFields():
        items = value if field.is_repeated else [value]
        told = [_told(field, item, as_text, upper) for item in items]
        found[field.json_name] = told if field.is_repeated else told[0]
    return found


def _told(field: FieldDescriptor, value: Any, as_text: bool, upper: bool) -> Any:
    if field.message_type is not None:
        return _object(value, as_text, upper)
    if field.name in IDS:
        return value.hex().upper() if upper else value.hex()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return str(value) if as_text and field.type in BIG else value
