"""Scrubbing holds for any input (issue acceptance 8, requirement T4): first what the tests draw from, then the promises."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from holdfast_server.ingest.scrub import REDACTED, Scrubber, pseudonym
from holdfast_server.ingest.scrub.cards import COMPACT_TIME, SHAPES, luhn
from holdfast_server.ingest.scrub.names import ENDINGS, EXACT

SCRUBBER = Scrubber(["internalNote"])

DIGIT = st.sampled_from("0123456789")
GLUE = st.text(alphabet="ghxyzÄß漢😀 \n\t\"\\,;:!?<>=&/'()[]{}_", max_size=6)
"""Text beside a match. Digits and dots would make it another number, hexadecimal letters a hash."""


@st.composite
def cards(draw: st.DrawFn) -> str:
    shape = draw(st.one_of(st.sampled_from(sorted(SHAPES)), st.integers(13, 19).map(lambda size: (size,))))
    length = sum(shape)
    first = "4" if length == 13 else draw(st.sampled_from("23456"))
    body = first + "".join(draw(DIGIT) for _ in range(length - 2))
    digits = next(body + last for last in "0123456789" if luhn(body + last))
    if COMPACT_TIME.fullmatch(digits):
        digits = "4111111111111111"[:length]
        shape = (16,)
    groups, at = [], 0
    for size in shape:
        groups.append(digits[at : at + size])
        at += size
    return draw(st.sampled_from([" ", "-", "\u00a0"])).join(groups)


@st.composite
def phones(draw: st.DrawFn) -> str:
    digits = "".join(draw(DIGIT) for _ in range(10))
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    forms = [
        f"({area}) {exchange}-{line}", f"{area}-{exchange}-{line}", f"{area}.{exchange}.{line}",
        f"+1 {area} {exchange} {line}", f"+1{digits}", f"+1 ({area}) {exchange}-{line}",
        f"+49 {area} {exchange}{line}", f"+33.6.{digits[:2]}.{digits[2:4]}.{digits[4:6]}.{digits[6:8]}",
        f"+4{digits[:7]}", f"+44 (0){digits[:2]} {digits[2:6]} {digits[6:]}", f"%2B1{digits}",
    ]  # fmt: skip
    return draw(st.sampled_from(forms))


def ssns() -> st.SearchStrategy[str]:
    return st.from_regex(r"\A[0-9]{3}-[0-9]{2}-[0-9]{4}\Z")


def pieces_of_personal_data() -> st.SearchStrategy[str]:
    return st.one_of(st.emails(), ssns(), cards(), phones())


@st.composite
def texts_with(draw: st.DrawFn, inner: str) -> str:
    return draw(GLUE) + inner + draw(GLUE)


def survivors() -> st.SearchStrategy[Any]:
    """Values that look numeric and are nobody's secret."""
    number = st.integers
    return st.one_of(
        number(1_000_000_000_000, 1_999_999_999_999),
        number(1_000_000_000_000_000, 1_999_999_999_999_999),
        number(1_000_000_000_000_000_000, 1_999_999_999_999_999_999),
        st.floats(min_value=0, max_value=1e9, allow_nan=False),
        st.uuids().map(str),
        number(0, 10**32 - 1).map(all_digit_uuid),
        number(0, 999_999_999).map(lambda n: f"ORD-2024-{n:09d}"),
        st.datetimes().map(lambda at: at.isoformat() + "Z"),
        st.ip_addresses(v=4).map(str),
        st.from_regex(r"\A[0-9a-f]{40}\Z"),
        st.from_regex(r"\A[1-9][0-9]?\.[0-9]{1,2}\.[0-9]{1,3}(-beta)?(\+20[0-9]{12})?\Z"),
        st.sampled_from(
            ["logo@2x.png", "react@18.2.0", "@sentry/browser", "tokens", "node_modules/@vite/client.js"]
        ),
        st.booleans(),
        st.none(),
        st.text(alphabet="abcxyz äß/-_", max_size=20),
    )


