"""Scrubbing: the contract's fixtures, and what must hold for any value at all."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast._scrub import CARD_GROUPS, ENDINGS, NAMES, REDACTED, Scrubber, clean_text

CONTRACT = Path(__file__).parents[3] / "contract"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted((CONTRACT / "fixtures" / "scrub").glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
]
RULES = json.loads((CONTRACT / "scrubbing.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_contract_fixture(case: dict[str, Any]) -> None:
    """Every case of the contract comes out as it does on the server, those marked server_only included."""
    assert Scrubber(tuple(case.get("extra_fields", ()))).clean(case["input"]) == case["expected"]


def test_lists_are_the_contracts() -> None:
    """Names, endings and card groups are those of contract/scrubbing.json."""
    assert set(ENDINGS) == set(RULES["names"]["endings"])
    assert set(RULES["names"]["exact"]) | set(ENDINGS) == NAMES
    assert {"-".join(map(str, groups)) for groups in CARD_GROUPS} == set(RULES["patterns"]["card"]["groups"])
    assert not any(Scrubber().is_listed(name) for name in RULES["names"]["not_listed"])


def test_own_names() -> None:
    """A host's own field names are matched by the same rule."""
    scrubber = Scrubber(("internalId",))
    assert scrubber.clean({"Internal-Id": "x", "internal_ids": "y"}) == {
        "Internal-Id": REDACTED,
        "internal_ids": "y",
    }


NAMES_MIXED = st.one_of(
    st.text(max_size=12),
    st.sampled_from(sorted(NAMES)).flatmap(
        lambda name: st.sampled_from([name.upper(), "_".join(name), "user-" + name, name.title(), name + "s"])
    ),
)
PERSONAL = st.sampled_from(
    [
        "jo@example.com",
        "123-45-6789",
        "4111 1111 1111 1111",
        "378282246310005",
        "(415) 555-2671",
        "+14155552671",
    ]
)
TEXTS = st.one_of(st.text(max_size=30), st.tuples(st.text(max_size=10), PERSONAL).map(" ".join))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS
)
JSON_LIKE = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(NAMES_MIXED, inner, max_size=5)),
    max_leaves=20,
)
PLAIN = st.text(alphabet="abcdefg hijklm\n\t.,:;/()[]{}=+-_äß漢", max_size=40)
HARMLESS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**11), 10**11), st.floats(allow_nan=False), PLAIN),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(PLAIN.filter(lambda name: not Scrubber().is_listed(name)), inner, max_size=5),
    ),
    max_leaves=20,
)
SIMPLE_EMAIL = re.compile(r"[A-Za-z0-9]@example\.com")
SIMPLE_SSN = re.compile(r"(?<![0-9])123-45-6789(?![0-9])")


@given(JSON_LIKE)
@settings(max_examples=300, deadline=None)
def test_leaves_no_listed_name_and_no_pattern(value: Any) -> None:
    """Whatever comes in, nothing listed and no planted pattern comes out, and cleaning again changes nothing."""
    scrubber = Scrubber()
    cleaned = scrubber.clean(value)
    assert scrubber.clean(cleaned) == cleaned
    check(scrubber, cleaned)


def check(scrubber: Scrubber, value: Any) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            if scrubber.is_listed(name):
                assert item in (REDACTED, None, True, False, "")
            check(scrubber, name)
            check(scrubber, item)
    elif isinstance(value, list):
        for item in value:
            check(scrubber, item)
    elif isinstance(value, str):
        assert not SIMPLE_EMAIL.search(value)
        assert not SIMPLE_SSN.search(value)
        assert "4111 1111 1111 1111" not in value or re.search(r"[0-9]4111 |[0-9]\.4111 ", value)


@given(HARMLESS)
@settings(max_examples=300, deadline=None)
def test_changes_nothing_else(value: Any) -> None:
    """A value without listed names and patterns comes out equal."""
    assert Scrubber().clean(value) == value


@given(PLAIN, PERSONAL, PLAIN)
@settings(max_examples=200, deadline=None)
def test_only_the_match_goes(before: str, personal: str, after: str) -> None:
    """The text around a pattern stays as it was."""
    left, right = f"{before}, ", f"; {after}"
    assert clean_text(left + personal + right) == left + REDACTED + right


@given(st.text(alphabet="0123456789 .-+()@a/%2B4", max_size=3_000))
@settings(max_examples=100, deadline=2_000)
def test_hostile_text_is_quick(text: str) -> None:
    """No text makes the patterns run away."""
    clean_text(text)
