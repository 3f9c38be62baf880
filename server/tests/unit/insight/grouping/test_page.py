"""What docs/explanation/grouping.md says is so: its tables are read and tried."""

import re
from pathlib import Path

import pytest

from holdfast_server.insight.grouping import (
    FINGERPRINT_VERSION,
    ExceptionInfo,
    Frame,
    group_of,
    normalise_message,
)

PAGE = (Path(__file__).parents[5] / "docs" / "explanation" / "grouping.md").read_text(encoding="utf-8")
PAIRS = re.findall(r"^\| `(.+?)` in `(.+?)` \| `(.+?)` in `(.+?)` \|", PAGE, re.MULTILINE)
MESSAGES = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", PAGE, re.MULTILINE)


def print_of(function: str, filename: str) -> str:
    chain = [ExceptionInfo("E", "", [Frame(function, "", filename)])]
    return group_of(chain, error_type="E", message="e is not a function").fingerprint


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0])
def test_what_the_page_calls_the_same_is_the_same(pair: tuple[str, str, str, str]) -> None:
    """Both frames of a row have one fingerprint, which another function's don't have."""
    assert print_of(*pair[:2]) == print_of(*pair[2:]) != print_of("refund", pair[1])


@pytest.mark.parametrize(("message", "expected"), MESSAGES)
def test_what_a_message_counts_as(message: str, expected: str) -> None:
    """Each message of the page counts as the page says."""
    assert normalise_message(message) == expected


def test_the_page_is_read() -> None:
    """Its tables are found, and it names the version of the rules."""
    assert len(PAIRS) == 8
    assert len(MESSAGES) == 10
    assert f"The rules have a version, now {FINGERPRINT_VERSION}" in PAGE
