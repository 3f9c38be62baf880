"""Frames of real minified builds become what their author wrote."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.insight.source_maps.mapping import (
    BadMap,
    ParsedMap,
    function_name,
    map_frame,
    module_of,
    readable,
)

BUILDS = Path(__file__).parent / "builds"
SHOP = (BUILDS / "shop/main.js.map").read_bytes()
SHOP_SCRIPT = (BUILDS / "shop/main.js").read_bytes()
THROWS = {"function": "f", "abs_path": "https://shop.example/assets/main.js", "lineno": 3, "colno": 285}


def test_a_frame_with_everything() -> None:
    """Function, file, line, column and five lines around come from the map; the first form is kept under raw."""
    mapped, calls = map_frame({**THROWS, "in_app": True, "vars": {"a": 1}}, ParsedMap(SHOP, SHOP_SCRIPT))
    assert calls == ""
    assert mapped == {
        "function": "priceOf",
        "module": "src/cart",
        "filename": "src/cart.ts",
        "abs_path": "../../src/cart.ts",
        "lineno": 11,
        "colno": 11,
        "in_app": True,
        "vars": {"a": 1},
        "context_line": '    throw new CartError("a price below zero: " + item.price);',
        "pre_context": [
            "  }",
            "  return total;",
            "}",
            "function priceOf(item: { price: number }): number {",
            "  if (item.price < 0) {",
        ],
        "post_context": ["  }", "  return item.price;", "}", ""],
        "raw": {**THROWS, "in_app": True},
    }


@pytest.mark.parametrize(
    ("build", "script", "position", "expected"),
    [
        ("shop/main.js", True, (3, 230), ("totalOf", "src/cart.ts", 5)),
        ("shop/main.js", True, (3, 415), ("checkout", "src/main.ts", 3)),
        ("terser/app.min.js", True, (1, 34), ("priceOf", "tsrc.js", 3)),
        ("terser/app.min.js", True, (1, 109), ("totals", "tsrc.js", 7)),
        ("terser/app.min.js", True, (1, 195), ("checkout", "tsrc.js", 10)),
        ("without_sources/main.js", True, (1, 285), ("priceOf", "src/cart.ts", 11)),
        ("shop/main.js", False, (3, 285), ("f", "src/cart.ts", 11)),
    ],
)
def test_known_positions(
    build: str, script: bool, position: tuple[int, int], expected: tuple[str, str, int]
) -> None:
    """The positions of real stacks give the names in the sources; without the script the browser's name stays."""
    content = (BUILDS / f"{build}.map").read_bytes()
    parsed = ParsedMap(content, (BUILDS / build).read_bytes() if script else b"")
    frame = {"function": "f", "lineno": position[0], "colno": position[1]}
    mapped, _ = map_frame(frame, parsed)
    assert (mapped["function"], mapped["filename"], mapped["lineno"]) == expected


def test_sections() -> None:
    """An index map, as some bundlers write it, is followed into its sections."""
    parts = [
        {
            "offset": {"line": 0, "column": 0},
            "map": json.loads((BUILDS / "terser/app.min.js.map").read_bytes()),
        },
        {"offset": {"line": 100, "column": 0}, "map": json.loads(SHOP)},
    ]
    parsed = ParsedMap(json.dumps({"version": 3, "sections": parts}).encode())
    first, _ = map_frame({"lineno": 1, "colno": 34}, parsed)
    second, _ = map_frame({"lineno": 103, "colno": 285}, parsed)
    assert (first["filename"], first["lineno"]) == ("tsrc.js", 3)
    assert (second["filename"], second["lineno"]) == ("src/cart.ts", 11)


def test_without_source_text() -> None:
    """A map without sourcesContent still gives the place, and says what is missing."""
    mapped, _ = map_frame(
        THROWS | {"lineno": 1}, ParsedMap((BUILDS / "without_sources/main.js.map").read_bytes())
    )
    assert (mapped["filename"], mapped["unmapped"]) == ("src/cart.ts", "source_content_missing")
    assert "context_line" not in mapped


@pytest.mark.parametrize("position", [(99, 1), (0, 5), (3, 0), (-1, -1), (2**40, 5)])
def test_a_position_outside(position: tuple[int, int]) -> None:
    """A place that the map does not know leaves the frame as it was, with the reason."""
    frame = {"lineno": position[0], "colno": position[1], "context_line": "x"}
    assert map_frame(frame, ParsedMap(SHOP))[0] == {**frame, "unmapped": "position_not_found"}


@pytest.mark.parametrize(
    ("scope", "called_as", "browser", "expected"),
    [
        ("priceOf", "n", "e", "priceOf"),
        ("<anonymous>", "priceOf", "e", "priceOf"),
        ("", "__webpack_require__", "e", "e"),
        ("", "", "", "<anonymous>"),
        ("", "", "?", "<anonymous>"),
    ],
)
def test_names(scope: str, called_as: str, browser: str, expected: str) -> None:
    """The scope's name first, then what the caller called, then the browser's."""
    assert function_name({"function": browser}, scope, called_as) == expected


@pytest.mark.parametrize(
    ("source", "shown", "module"),
    [
        ("webpack://shop/./src/cart.ts?1f2e", "src/cart.ts", "src/cart"),
        ("webpack:///./src/pages/index.tsx", "src/pages/index.tsx", "src/pages"),
        ("../../src/cart.vue", "src/cart.vue", "src/cart"),
        ("file:///srv/app/x.mjs", "srv/app/x.mjs", "srv/app/x"),
        ("turbopack://[project]/app/page.tsx", "app/page.tsx", "app/page"),
        ("https://shop.example/src/a.js", "src/a.js", "src/a"),
        ("/", "/", "/"),
    ],
)
def test_sources_are_shown_as_paths(source: str, shown: str, module: str) -> None:
    """What bundlers put around a path does not reach the page or the grouping."""
    assert (readable(source), module_of(shown)) == (shown, module)


@pytest.mark.parametrize("path", ["../node_modules/react/index.js", "webpack/runtime/chunk", "x/(webpack)/y"])
def test_code_of_others_is_not_in_app(path: str) -> None:
    """Libraries and the bundler's own code are folded away."""
    content = {"version": 3, "sources": [path], "sourcesContent": ["x"], "names": [], "mappings": "AAAA"}
    mapped, _ = map_frame({"lineno": 1, "colno": 1}, ParsedMap(json.dumps(content).encode()))
    assert mapped["in_app"] is False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "version": JSON,
            "sources": JSON | st.lists(st.text(max_size=9), max_size=3),
            "sourcesContent": JSON | st.lists(st.none() | st.text(max_size=9), max_size=3),
            "names": JSON,
            "mappings": JSON | st.text("ABCDgIhz0/+,;", max_size=60),
            "sections": JSON,
            "sourceRoot": JSON,
        },
    ),
    st.integers(-3, 2**33),
    st.integers(-3, 2**33),
)
def test_hostile_maps(content: dict[str, Any], line: int, column: int) -> None:
    """Any JSON either is refused as a map or answers every position."""
    try:
        parsed = ParsedMap(json.dumps(content).encode("utf-8", "replace"), b"function a(){}")
        frame, _ = map_frame({"lineno": line, "colno": column}, parsed)
    except BadMap:
        return
    assert "raw" in frame or frame["unmapped"] == "position_not_found"


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_hostile_bytes(content: bytes, script: bytes) -> None:
    """Bytes that are no map are refused; bytes that are no script do no harm to a good map."""
    with suppress(BadMap):
        ParsedMap(content, script)
    assert map_frame(dict(THROWS), ParsedMap(SHOP, script))[0]["filename"] == "src/cart.ts"
