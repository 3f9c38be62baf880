"""Which of two releases is later."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.model.releases import is_later, version_of

SEEN = {"abc": 10, "def": 20, "shop@1.0.0": 30, "api@0.1.0": 40}


@pytest.mark.parametrize(
    ("release", "than", "later"),
    [
        ("1.10.0", "1.9.0", True),
        ("1.9.0", "1.10.0", False),
        ("v2.0", "1.9.9", True),
        ("1.2", "1.2.0", False),
        ("1.2.0.1", "1.2.0", True),
        ("2.0.0", "2.0.0-rc.1", True),
        ("2.0.0-rc.10", "2.0.0-rc.9", True),
        ("2.0.0-rc.1", "2.0.0-beta", True),
        ("1.0.0+build5", "1.0.0", False),
        ("shop@1.2.3", "shop@1.2.2", True),
        ("com.shop.app@2.0.0+7", "com.shop.app@1.9.0+8", True),
        ("def", "abc", True),
        ("abc", "def", False),
        ("abc", "abc", False),
        ("def", "never seen", False),
        ("never seen", "abc", False),
        ("api@0.1.0", "shop@1.0.0", True),
        ("shop@1.0.0", "api@0.1.0", False),
        ("0.14.0q1", "0.14.0", False),
    ],
)
def test_later(release: str, than: str, later: bool) -> None:
    """By version where both have one under one name, else by when each was first seen; of the unseen nothing is known."""
    assert is_later(release, than, SEEN) is later


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text(one: str, other: str) -> None:
    """Any text may be a release; two are never later than each other."""
    version_of(one)
    seen = {one: 1, other: 2}
    assert not (is_later(one, other, seen) and is_later(other, one, seen))
