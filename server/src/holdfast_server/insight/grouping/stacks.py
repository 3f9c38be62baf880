"""Stack traces as text become frames, the oldest call first and the crash last, whatever the language's own order.

JavaScript of V8, Firefox and Safari, and Python; Java, C#, PHP, Ruby, Go, Rust, Swift and Dart as far as their lines
tell. A line that is no frame is left out. Lines are read by cutting at fixed signs: no search goes twice over the same
text.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from holdfast_server.insight.grouping.frames import Frame
from holdfast_server.insight.grouping.sources import is_in_app

STACK_MAX = 65_536
FRAMES_MAX = 200
LINE_MAX = 1_000
PYTHON_MARK = "Traceback (most recent call last)"
RUST_CALL = re.compile(r"\d{1,4}:\s+(?:0x[0-9a-f]+ - )?(\S.*)")
NO_PLACE = frozenset({"Unknown Source", "Native Method", "<generated>"})


def parse_stack(stack: str) -> list[Frame]:
    """All frames of a trace, at most 200: those nearest to the crash."""
    python = is_python(stack)
    text = stack[-STACK_MAX:] if python else stack[:STACK_MAX]
    return in_order(read_lines(text.splitlines()), python=python)


def is_python(stack: str) -> bool:
    return PYTHON_MARK in stack[:STACK_MAX] or '\n  File "' in stack[:STACK_MAX]


def in_order(frames: list[Frame], *, python: bool) -> list[Frame]:
    """Python writes the crash last, everybody else first."""
    return frames[-FRAMES_MAX:] if python else frames[:FRAMES_MAX][::-1]


def read_lines(lines: Iterable[str]) -> list[Frame]:
    frames: list[Frame] = []
    before = ""
    for whole in lines:
        line = whole[:LINE_MAX].strip(" \t|")
        frame = read_pair(before, line) if before and (".go:" in line or line.startswith("at ")) else None
        if frame is None:
            frame = read_line(line)
        if frame is not None:
            frames.append(frame)
        before = line
    return frames


def read_pair(before: str, line: str) -> Frame | None:
    """Go and Rust write the call on one line and its place on the next."""
    if ".go:" in line:
        return read_go(before, line)
    if named := RUST_CALL.match(before):
        filename, number, column = location(line[3:])
        return frame_of(named[1], filename, number, column)
    return None


@lru_cache(maxsize=4_096)
def read_line(line: str) -> Frame | None:
    """One stripped line as a frame. Remembered: the same fault brings the same lines."""
    if line.startswith("at "):
        return read_at(line[3:])
    if line.startswith('File "'):
        return read_python(line[6:])
    if line.startswith("#"):
        return read_dart(line) if line.endswith(")") and ".dart:" in line else read_php(line)
    if ":in " in line and (line.startswith("from ") or ".rb:" in line or line[:1] in "/<" or " " not in line):
        return read_ruby(line)
    if " [ra] " in line or (line[:1].isdigit() and " in " in line and ".swift:" in line):
        return read_swift(line)
    if "@" in line or line.startswith(("http://", "https://")):
        return read_firefox(line)
    return None


def read_at(text: str) -> Frame | None:
    """V8, Java and C#: `pay (app.js:1:2)`, `shop.Cart.pay(Cart.java:12)`, `Shop.Cart.Pay() in C:\\x.cs:line 12`."""
    # Node opens the error's properties behind the last frame.
    text = text.removeprefix("async ").removesuffix(" {")
    function, within, place = text.partition(" in ")
    if within and ":line " in place:
        filename, _, number = place.rpartition(":line ")
        call = function.partition("(")[0]
        return frame_of(call, filename, number_of(number), 0, source="" if is_in_app(call) else call)
    if within and " [0x" in function:
        return read_mono(function, place)
    if not text.endswith(")") and text.endswith("]") and ") " in text:
        text = text[: text.rfind(")") + 1]  # Logback names the archive behind the place
    if not text.endswith(")"):
        filename, line, column = location(text)
        return frame_of("", filename, line, column) if line else None
    function, opened, place = text.partition(" (")
    if not opened:
        return read_call(text)
    if place.startswith("eval at "):
        place = innermost(place)
    filename, line, column = location(place[:-1].removeprefix("address at "))  # React Native's Hermes
    return frame_of(function, filename, line, column)


def read_mono(function: str, place: str) -> Frame:
    """Mono and Unity: `Shop.Cart.Pay (System.String a) [0x00008] in <ab2f5ad0>:0`"""
    filename, number, _ = location(place.strip())
    filename = "" if filename.startswith("<") else filename
    call = function.partition(" (")[0]
    return frame_of(call, filename, number, 0, source=call)


