"""Events that are too large or too deep are cut, not refused, and keep what tells most."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import BadInput, TooLarge
from holdfast_server.ingest.decode.sentry import report_of_sentry
from holdfast_server.ingest.decode.sentry_trim import trimmed

LIMIT = 65_536
FRAME = {"function": "f", "context_line": "x = 1", "lineno": 1}


def event(frames: int, variable: int, **more: Any) -> bytes:
    stack = [FRAME | {"lineno": number, "vars": {"x": "y" * variable}} for number in range(frames)]
    raised = {"type": "E", "value": "v", "stacktrace": {"frames": stack}}
    return json.dumps({"event_id": "a" * 32, "exception": {"values": [raised]}} | more).encode()


def test_small_is_kept() -> None:
    """An event within the limit loses nothing."""
    body = event(3, 10, extra={"a": [1, {"b": None}]})
    assert json.loads(trimmed(body, LIMIT)) == json.loads(body)


def test_variables_first() -> None:
    """A megabyte of variables in 200 frames goes; frames and source lines stay, and the last variables too."""
    found = report_of_sentry(trimmed(event(200, 5_000), LIMIT)).exceptions[0]["frames"]
    assert (len(found), found[0]["context_line"]) == (200, "x = 1")
    assert "vars" in found[-1]
    assert "vars" not in found[0]


def test_breadcrumbs_next() -> None:
    """Of a thousand breadcrumbs the last ones stay."""
    crumbs = [{"message": f"{number} " + "m" * 1_000} for number in range(1_000)]
    found = report_of_sentry(trimmed(event(5, 10, breadcrumbs=crumbs), LIMIT))
    assert found.breadcrumbs[-1]["message"].startswith("999 ")
    assert found.exceptions[0]["frames"]


def test_chain_stays_longest() -> None:
    """When everything is too large, type, value and the innermost frames are what is left."""
    huge = {f"k{number}": "z" * 4_000 for number in range(150)}
    body = event(2_000, 4_000, extra=huge, modules=huge, contexts=huge, tags=huge, request=huge)
    found = report_of_sentry(trimmed(body, LIMIT))
    assert (found.error_type, found.message) == ("E", "v")
    assert found.exceptions[0]["frames"][-1]["lineno"] == 1_999


@pytest.mark.parametrize("opened", [b"[", b'{"a":'])
def test_deeper_than_the_decoder_goes(opened: bytes) -> None:
    """Ten thousand levels are cut at the limit, and the rest of the event is as it was."""
    closed = b"]" if opened == b"[" else b"}"
    body = (
        b'{"message":"m","extra":{"deep":'
        + opened * 10_000
        + b'"[}"'
        + closed * 10_000
        + b',"after":"\\"]"}}'
    )
    found = report_of_sentry(trimmed(body, LIMIT))
    assert (found.message, found.context["extra"]["after"]) == ("m", '"]')
    assert b"[cut]" in trimmed(body, LIMIT)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' + b"[" * 100_000, b"nothing", b"[1]"])
def test_no_event(body: bytes) -> None:
    """What is no JSON object stays none, however deep."""
    with pytest.raises(BadInput):
        trimmed(body, LIMIT)


def test_too_deep_and_too_large() -> None:
    """Text too long to be walked is refused."""
    with pytest.raises(TooLarge):
        trimmed(b'{"a":' + b"[" * 2_000_000 + b"]" * 2_000_000 + b"}", LIMIT)


JUNK = st.recursive(
    st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["values", "frames", "stacktrace", "vars"]), inner, max_size=4),
)  # fmt: skip
NAMES = st.sampled_from(
    ["event_id", "exception", "threads", "stacktrace", "extra", "breadcrumbs", "tags", "message", "other"]
)


@given(st.dictionaries(NAMES, JUNK, max_size=6), st.integers(600, 2_000))
def test_within_the_limit(sent: dict[str, Any], limit: int) -> None:
    """Whatever it holds, the result is a JSON object within the limit, or the event is refused as too large."""
    try:
        body = trimmed(json.dumps(sent).encode(), limit)
    except TooLarge:
        return
    assert len(body) <= limit
    assert isinstance(json.loads(body), dict)
