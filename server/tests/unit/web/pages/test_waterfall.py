"""Spans as lines of a waterfall, whatever clients say of their parents and times."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.web.pages.attributes import said
from holdfast_server.web.pages.traces.waterfall import WIDTH, waterfall

MS = 1_000_000


def row(
    span_id: str, parent_id: str = "", start_ms: float = 0, end_ms: float = 10, **more: Any
) -> dict[str, Any]:
    texts = dict.fromkeys(
        ("op", "kind", "service", "scope", "session_id", "user_id", "environment", "release", "sdk"), ""
    )
    return {
        **texts,
        "span_id": span_id,
        "parent_id": parent_id,
        "name": span_id,
        "status": "ok",
        "start_ns": round(start_ms * MS),
        "end_ns": round(end_ms * MS),
        "duration_ms": end_ms - start_ms,
        "attributes": "{}",
        "resource": "{}",
        "events": "",
        "links": "",
        **more,
    }


def test_tree() -> None:
    """Children stand below their parents in the order in which they began, further in."""
    rows = [row("a", end_ms=100), row("b", "a", 10, 60), row("c", "b", 20, 30), row("d", "a", 70, 90)]
    assert [(line.id, line.depth) for line in waterfall(rows).lines] == [
        ("a", 0),
        ("b", 1),
        ("c", 2),
        ("d", 1),
    ]


def test_bars() -> None:
    """A bar begins and ends where its span did; one too short to be seen is made visible."""
    rows = [row("a", end_ms=100), row("b", "a", 25, 75), row("c", "a", 50, 50)]
    assert [(line.left, line.width) for line in waterfall(rows).lines] == [(0, 1000), (250, 500), (500, 4)]


def test_failed() -> None:
    """Failed spans are counted and marked; a client's own word for failing counts too."""
    fall = waterfall(
        [row("a", status="error"), row("b", "a", status="deadline_exceeded"), row("c", "a", status="unset")]
    )
    assert (fall.failed, [line.failed for line in fall.lines]) == (2, [True, True, False])


def test_orphan() -> None:
    """A span whose parent was not sent stands by itself and says so."""
    [line] = waterfall([row("b", "missing")]).lines
    assert (line.depth, line.orphan) == (0, True)


def test_events() -> None:
    """What happened within a span stands with its moment; a stack is set apart."""
    events = '[{"name":"exception","timeUnixNano":"4000000","attributes":{"exception.type":"E","exception.stacktrace":"at x"}},{"odd":1},7]'
    [line] = waterfall([row("a", events=events)]).lines
    first = line.events[0]
    assert (first.name, first.after, first.stack, first.fields) == (
        "exception",
        "4\u202fms",
        "at x",
        [("exception.type", "E")],
    )
    assert len(line.events) == 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"),
            st.sampled_from(["", *"abcdefx"]),
            st.integers(0, 2**63),
            st.integers(0, 2**63),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_trace(spans: list[tuple[str, str, int, int]]) -> None:
    """Circles, doubles, missing parents and times that run backwards: each span has one line, within the picture."""
    rows = [row(span, parent) | {"start_ns": start, "end_ns": end} for span, parent, start, end in spans]
    lines = waterfall(rows).lines
    assert sorted(line.id for line in lines) == sorted(span for span, *_ in spans)
    assert all(0 <= line.left <= WIDTH and 0 < line.width <= WIDTH - line.left + 0.01 for line in lines)


def test_said() -> None:
    """Values read as text: lists with commas, objects by their names."""
    assert said({"a": [1, True, None, "x"], "b": 1.5}) == "a: 1, true, null, x; b: 1.5"