def all_digit_uuid(number: int) -> str:
    digits = f"{number:032d}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


FIELD_NAMES = st.sampled_from(
    ["tokens", "totalTokens", "sessionId", "secretary", "tokenCount", "a", "page", "emails", "x y"]
)


def trees(
    leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[str] = FIELD_NAMES
) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
        max_leaves=8,
    )


@st.composite
def listed_names(draw: st.DrawFn) -> str:
    """A listed name as people spell it: any case, separators anywhere."""
    plain = draw(st.sampled_from(sorted(ENDINGS | EXACT)))
    before = draw(st.sampled_from(["", "user", "x_", "HTTP-"])) if plain in ENDINGS else ""
    spelled = [
        (char.upper() if draw(st.booleans()) else char) + draw(st.sampled_from(["", "", "_", "-", " ", "."]))
        for char in plain
    ]
    return before + "".join(spelled)


FRAGMENTS = st.sampled_from([
    *"0123456789", "4111", "1111", "41111111", "5500005555555559", "415", "555", "2671", "12", "3456", "378282", "10005",
    "-", "-", " ", " ", ".", "(", ")", "+", "/", "%2B", "%40", "@", "a", "e", "b.de", "x.co", "js", "é", "漢", "\u00a0",
    "\u2011", "\n", '"', "\\", "\x00", ":", ",", "T", "20", "2024-01-02", "1.2.3", "abcdefab", "123e4567-e89b-41d4-",
    "password", "token", "Se", "cret", "_", "K",
])  # fmt: skip
MIXTURES = st.lists(FRAGMENTS, max_size=14).map("".join)


@st.composite
def json_texts(draw: st.DrawFn, value: Any) -> bytes:
    """The value as JSON text, with any character escaped at random and white space where JSON allows it."""
    random = draw(st.randoms(use_true_random=False))
    share = draw(st.sampled_from([0.0, 0.0, 0.1, 1.0]))
    raw = draw(st.booleans())

    def string(text: str) -> str:
        out = []
        for char in json.dumps(text, ensure_ascii=False)[1:-1] if not share else text:
            if share and (random.random() < share or char in '"\\' or ord(char) < 32):
                units = char.encode("utf-16-be")
                out += [f"\\u{units[i]:02x}{units[i + 1]:02X}" for i in range(0, len(units), 2)]
            elif char == "/" and random.random() < 0.2:
                out.append("\\/")
            else:
                out.append(char if raw else json.dumps(char)[1:-1] if char not in '"\\' else char)
        return '"' + "".join(out) + '"'

    def spell(item: Any) -> str:
        space = random.choice(["", "", " ", "\n"])
        if isinstance(item, str):
            return string(item)
        if isinstance(item, list):
            return "[" + ("," + space).join(spell(one) for one in item) + "]"
        if isinstance(item, dict):
            return (
                "{" + ",".join(f"{string(key)}{space}:{space}{spell(one)}" for key, one in item.items()) + "}"
            )
        return json.dumps(item)

    return spell(value).encode()


def all_text(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.items() for part in item for text in all_text(part)]
    if isinstance(value, list):
        return [text for item in value for text in all_text(item)]
    return [str(value)]


