"""Error reports: P's fields, other spellings, limits, and errors that arrive as events."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import BadInput, TooLarge
from holdfast_server.ingest.decode.errors import MAX_BREADCRUMBS, MAX_FRAMES, decode_report, report_of_event
from holdfast_server.ingest.decode.native import decode_one
from holdfast_server.model.limits import MAX_MESSAGE_CHARS, MAX_NAME_CHARS, MAX_STACK_CHARS


def report(**fields: Any) -> Any:
    return decode_report(msgspec.json.encode({"errorType": "E", "message": "m"} | fields))


def event(**fields: Any) -> Any:
    return report_of_event(decode_one(msgspec.json.encode({"type": "error"} | fields)))


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("fatal", "critical"),
        ("CRITICAL", "critical"),
        ("warn", "warning"),
        ("debug", "info"),
        ("error", "error"),
    ],
)
def test_severity_words(word: str, severity: str) -> None:
    """Other loggers' words for severity become the documents' four."""
    assert report(severity=word).severity == severity


@pytest.mark.parametrize(
    "fields",
    [
        {"errorType": ""},
        {"errorType": None},
        {"message": None},
        {"severity": "awful"},
        {"metadata": []},
        {"frames": "x"},
        {"handled": "no"},
    ],
)
def test_wrong_fields_are_refused(fields: dict[str, Any]) -> None:
    """A report with a field of the wrong kind is refused."""
    with pytest.raises(BadInput):
        report(**fields)


def test_long_parts_are_cut() -> None:
    """Message, stack, type, frames and breadcrumbs are cut to their limits; the newest breadcrumbs stay."""
    found = report(
        errorType="T" * 999,
        message="m" * 99_999,
        stack="s" * 99_999,
        breadcrumbs=[{"n": n} for n in range(120)],
        frames=[{"function": str(n)} for n in range(60)],
    )
    assert (len(found.error_type), len(found.message), len(found.stack)) == (
        MAX_NAME_CHARS,
        MAX_MESSAGE_CHARS,
        MAX_STACK_CHARS,
    )
    assert (len(found.breadcrumbs), found.breadcrumbs[-1]) == (MAX_BREADCRUMBS, {"n": 119})
    assert len(found.frames) <= MAX_FRAMES


def test_unknown_fields_are_context() -> None:
    """What nobody planned is kept in the context, beside the metadata."""
    assert report(colour="blue", metadata={"a": 1}).context == {"a": 1, "colour": "blue"}


def test_other_spellings() -> None:
    """Snake-case names and `type` are understood."""
    found = decode_report(b'{"error_type":"E","error_message":"m"}')
    assert (found.error_type, found.message) == ("E", "m")
    assert decode_report(b'{"type":"E","message":"m"}').error_type == "E"


def test_build_id_is_the_release() -> None:
    """P's buildId stands for the release when there is none."""
    assert report(buildId="42").release == "42"
    assert report(buildId="42", release="1.0").release == "1.0"


def test_event_as_report() -> None:
    """An event of type error carries its type and message in its data, its name, or its action."""
    found = event(
        metadata={"errorType": "E", "message": "m", "severity": "critical", "stack": "s"},
        userId="u",
        page="/p",
        release="1",
    )
    assert (found.error_type, found.message, found.severity, found.stack) == ("E", "m", "critical", "s")
    assert (found.user_id, found.page, found.release) == ("u", "/p", "1")
    assert (event(name="N", action="A").error_type, event(name="N", action="A").message) == ("N", "A")
    assert event().error_type == "Error"


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "errorType",
                "message",
                "stack",
                "severity",
                "frames",
                "breadcrumbs",
                "handled",
                "page",
                "fingerprint",
                "timestamp",
                "metadata",
                "x",
            ]
        ),
        st.none()
        | st.booleans()
        | st.integers(-5, 5)
        | st.text(max_size=5)
        | st.lists(st.integers(), max_size=2)
        | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    )
)
def test_error_events_are_never_lost(metadata: dict[str, Any]) -> None:
    """Whatever an error event's free data holds, it is a report, and what didn't fit is in its context."""
    found = event(metadata=metadata)
    assert found.error_type
    assert isinstance(found.message, str)


def test_full_report_is_taken() -> None:
    """A report as large as real ones get (long stack, 50 breadcrumbs, 50 frames with source lines) is taken whole."""
    crumbs = [
        {"message": f"clicked {n}", "category": "ui", "timestamp": n, "data": {"x": n}} for n in range(50)
    ]
    frames = [
        {"function": f"f{n}", "filename": "app.js", "lineno": n, "context_line": "x" * 120} for n in range(50)
    ]
    found = report(
        stack="s" * 60_000, breadcrumbs=crumbs, frames=frames, metadata={f"k{n}": n for n in range(100)}
    )
    assert (len(found.stack), len(found.breadcrumbs), len(found.frames), len(found.context)) == (
        60_000,
        50,
        50,
        100,
    )


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"metadata": {str(n): n for n in range(129)}}, "metadata"),
        ({"metadata": {"a": "x" * 70_000}}, "metadata"),
        ({"breadcrumbs": ["x" * 10_000] * 99}, "breadcrumbs"),
        ({"frames": [{"function": "x" * 10_000}] * 99}, "frames"),
        ({"breadcrumbs": [{str(n): n for n in range(100)}] * 60}, ""),
    ],
)
def test_limits_of_a_report(fields: dict[str, Any], path: str) -> None:
    """Each part of a report has its limit, and the refusal names the part."""
    with pytest.raises(TooLarge) as caught:
        report(**fields)
    assert caught.value.path == path


def test_depth_of_a_report() -> None:
    """A report that is nested too deeply is refused, wherever it is."""
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    for field in ("metadata", "breadcrumbs", "anything"):
        with pytest.raises(BadInput):
            report(**{field: {"a": deep} if field == "metadata" else deep})


def test_causes_stand_before_the_thrown_error() -> None:
    """The errors behind it, which the browser client names nearest first, become the chain that pages show."""
    body = {
        "errorType": "CheckoutError",
        "message": "the order failed",
        "stack": "CheckoutError: the order failed\n    at pay (https://shop.example/app.js:1:2)",
        "causes": [
            {"errorType": "ApiError", "message": "503"},
            {"errorType": "TypeError", "message": "Failed to fetch"},
        ],
    }
    report = decode_report(msgspec.json.encode(body))
    assert [(item["type"], item["value"]) for item in report.exceptions] == [
        ("TypeError", "Failed to fetch"),
        ("ApiError", "503"),
        ("CheckoutError", "the order failed"),
    ]
    assert [frame["function"] for frame in report.exceptions[-1]["frames"]] == ["pay"]
    assert "causes" not in report.context
