"""Errors and frames out of whatever clients send: folded, bounded, and never raising."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.web.pages.errors.stack import Frame, chain_of, folded

ROW = {"stack": "", "error_type": "TypeError", "message": "it broke"}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["type", "value", "module", "mechanism", "frames", "function", "filename", "lineno", "colno", "in_app", "context_line", "pre_context", "post_context", "vars", "raw", "unmapped"]
)  # fmt: skip


def frames(pattern: str) -> list[Frame]:
    """The crash first: "o" is one of ours, "f" a foreign one."""
    return [Frame(f"{sign}{place}", "", sign == "o") for place, sign in enumerate(pattern)]


def shape(pattern: str) -> list[tuple[int, bool]]:
    return [(len(run.frames), run.folded) for run in folded(frames(pattern))]


def test_runs_of_foreign_frames_are_folded() -> None:
    """Ours stand, theirs are one line each run."""
    assert shape("offoof") == [(1, False), (2, True), (2, False), (1, True)]


def test_the_frame_where_it_broke_always_stands() -> None:
    """A crash in a library shows its own frame; the rest of that run is folded."""
    assert shape("fffo") == [(1, False), (2, True), (1, False)]
    assert shape("fo") == [(1, False), (1, False)]


def test_without_frames_of_ours_nothing_is_hidden() -> None:
    """A stack of libraries alone is shown whole."""
    assert shape("fff") == [(3, False)]


def test_frames_come_from_the_text_when_the_client_sent_none() -> None:
    """A stack as text is read as one error, the crash first."""
    row = ROW | {"stack": "TypeError: it broke\n    at total (https://a.example/cart.js:10:15)"}
    (thrown,) = chain_of(row, None)
    assert (thrown.type, thrown.value) == ("TypeError", "it broke")
    assert thrown.frames[0].place == "https://a.example/cart.js:10:15"


def test_a_chain_without_frames_keeps_its_errors() -> None:
    """Types and messages are told even where no frame came."""
    chain = chain_of(ROW, [{"type": "A", "value": "cause"}, {"type": "B", "value": "thrown"}])
    assert [item.type for item in chain] == ["B", "A"]


@given(st.lists(st.dictionaries(FIELDS, JSON, max_size=6), max_size=4) | JSON)
def test_no_shape_of_a_client_breaks_the_page(sent: Any) -> None:
    """Whatever a client puts into its exceptions is shown or left out."""
    for thrown in chain_of(ROW, sent):
        assert all(isinstance(frame.function, str) for frame in thrown.frames)
