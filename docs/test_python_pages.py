"""The pages about the Python client, run: all blocks of a page in order, against a small real server."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent
PAGES = [
    DOCS / "tutorials" / "python.md",
    *sorted((DOCS / "how-to").glob("*python*.md")),
    DOCS / "explanation" / "grouping.md",
    DOCS / "reference" / "python.md",
]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SETTINGS = re.compile(r"^\| `([a-z_]+)` \| (.+?) \|", re.MULTILINE)


@pytest.fixture
def wire() -> Iterator[Any]:
    """The server of the client's own tests."""
    path = DOCS.parent / "sdk-python" / "tests" / "conftest.py"
    spec = importlib.util.spec_from_file_location("holdfast_wire_server", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = module.WireServer()
    yield server
    server.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_runs(page: Path, wire: Any, tmp_path: Path) -> None:
    """Every Python block of the page runs, in order, without a complaint of the client, and events arrive."""
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    assert blocks
    code = "\n".join(blocks)
    host = wire.url.removeprefix("http://")
    code = code.replace("localhost:8321", host).replace("https://analytics.example.com", wire.url)
    script = tmp_path / "page.py"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - the pages are ours
        [sys.executable, script], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "not recorded" not in done.stderr
    assert "dropped" not in done.stderr
    if page.stem != "python-testing":
        assert wire.events


def test_settings_table_is_complete() -> None:
    """The reference lists every setting of TelemetryConfig with its default."""
    from holdfast import TelemetryConfig

    text = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    section = text.split("## Settings")[1].split("\n## ")[0]
    listed = {name: default.strip("`") for name, default in SETTINGS.findall(section)}
    assert listed == {name: repr(value) for name, value in TelemetryConfig()._asdict().items()}