def read_call(text: str) -> Frame:
    """Java's `shop.Cart.pay(Cart.java:12)`; C#'s `Shop.Cart.Pay(String a)` without a file."""
    function, _, place = text.partition("(")
    filename, line, _ = location(place[:-1])
    if not line and ("." not in filename or " " in filename or filename in NO_PLACE):
        filename = ""
    return frame_of(function, filename, line, 0, source=function)


def innermost(place: str) -> str:
    """`eval at run (app.js:1:2), <anonymous>:1:1)`: the file that called eval."""
    inside = place.rpartition(" (")[2]
    return inside.partition(")")[0] + ")"


def read_python(text: str) -> Frame | None:
    filename, quote, rest = text.partition('", line ')
    if not quote:
        return None
    number, _, function = rest.partition(", in ")
    return frame_of(function, filename, number_of(number), 0)


def read_firefox(line: str) -> Frame | None:
    """Firefox and Safari: `pay@https://shop.example/app.js:1:2`; Safari leaves the name out of nameless functions."""
    function, _, place = line.partition("@") if not line.startswith("http") else ("", "", line)
    place, evaluated, _ = place.partition(" > ")
    if evaluated:  # `app.js line 3 > eval`: the file that called eval
        place = place.replace(" line ", ":")
    filename, number, column = location(place)
    if ": " in function or (not number and filename != "[native code]"):
        return None  # the line with the message
    return frame_of(function, filename, number, column)


def read_php(line: str) -> Frame | None:
    """`#0 /srv/shop/cart.php(12): Cart->pay()`"""
    place, _, call = line.partition(": ")
    filename, opened, number = place.partition(" ")[2].rpartition("(")
    return frame_of(call.partition("(")[0], filename, number_of(number[:-1]), 0) if opened else None


def read_ruby(line: str) -> Frame | None:
    """`/srv/shop/cart.rb:12:in 'pay'`"""
    place, _, function = line.removeprefix("from ").partition(":in ")
    filename, number, _ = location(place)
    quoted, mark, _ = function.partition("': ")
    if not mark:
        quoted = function
    return frame_of(quoted.strip("`'\""), filename, number, 0) if number else None


def read_dart(line: str) -> Frame | None:
    """`#0      Cart.pay (package:shop/cart.dart:12:5)`"""
    function, opened, place = line.partition(" ")[2].strip().partition(" (")
    filename, number, column = location(place[:-1])
    return frame_of(function, filename, number, column) if opened else None


def read_swift(line: str) -> Frame | None:
    """`1 [ra] 0x0000000104a3 Cart.pay(order:) + 120 in Shop at /src/Cart.swift:12:9`"""
    call, _, place = line.partition(" in ")
    while " in " in place and " at " not in place.partition(" in ")[0]:
        more, _, place = place.partition(" in ")
        call = f"{call} in {more}"
    module, _, where = place.partition(" at ")
    filename, number, column = location(where)
    words = call.split()
    words = [word for word in words if not word.startswith(("0x", "[")) and not word.isdecimal()]
    function = " ".join(words).removesuffix(" +")
    return frame_of(function, filename, number, column) if function and module else None


def read_go(before: str, line: str) -> Frame | None:
    """Go writes the call on one line and its place on the next: `main.pay(0x1)`, `/srv/shop/cart.go:12 +0x1d`."""
    place, mark, rest = line.partition(".go:")
    call = before.rpartition("(")[0] if before.endswith(")") else before
    if not mark or " " in call or "." not in call:
        return None
    return frame_of(call, place + ".go", number_of(rest.partition(" ")[0]), 0)


def frame_of(function: str, filename: str, lineno: int, colno: int, *, source: str = "") -> Frame:
    """`source` decides whether the frame is the application's, where the file alone doesn't say it."""
    return Frame(
        function.strip(), "", filename.strip(), lineno, colno, is_in_app((source or filename).strip())
    )


def location(text: str) -> tuple[str, int, int]:
    """`app.js:12:3` → (`app.js`, 12, 3); missing numbers are 0."""
    place, colon, last = text.rpartition(":")
    if not colon or not last.isdecimal():
        return text, 0, 0
    filename, colon, line = place.rpartition(":")
    if colon and line.isdecimal():
        return filename, number_of(line), number_of(last)
    return place, number_of(last), 0


def number_of(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
