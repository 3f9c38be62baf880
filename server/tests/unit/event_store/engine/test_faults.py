"""Errors in ClickHouse's form."""

import pytest

from holdfast_server.event_store.engine.answer import late_fault
from holdfast_server.event_store.engine.faults import Code, EngineFault, Fault, http_status


def test_a_fault_is_framed() -> None:
    """Number, sentence and name stand where clients look for them."""
    assert (
        Fault(Code.SYNTAX_ERROR, "Empty query").text == "Code: 62. DB::Exception: Empty query (SYNTAX_ERROR)"
    )


def test_an_engine_error_keeps_its_own_frame() -> None:
    """What chDB says is passed on as it is, without what stands before it."""
    fault = EngineFault("Streaming failed: Code: 60. DB::Exception: no table. (UNKNOWN_TABLE)")
    assert (fault.number, fault.text) == (60, "Code: 60. DB::Exception: no table. (UNKNOWN_TABLE)")


def test_an_engine_error_without_text_is_still_an_error() -> None:
    """chDB's empty exceptions become a logical error with a sentence."""
    assert EngineFault("").text == "Code: 49. DB::Exception: the engine gave no reason (LOGICAL_ERROR)"


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (60, 404),
        (81, 404),
        (115, 404),
        (62, 400),
        (6, 400),
        (456, 400),
        (516, 403),
        (164, 403),
        (159, 408),
        (48, 501),
        (202, 503),
        (243, 507),
        (241, 500),
        (394, 500),
        (99999, 500),
    ],
)
def test_http_status(number: int, status: int) -> None:
    """The HTTP status is the one that a ClickHouse server answers with."""
    assert http_status(number) == status


def test_late_fault_is_found_by_the_client() -> None:
    """clickhouse-connect finds the error that follows a begun stream."""
    from clickhouse_connect.driver.transform import extract_exception_with_tag

    fault = Fault(Code.LOGICAL_ERROR, "it\nbroke")
    assert (
        extract_exception_with_tag(b"rows" + late_fault(fault, "0123456789abcdef"), "0123456789abcdef")
        == fault.text
    )
