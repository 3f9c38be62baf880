"""What holds for any stack: other deployments don't split an error, other functions never join one."""

from collections.abc import Callable
from random import Random
from string import ascii_letters, ascii_lowercase

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from holdfast_server.insight.grouping import (
    ExceptionInfo,
    Frame,
    culprit,
    group_of,
    issue_id,
    normalise_message,
    parse_chain,
    parse_stack,
)

NAMES = st.builds(
    "".join, st.tuples(st.sampled_from(ascii_lowercase), st.text(ascii_letters, min_size=3, max_size=11))
)
FOLDERS = st.sampled_from(["shop", "cart", "orders", "components", "lib", "pages"])
CALLS = st.lists(
    st.tuples(NAMES, FOLDERS, st.sampled_from(["index", "views", "checkout", "api-client"])),
    min_size=1,
    max_size=8,
)
SEEDS = st.tuples(st.integers(0, 2**32), st.integers(0, 2**32))
"""Of everything that a deployment changes: lines, columns, hashes, hosts, folders, values."""


def hash_of(random: Random) -> str:
    return random.choice("abcdef") + f"{random.randrange(16**6):06x}" + random.choice("0123456789")


def v8_stack(calls: list[tuple[str, str, str]], random: Random) -> str:
    host = random.choice(["https://shop.example", "http://localhost:3000", "https://cdn.example:8443"])
    digest = hash_of(random)
    rows = [
        f"    at {name} ({host}/{folder}/{file}.{digest}.js:{random.randrange(1, 99_999)}:{random.randrange(1, 99_999)})"
        for name, folder, file in calls
    ]
    return "\n".join([f"TypeError: order {random.randrange(1, 99_999)} is gone", *reversed(rows)])


def firefox_stack(calls: list[tuple[str, str, str]], random: Random) -> str:
    digest = hash_of(random)
    rows = [
        f"{name}@https://shop.example/{folder}/{file}-{digest}.js:{random.randrange(1, 99_999)}:{random.randrange(1, 99_999)}"
        for name, folder, file in calls
    ]
    return "\n".join(reversed(rows))


def python_stack(calls: list[tuple[str, str, str]], random: Random) -> str:
    root = random.choice(
        ["/srv/releases/20261120093000", "/srv/releases/da39a3ee5e6b", "/home/jo", "/home/ann", "/app"]
    )
    rows = [
        f'  File "{root}/{folder}/{file}.py", line {random.randrange(1, 99_999)}, in {name}\n    pay({random.randrange(1, 99_999)})'
        for name, folder, file in calls
    ]
    return "\n".join(
        [
            "Traceback (most recent call last):",
            *rows,
            f"ValueError: order {random.randrange(1, 99_999)} is gone",
        ]
    )


def java_stack(calls: list[tuple[str, str, str]], random: Random) -> str:
    rows = [
        f"\tat com.acme.{folder}.{file.title().replace('-', '')}.{name}({file.title()}.java:{random.randrange(1, 99_999)})"
        for name, folder, file in calls
    ]
    return "\n".join(
        [f"java.lang.IllegalStateException: order {random.randrange(1, 99_999)}", *reversed(rows)]
    )


def go_stack(calls: list[tuple[str, str, str]], random: Random) -> str:
    rows = [
        f"example.com/{folder}/{file}.{name}(0xc000{random.randrange(1, 99_999):06x})\n\t/build/{folder}/{file}.go:{random.randrange(1, 99_999)} +0x1d"
        for name, folder, file in calls
    ]
    return "\n".join(
        [
            f"panic: order {random.randrange(1, 99_999)}",
            "",
            f"goroutine {random.randrange(1, 99_999)} [running]:",
            *reversed(rows),
        ]
    )


Writer = Callable[[list[tuple[str, str, str]], Random], str]
WRITERS = st.sampled_from([v8_stack, firefox_stack, python_stack, java_stack, go_stack])


def print_of(stack: str, message: str = "") -> str:
    return group_of(parse_chain(stack), error_type="TypeError", message=message).fingerprint


@settings(max_examples=100, deadline=None)
@given(seeds=SEEDS, calls=CALLS, write=WRITERS)
def test_one_fault_is_one_issue_in_every_deployment(
    seeds: tuple[int, int], calls: list[tuple[str, str, str]], write: Writer
) -> None:
    """Other lines, values, hosts, asset hashes and deploy folders leave the fingerprint as it is."""
    first, second = (write(calls, Random(seed)) for seed in seeds)
    assert len(parse_stack(first)) == len(calls)
    assert print_of(first, f"order {seeds[0]}") == print_of(second, f"basket {seeds[1]}")


@settings(max_examples=100, deadline=None)
@given(seeds=SEEDS, data=st.data(), calls=CALLS, write=WRITERS)
def test_different_functions_never_merge(
    seeds: tuple[int, int], data: st.DataObject, calls: list[tuple[str, str, str]], write: Writer
) -> None:
    """Another function, or the same one in another file, anywhere in the application's frames is another issue."""
    place = data.draw(st.integers(0, len(calls) - 1))
    other = list(calls)
    name, folder, file = calls[place]
    other[place] = data.draw(
        st.sampled_from(
            [(name + "Other", folder, file), (name, folder + "x", file), (name, folder, file + "x")]
        )
    )
    assume(set(calls) != set(other))
    assume(max(map(calls.count, calls)) < 3)  # who called a recursion doesn't count
    assert print_of(write(calls, Random(seeds[0]))) != print_of(write(other, Random(seeds[1])))


