"""From an uploaded build to mapped frames, over a real state store and a real folder of files."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast_server.errors import BadInput, TooLarge
from holdfast_server.ingest.artifacts import Artifacts
from holdfast_server.ingest.assemblies import Assemblies, Order, Phase
from holdfast_server.ingest.symbolicate import Symbolicator
from holdfast_server.model.clock import ManualClock
from holdfast_server.model.files import Files
from holdfast_server.state_store import artifacts, projects
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.migrations import migrate

BUILDS = Path(__file__).parents[2] / "unit/insight/source_maps/builds"
SCRIPT, MAP = ((BUILDS / "shop" / name).read_bytes() for name in ("main.js", "main.js.map"))
PLAIN = b"x()\n"
DEBUG_ID = "89f1811c-0f16-5a1e-979e-2425be661ccc"
RELEASE = "shop@1.0.0"
URL = "https://shop.example/assets/main.js"
STACK = [("?", 494), ("i", 415), ("n", 230), ("f", 285)]
NAMES = ["checkout", "totalOf", "priceOf"]


class Rig:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.store = StateStore.open(f"sqlite:///{folder}/state.sqlite")
        migrate(self.store)
        self.files = Files(folder / "files")
        self.builds = Artifacts(self.store, self.files, self.clock)
        self.symbolicator = Symbolicator(self.store, self.files, self.clock)
        self.project_id = projects.create(self.store, name="a", slug="a", created_at_ms=1)[0].id

    def keep(self, path: str, content: bytes, release: str = RELEASE, dist: str = "") -> None:
        self.builds.keep_file(self.project_id, release, dist, path, content)

    def keep_build(self, release: str = RELEASE, dist: str = "") -> None:
        self.keep("~/assets/main.js", SCRIPT, release, dist)
        self.keep("~/assets/main.js.map", MAP, release, dist)

    def map(self, exceptions: list[dict[str, Any]], **more: Any) -> list[dict[str, Any]] | None:
        asked: dict[str, Any] = {"release": RELEASE, **more}
        return self.symbolicator.symbolicate(exceptions, project_id=self.project_id, **asked)

    def reasons(self, **more: Any) -> set[str | None]:
        """Why the frames of an error are as they are, asked anew."""
        self.clock.advance_s(120)
        found = self.map(thrown(more.pop("url", URL)), **more)
        return {frame.get("unmapped") for frame in (found or thrown())[0]["frames"]}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    with closing(made.store):
        yield made


def thrown(url: str = URL, **more: Any) -> list[dict[str, Any]]:
    frames = [
        {"function": name, "abs_path": url, "lineno": 3, "colno": column, **more} for name, column in STACK
    ]
    return [{"type": "Error", "value": "a price below zero: -1", "frames": frames}]


def functions(exceptions: list[dict[str, Any]] | None) -> list[str]:
    assert exceptions is not None
    return [frame["function"] for frame in exceptions[0]["frames"]][1:]


@pytest.mark.parametrize("url", [URL, URL + "?v=2#x", "app:///assets/main.js", "/assets/main.js"])
def test_by_release_and_path(rig: Rig, url: str) -> None:
    """A frame finds its map by the release and the path of its script, on any host and with any query."""
    rig.keep_build()
    mapped = rig.map(thrown(url))
    assert functions(mapped) == NAMES
    assert mapped is not None
    assert mapped[0]["frames"][3]["raw"]["function"] == "f"
    assert mapped[0]["type"] == "Error"


def test_by_debug_id(rig: Rig) -> None:
    """With a debug id neither release nor path matter; the frame or the event's images may tell it."""
    rig.keep_build(release="another")
    images = [{"type": "sourcemap", "code_file": "https://x/y.js", "debug_id": DEBUG_ID.upper()}]
    assert functions(rig.map(thrown("https://x/y.js", debug_id=DEBUG_ID), release="")) == NAMES
    assert functions(rig.map(thrown("https://x/y.js"), release="", debug_images=images)) == NAMES


