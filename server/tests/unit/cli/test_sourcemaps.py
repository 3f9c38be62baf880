"""`holdfast sourcemaps upload` looks into a build before it sends it."""

from pathlib import Path

import pytest

from holdfast_server.cli.sourcemaps import problems, scan
from holdfast_server.errors import BadInput

MAP = b'{"version":3,"sources":["a.ts"],"sourcesContent":["x"],"names":[],"mappings":"AAAA"}'
SCRIPT = b"x()\n//# sourceMappingURL=app.js.map"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/app.js").write_bytes(SCRIPT)
    (tmp_path / "assets/app.js.map").write_bytes(MAP)
    return tmp_path


@pytest.mark.parametrize(
    ("prefix", "strip", "path"),
    [
        ("~/", "", "~/assets/app.js"),
        ("~/shop", "", "~/shop/assets/app.js"),
        ("https://cdn.example/", "assets", "https://cdn.example/app.js"),
    ],
)
def test_paths(build: Path, prefix: str, strip: str, path: str) -> None:
    """A file's address is where its folder is served, and its path below it."""
    assert [file.path for file in scan(build, prefix, strip)] == [path, f"{path}.map"]


def test_what_is_no_part_of_a_build(build: Path) -> None:
    """Libraries' folders, style sheets and other files are left where they are."""
    (build / "node_modules").mkdir()
    for name in (
        "node_modules/x.js",
        "node_modules/x.js.map",
        "assets/a.css.map",
        "assets/a.css",
        "index.html",
    ):
        (build / name).write_bytes(MAP)
    assert len(scan(build, "~/", "")) == 2


def test_a_whole_build_has_no_problems(build: Path) -> None:
    """Nothing is said when nothing is missing."""
    assert list(problems(build, scan(build, "~/", ""), "shop@1")) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("assets/b.js", b"x()", "assets/b.js names no source map"),
        ("assets/b.js", b"x()\n//# sourceMappingURL=b.map", "assets/b.js names b.map, which is not here"),
        ("assets/b.map", b"<html>", "assets/b.map is no source map: it is no JSON object"),
        (
            "assets/b.map",
            b'{"version":3,"sources":["a"],"mappings":"AAAA"}',
            "assets/b.map holds no source text (sourcesContent): frames will have no lines around them",
        ),
    ],
)
def test_each_problem_is_told(build: Path, name: str, content: bytes, said: str) -> None:
    """What will be missing later is said before anything is sent."""
    (build / name).write_bytes(content)
    assert list(problems(build, scan(build, "~/", ""), "shop@1")) == [said]


def test_without_a_release(build: Path) -> None:
    """Without a release only debug ids lead to a file."""
    assert list(problems(build, scan(build, "~/", ""), "")) == [
        "assets/app.js has no debug id, and no --release is given",
        "assets/app.js.map has no debug id, and no --release is given",
    ]


def test_a_build_without_maps(build: Path) -> None:
    """A build without any map is refused with how to turn them on; a map inside a script counts."""
    (build / "assets/app.js.map").unlink()
    with pytest.raises(BadInput, match="no source maps") as refused:
        scan(build, "~/", "")
    assert "sourcemap" in refused.value.hint
    (build / "assets/app.js").write_bytes(b"x()\n//# sourceMappingURL=data:application/json;base64,e30=")
    assert len(scan(build, "~/", "")) == 1
