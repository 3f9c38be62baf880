"""Errors: what is taken of an exception, its chain and its group; deduplication, groups, recovery, hooks, logging."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

import holdfast
from holdfast import ErrorTracking, TelemetryConfig
from holdfast._drops import DropCounts
from holdfast._packing import Packer
from holdfast._scope import Scope
from holdfast.integrations import turn_on
from holdfast.testing import Captured, capturing


@pytest.fixture
def captured() -> Iterator[Captured]:
    with capturing() as captured:
        yield captured


def divide(number: int) -> float:
    return number / 0


def caught(function: Any, *args: Any) -> BaseException:
    try:
        function(*args)
    except Exception as error:  # noqa: BLE001 - whatever the function under test raises
        return error
    raise AssertionError


def details(captured: Captured) -> dict[str, Any]:
    (error,) = captured.of_type("error")
    metadata: dict[str, Any] = error["metadata"]
    return metadata


def test_frames(captured: Captured) -> None:
    """Frames go from outermost to innermost, with source lines around the failing one and the in-app flag."""
    holdfast.capture_error(caught(divide, 7))
    frames = details(captured)["frames"]
    assert [frame["function"] for frame in frames] == ["caught", "divide"]
    inner = frames[-1]
    assert inner["in_app"] is True
    assert inner["filename"].endswith("test_errors.py")
    assert not inner["filename"].startswith("/")
    assert inner["context_line"] == "    return number / 0"
    assert (len(inner["pre_context"]), len(inner["post_context"])) == (5, 5)


def test_library_frames_are_not_in_app(captured: Captured) -> None:
    """Frames of the standard library and of installed packages are marked, and carry no source lines."""
    import json

    holdfast.capture_error(caught(json.loads, "{"))
    frames = details(captured)["frames"]
    assert [frame["in_app"] for frame in frames] == [True] + [False] * (len(frames) - 1)
    assert all("context_line" not in frame for frame in frames[1:])


def test_chain(captured: Captured) -> None:
    """A cause is named with its own frames, thrown last, and printed before its effect as Python does."""

    def pay() -> None:
        try:
            divide(1)
        except ZeroDivisionError as error:
            raise ValueError("payment failed") from error

    holdfast.capture_error(caught(pay))
    metadata = details(captured)
    assert metadata["errorType"] == "ValueError"
    cause, thrown = metadata["exceptions"]
    assert (cause["type"], cause["value"]) == ("ZeroDivisionError", "division by zero")
    assert cause["mechanism"] == {
        "type": "chained",
        "handled": True,
        "exception_id": 1,
        "parent_id": 0,
        "source": "__cause__",
    }
    assert [frame["function"].rpartition(".")[2] for frame in cause["frames"]] == ["pay", "divide"]
    assert (thrown["type"], thrown["frames"][-1]["context_line"].strip()) == (
        "ValueError",
        'raise ValueError("payment failed") from error',
    )
    stack = metadata["stack"]
    assert stack.index("ZeroDivisionError") < stack.index("direct cause") < stack.index("ValueError: payment")


def test_suppressed_context_is_left_out(captured: Captured) -> None:
    """`raise … from None` hides what was being handled."""

    def pay() -> None:
        try:
            divide(1)
        except ZeroDivisionError:
            raise ValueError("no") from None

    holdfast.capture_error(caught(pay))
    assert "exceptions" not in details(captured)


def test_group(captured: Captured) -> None:
    """Members of an ExceptionGroup are named, nested ones too."""
    group = ExceptionGroup("many", [ValueError("a"), ExceptionGroup("inner", [KeyError("b")])])
    holdfast.capture_error(group)
    members = [
        (item["type"], item["mechanism"].get("parent_id"), item["mechanism"].get("source"))
        for item in details(captured)["exceptions"]
    ]
    assert members == [
        ("KeyError", 2, "exceptions[0]"),
        ("ExceptionGroup", 0, "exceptions[1]"),
        ("ValueError", 0, "exceptions[0]"),
        ("ExceptionGroup", None, None),
    ]


def test_cyclic_chain(captured: Captured) -> None:
    """Exceptions that cause each other end."""
    one, two = ValueError("1"), ValueError("2")
    one.__cause__, two.__cause__ = two, one
    holdfast.capture_error(one)
    assert len(details(captured)["exceptions"]) == 2


def test_deep_recursion(captured: Captured) -> None:
    """A stack of a thousand frames is cut; the innermost frame stays."""

    def down(left: int) -> None:
        if left == 0:
            divide(1)
        down(left - 1)

    holdfast.capture_error(caught(down, 800))
    frames = details(captured)["frames"]
    assert len(frames) <= 50
    assert frames[-1]["function"] == "divide"


def test_a_whole_error_fits_one_request(captured: Captured) -> None:
    """Fifty breadcrumbs and fifty frames with source lines are sent whole, below 10 KB on the wire."""

    def down(left: int) -> None:
        if left == 0:
            divide(1)
        down(left - 1)

    for n in range(60):
        holdfast.add_breadcrumb(message=f"step {n}", data={"n": n})
    holdfast.capture_error(caught(down, 47), context={str(n): n for n in range(20)})
    (event,) = captured.of_type("error")
    assert [crumb["data"]["n"] for crumb in event["metadata"]["breadcrumbs"]] == list(range(10, 60))
    frames = event["metadata"]["frames"]
    assert len(frames) == 50
    assert all(frame["context_line"] for frame in frames)
    packer = Packer(TelemetryConfig(endpoint="http://e"), DropCounts())
    (batch,) = packer.pack([("error", 0.0, Scope("s", "u"), event["metadata"], {})])
    assert len(batch.body) < 10_000
    assert batch.events[0]["metadata"] == event["metadata"]


def test_keys_stay_within_the_servers_limit(captured: Captured) -> None:
    """Local variables by the thousand still make an event that the server takes: the newest and innermost stay."""

    def down(left: int) -> None:
        many = {f"key {n}": n for n in range(100)}
        if left == 0:
            divide(len(many))
        down(left - 1)

    tracking = ErrorTracking(
        captured.client.collector,
        capture_unhandled=False,
        capture_unhandled_rejections=False,
        capture_locals=True,
    )
    for n in range(60):
        tracking.add_breadcrumb(message=f"step {n}", data={"n": n})
    tracking.capture_error(caught(down, 47), context={f"c{n}": n for n in range(300)})
    metadata = details(captured)
    assert metadata["breadcrumbs"][-1]["message"] == "step 59"
    assert count_keys(metadata) <= 5_000
    lists = ("frames", "breadcrumbs", "exceptions")
    assert count_keys({name: item for name, item in metadata.items() if name not in lists}) <= 128
    assert metadata["frames"][-1]["function"] == "divide"


def count_keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(count_keys(item) for item in value.values())
    return sum(count_keys(item) for item in value) if isinstance(value, list) else 0


def test_nothing_of_the_host_is_kept(captured: Captured) -> None:
    """The exception and what its frames held are freed at once."""

    class Big:
        pass

    def fail() -> None:
        big = Big()
        seen.append(weakref.ref(big))
        raise ValueError("x")

    seen: list[Any] = []
    holdfast.capture_error(caught(fail))
    gc.collect()
    assert seen[0]() is None


def test_locals_only_if_asked(captured: Captured) -> None:
    """Local variables are left out, or scrubbed when asked for."""

    def login(password: str, user: str) -> None:
        raise ValueError("no")

    holdfast.capture_error(caught(login, "hunter2", "ann"))
    assert "vars" not in details(captured)["frames"][-1]
    tracking = ErrorTracking(
        captured.client.collector,
        capture_unhandled=False,
        capture_unhandled_rejections=False,
        capture_locals=True,
    )
    tracking.capture_error(caught(login, "hunter2", "ann"))
    local = captured.of_type("error")[1]["metadata"]["frames"][-1]["vars"]
    assert local == {"password": "[REDACTED]", "user": "ann"}


def test_same_object_counts_once(captured: Captured) -> None:
    """An exception captured on its way up several times is one error with one id."""
    error = caught(divide, 1)
    assert holdfast.capture_error(error) == holdfast.capture_error(error) != ""
    assert len(captured.of_type("error")) == 1
    assert captured.client.errors.get_stats().duplicates == 1


def test_groups_and_recovery(captured: Captured) -> None:
    """Errors group by type and place; the most frequent comes first; recovery has a rate."""
    errors = captured.client.errors
    for _ in range(3):
        error_id = errors.capture_error(caught(divide, 1))
    errors.capture_error(caught(int, "x"), severity="warning")
    errors.track_recovery(error_id, True, strategy="retry")
    errors.track_recovery(error_id, False)
    assert [(group.error_type, group.count) for group in errors.get_error_groups()] == [
        ("ZeroDivisionError", 3),
        ("ValueError", 1),
    ]
    stats = errors.get_stats()
    assert stats.by_severity == {"error": 3, "warning": 1}
    assert stats.recovery_rate == 0.5


def test_groups_are_bounded(captured: Captured) -> None:
    """A program with endless kinds of errors remembers 200 groups."""
    errors = captured.client.errors
    for n in range(500):
        errors.capture_error(type(f"Error{n}", (Exception,), {})())
    assert len(errors.get_error_groups()) == 200
    assert errors.get_stats().unique_groups == 500


def test_a_message_has_the_stack_of_its_caller(captured: Captured) -> None:
    """A plain text is recorded with the place that reported it, without our own frames."""
    holdfast.capture_error("stock is negative", severity="warning")
    metadata = details(captured)
    assert metadata["message"] == "stock is negative"
    assert metadata["frames"][-1]["function"].endswith("has_the_stack_of_its_caller")


def test_hooks_call_the_former_ones_and_go_away(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hook that stood before still runs; after `destroy` it stands alone again."""
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, traceback: seen.append(kind))
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args.exc_type))
    before = (sys.excepthook, threading.excepthook)
    tracking = ErrorTracking(captured.client.collector)
    error = caught(divide, 1)
    sys.excepthook(type(error), error, error.__traceback__)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    thread = threading.Thread(target=divide, args=(1,))
    thread.start()
    thread.join()
    tracking.destroy()
    assert (sys.excepthook, threading.excepthook) == before
    assert seen == [ZeroDivisionError, KeyboardInterrupt, ZeroDivisionError]
    assert [event["metadata"]["severity"] for event in captured.of_type("error")] == ["critical", "critical"]