def test_nothing_uploaded(rig: Rig) -> None:
    """A project without files is answered from memory: nothing changes, and the store is asked once in a while."""
    exceptions = thrown()
    asked = 0

    def has_any(*_: object) -> bool:
        nonlocal asked
        asked += 1
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(artifacts, "has_any", has_any)
        assert [rig.map(exceptions) for _ in range(100)] == [None] * 100
    assert asked == 1


def test_seen_after_an_upload(rig: Rig) -> None:
    """What was not there a moment ago is found soon after it came."""
    assert rig.map(thrown()) is None
    rig.keep_build()
    rig.clock.advance_s(11)
    assert functions(rig.map(thrown())) == NAMES


def test_reasons(rig: Rig) -> None:
    """Each way of not being found has its own reason."""
    rig.keep_build()
    rig.keep("~/plain.js", PLAIN)
    rig.keep("~/lost.js", b"x()\n//# sourceMappingURL=nowhere.map")
    rig.keep_build(release="dists", dist="7")
    assert rig.reasons() == {None}
    assert rig.reasons(release="2.0.0") == {"no_artifact_for_release"}
    assert rig.reasons(release="") == {"no_debug_id"}
    assert rig.reasons(release="dists") == {"no_artifact_for_dist"}
    assert rig.reasons(release="dists", dist="7") == {None}
    assert rig.reasons(url="https://shop.example/other.js") == {"path_not_in_release"}
    assert rig.reasons(url="https://shop.example/plain.js") == {"not_minified"}
    assert rig.reasons(url="https://shop.example/lost.js") == {"map_missing"}
    images = [{"code_file": URL, "debug_id": "00000000-0000-4000-8000-000000000000"}]
    assert rig.reasons(release="", debug_images=images) == {"no_artifact_for_debug_id"}


def test_maps_of_no_use(rig: Rig) -> None:
    """A map that can't be read, or is gone from the folder, is a reason and no fault."""
    rig.keep("~/bad.js", b"x()\n//# sourceMappingURL=bad.js.map")
    with pytest.raises(BadInput, match="no source map"):
        rig.keep("~/bad.js.map", b"<html>")
    rig.keep("~/bad.js.map", b'{"version":3,"sources":[],"names":[],"mappings":"!!"}')
    assert rig.reasons(url="https://x/bad.js") == {"map_invalid"}
    rig.keep_build()
    for path in rig.files.folder.glob("*/*"):
        path.unlink()
    rig.symbolicator = Symbolicator(rig.store, rig.files, rig.clock)
    assert rig.reasons() == {"map_missing"}


def test_explained(rig: Rig) -> None:
    """The reason for people names what was looked for and says what to do."""
    rig.keep_build()
    [first, *_] = rig.symbolicator.explain(
        thrown("https://x/y.js"), project_id=rig.project_id, release=RELEASE
    )
    assert (first.address, first.line, first.column, first.code) == (
        "https://x/y.js",
        3,
        494,
        "path_not_in_release",
    )
    assert "~/y.js in release shop@1.0.0" in first.looked_for
    assert first.sentence
    assert first.advice


def test_a_map_without_text_is_explained(rig: Rig) -> None:
    """A frame that was mapped, but whose source text is not in the map, is explained too."""
    for name in ("main.js", "main.js.map"):
        rig.keep(f"~/assets/{name}", (BUILDS / "without_sources" / name).read_bytes())
    frames = [{"function": "f", "abs_path": URL, "lineno": 1, "colno": 285}]
    mapped = rig.map([{"type": "E", "value": "", "frames": frames}])
    assert mapped is not None
    [why] = rig.symbolicator.explain(mapped, project_id=rig.project_id, release=RELEASE)
    assert (why.code, why.address, why.line) == ("source_content_missing", "src/cart.ts", 11)


def test_other_languages_and_mapped_frames_stay(rig: Rig) -> None:
    """Frames without a column, of the engine, with their source already, or mapped before are not touched."""
    rig.keep_build()
    frames = [
        {"function": "f", "abs_path": "/srv/app.py", "lineno": 3},
        {"function": "f", "abs_path": "node:internal/x.js", "lineno": 3, "colno": 4},
        {"function": "f", "abs_path": "/srv/x.js", "lineno": 3, "colno": 4, "context_line": "readable()"},
        {"function": "f", "abs_path": URL, "lineno": 3, "colno": 285, "raw": {}},
    ]
    assert rig.map([{"type": "E", "value": "", "frames": frames}, {"type": "E", "value": ""}]) is None