@settings(max_examples=100, deadline=None)
@given(seeds=SEEDS, letters=st.lists(st.text(ascii_letters, min_size=1, max_size=2), min_size=1, max_size=6))
def test_minified_letters_do_not_count(seeds: tuple[int, int], letters: list[str]) -> None:
    """A build renames every function and moves every column: the chunk and the message are what stays."""

    def build(chunk: str, random: Random) -> str:
        digest, names = hash_of(random), random.sample(letters, len(letters))
        rows = [
            f"    at {name} (https://shop.example/assets/{chunk}-{digest}.js:1:{random.randrange(1, 99_999)})"
            for name in names
        ]
        return "\n".join(["TypeError: x", *rows])

    message = "Cannot read properties of undefined (reading 'total')"
    one, other = (build("Cart", Random(seed)) for seed in seeds)
    assert print_of(one, message) == print_of(other, message)
    assert print_of(one, message) != print_of(build("Order", Random(seeds[0])), message)
    assert print_of(one, message) != print_of(one, "e.pay is not a function")


@settings(max_examples=60, deadline=None)
@given(
    cycle=st.lists(NAMES, min_size=1, max_size=3, unique=True),
    crash=NAMES,
    depths=st.tuples(st.integers(3, 90), st.integers(3, 90)),
    kept=st.sampled_from([100, 200]),
)
def test_the_depth_of_a_recursion_does_not_count(
    cycle: list[str], crash: str, depths: tuple[int, int], kept: int
) -> None:
    """Direct or mutual, however deep, cut before its beginning or not: one recursion that ends in one place is one issue."""
    assume(crash not in cycle)

    def of(depth: int, cut: int) -> str:
        names = ["main", *cycle * depth, crash]
        return group_of(
            [ExceptionInfo("E", "", [Frame(name, "shop") for name in names][-cut:])],
            error_type="E",
            message="",
        ).fingerprint

    one, other = (of(depth, 10_000) for depth in depths)
    assert one == other == of(300, kept)


@settings(max_examples=60, deadline=None)
@given(
    cycle=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    start=st.integers(0, 3),
    depth=st.integers(40, 300),
)
def test_a_full_stack_is_one_issue_wherever_it_was_full(cycle: list[str], start: int, depth: int) -> None:
    """Which function of the cycle made the last call is chance."""

    def of(first: int, length: int) -> str:
        frames = [Frame(cycle[(first + index) % len(cycle)], "shop") for index in range(length)]
        return group_of(
            [ExceptionInfo("RecursionError", "", frames)], error_type="RecursionError", message=""
        ).fingerprint

    assert of(0, 100) == of(start, depth)


@settings(max_examples=60, deadline=None)
@given(
    seeds=SEEDS,
    calls=CALLS,
    causes=st.lists(st.sampled_from(["KeyError", "OSError", "ValueError"]), max_size=3),
)
def test_each_error_of_a_chain_counts(
    seeds: tuple[int, int], calls: list[tuple[str, str, str]], causes: list[str]
) -> None:
    """Another type of a cause, or one more cause of another type, is another issue."""

    def of(kinds: list[str], seed: int) -> str:
        random = Random(seed)
        parts = [
            python_stack(calls, random).replace("ValueError:", f"{kind}:") for kind in [*kinds, "Thrown"]
        ]
        mark = "\n\nThe above exception was the direct cause of the following exception:\n\n"
        return group_of(parse_chain(mark.join(parts)), error_type="Thrown", message="").fingerprint

    assert of(causes, seeds[0]) == of(causes, seeds[1])
    assert of(causes, seeds[0]) != of(["LookupError", *causes], seeds[1])


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
    st.lists(st.text(max_size=20), max_size=4),
)
def test_any_text_has_a_fingerprint(stack: str, message: str, frames: list[Frame], words: list[str]) -> None:
    """Whatever arrives as stack, message, frames or fingerprint, there is a group and a culprit."""
    for known in (parse_chain(stack), [ExceptionInfo(message, stack, frames)]):
        assert (
            len(group_of(known, error_type=message, message=message, client_fingerprint=words).fingerprint)
            == 32
        )
    assert len(culprit(frames, stack)) <= 200


MARKS = [
    "Traceback (most recent call last):",
    '  File "/app/a.py", line 1, in pay',
    "ValueError: no",
    "The above exception was the direct cause of the following exception:",
    "  +-+---------------- 1 ----------------",
    "    | ValueError: 1",
    "Caused by: a.b.C: d",
    "\tat a.b.C.d(C.java:1)",
    " ---> A.B: c",
    "   --- End of inner exception stack trace ---",
    "  [cause]: Error: x",
    "Stack trace:",
    "Next A\\B: c in /x.php:1",
    "#0 /x.php(1): a()",
    "/a.rb:1:in `b': c (D)",
    "goroutine 1 [running]:",
    "a.b(0x1)",
    "\t/a.go:1 +0x1",
    "   0: a::b",
    "             at ./a.rs:1:1",
    "",
]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(MARKS), max_size=30))
def test_marks_in_any_order_are_read(lines: list[str]) -> None:
    """A trace that is mixed, torn or made up gives at most ten errors of at most 200 frames."""
    chain = parse_chain("\n".join(lines))
    assert len(chain) <= 10
    assert all(len(item.frames) <= 200 for item in chain)


@pytest.mark.parametrize("mark", MARKS[:-1])
def test_hostile_chains_are_cut(mark: str) -> None:
    """A megabyte of one mark is cut before it is read, and costs no more than its length."""
    text = f"{mark}\n" * 60_000
    chain = parse_chain(text)
    assert len(chain) <= 10
    assert len(parse_stack(text)) <= 200
    assert len(group_of(chain, error_type="E", message=normalise_message(mark)).fingerprint) == 32
