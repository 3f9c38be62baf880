"""Values leave a message, words stay (DESIGN, decision 7)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast_server.insight.grouping import normalise_message
from holdfast_server.insight.grouping.messages import NORMAL_MAX


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("User 42 not found", "User <num> not found"),
        (
            "id=9b2f0c1e-1f5a-4a58-9b3e-0d5b0a5f3c11 at 2026-11-20T10:00:00Z from 10.0.0.1:80",
            "id=<uuid> at <date> from <ip>",
        ),
        ("can't open '/srv/a/b.txt', it's gone", "can't open <quoted>, it's gone"),
        ("file /srv/a/b.txt missing, took 1.5s", "file <path> missing, took <duration>"),
        ("jo@x.de failed https://a.example/c?d=1 (x)", "<email> failed <url> (x)"),
        ("0xdeadbeef deadbeef1 v2 item3", "<hex> <num> v<num> item<num>"),
        ("saw 'map' of \"x\" and `y`", "saw <quoted> of <quoted> and <quoted>"),
        ("-3 and 1,234.5e10", "<num> and <num>"),
        ("a\n  b", "a b"),
        ("the quick brown fox", "the quick brown fox"),
    ],
)
def test_values_leave_a_message(text: str, expected: str) -> None:
    """Numbers, ids, times, places and quoted words are replaced by their kind; words stay."""
    assert normalise_message(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from 2001:db8::8a2e:370:7334, [::1]:443, ::ffff:10.0.0.1", "from <ip>, <ip>, <ip>"),
        ("std::vector of Shop::Cart and a::b", "std::vector of Shop::Cart and a::b"),
        (
            "<shop.Cart object at 0x7f12ab34cd56> and Cart@1b6d3586",
            "<shop.Cart object at <hex>> and Cart@<hex>",
        ),
        ("Sat, 21 Nov 2026 01:18:35 GMT / 21/Nov/2026:01:18:35 +0000", "<date> / <date>"),
        ("11/21/2026 3:04 PM and Nov 21, 2026", "<date> and <date>"),
        ("after 30 seconds, 1h 20m, 900ms", "after <duration>, <duration>, <duration>"),
        ("12 MB, 3.4KiB, 512 bytes, 95%", "<size>, <size>, <size>, <num>"),
        ('bad {"a": [1, {"b": 2}]} sent', "bad <json> sent"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP", "<token>"),
        ("key AKIAq9ZsT2mB7xWc4RfD8e and ch_3MqLiJLkdIwHu7ix", "key <token> and <token>"),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "<num>"),
        ("Request failed with status code 404", "Request failed with status code 404"),
        ("503 Server Error: x for url: https://a.example/b", "503 Server Error: x for url: <url>"),
        (
            "Minified React error #418; visit https://react.dev/errors/418",
            "Minified React error #418; visit <url>",
        ),
        ("[Errno 13] x, exit code 137, error code: 1045", "[Errno 13] x, exit code 137, error code: 1045"),
        ("SQLSTATE[42S02]: row 7", "SQLSTATE[42S02]: row <num>"),
        ("one 1\n\n two 2\nthree 3", "one <num> two <num>"),
    ],
)
def test_each_kind_of_value_is_known(text: str, expected: str) -> None:
    """Addresses, dates, durations, sizes, bodies and tokens; the status of an answer tells troubles apart and stays."""
    assert normalise_message(text) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            [
                "Cannot read properties of undefined (reading 'total')",
                "Cannot read property 'total' of undefined",
                'can\'t access property "total", e.cart is undefined',
                "undefined is not an object (evaluating 'e.cart.total')",
            ],
            "undefined has no property total",
        ),
        (["e.pay is not a function", "t.pay is not a function. (In 't.pay()', 't.pay' is undefined)"], "pay is not a function"),
        (["e is not a function", "tn is not a function"], "<name> is not a function"),
        (["gtag is not defined", "Can't find variable: gtag"], "gtag is not defined"),
        (["Failed to fetch", "Load failed", "NetworkError when attempting to fetch resource."], "fetch failed"),
    ],
)  # fmt: skip
def test_browsers_say_one_thing(texts: list[str], expected: str) -> None:
    """The sentences of Chrome, Firefox and Safari for one fault are one message, without minified names."""
    assert {normalise_message(text) for text in texts} == {expected}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["order", "of", "customer", "failed", "in", "stock"]), min_size=1, max_size=6),
    st.lists(
        st.one_of(
            st.integers(0, 10**12).map(str),
            st.uuids().map(str),
            st.ip_addresses(v=4).map(str),
            st.emails(domains=st.sampled_from(["a.example", "mail.b.example"])).filter(
                lambda text: text.split("@")[0].isalnum()
            ),
            st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds")),
        ),
        min_size=2,
        max_size=2,
    ),
)
def test_a_value_between_words_is_a_value(words: list[str], values: list[str]) -> None:
    """Whatever value stands there, the words around it stay, and two values of one kind make one message."""
    one, other = (normalise_message(" ".join([*words, value, *words])) for value in values)
    assert one.startswith(" ".join(words) + " <")
    assert one.endswith("> " + " ".join(words))
    assert (one == other) == (one.split()[len(words)] == other.split()[len(words)])


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=3_000))
def test_any_text_is_normalised(text: str) -> None:
    """Whatever the text, the answer is short, and the same when asked again without the memory."""
    assert len(normalise_message(text)) <= NORMAL_MAX
    assert normalise_message.__wrapped__(text) == normalise_message(text)


@pytest.mark.parametrize(
    "piece", ["'", '{"', "[1", "a:", "1:", "./a", "a@", "0x", "1 ", "Mon 1 Jan ", "a.b", "eyJ", "://"]
)
def test_hostile_messages_are_cut(piece: str) -> None:
    """A megabyte of what an expression likes best is cut before it is looked at."""
    assert normalise_message(piece * 400_000) == normalise_message((piece * 400_000)[:1_000])