def test_an_embedded_map(rig: Rig) -> None:
    """A map inside its script is used like one beside it."""
    script = SCRIPT.partition(b"//# sourceMappingURL")[0]
    rig.keep(
        "~/assets/main.js",
        script + b"//# sourceMappingURL=data:application/json;base64," + base64.b64encode(MAP),
    )
    assert functions(rig.map(thrown())) == NAMES


def test_memory_is_bounded(rig: Rig) -> None:
    """Parsed maps stay within their budget, and those thrown out are read again."""
    small = Symbolicator(rig.store, rig.files, rig.clock, budget_bytes=1)
    for name in "abc":
        rig.keep(f"~/{name}.js", SCRIPT + name.encode())
        rig.keep(f"~/{name}.js.map", MAP + b" " * ord(name))
    for name in "abca":
        found = small.symbolicate(thrown(f"https://x/{name}.js"), project_id=rig.project_id, release=RELEASE)
        assert functions(found) == NAMES
        assert len(small.maps.kept) == 1


def test_many_frames(rig: Rig) -> None:
    """A stack without end costs no more than its first part."""
    rig.keep_build()
    frame = {"function": "f", "abs_path": URL, "lineno": 3, "colno": 285}
    mapped = rig.map([{"type": "RangeError", "value": "", "frames": [dict(frame) for _ in range(2_000)]}])
    assert mapped is not None
    assert sum("raw" in frame for frame in mapped[0]["frames"]) == 500


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([URL, "x.js", "3", DEBUG_ID, "\0", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES_OF_A_FRAME = [
    "function",
    "abs_path",
    "filename",
    "lineno",
    "colno",
    "in_app",
    "debug_id",
    "context_line",
    "raw",
    "pre_context",
]
FRAME = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES_OF_A_FRAME, JSON)) | JSON
EXCEPTION = (
    st.fixed_dictionaries({}, optional={"type": JSON, "frames": st.lists(FRAME, max_size=4) | JSON}) | JSON
)


@given(st.lists(EXCEPTION, max_size=3), st.lists(JSON, max_size=2))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_hostile_errors(rig: Rig, exceptions: list[Any], images: list[Any]) -> None:
    """Whatever stands where a stack should be, it is answered; a poisonous one must not stop the queue."""
    if not rig.symbolicator.resolver.has_files(rig.project_id):
        rig.keep_build()
        rig.clock.advance_s(60)
    found = rig.map(exceptions, debug_images=images)
    assert found is None or len(found) == len(exceptions)


def test_use_is_noted_once_a_day(rig: Rig) -> None:
    """What maps frames is in use, so that retention keeps it; it is not written with every error."""
    rig.keep_build()
    written: list[int] = []
    mark = artifacts.mark_used
    with pytest.MonkeyPatch.context() as patch:

        def note(store: StateStore, ids: Iterable[str], at_ms: int) -> None:
            written.append(at_ms)
            mark(store, ids, at_ms)

        patch.setattr(artifacts, "mark_used", note)
        for _ in range(5):
            rig.map(thrown())
        assert len(written) == 1
        rig.clock.advance_s(90_000)
        rig.map(thrown())
        assert len(written) == 2
    assert {file.used_at_ms for file in artifacts.files_of(rig.store, rig.project_id, RELEASE)} == {
        rig.clock.now_ms()
    }


def test_a_sweep_takes_old_builds(rig: Rig) -> None:
    """After its time a build that nothing used goes, rows and content."""
    rig.keep_build()
    rig.clock.advance_s(91 * 86_400)
    rig.keep("~/new.js", PLAIN)
    swept = rig.builds.sweep(90, grace_s=-1)
    assert (swept.artifacts, artifacts.list_releases(rig.store, rig.project_id)[0].files) == (2, 1)
    assert not rig.files.has(hashlib.sha256(SCRIPT).hexdigest())