def test_logging(captured: Captured) -> None:
    """From ERROR a record is an error, with its exception if it has one; from INFO it leaves a breadcrumb."""
    turn_on(captured.client, ["logging"])
    log = logging.getLogger("shop.pay")
    log.setLevel(logging.DEBUG)
    log.debug("not seen")
    log.info("cart of %s", "ann")
    try:
        divide(1)
    except ZeroDivisionError:
        log.exception("payment failed")
    log.error("no exception here")
    first, second = captured.of_type("error")
    assert first["component"] == "shop.pay"
    assert first["metadata"]["errorType"] == "ZeroDivisionError"
    assert first["metadata"]["context"]["message"] == "payment failed"
    assert first["metadata"]["breadcrumbs"][0]["message"] == "cart of ann"
    assert second["metadata"]["message"] == "no exception here"
    captured.client.close()
    assert "holdfast" not in logging.Logger.callHandlers.__module__


def test_fork_while_a_lock_is_held(captured: Captured) -> None:
    """A child forked while another thread counts an error can count its own."""
    import os

    errors = captured.client.errors
    errors.capture_error(caught(divide, 1))
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with errors._groups._lock:
            held.set()
            release.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    pid = os.fork()
    if pid == 0:
        threading.Timer(5, os._exit, (1,)).start()
        os._exit(0 if errors.get_stats().total_errors == 1 and errors.get_error_groups() else 2)
    status = os.waitpid(pid, 0)[1]
    release.set()
    thread.join()
    assert status == 0


async def test_watch_loop(captured: Captured) -> None:
    """A loop of another make is watched by hand; the handler that it had still runs."""
    import asyncio

    import uvloop

    seen: list[str] = []

    def run() -> None:
        tracking = ErrorTracking(captured.client.collector)
        loop = uvloop.new_event_loop()
        loop.set_exception_handler(lambda loop, context: seen.append(context["message"]))
        tracking.watch_loop(loop)
        loop.call_exception_handler({"message": "lost", "exception": caught(divide, 1)})
        tracking.destroy()
        loop.close()

    await asyncio.to_thread(run)
    assert seen == ["lost"]
    assert details(captured)["context"] == {"mechanism": "asyncio"}
