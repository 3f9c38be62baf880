"""Text made to fit a column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.state_store.text import storable


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("plain", "plain"),
        ("too long", "too l"),
        ("a\x00b", "a\ufffdb"),
        ("\ud83d", "\ufffd"),
        ("é€😀", "é€😀"),
        ("", ""),
    ],
)
def test_storable(given_text: str, kept: str) -> None:
    """Text is cut, and what no engine can hold is replaced; all else stays."""
    assert storable(given_text, 5) == kept


@given(st.text(st.characters(codec=None)), st.integers(0, 20))
def test_always_fits(text: str, limit: int) -> None:
    """Whatever comes in, what comes out encodes, holds no NUL, and is within the limit."""
    kept = storable(text, limit)
    kept.encode()
    assert "\x00" not in kept
    assert len(kept) == len(text[:limit])