@st.composite
def placed(draw: st.DrawFn, secret: Any) -> Any:
    """A tree of harmless values with the secret somewhere in it: in a list, a field, or (text only) a field's name."""
    value = secret
    for _ in range(draw(st.integers(0, 4))):
        others = draw(st.lists(survivors(), max_size=2))
        if draw(st.booleans()):
            value = [*others, value]
        elif isinstance(value, str) and draw(st.booleans()):
            value = {value: others}
        else:
            value = {draw(FIELD_NAMES): value, "b": others}
    return value


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_no_pattern_survives(data: st.DataObject) -> None:
    """No e-mail address, SSN, Luhn-valid card or phone number is left, wherever it stands and however it is escaped."""
    secret = data.draw(pieces_of_personal_data())
    tree = data.draw(placed(data.draw(texts_with(secret))))
    raw = data.draw(json_texts(tree))
    assert SCRUBBER.dirty(raw)
    cleaned = msgspec.json.decode(SCRUBBER.scrub_event_json(raw))
    assert not [text for text in all_text(cleaned) if secret in text]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_cards_as_numbers_do_not_survive(data: st.DataObject) -> None:
    """A card number sent as a JSON number, with a sign or as a float, is taken out as well."""
    digits = data.draw(cards().filter(str.isdigit))
    number = data.draw(st.sampled_from([int(digits), -int(digits), float(digits)]))
    assume(str(int(number)).lstrip("-") == digits)
    raw = data.draw(json_texts(data.draw(placed(number))))
    assert SCRUBBER.dirty(raw)
    assert not [
        text for text in all_text(msgspec.json.decode(SCRUBBER.scrub_event_json(raw))) if digits in text
    ]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_value_of_a_listed_field_survives(data: st.DataObject) -> None:
    """What stands under a listed name is gone whole, whatever its type and however the name is spelled."""
    name = data.draw(
        st.one_of(listed_names(), st.sampled_from(["internalNote", "internal_note", "INTERNAL NOTE"]))
    )
    secret = data.draw(
        st.sampled_from(["zq9secretvalue", ["zq9secretvalue"], {"deep": ["zq9secretvalue"]}, 98127340])
    )
    raw = data.draw(json_texts(data.draw(placed({name: secret}))))
    assert SCRUBBER.dirty(raw)
    cleaned = SCRUBBER.scrub_event_json(raw)
    assert b"zq9secretvalue" not in cleaned
    assert b"98127340" not in cleaned
    assert REDACTED.encode() in cleaned


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_harmless_values_survive(data: st.DataObject) -> None:
    """Timestamps, UUIDs, order numbers, versions, addresses of machines and hashes come through as they were sent."""
    tree = data.draw(trees(survivors()))
    assert SCRUBBER.scrub(tree) == tree


@settings(max_examples=800, deadline=None)
@given(data=st.data())
def test_the_scan_never_misses_what_the_walk_would_change(data: st.DataObject) -> None:
    """`dirty` is true whenever `scrub` changes anything, for every spelling of the same JSON."""
    leaves = st.one_of(
        MIXTURES, MIXTURES, st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False)
    )
    tree = data.draw(trees(leaves, st.one_of(FIELD_NAMES, MIXTURES, listed_names())))
    raw = data.draw(json_texts(tree))
    decoded = msgspec.json.decode(raw)
    if SCRUBBER.scrub(decoded) != decoded:
        assert SCRUBBER.dirty(raw)


@settings(max_examples=400, deadline=None)
@given(tree=trees(MIXTURES, MIXTURES))
def test_scrubbing_twice_changes_nothing_more(tree: Any) -> None:
    """What was scrubbed by a client comes out of the server unchanged."""
    once = SCRUBBER.scrub(tree)
    assert SCRUBBER.scrub(once) == once


@given(st.text(), st.binary(min_size=1, max_size=100))
def test_pseudonyms_are_stable_and_keyed(value: str, salt: bytes) -> None:
    """The same identity has the same stand-in under one salt and another under another; it holds no pattern."""
    name = pseudonym(value, salt)
    assert name == pseudonym(value, salt)
    assert name != pseudonym(value, b"another" + salt[:50])
    assert SCRUBBER.scrub_text(name) == name


@pytest.mark.parametrize(
    "text",
    [
        "1" * 200_000,
        "4111-" * 40_000,
        "a@" * 100_000,
        "+1 (" * 50_000,
        "a" * 300_000 + "@",
        "0a" * 100_000,
        "-" * 200_000,
        "1.2.3-" * 40_000 + "+1",
        "4111111111111111." * 20_000,
    ],
)
def test_hostile_text_costs_linear_work(text: str) -> None:
    """Long near-matches are worked through in one pass, and stay scrubbed."""
    assert SCRUBBER.scrub_text(SCRUBBER.scrub_text(text)) == SCRUBBER.scrub_text(text)
