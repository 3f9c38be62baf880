"""What counts of an error, what doesn't, and what a page is told about it (DESIGN, decision 7)."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from holdfast_server.insight.grouping import (
    FINGERPRINT_VERSION,
    ExceptionInfo,
    Frame,
    Grouping,
    Part,
    group_of,
    issue_id,
    parse_chain,
)

V8 = """TypeError: Cannot read properties of undefined (reading 'total')
    at pay (https://shop.example/assets/app.3f2a91bc.js:1:20415)
    at async Object.checkout [as go] (https://shop.example/assets/app.3f2a91bc.js:1:3)
    at Array.map (<anonymous>)
    at render (/srv/app/node_modules/react/index.js:10:5)"""
MINIFIED = """TypeError: e is not a function
    at r (https://shop.example/assets/Cart-BfR3xQ2a.js:1:20415)
    at t.onPay (https://shop.example/assets/Cart-BfR3xQ2a.js:1:3301)"""
PYTHON = """Traceback (most recent call last):
  File "/srv/releases/42/shop/bank.py", line 12, in charge
KeyError: 'iban'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/releases/42/shop/views.py", line 9, in pay
  File "/srv/releases/42/shop/bank.py", line 15, in charge
shop.errors.PayError: no"""
JAVA = """java.lang.IllegalStateException: closed
\tat com.acme.shop.Cart.lambda$total$0(Cart.java:41)
\tat com.acme.shop.Cart$$Lambda/0x00007f1a.apply(Unknown Source)
\tat java.base/java.util.stream.ReferencePipeline.map(ReferencePipeline.java:197)"""


def of(
    frames: list[Frame], error_type: str = "E", message: str = "", words: list[str] | None = None
) -> Grouping:
    chain = [ExceptionInfo(error_type, message, frames)]
    return group_of(chain, error_type=error_type, message=message, client_fingerprint=words)


def read(text: str, error_type: str = "TypeError", message: str = "") -> Grouping:
    return group_of(parse_chain(text), error_type=error_type, message=message)


@pytest.mark.parametrize(
    ("grouping", "fingerprint"),
    [
        (read(V8), "223604f6820f1d59dd18d5d5b1857e1f"),
        (read(MINIFIED, message="e is not a function"), "b8d1f766bbecd658b5aae8a8cda3d301"),
        (read(PYTHON, "shop.errors.PayError"), "5703eea908b5aff527bef7f9744c7cf0"),
        (read(JAVA, "java.lang.IllegalStateException"), "d1c87c1351b8109de720ed4e20aa3f44"),
        (of([], "Error", "User 42 not found"), "077d3aa32bec1192ebd5e9845483cfb2"),
        (of([], "Error", "x", ["payments", "{{ error.type }}"]), "553e69ab17e82df80393dae1b1adf258"),
        (
            of([Frame(name, "shop") for name in "abababab"], "RecursionError"),
            "1a6ea2338a5807fb0eec8811aa7dd89f",
        ),
    ],
    ids=["v8", "minified", "python", "java", "message", "client", "recursion"],
)
def test_the_second_version_stays_as_it_is(grouping: Grouping, fingerprint: str) -> None:
    """Version 2 is a promise: these fingerprints are stored. Another answer means a new version, not a new number here."""
    assert FINGERPRINT_VERSION == grouping.version == 2
    assert grouping.fingerprint == fingerprint
    assert issue_id(1, "abc") == "41b048af32a2973e53298a6a611d2323"


def shown(grouping: Grouping) -> list[tuple[str, list[tuple[str, str]], str]]:
    return [
        (part.type, [(frame.function, frame.module) for frame in part.frames], part.message)
        for part in grouping.parts
    ]


def test_the_page_is_told_what_counted() -> None:
    """Each error of the chain with its frames, the crash first; the message only where it counts."""
    assert shown(read(PYTHON, "shop.errors.PayError", "no")) == [
        ("KeyError", [("charge", "shop/bank")], ""),
        ("shop.errors.PayError", [("charge", "shop/bank"), ("pay", "shop/views")], ""),
    ]
    assert shown(read(JAVA, "java.lang.IllegalStateException", "closed")) == [
        ("java.lang.IllegalStateException", [("total", "com.acme.shop.Cart")], "")
    ]
    assert shown(read(MINIFIED, message="e is not a function")) == [
        ("TypeError", [("", "assets/Cart"), ("onPay", "assets/Cart")], "<name> is not a function")
    ]
    assert read(MINIFIED).by == read(V8).by == "frames"
    assert of([], "Error", "User 42 not found") == Grouping(
        of([], "Error", "User 7 not found").fingerprint,
        2,
        "message",
        (Part("Error", (), "User <num> not found"),),
    )
    assert of([], "E", "x", ["payments"]).parts == (Part(client="payments"),)
    assert of([], "E", "x", ["payments"]).by == "client"


@given(st.lists(st.text(max_size=20), max_size=4), st.lists(st.text(max_size=20), max_size=4))
def test_client_fingerprints_are_honoured(first: list[str], second: list[str]) -> None:
    """A client's fingerprint alone decides; two that differ are two issues."""
    first, second = ([word.strip() for word in words] for words in (first, second))
    assume(any(first) and any(second))
    assume(not any("{{" in word for word in first + second))
    frames = list(parse_chain(V8)[0].frames)
    one, other = of(frames, "A", "a", first), of([], "B", "b", second)
    assert (one.fingerprint == other.fingerprint) == (first == second)


def test_default_in_a_client_fingerprint_stands_for_ours() -> None:
    """`{{ default }}` alone is the server's own group; with more, it is that group divided."""
    frames = list(parse_chain(V8)[0].frames)
    ours = of(frames, "A", "a")
    assert ours == of(frames, "A", "a", ["{{ default }}"]) == of(frames, "A", "a", ["{{default}}"])
    divided = of(frames, "A", "a", ["{{ default }}", "tenant-1"])
    assert divided.by == "client"
    assert divided.parts == (*ours.parts, Part(client="tenant-1"))
    assert divided.fingerprint != of(frames, "A", "a", ["{{ default }}", "tenant-2"]).fingerprint


def test_variables_of_a_client_fingerprint_are_filled() -> None:
    """The names that Sentry documents; the message without its values, an unknown name as it was written."""
    grouping = group_of(
        [ExceptionInfo("OldError", "", [Frame("Cart.pay", "", "/srv/shop/cart.js", 3)])],
        error_type="PayError",
        message="order 42 is gone",
        client_fingerprint=[
            "{{ error.type }}", "{{type}}", "{{ error.value }}", "{{ message }}", "{{ function }}", "{{ stack.function }}",
            "{{ module }}", "{{ transaction }}", "{{ tags.tenant }}", "{{ tags.none }}", "{{ level }}", "a {{ type }} b",
        ],
        transaction="/orders/[id]",
        tags={"tenant": "t1"},
    )  # fmt: skip
    assert [part.client for part in grouping.parts] == [
        "PayError", "PayError", "order <num> is gone", "order <num> is gone", "pay", "pay",
        "shop/cart", "/orders/[id]", "t1", "{{ tags.none }}", "{{ level }}", "a PayError b",
    ]  # fmt: skip


def test_a_client_fingerprint_is_cut() -> None:
    """Of a thousand long words the first count, up to a length."""
    words = ["x" * 10_000] * 1_000
    parts = of([], "E", "m", words).parts
    assert len(parts) == 32
    assert all(len(part.client) == 500 for part in parts)


def test_the_message_counts_only_without_named_frames() -> None:
    """With frames the message is free to vary; without frames, or with nameless ones only, it is all there is."""
    nameless = [Frame(filename="https://shop.example/x.js", lineno=1)]
    named = [Frame(function="pay", filename="https://shop.example/x.js", lineno=1)]
    assert of(named, message="one thing").fingerprint == of(named, message="another thing").fingerprint
    assert of(nameless, message="one thing").fingerprint != of(nameless, message="another thing").fingerprint
    assert of([], message="user 1").fingerprint == of([], message="user 22").fingerprint
    assert of([], "E", "user 1").fingerprint != of([], "F", "user 1").fingerprint


def test_library_frames_count_only_when_there_are_no_others() -> None:
    """An update of a library doesn't regroup the application's errors; a fault within libraries is still grouped, by its
    message too."""
    own = Frame("pay", "", "/app/shop/cart.py", 1)
    library = Frame("send", "", "/x/site-packages/httpx/client.py", 1, in_app=False)
    renamed = Frame("send_request", "", "/x/site-packages/httpx/client.py", 1, in_app=False)
    assert of([own, library]).fingerprint == of([own, renamed]).fingerprint
    assert of([library]).fingerprint != of([renamed]).fingerprint
    assert of([library], message="gone").fingerprint != of([library], message="slow").fingerprint


def test_library_frames_of_a_cause_do_not_count_either() -> None:
    """The thrown error has frames of the application, so of its cause only the type counts."""
    own = Frame("pay", "", "/app/shop/cart.py", 1)

    def chain(function: str, kind: str) -> str:
        cause = ExceptionInfo(
            kind, "", [Frame(function, "", "/x/site-packages/httpx/client.py", 1, in_app=False)]
        )
        return group_of([cause, ExceptionInfo("E", "", [own])], error_type="E", message="").fingerprint

    assert chain("send", "Timeout") == chain("send_request", "Timeout") != chain("send", "Refused")


def test_a_synthetic_error_is_known_by_its_message() -> None:
    """A client's stand-in for something that is no error: its type says nothing, its message does."""
    frames = [Frame("report", "shop")]

    def synthetic(kind: str, message: str) -> str:
        return group_of(
            [ExceptionInfo(kind, message, frames, synthetic=True)], error_type=kind, message=message
        ).fingerprint

    assert synthetic("Error", "queue 7 is full") == synthetic("CustomError", "queue 8 is full")
    assert synthetic("Error", "queue 7 is full") != synthetic("Error", "disk is full")


def test_members_of_a_group_come_in_any_order_and_number() -> None:
    """Which task failed first, and how many failed alike, is chance."""

    def group(*kinds: str) -> str:
        members = [ExceptionInfo(kind, "", [Frame("fetch", "shop")], member=True) for kind in kinds]
        return group_of(
            [*members, ExceptionInfo("ExceptionGroup", "")], error_type="ExceptionGroup", message=""
        ).fingerprint

    assert group("A", "B") == group("B", "A", "B", "B") != group("A")


def test_a_chain_of_a_thousand_is_cut() -> None:
    """The errors nearest to the thrown one count, and equal ones once."""
    again = ExceptionInfo("Timeout", "", [Frame("send", "shop")])
    thrown = ExceptionInfo("GaveUp", "", [Frame("notify", "shop")])
    assert len(group_of([*[again] * 1_000, thrown], error_type="GaveUp", message="").parts) == 2
    others = [ExceptionInfo(f"E{number}", "", [Frame("f", "m")]) for number in range(1_000)]
    assert len(group_of([*others, thrown], error_type="GaveUp", message="").parts) == 10