@pytest.mark.parametrize(
    ("path", "release", "content"),
    [("", RELEASE, PLAIN), ("x" * 501, RELEASE, PLAIN), ("~/a.js", "", PLAIN), ("~/a.js", "x" * 201, PLAIN)],
)
def test_files_that_nobody_could_find(rig: Rig, path: str, release: str, content: bytes) -> None:
    """A file without a name, or that neither release nor debug id would find, is refused."""
    with pytest.raises(BadInput):
        rig.keep(path, content, release)


def bundle(**files: bytes) -> bytes:
    out = io.BytesIO()
    kinds = {name: "source_map" if name.endswith("map") else "minified_source" for name in files}
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        entries = {name: {"type": kinds[name], "url": f"~/assets/{name}"} for name in files}
        archive.writestr("manifest.json", json.dumps({"files": entries, "release": "of the manifest"}))
    return out.getvalue()


def sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


@pytest.fixture
def upload(rig: Rig) -> Iterator[Callable[..., Any]]:
    """Sends a bundle as sentry-cli does: asks, sends what is missing, asks again."""
    assemblies = Assemblies(rig.builds)

    def send(data: bytes, *, release: str = RELEASE, size: int = 500, checksum: str = "") -> Any:
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        order = Order(rig.project_id, checksum or sha1(data), tuple(map(sha1, pieces)), release, "")
        progress = assemblies.ask(order, wait_s=60)
        if progress.phase is not Phase.NOT_FOUND:
            return progress
        assert set(progress.missing) == set(order.chunks)
        for piece in pieces:
            rig.builds.put_chunk(rig.project_id, sha1(piece), piece)
        return assemblies.ask(order, wait_s=60)

    yield send
    assemblies.close()


def test_a_bundle_in_chunks(rig: Rig, upload: Callable[..., Any]) -> None:
    """A bundle is put together from its chunks, its files are found, and sending it again is done at once."""
    data = bundle(**{"main.js": SCRIPT, "main.js.map": MAP})
    assert upload(data).phase is Phase.OK
    assert functions(rig.map(thrown())) == NAMES
    assert upload(data).phase is Phase.OK
    assert artifacts.waiting_bytes(rig.store, rig.project_id) == 0
    rig.builds.sweep(90, grace_s=-1)
    assert len(list(rig.files.folder.glob("[0-9a-f][0-9a-f]/*"))) == 2


def test_the_release_of_the_manifest(rig: Rig, upload: Callable[..., Any]) -> None:
    """Without a release in the order, the one in the bundle counts."""
    assert upload(bundle(**{"main.js": SCRIPT}), release="").phase is Phase.OK
    assert [line.release for line in artifacts.list_releases(rig.store, rig.project_id)] == [
        "of the manifest"
    ]


@pytest.mark.parametrize(
    ("data", "checksum"), [(b"no bundle at all", ""), (bundle(**{"main.js": SCRIPT}), "0" * 40)]
)
def test_a_bundle_of_no_use(upload: Callable[..., Any], data: bytes, checksum: str) -> None:
    """What is no bundle, or not the one announced, ends in the state error with the reason; so does the next try."""
    for _ in range(2):
        progress = upload(data, checksum=checksum)
        assert progress.phase is Phase.ERROR
        assert "bundle" in progress.detail


def test_chunks_are_checked(rig: Rig) -> None:
    """A chunk has to be what it is called, not too large, and not one too many."""
    with pytest.raises(BadInput, match="checksum"):
        rig.builds.put_chunk(rig.project_id, "0" * 40, b"x")
    with pytest.raises(TooLarge):
        rig.builds.put_chunk(rig.project_id, "0" * 40, b"x" * (8 * 1024 * 1024 + 1))
    artifacts.put_chunk(rig.store, rig.project_id, "1" * 40, "a" * 64, 2**31 + 1, 0)
    with pytest.raises(TooLarge, match="unfinished"):
        rig.builds.put_chunk(rig.project_id, sha1(b"x"), b"x")
