"""Sentry events as reports, field by field, in the shapes that real clients send and in shapes that none should."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import BadInput
from holdfast_server.ingest.decode.errors import Report
from holdfast_server.ingest.decode.sentry import report_of_sentry

FRAME = {
    "filename": "shop/pay.py",
    "abs_path": "/srv/shop/pay.py",
    "function": "pay",
    "module": "shop.pay",
    "lineno": 12,
    "in_app": True,
    "pre_context": ["def pay(order):"],
    "context_line": "    return order['price']",
    "post_context": [""],
    "vars": {"order": {"id": "7"}},
}
PYTHON = {
    "event_id": "9EC79C33-EC99-42AB-8353-589FCB2E04DC",
    "timestamp": "2026-11-20T10:00:00.123456Z",
    "level": "fatal",
    "platform": "python",
    "release": "shop@1.2.3",
    "dist": "7",
    "environment": "production",
    "server_name": "web-1",
    "transaction": "shop.views.pay",
    "logger": "shop",
    "exception": {
        "values": [
            {"type": "KeyError", "value": "'price'", "module": None, "mechanism": {"type": "chained", "handled": True}, "stacktrace": {"frames": [FRAME]}},
            {"type": "PayError", "value": "no price", "module": "shop", "mechanism": {"type": "django", "handled": False}, "stacktrace": {"frames": [FRAME, FRAME]}},
        ]
    },
    "breadcrumbs": {"values": [{"category": "ui", "message": "clicked"}, None]},
    "tags": {"tenant": "acme", "retries": 3, "nothing": None},
    "user": {"id": 42, "segment": "gold"},
    "request": {"url": "https://shop.example.org/pay?x=1", "method": "POST", "headers": {"User-Agent": "Mozilla/5.0"}},
    "contexts": {"trace": {"trace_id": "a" * 32, "span_id": "b" * 16}, "runtime": {"name": "CPython"}, "replay": {"replay_id": "r1"}},
    "extra": {"attempt": 2},
    "modules": {"django": "5.2"},
    "sdk": {"name": "sentry.python", "version": "2.75.0"},
    "fingerprint": ["{{ default }}", 7],
    "debug_meta": {"images": [{"type": "sourcemap", "code_file": "app.js", "debug_id": "d"}, {"type": "elf"}, 3]},
}  # fmt: skip


def report(event: Any) -> Report:
    return report_of_sentry(json.dumps(event).encode())


def test_every_field() -> None:
    """Each field of an event stands in its column, or in the context."""
    found = report(PYTHON)
    assert (found.error_type, found.message, found.severity, found.handled) == (
        "PayError",
        "no price",
        "critical",
        False,
    )
    assert (found.release, found.dist, found.environment, found.platform) == (
        "shop@1.2.3",
        "7",
        "production",
        "python",
    )
    assert (found.event_id, found.at) == ("9ec79c33ec9942ab8353589fcb2e04dc", PYTHON["timestamp"])
    assert (found.trace_id, found.span_id, found.transaction) == ("a" * 32, "b" * 16, "shop.views.pay")
    assert (found.user_id, found.session_id, found.page) == ("42", "r1", "https://shop.example.org/pay?x=1")
    assert (found.user_agent, found.sdk) == ("Mozilla/5.0", "sentry.python 2.75.0")
    assert found.tags == {"tenant": "acme", "retries": "3"}
    assert found.breadcrumbs == [{"category": "ui", "message": "clicked"}]
    assert found.client_fingerprint == ["{{ default }}", "7"]
    assert found.debug_images == [{"type": "sourcemap", "code_file": "app.js", "debug_id": "d"}]
    assert found.context == {
        "request": PYTHON["request"],
        "user": {"segment": "gold"},
        "contexts": PYTHON["contexts"],
        "extra": {"attempt": 2},
        "modules": {"django": "5.2"},
        "server_name": "web-1",
        "logger": "shop",
        "dist": "7",
        "sdk": PYTHON["sdk"],
    }


def test_chain() -> None:
    """The chain keeps its order, cause first, with all that frames say."""
    first, last = report(PYTHON).exceptions
    assert first == {
        "type": "KeyError",
        "value": "'price'",
        "mechanism": {"type": "chained", "handled": True},
        "frames": [FRAME],
    }
    assert (last["type"], last["module"], len(last["frames"])) == ("PayError", "shop", 2)


@pytest.mark.parametrize(
    "event",
    [
        {"message": "the queue is long"},
        {"message": {"formatted": "the queue is long", "message": "the %s is long"}},
        {"logentry": {"message": "the %s is %s", "params": ["queue", "long"]}},
        {"logentry": {"message": "the queue is long"}, "exception": None},
        {
            "message": "the queue is long",
            "exception": {"values": [{"value": "the queue is long", "mechanism": {"synthetic": True}}]},
        },
    ],
)
def test_messages(event: Any) -> None:
    """A message without an exception is an occurrence of type Message, whichever way it is put."""
    found = report(event | {"level": "warning"})
    assert (found.error_type, found.message, found.severity, found.context) == (
        "Message",
        "the queue is long",
        "warning",
        {},
    )


def test_parameters_are_no_format() -> None:
    """Widths in a stranger's format string cost nothing."""
    found = report({"logentry": {"message": "%99999999999d %s %s", "params": ["a"]}})
    assert found.message == "%99999999999d a %s"


