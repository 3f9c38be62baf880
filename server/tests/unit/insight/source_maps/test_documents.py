"""What uploaded files say about themselves."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.insight.source_maps.documents import canonical, describe_map, describe_script

BUILDS = Path(__file__).parent / "builds"
DEBUG_ID = "89f1811c-0f16-5a1e-979e-2425be661ccc"


def test_a_build_with_debug_ids() -> None:
    """Script and map of one build have one debug id, and the script names its map."""
    script = describe_script((BUILDS / "shop/main.js").read_bytes())
    found = describe_map((BUILDS / "shop/main.js.map").read_bytes())
    assert (script.debug_id, script.reference, script.embedded) == (DEBUG_ID, "main.js.map", None)
    assert (found.debug_id, found.has_sources, found.problem) == (DEBUG_ID, True, "")


def test_an_embedded_map() -> None:
    """A map inside the script is taken out of it."""
    content = (BUILDS / "terser/app.min.js.map").read_bytes()
    script = b"x()\n//# sourceMappingURL=data:application/json;charset=utf-8;base64," + base64.b64encode(
        content
    )
    found = describe_script(script + b"\n//# debugId=" + DEBUG_ID.encode())
    assert (found.reference, found.embedded, found.debug_id) == ("", content, DEBUG_ID)


@pytest.mark.parametrize(
    ("script", "reference"),
    [
        (b"x()\n//# sourceMappingURL=a.map", "a.map"),
        (b"x()\n//@ sourceMappingURL=a.map\n", "a.map"),
        (b"x()\r\n//# sourceMappingURL=a.map\r\n\r\n", "a.map"),
        (b"//# sourceMappingURL=old.map\nx()\n//# sourceMappingURL=new.map\n", "new.map"),
        (b"const s = 'sourceMappingURL=' + x", ""),
        (b"//# sourceMappingURL=data:text/plain,abc", ""),
        (b"//# sourceMappingURL=data:application/json;base64,%%%", ""),
        (b"", ""),
    ],
)
def test_references(script: bytes, reference: str) -> None:
    """The last comment counts; text that only looks like one does not."""
    assert describe_script(script).reference == reference


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<!doctype html>", "it is no JSON object"),
        (b"[]", "it is no JSON object"),
        (b"{}", "it has neither mappings nor sections"),
        (b'{"version":3,"sources":[],"mappings":""}', "its mappings are empty"),
        (b")]}'\n" + b'{"version":3,"mappings":"AAAA","sourcesContent":["x"]}', ""),
        (b"\xef\xbb\xbf" + b'{"mappings":"AAAA"}', ""),
        (json.dumps({"sections": [{"map": {}}]}).encode(), ""),
    ],
)
def test_maps_of_no_use(content: bytes, problem: str) -> None:
    """A file that is no map is told at once, not when the first error comes."""
    assert describe_map(content).problem == problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DEBUG_ID.upper(), DEBUG_ID),
        (DEBUG_ID.replace("-", ""), DEBUG_ID),
        ("nonsense", ""),
        (None, ""),
        (7, ""),
        ("é" * 36, ""),
    ],
)
def test_debug_ids_have_one_form(text: object, expected: str) -> None:
    """The same id in any spelling is the same id; anything else is none."""
    assert canonical(text) == expected


@given(st.binary(max_size=400))
def test_any_bytes(content: bytes) -> None:
    """Whatever is uploaded is described, with a debug id in its one form or none."""
    for described in (
        describe_map(content),
        describe_script(content),
        describe_script(b"//# sourceMappingURL=" + content),
    ):
        assert described.debug_id == canonical(described.debug_id)
