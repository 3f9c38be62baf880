"""OTLP's answers where no real client can be made to see them: overload, and what nobody foresaw."""

from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from holdfast_server.errors import BadInput, SpoolFull, TooMany
from holdfast_server.web.ingest.otlp_answers import on_any, on_error, success


def request(kind: str = "application/x-protobuf") -> Any:
    return SimpleNamespace(headers={"content-type": kind}, url=SimpleNamespace(path="/v1/traces"))


def read_status(body: bytes) -> tuple[int, str]:
    """google.rpc.Status as protobuf itself reads it."""
    fields = [
        FieldDescriptorProto(name="code", number=1, type=FieldDescriptorProto.TYPE_INT32, label=FieldDescriptorProto.LABEL_OPTIONAL),
        FieldDescriptorProto(name="message", number=2, type=FieldDescriptorProto.TYPE_STRING, label=FieldDescriptorProto.LABEL_OPTIONAL),
    ]  # fmt: skip
    file = FileDescriptorProto(name="status.proto", package="test", syntax="proto3")
    file.message_type.append(DescriptorProto(name="Status", field=fields))
    pool = DescriptorPool()
    pool.Add(file)
    status: Any = GetMessageClass(pool.FindMessageTypeByName("test.Status")).FromString(body)
    return status.code, status.message


@pytest.mark.parametrize(
    ("error", "status", "code"), [(SpoolFull("full"), 503, 14), (TooMany("slowly", retry_after_s=60), 429, 8)]
)
def test_overload(error: Any, status: int, code: int) -> None:
    """Overload is what exporters try again, within the ten seconds that Python's gives a batch."""
    answer = on_error(request(), error)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "5")
    assert read_status(answer.content)[0] == code


@pytest.mark.parametrize("message", ["", "x", "é" * 5_000])
def test_status(message: str) -> None:
    """The Status is protobuf, whatever the message: longer ones are cut between letters."""
    code, told = read_status(on_error(request(), BadInput(message)).content)
    assert code == 3
    assert message.startswith(told)
    assert len(told.encode()) <= 2_000


def test_unforeseen() -> None:
    """A fault of ours is a Status too, without its cause."""
    answer = on_any(request("application/json"), RuntimeError("secret"))
    assert answer.status_code == 500
    assert b"secret" not in answer.content
    assert b'"code":13' in answer.content


@pytest.mark.parametrize(
    ("kind", "field"),
    [("spans", "rejectedSpans"), ("logs", "rejectedLogRecords"), ("points", "rejectedDataPoints")],
)
def test_partial_success(kind: str, field: str) -> None:
    """Each path has its own word for what it rejected."""
    assert (
        success(kind, "application/json", 2, "why").content
        == f'{{"partialSuccess":{{"{field}":"2","errorMessage":"why"}}}}'.encode()
    )
    assert success(kind, "application/x-protobuf", 2, "why").content.endswith(b"\x08\x02\x12\x03why")