@pytest.mark.parametrize(
    "threads",
    [
        {"values": [{"stacktrace": {"frames": []}}, {"stacktrace": {"frames": [FRAME]}, "current": True}]},
        {
            "values": [
                {"stacktrace": {"frames": [FRAME]}, "crashed": True},
                {"stacktrace": {"frames": []}, "current": True},
            ]
        },
        [{"stacktrace": {"frames": [FRAME]}}],
    ],
)
def test_stack_of_a_message(threads: Any) -> None:
    """attach_stacktrace puts a message's stack into its thread."""
    found = report({"message": "m", "threads": threads})
    assert found.exceptions == [{"type": "", "value": "m", "frames": [FRAME]}]


def test_browser_message() -> None:
    """A browser's captureMessage sends an exception without a type."""
    found = report(
        {"message": "m", "exception": {"values": [{"value": "m", "stacktrace": {"frames": [FRAME]}}]}}
    )
    assert (found.error_type, found.message, found.exceptions[0]["frames"]) == ("Message", "m", [FRAME])


@pytest.mark.parametrize("sent", [[["a", "b"], ["c", 1], "x", ["d"]], {"a": "b", "c": 1}])
def test_tags(sent: Any) -> None:
    """Tags come as an object or as pairs."""
    assert report({"tags": sent}).tags == {"a": "b", "c": "1"}


@pytest.mark.parametrize(
    ("event", "session"),
    [
        ({"tags": {"session_id": "s1"}}, "s1"),
        ({"contexts": {"holdfast": {"session_id": "s2"}}}, "s2"),
        ({"tags": {"replayId": "s3"}}, "s3"),
        ({}, ""),
    ],
)
def test_session(event: Any, session: str) -> None:
    """The session is what an application says it is."""
    assert report(event).session_id == session


@pytest.mark.parametrize(
    "odd",
    [
        {
            "exception": [
                {"type": 7, "value": {"a": 1}, "stacktrace": {"frames": [FRAME, 3]}, "mechanism": "x"},
                4,
            ]
        },
        {"exception": {"type": "7", "value": '{"a":1}', "stacktrace": [FRAME]}},
    ],
)
def test_odd_exceptions(odd: Any) -> None:
    """What does not fit is read as well as it can be."""
    found = report(odd)
    assert (found.error_type, found.message, found.exceptions[0]["frames"]) == ("7", '{"a":1}', [FRAME])


def test_one_odd_field_costs_no_other() -> None:
    """A field of the wrong kind is left out; the rest of the event is not."""
    found = report(
        PYTHON
        | {
            "level": [],
            "tags": 7,
            "user": "jo",
            "contexts": [],
            "release": 5,
            "breadcrumbs": {"values": 3},
            "extra": [1],
        }
    )
    assert (found.error_type, found.user_id, found.release, found.severity) == (
        "PayError",
        "jo",
        "5",
        "error",
    )
    assert found.context["extra"] == {"value": [1]}


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b'{"a":}'])
def test_no_event(body: bytes) -> None:
    """What is no JSON object is no event."""
    with pytest.raises(BadInput):
        report_of_sentry(body)


def test_numbers_beyond_bounds() -> None:
    """NaN and endless numbers, which some clients write, lose nothing but themselves."""
    found = report_of_sentry(b'{"message":"m","extra":{"a":NaN,"b":1e999,"c":-Infinity}}')
    assert (found.message, found.context["extra"]["a"]) == ("m", None)
    json.loads(msgspec_text(found))


def msgspec_text(found: Report) -> bytes:
    return msgspec.json.encode(found)


def test_halves_of_characters() -> None:
    """NUL and halves of surrogate pairs become the replacement character."""
    assert report_of_sentry(b'{"message":"a\\u0000b\\ud800c\xff"}').message == "a\ufffdb\ufffdc\ufffd"


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
JUNK = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["values", "frames", "stacktrace", "type", "id", "images", "a"]), inner, max_size=3), max_leaves=8
)  # fmt: skip
FIELDS = [*PYTHON, "message", "logentry", "threads", "stacktrace", "_holdfast", "type"]


@given(st.dictionaries(st.sampled_from(FIELDS), JUNK, max_size=6))
def test_never_fails(event: dict[str, Any]) -> None:
    """Any JSON in any field makes a report that can be stored."""
    found = report(event)
    assert found.error_type
    msgspec_text(found).decode()
