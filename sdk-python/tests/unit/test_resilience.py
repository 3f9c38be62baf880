"""Resilience signals: the documents' names and fields, recorded by context managers and decorators, sync and async."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast import Resilience
from holdfast.testing import Captured, capturing


@pytest.fixture
def captured() -> Iterator[Captured]:
    with capturing() as captured:
        yield captured


@pytest.fixture
def resilience(captured: Captured) -> Resilience:
    return captured.client.resilience


FIELDS = {
    "optimistic_action_start": {"action_id"},
    "optimistic_action_success": {"action_id", "duration_ms"},
    "optimistic_action_rollback": {"action_id", "duration_ms", "rollback_reason"},
    "retry_attempt": {"api_endpoint", "retry_count", "backoff_ms", "total_duration_ms"},
    "retry_success": {"api_endpoint", "retry_count", "backoff_ms", "total_duration_ms"},
    "retry_failure": {"api_endpoint", "retry_count", "backoff_ms", "total_duration_ms", "final_error"},
    "error_boundary_triggered": {"error_type", "error_message"},
    "error_boundary_recovered": {"error_type", "error_message", "recovery_method", "recovery_time_ms"},
    "loading_skeleton_shown": set(),
    "loading_skeleton_hidden": {"duration_ms"},
    "click_suppressed": {"suppression_reason"},
    "duplicate_leaked": set(),
}


def test_names_and_fields_are_the_documents(captured: Captured, resilience: Resilience) -> None:
    """Each signal carries exactly the fields that the specification lists for it."""
    resilience.optimistic_action_start("C", "a")
    resilience.optimistic_action_success("C", "a", 5)
    resilience.optimistic_action_rollback("C", "a", 5, "why")
    resilience.retry_attempt("C", "/api", 1, 100, 5)
    resilience.retry_success("C", "/api", 1, 5)
    resilience.retry_failure("C", "/api", 1, 5, "why")
    resilience.error_boundary_triggered("C", "T", "m")
    resilience.error_boundary_recovered("C", "reload", 5)
    resilience.loading_skeleton_shown("C")
    resilience.loading_skeleton_hidden("C", 5)
    resilience.click_suppressed("C", "too_soon")
    resilience.duplicate_leaked("C")
    assert {event["type"]: set(event.get("metadata", {})) for event in captured.events} == FIELDS
    assert {event["component"] for event in captured.events} == {"C"}
    assert captured.of_type("retry_success")[0]["duration"] == 5


def test_optimistic_action(captured: Captured, resilience: Resilience) -> None:
    """Start and success with one id; an exception is a rollback with its reason, and goes on."""
    with resilience.optimistic_action("PayButton", "pay-1"):
        pass
    with pytest.raises(ValueError, match="declined"), resilience.optimistic_action("PayButton"):
        raise ValueError("declined")
    with resilience.optimistic_action("PayButton") as action:
        action.rollback("stock ran out")
    assert captured.types() == [
        "optimistic_action_start",
        "optimistic_action_success",
        *["optimistic_action_start", "optimistic_action_rollback"] * 2,
    ]
    reasons = [
        event["metadata"]["rollback_reason"] for event in captured.of_type("optimistic_action_rollback")
    ]
    assert reasons == ["ValueError: declined", "stock ran out"]
    assert (
        captured.events[0]["metadata"]["action_id"] == captured.events[1]["metadata"]["action_id"] == "pay-1"
    )


async def test_decorators_work_on_coroutines(captured: Captured, resilience: Resilience) -> None:
    """A decorated coroutine function stays one; each call is an episode of its own, at the same time too."""

    @resilience.optimistic_action("PayButton")
    async def pay(number: int) -> int:
        await asyncio.sleep(0.001)
        return number

    assert list(await asyncio.gather(pay(1), pay(2))) == [1, 2]
    ids = [event["metadata"]["action_id"] for event in captured.of_type("optimistic_action_success")]
    assert len(set(ids)) == 2


def test_retry(captured: Captured, resilience: Resilience) -> None:
    """Two retries and a success; the exception of the last attempt goes on unchanged."""
    calls = iter([ConnectionError("1"), ConnectionError("2"), None])

    @resilience.retry("Checkout", "/api/pay", backoff_ms=1)
    def pay() -> str:
        error = next(calls)
        if error:
            raise error
        return "paid"

    assert pay() == "paid"

    @resilience.retry("Checkout", "/api/pay", attempts=2, backoff_ms=1, on=ConnectionError)
    def fail() -> None:
        raise ConnectionError("away")

    with pytest.raises(ConnectionError, match="away"):
        fail()
    assert [(event["type"], event["metadata"]["retry_count"]) for event in captured.events] == [
        ("retry_attempt", 1),
        ("retry_attempt", 2),
        ("retry_success", 2),
        ("retry_attempt", 1),
        ("retry_failure", 1),
    ]
    assert captured.events[-1]["metadata"]["final_error"] == "ConnectionError: away"
    assert captured.events[0]["endpoint"] == "/api/pay"


async def test_retry_async_and_unlisted_errors(captured: Captured, resilience: Resilience) -> None:
    """Coroutines are retried too; an exception that is not listed is not."""
    calls = iter([ConnectionError("1"), None])

    @resilience.retry("Checkout", backoff_ms=1, on=ConnectionError)
    async def pay() -> str:
        error = next(calls)
        if error:
            raise error
        return "paid"

    @resilience.retry("Checkout", backoff_ms=1, on=ConnectionError)
    async def wrong() -> None:
        raise KeyError("x")

    assert await pay() == "paid"
    with pytest.raises(KeyError):
        await wrong()
    assert captured.types() == ["retry_attempt", "retry_success"]


def test_error_boundary(captured: Captured, resilience: Resilience) -> None:
    """With a fallback the error ends here, as a recovery; without, it goes on and recovery is told later."""

    @resilience.error_boundary("Inbox", fallback=lambda: "empty")
    def inbox() -> str:
        raise ValueError("broken")

    assert inbox() == "empty"
    boundary = resilience.error_boundary("Inbox")
    with pytest.raises(ValueError, match="broken"), boundary:
        raise ValueError("broken")
    boundary.recovered("reload")
    boundary.recovered("reload")
    assert captured.types() == ["error_boundary_triggered", "error_boundary_recovered"] * 2
    assert captured.events[1]["metadata"]["recovery_method"] == "fallback"
    assert captured.events[3]["metadata"]["error_message"] == "broken"


def test_keyboard_interrupt_is_no_fault(captured: Captured, resilience: Resilience) -> None:
    """Ctrl-C passes an error boundary unseen."""
    with pytest.raises(KeyboardInterrupt), resilience.error_boundary("Inbox", fallback=lambda: None):
        raise KeyboardInterrupt
    assert captured.events == []


def test_skeleton(captured: Captured, resilience: Resilience) -> None:
    """Shown, and hidden with a duration, although the block failed."""
    with pytest.raises(ValueError, match="x"), resilience.skeleton("Inbox"):
        raise ValueError("x")
    assert captured.types() == ["loading_skeleton_shown", "loading_skeleton_hidden"]
    assert captured.events[1]["duration"] >= 0


def test_debounce(captured: Captured, resilience: Resilience) -> None:
    """A repeat within the delay is suppressed; after it, it runs; one that runs anyway has leaked."""
    now = [100.0]
    runs: list[int] = []

    @resilience.debounce("PayButton", delay_ms=500, clock=lambda: now[0])
    def pay() -> int:
        runs.append(1)
        return len(runs)

    assert pay() == 1
    assert pay() is None
    now[0] += 0.6
    assert pay() == 2
    assert pay.run_anyway() == 3
    assert [(event["type"], event.get("metadata")) for event in captured.events] == [
        ("click_suppressed", {"suppression_reason": "too_soon"}),
        ("duplicate_leaked", None),
    ]


async def test_debounce_while_running(captured: Captured, resilience: Resilience) -> None:
    """A second call during the first is suppressed as already processing."""

    @resilience.debounce("PayButton", delay_ms=0)
    async def pay() -> str:
        await asyncio.sleep(0.01)
        return "paid"

    results: list[Any] = list(await asyncio.gather(pay(), pay()))
    assert results == ["paid", None]
    assert captured.events[0]["metadata"] == {"suppression_reason": "already_processing"}
