"""Uploaded files of builds in the state store, on every engine."""

from dataclasses import replace

import pytest

from holdfast_server.model.artifact import Artifact
from holdfast_server.model.clock import ManualClock
from holdfast_server.state_store import artifacts, projects
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import releases

DAY_MS = 86_400_000
NOW_MS = ManualClock().now_ms()


@pytest.fixture
def project_id(store: StateStore) -> int:
    return projects.create(store, name="shop", slug="shop", created_at_ms=NOW_MS)[0].id


def artifact(project_id: int, path: str = "~/assets/app.js", **changes: object) -> Artifact:
    made = Artifact(
        project_id=project_id,
        release="shop@1.0.0",
        dist="",
        debug_id="",
        kind="script",
        path=path,
        reference="app.js.map",
        sha256="a" * 64,
        size=10,
        uploaded_at_ms=NOW_MS,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_found_by_path(store: StateStore, project_id: int) -> None:
    """A file is found by its release and any of the names asked for, and not in another release or project."""
    other = projects.create(store, name="other", slug="other", created_at_ms=NOW_MS)[0].id
    mine = artifact(project_id)
    artifacts.put(store, [mine, artifact(project_id, release="shop@2.0.0"), artifact(other)])
    assert artifacts.by_paths(store, project_id, "shop@1.0.0", ["~/x", mine.path]) == [mine]
    assert artifacts.by_paths(store, project_id, "shop@1.0.0", ["~/x"]) == []


def test_found_by_debug_id(store: StateStore, project_id: int) -> None:
    """A debug id finds script and map of it, the latest upload first, whatever their release."""
    debug_id = "89f1811c-0f16-5a1e-979e-2425be661ccc"
    script = artifact(project_id, debug_id=debug_id, release="")
    later = artifact(
        project_id, kind="map", path="~/assets/app.js.map", debug_id=debug_id, uploaded_at_ms=NOW_MS + 1
    )
    artifacts.put(store, [script, later, artifact(project_id)])
    assert artifacts.by_debug_id(store, project_id, debug_id) == [later, script]


def test_the_same_name_is_replaced(store: StateStore, project_id: int) -> None:
    """Uploading a file again replaces its content, and a batch may name it twice."""
    first = artifact(project_id)
    artifacts.put(store, [first, replace(first, size=11)])
    second = replace(first, sha256="b" * 64, uploaded_at_ms=NOW_MS + 5)
    artifacts.put(store, [second])
    assert artifacts.files_of(store, project_id, "shop@1.0.0") == [second]


def test_many_at_once(store: StateStore, project_id: int) -> None:
    """A build of thousands of files is kept whole and summed up as one line."""
    artifacts.put(store, [artifact(project_id, f"~/{n}.js") for n in range(1_203)])
    [line] = artifacts.list_releases(store, project_id)
    assert (line.files, line.maps, line.bytes) == (1_203, 0, 12_030)


def test_text_that_no_column_takes(store: StateStore, project_id: int) -> None:
    """Names longer than a column, with NUL or half a character, are kept within it."""
    artifacts.put(store, [artifact(project_id, "~/\x00\ud800" + "é" * 900)])
    [kept] = artifacts.files_of(store, project_id, "shop@1.0.0")
    assert len(kept.path) == 500
    assert artifacts.files_of(store, project_id, "\x00", "\ud800") == []
    assert artifacts.by_paths(store, project_id, "\x00", ["\x00"]) == []
    assert artifacts.delete_release(store, project_id, "\x00" * 999, "\x00") == 0


def test_deleting_a_release(store: StateStore, project_id: int) -> None:
    """Only the files of that release and distribution go; its bundles can be uploaded again."""
    artifacts.put(
        store, [artifact(project_id), artifact(project_id, dist="7"), artifact(project_id, release="x")]
    )
    artifacts.note_bundle(store, project_id, "1" * 40, "shop@1.0.0", "7", NOW_MS)
    assert artifacts.has_bundle(store, project_id, "1" * 40, "shop@1.0.0", "7")
    assert artifacts.delete_release(store, project_id, "shop@1.0.0", "7") == 1
    assert not artifacts.has_bundle(store, project_id, "1" * 40, "shop@1.0.0", "7")
    assert artifacts.dists_of(store, project_id, "shop@1.0.0") == {""}
    assert artifacts.dists_of(store, project_id, "x") == {""}


def test_what_is_in_use_stays(store: StateStore, project_id: int) -> None:
    """A file goes when neither its upload, nor its use, nor its release's last event is recent."""
    long_ago = NOW_MS - 100 * DAY_MS
    old = {
        name: artifact(project_id, release=name, uploaded_at_ms=long_ago, sha256=letter * 64)
        for name, letter in (("forgotten", "a"), ("used", "b"), ("seen", "c"))
    }
    artifacts.put(store, [*old.values(), artifact(project_id, release="fresh", sha256="d" * 64)])
    artifacts.mark_used(store, [old["used"].id], NOW_MS)
    with store.begin() as connection:
        connection.execute(
            releases.insert().values(
                project_id=project_id, version="seen", first_seen_ms=long_ago, last_seen_ms=NOW_MS - DAY_MS
            )
        )
    assert artifacts.expire(store, NOW_MS - 90 * DAY_MS) == 1
    assert artifacts.needed_files(store) == {letter * 64 for letter in "bcd"}


def test_chunks_of_an_upload(store: StateStore, project_id: int) -> None:
    """Chunks are counted for their own project, keep their content from the sweep, and expire."""
    other = projects.create(store, name="other", slug="other", created_at_ms=NOW_MS)[0].id
    artifacts.put_chunk(store, project_id, "1" * 40, "e" * 64, 7, NOW_MS)
    artifacts.put_chunk(store, project_id, "1" * 40, "e" * 64, 7, NOW_MS)
    assert artifacts.chunks(store, project_id, ["1" * 40, "2" * 40]) == {"1" * 40: ("e" * 64, 7)}
    assert artifacts.chunks(store, other, ["1" * 40]) == {}
    assert artifacts.waiting_bytes(store, project_id) == 7
    assert artifacts.needed_files(store) == {"e" * 64}
    assert artifacts.expire_chunks(store, NOW_MS + 1) == 1
    assert artifacts.waiting_bytes(store, project_id) == 0
