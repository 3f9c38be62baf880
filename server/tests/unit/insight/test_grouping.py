"""Errors with one cause are one issue, and errors with different causes are not (DESIGN, decision 7)."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from holdfast_server.insight.grouping import (
    FINGERPRINT_VERSION,
    Frame,
    culprit,
    fingerprint,
    issue_id,
    normalise_message,
    parse_stack,
)

V8 = """TypeError: Cannot read properties of undefined (reading 'total')
    at pay (https://shop.example/assets/app.3f2a91bc.js:1:20415)
    at async Object.checkout [as go] (https://shop.example/assets/app.3f2a91bc.js:1:3)
    at new Cart (https://shop.example/assets/cart.js:10:5)
    at https://shop.example/assets/cart.js:11:5
    at Array.map (<anonymous>)
    at async Promise.all (index 0)
    at eval (eval at run (https://shop.example/a.js:1:2), <anonymous>:1:1)
    at render (/srv/app/node_modules/react/index.js:10:5)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at least 5 items"""
FIREFOX = """pay@https://shop.example/assets/app.js:1:20415
checkout/<@https://cdn.example/shop@1.2.3/app.js:1:3
@https://shop.example/x.js:3:4
run@https://shop.example/x.js line 3 > eval:1:1"""
SAFARI = """pay@https://shop.example/assets/app.js:1:20415
map@[native code]
https://shop.example/x.js:3:4"""
PYTHON = """Traceback (most recent call last):
  File "/srv/releases/42/shop/cart.py", line 12, in pay
    charge(order)
    ^^^^^^^^^^^^^
  File "/usr/lib/python3.11/json/decoder.py", line 3, in decode
ValueError: bad

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/releases/42/shop/views.py", line 1, in <module>
shop.errors.PayError: no"""
OTHERS = """at shop.Cart.pay(Cart.java:12)
at Shop.Cart.Pay(String a) in C:\\src\\Cart.cs:line 13
#0 /srv/shop/cart.php(14): Cart->pay()
/srv/shop/cart.rb:15:in 'pay'
main.pay(0x1)
\t/srv/shop/cart.go:16 +0x1d"""

NAMES = st.from_regex(r"\A[a-z][a-zA-Z]{2,11}\Z")
FOLDERS = st.sampled_from(["shop", "cart", "orders", "components", "lib", "pages"])
CALLS = st.lists(
    st.tuples(NAMES, FOLDERS, st.sampled_from(["index", "views", "checkout", "api-client"])),
    min_size=1,
    max_size=8,
)
LINES = st.integers(1, 99_999)
HASHES = st.from_regex(r"\A(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8}\Z")


def v8_stack(calls: list[tuple[str, str, str]], draw: st.DrawFn) -> str:
    host = draw(
        st.sampled_from(["https://shop.example", "http://localhost:3000", "https://cdn.example:8443"])
    )
    digest = draw(HASHES)
    rows = [
        f"    at {name} ({host}/{folder}/{file}.{digest}.js:{draw(LINES)}:{draw(LINES)})"
        for name, folder, file in calls
    ]
    return "\n".join([f"TypeError: order {draw(LINES)} is gone", *reversed(rows)])


def firefox_stack(calls: list[tuple[str, str, str]], draw: st.DrawFn) -> str:
    digest = draw(HASHES)
    rows = [
        f"{name}@https://shop.example/{folder}/{file}-{digest}.js:{draw(LINES)}:{draw(LINES)}"
        for name, folder, file in calls
    ]
    return "\n".join(reversed(rows))


def python_stack(calls: list[tuple[str, str, str]], draw: st.DrawFn) -> str:
    root = draw(
        st.sampled_from(
            ["/srv/releases/20261120093000", "/srv/releases/da39a3ee5e6b", "/home/jo", "/home/ann", "/app"]
        )
    )
    rows = [
        f'  File "{root}/{folder}/{file}.py", line {draw(LINES)}, in {name}\n    pay({draw(LINES)})'
        for name, folder, file in calls
    ]
    return "\n".join(
        ["Traceback (most recent call last):", *rows, f"ValueError: order {draw(LINES)} is gone"]
    )


def print_of(stack: str, message: str = "") -> str:
    return fingerprint("TypeError", message, parse_stack(stack))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), calls=CALLS, write=st.sampled_from([v8_stack, firefox_stack, python_stack]))
def test_one_fault_is_one_issue_in_every_deployment(
    data: st.DataObject, calls: list[tuple[str, str, str]], write: object
) -> None:
    """Other lines, values, hosts, asset hashes and deploy folders leave the fingerprint as it is."""
    assert callable(write)
    first, second = write(calls, data.draw), write(calls, data.draw)
    assert len(parse_stack(first)) == len(calls)
    assert print_of(first, f"order {data.draw(LINES)}") == print_of(second, f"basket {data.draw(LINES)}")


@settings(max_examples=150, deadline=None)
@given(data=st.data(), calls=CALLS, write=st.sampled_from([v8_stack, firefox_stack, python_stack]))
def test_different_functions_never_merge(
    data: st.DataObject, calls: list[tuple[str, str, str]], write: object
) -> None:
    """Another function, or the same one in another file, anywhere in the application's frames is another issue."""
    assert callable(write)
    place = data.draw(st.integers(0, len(calls) - 1))
    other = list(calls)
    name, folder, file = calls[place]
    other[place] = data.draw(
        st.sampled_from(
            [(name + "Other", folder, file), (name, folder + "x", file), (name, folder, file + "x")]
        )
    )
    assume(dict.fromkeys(calls) != dict.fromkeys(other))
    assert print_of(write(calls, data.draw)) != print_of(write(other, data.draw))


@given(st.lists(st.text(max_size=20), max_size=4), st.lists(st.text(max_size=20), max_size=4))
def test_client_fingerprints_are_honoured(first: list[str], second: list[str]) -> None:
    """A client's fingerprint alone decides; two that differ are two issues."""
    assume(first and second)
    assume(not any("default" in part for part in first + second))
    frames = parse_stack(V8)
    same = fingerprint("A", "a", frames, first) == fingerprint("B", "b", [], second)
    assert same == (first == second)


def test_default_in_a_client_fingerprint_stands_for_ours() -> None:
    """`{{ default }}` alone is the server's own group; with more, it is that group divided."""
    frames = parse_stack(V8)
    ours = fingerprint("A", "a", frames)
    assert (
        fingerprint("A", "a", frames, ["{{ default }}"])
        == ours
        == fingerprint("A", "a", frames, ["{{default}}"])
    )
    divided = fingerprint("A", "a", frames, ["{{ default }}", "tenant-1"])
    assert divided not in (ours, fingerprint("A", "a", frames, ["{{ default }}", "tenant-2"]))


def test_the_first_version_stays_as_it_is() -> None:
    """Version 1 is a promise: these fingerprints are stored. Changing one means a new version, not a new number here."""
    assert FINGERPRINT_VERSION == 1
    assert print_of(V8) == "65c1201df9fb17fe4174e13154fce2ed"
    assert print_of(PYTHON) == "48c472bd85c65d94881fd02604bc78e8"
    assert fingerprint("Error", "User 42 not found", []) == "077d3aa32bec1192ebd5e9845483cfb2"
    assert issue_id(1, "abc") == "41b048af32a2973e53298a6a611d2323"


def test_the_message_counts_only_without_named_frames() -> None:
    """With frames the message is free to vary; without frames, or with nameless ones only, it is all there is."""
    nameless = [Frame(filename="https://shop.example/x.js", lineno=1)]
    named = [Frame(function="pay", filename="https://shop.example/x.js", lineno=1)]
    assert fingerprint("E", "one thing", named) == fingerprint("E", "another thing", named)
    assert fingerprint("E", "one thing", nameless) != fingerprint("E", "another thing", nameless)
    assert fingerprint("E", "user 1", []) == fingerprint("E", "user 22", [])
    assert fingerprint("E", "user 1", []) != fingerprint("F", "user 1", [])


def test_library_frames_count_only_when_there_are_no_others() -> None:
    """An update of a library doesn't regroup the application's errors; a fault within libraries is still grouped."""
    own = Frame("pay", "", "/app/shop/cart.py", 1)
    library = Frame("send", "", "/x/site-packages/httpx/client.py", 1, in_app=False)
    renamed = Frame("send_request", "", "/x/site-packages/httpx/client.py", 1, in_app=False)
    assert fingerprint("E", "", [own, library]) == fingerprint("E", "", [own, renamed])
    assert fingerprint("E", "", [library]) != fingerprint("E", "", [renamed])


def test_the_depth_of_a_recursion_does_not_count() -> None:
    """A stack overflow is one issue however deep it went."""
    start, loop = Frame("start", "shop"), Frame("walk", "shop")
    assert fingerprint("RecursionError", "", [start, *[loop] * 50]) == fingerprint(
        "RecursionError", "", [start, *[loop] * 99]
    )


def read(stack: str) -> list[tuple[str, str, int, bool]]:
    return [(frame.function, frame.filename, frame.lineno, frame.in_app) for frame in parse_stack(stack)]


def test_v8_stacks_are_read() -> None:
    """Chrome and Node.js: async, constructors, eval, native and nameless calls; a line of prose is no frame."""
    shop = "https://shop.example"
    assert read(V8) == [
        ("process.processTicksAndRejections", "node:internal/process/task_queues", 95, False),
        ("render", "/srv/app/node_modules/react/index.js", 10, False),
        ("eval", f"{shop}/a.js", 1, True),
        ("Promise.all", "index 0", 0, False),
        ("Array.map", "<anonymous>", 0, False),
        ("", f"{shop}/assets/cart.js", 11, True),
        ("new Cart", f"{shop}/assets/cart.js", 10, True),
        ("Object.checkout [as go]", f"{shop}/assets/app.3f2a91bc.js", 1, True),
        ("pay", f"{shop}/assets/app.3f2a91bc.js", 1, True),
    ]
    assert parse_stack(V8)[-1].colno == 20415


def test_firefox_and_safari_stacks_are_read() -> None:
    """`name@place`, eval, native code, and Safari's lines without a name."""
    assert read(FIREFOX) == [
        ("run", "https://shop.example/x.js", 3, True),
        ("", "https://shop.example/x.js", 3, True),
        ("checkout/<", "https://cdn.example/shop@1.2.3/app.js", 1, True),
        ("pay", "https://shop.example/assets/app.js", 1, True),
    ]
    assert read(SAFARI) == [
        ("", "https://shop.example/x.js", 3, True),
        ("map", "[native code]", 0, False),
        ("pay", "https://shop.example/assets/app.js", 1, True),
    ]


def test_python_tracebacks_are_read() -> None:
    """Chained exceptions included, without the lines of source between."""
    assert read(PYTHON) == [
        ("pay", "/srv/releases/42/shop/cart.py", 12, True),
        ("decode", "/usr/lib/python3.11/json/decoder.py", 3, False),
        ("<module>", "/srv/releases/42/shop/views.py", 1, True),
    ]


def test_other_languages_are_read_as_far_as_they_tell() -> None:
    """Java, C#, PHP, Ruby and Go."""
    assert [(frame.function, frame.lineno) for frame in parse_stack(OTHERS)] == [
        ("main.pay", 16),
        ("pay", 15),
        ("Cart->pay", 14),
        ("Shop.Cart.Pay", 13),
        ("shop.Cart.pay", 12),
    ]


@pytest.mark.parametrize(
    "filename",
    [
        "https://shop.example/assets/app.js",
        "https://shop.example/assets/app.3f2a91bc.js",
        "https://other.example:3000/assets/app-BfR3xQ2a.js?v=2#x",
        "http://localhost/assets/app-B_R3-Q2a.js",
        "//cdn.example/assets/app.K4ZXQ2LM.js",
        "webpack:///./assets/app.tsx?3f2a",
        "webpack-internal:///(app-pages-browser)/./assets/app.tsx",
        "file:///srv/assets/app.mjs",
        "/srv/releases/20261120/assets/app.py",
        "/home/jo/assets/app.py",
        "C:\\Users\\jo\\assets\\app.py",
        "/venv/lib/python3.11/site-packages/assets/app.py",
    ],
)
def test_where_code_is_put_does_not_count(filename: str) -> None:
    """Hosts, hashes of bundlers, release folders and homes are left out of a module's name."""
    assert culprit([Frame("pay", "", filename)], "") == "assets/app in pay"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("User 42 not found", "User <num> not found"),
        (
            "id=9b2f0c1e-1f5a-4a58-9b3e-0d5b0a5f3c11 at 2026-11-20T10:00:00Z from 10.0.0.1:80",
            "id=<uuid> at <date> from <ip>",
        ),
        ("can't open '/srv/a/b.txt', it's gone", "can't open <quoted>, it's gone"),
        ("file /srv/a/b.txt missing, took 1.5s", "file <path> missing, took <num>s"),
        ("jo@x.de failed https://a.example/c?d=1 (x)", "<email> failed <url> (x)"),
        ("0xdeadbeef deadbeef1 v2 item3", "<hex> <hex> v<num> item<num>"),
        ("reading 'map' of \"x\" and `y`", "reading <quoted> of <quoted> and <quoted>"),
        ("-3 and 1,234.5e10", "<num> and <num>"),
        ("a\n  b", "a b"),
        ("the quick brown fox", "the quick brown fox"),
    ],
)
def test_values_leave_a_message(text: str, expected: str) -> None:
    """Numbers, ids, times, places and quoted words are replaced by their kind; words stay."""
    assert normalise_message(text) == expected


def test_the_culprit_is_the_innermost_own_frame() -> None:
    """The application's frame nearest to the crash, else the nearest of all, else the page's template."""
    own, library = Frame("pay", "shop.cart"), Frame("send", "httpx", in_app=False)
    assert culprit([own, library], "/x") == "shop.cart in pay"
    assert culprit([library], "/x") == "httpx in send"
    assert culprit([], "https://shop.example/orders/17?x") == "/orders/[id]"
    assert culprit([Frame()], "/orders") == "/orders"


@given(st.integers(1, 9), st.integers(1, 9), st.text(alphabet="0123456789abcdef", min_size=32, max_size=32))
def test_issue_ids_belong_to_one_project(one: int, other: int, print_: str) -> None:
    """The id is 32 hexadecimal digits, the same for one project and fingerprint, another for another project."""
    assert (issue_id(one, print_) == issue_id(other, print_)) == (one == other)
    assert len(issue_id(one, print_)) == 32
    assert int(issue_id(one, print_), 16) >= 0


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=300),
    st.text(max_size=100),
    st.lists(st.builds(Frame, st.text(), st.text(), st.text()), max_size=5),
)
def test_any_text_has_a_fingerprint(stack: str, message: str, frames: list[Frame]) -> None:
    """Whatever arrives as stack, message or frames, there is a group and a culprit."""
    for known in (parse_stack(stack), frames):
        assert len(fingerprint(message, message, known)) == 32
        assert len(culprit(known, stack)) <= 200


@pytest.mark.parametrize(
    "stack",
    [
        "a" * 1_000_000,
        "at " * 300_000,
        "    at x (y:1:2)\n" * 60_000,
        "@:1\n" * 250_000,
        '\n  File "x", line 1, in y' * 40_000,
        "at eval (eval at (" + "(" * 100_000,
        "\n".join("at " + "x(" * 400 + ")" for _ in range(2_000)),
    ],
    ids=lambda stack: stack[:10],
)
def test_hostile_stacks_are_cut(stack: str) -> None:
    """A megabyte of stack gives at most 200 frames."""
    assert len(parse_stack(stack)) <= 200
    assert len(fingerprint("E", stack, parse_stack(stack))) == 32


def test_the_crash_is_kept_when_a_stack_is_cut() -> None:
    """The end of a Python traceback and the start of a JavaScript one are nearest to the fault."""
    python = (
        "Traceback (most recent call last):\n"
        + '  File "/app/a.py", line 1, in deep\n' * 9_000
        + '  File "/app/a.py", line 2, in crash\n'
    )
    script = "    at crash (/app/a.js:2:1)\n" + "    at deep (/app/a.js:1:1)\n" * 9_000
    assert parse_stack(python)[-1].function == parse_stack(script)[-1].function == "crash"
