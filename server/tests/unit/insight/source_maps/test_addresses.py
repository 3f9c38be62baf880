"""The names under which a frame's file may have been uploaded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.insight.source_maps.addresses import LONGEST, beside, candidates, is_script


@pytest.mark.parametrize(
    ("address", "names"),
    [
        (
            "https://shop.example/assets/app.js?v=1",
            [
                "https://shop.example/assets/app.js?v=1",
                "https://shop.example/assets/app.js",
                "~/assets/app.js?v=1",
                "~/assets/app.js",
            ],
        ),
        ("app:///dist/server.js", ["app:///dist/server.js", "~/dist/server.js"]),
        ("/srv/app/dist/x.js", ["/srv/app/dist/x.js", "~/srv/app/dist/x.js"]),
        ("C:\\app\\x.js", ["C:\\app\\x.js", "~/app/x.js"]),
        ("~/assets/a%20b.js", ["~/assets/a%20b.js", "~/assets/a b.js"]),
    ],
)
def test_known_addresses(address: str, names: list[str]) -> None:
    """The whole address first, then its path on any host; with the query before without."""
    assert candidates(address) == names


@pytest.mark.parametrize(
    ("script", "reference", "name"),
    [
        ("~/assets/app.js", "app.js.map", "~/assets/app.js.map"),
        ("~/assets/app.js", "../maps/app.map", "~/maps/app.map"),
        ("~/assets/app.js", "/maps/app.map?x", "~/maps/app.map"),
        ("https://cdn.example/a/app.js", "app.js.map", "https://cdn.example/a/app.js.map"),
        ("~/assets/app.js", "https://maps.example/app.map", "https://maps.example/app.map"),
        ("~/assets/app.js", "", "~/assets/app.js.map"),
    ],
)
def test_the_map_beside(script: str, reference: str, name: str) -> None:
    """A script's reference is read as the browser would; without one the map may lie beside it."""
    assert name in beside(script, reference)


@pytest.mark.parametrize(
    ("address", "column", "expected"),
    [
        ("https://shop.example/assets/app.js", True, True),
        ("https://shop.example/checkout", True, True),
        ("/srv/app/server.mjs", True, True),
        ("app:///main.jsbundle", True, True),
        ("app.py", True, False),
        ("https://shop.example/app.js", False, False),
        ("node:internal/modules/cjs/loader", True, False),
        ("chrome-extension://abc/x.js", True, False),
        ("<anonymous>", True, False),
        ("", True, False),
    ],
)
def test_what_is_javascript(address: str, column: bool, expected: bool) -> None:
    """Only code that a build may have made is looked up."""
    assert is_script(address, column) is expected


@given(st.text(max_size=1500), st.text(max_size=700))
def test_any_text(address: str, reference: str) -> None:
    """Whatever a client sends, the names are few and no longer than a column."""
    names = [*candidates(address), *beside(address[:LONGEST], reference)]
    assert len(names) <= 30
    assert all(0 < len(name) <= LONGEST for name in names)
