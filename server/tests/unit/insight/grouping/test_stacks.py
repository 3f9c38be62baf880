"""Stack traces as text become frames, whatever language wrote them."""

import pytest

from holdfast_server.insight.grouping import parse_stack

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
RUST = """thread 'main' panicked at src/cart.rs:12:9:
stack backtrace:
   0: rust_begin_unwind
             at /rustc/90b35a6239c3/library/std/src/panicking.rs:645:5
   1: shop::cart::pay
             at ./src/cart.rs:12:9"""
DART = """#0      Cart.pay (package:shop/cart.dart:12:5)
<asynchronous suspension>
#1      main (package:shop/main.dart:3:5)"""
SWIFT = """0 [ra] 0x00000001045a3c10 closure #1 in Cart.pay(order:) + 120 in Shop at /src/Cart.swift:12:9
1 [ra] 0x00000001045a3d20 main + 12 in Shop at /src/main.swift:1:1"""


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


def test_rust_dart_and_swift_are_read() -> None:
    """Rust writes a call on two lines, Dart in one, Swift with its module."""
    assert [(frame.function, frame.lineno, frame.in_app) for frame in parse_stack(RUST)] == [
        ("shop::cart::pay", 12, True),
        ("rust_begin_unwind", 645, False),
    ]
    assert [(frame.function, frame.lineno) for frame in parse_stack(DART)] == [("main", 3), ("Cart.pay", 12)]
    assert [(frame.function, frame.lineno) for frame in parse_stack(SWIFT)] == [
        ("main", 1),
        ("closure #1 in Cart.pay(order:)", 12),
    ]


def test_calls_without_a_file_are_read() -> None:
    """C# without symbols, Java without sources, the last line of Node before an error's properties."""
    text = """   at Shop.Cart.Pay(String id, Order order)
\tat shop.Cart$$Lambda/0x0000.run(Unknown Source)
\tat java.base/sun.nio.ch.Net.poll(Native Method)
    at async main (/srv/app/main.js:3:4) {"""
    assert [(frame.function, frame.filename, frame.in_app) for frame in parse_stack(text)] == [
        ("main", "/srv/app/main.js", True),
        ("java.base/sun.nio.ch.Net.poll", "", False),
        ("shop.Cart$$Lambda/0x0000.run", "", True),
        ("Shop.Cart.Pay", "", True),
    ]


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


def test_the_crash_is_kept_when_a_stack_is_cut() -> None:
    """The end of a Python traceback and the start of a JavaScript one are nearest to the fault."""
    python = (
        "Traceback (most recent call last):\n"
        + '  File "/app/a.py", line 1, in deep\n' * 9_000
        + '  File "/app/a.py", line 2, in crash\n'
    )
    script = "    at crash (/app/a.js:2:1)\n" + "    at deep (/app/a.js:1:1)\n" * 9_000
    assert parse_stack(python)[-1].function == parse_stack(script)[-1].function == "crash"


def test_what_runtimes_and_loggers_add_is_left_out() -> None:
    """Logback's archives, Mono's offsets, the addresses of React Native."""
    text = """\tat shop.Cart.pay(Cart.java:12) ~[shop-1.0.jar!/:1.0]
\tat java.base@17.0.8/java.lang.reflect.Method.invoke(Method.java:568) ~[na:na]
  at Shop.Cart+<Pay>d__5.MoveNext () [0x0009d] in <f99f496cb0d249c1a945c1fcabce1695>:0
  at Shop.Cart.Total (System.String a) [0x00008] in /src/Cart.cs:41
    at pay (address at index.android.bundle:1:883201)"""
    assert [(frame.function, frame.filename, frame.lineno, frame.in_app) for frame in parse_stack(text)] == [
        ("pay", "index.android.bundle", 1, True),
        ("Shop.Cart.Total", "/src/Cart.cs", 41, True),
        ("Shop.Cart+<Pay>d__5.MoveNext", "", 0, True),
        ("java.base@17.0.8/java.lang.reflect.Method.invoke", "Method.java", 568, False),
        ("shop.Cart.pay", "Cart.java", 12, True),
    ]
