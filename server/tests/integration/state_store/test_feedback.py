"""Feedback and noise settings in the state store: kept once, listed page by page, marked; both engines."""

from dataclasses import replace

import pytest

from holdfast_server.errors import BadInput, NotFound, SpoolFull
from holdfast_server.model.feedback import InboxItem, Screenshot
from holdfast_server.model.noise import NoiseSettings
from holdfast_server.state_store import feedback, noise, projects
from holdfast_server.state_store.connect import StateStore

NOW = 1_795_000_000_000


@pytest.fixture
def project(store: StateStore) -> int:
    made, _ = projects.create(store, name="tested", slug="tested", created_at_ms=NOW)
    return made.id


def item(project_id: int, number: int = 1, **fields: object) -> InboxItem:
    whole = InboxItem(
        id=f"{number:032x}",
        project_id=project_id,
        at_ms=NOW + number,
        message=f"message {number}",
        contact="ada@example.org",
        screenshot=None,
        metadata='{"plan":"pro"}',
        page="/x",
        url="https://shop.example.org/x",
        user_agent="Mozilla",
        session_id="s",
        user_id="u",
        anonymous_id="",
        release="1",
        environment="production",
        error_id="e" * 32,
        event_id="",
        names_error=False,
        source="native",
        status="open",
        changed_by="",
        changed_at_ms=None,
    )
    return replace(whole, **fields)  # type: ignore[arg-type]


def test_kept_as_it_came(store: StateStore, project: int) -> None:
    """Every field comes back, with a picture and without."""
    without = item(project, 1)
    with_picture = item(project, 2, screenshot=Screenshot("a" * 64, "image/png", 40, 30, 99))
    for each in (without, with_picture):
        assert feedback.add(store, each) == each
        assert feedback.get(store, project, each.id) == each
        assert feedback.get(store, None, each.id) == each
    assert feedback.get(store, project + 1, without.id) is None
    assert feedback.screenshots(store) == {"a" * 64}


def test_the_same_id_is_kept_once(store: StateStore, project: int) -> None:
    """The second of the same id is answered as the first stands; what goes with it is not done again."""
    done: list[int] = []
    first = feedback.add(store, item(project), lambda: done.append(1))
    again = feedback.add(store, item(project, message="changed"), lambda: done.append(2))
    assert again == first
    assert done == [1]


def test_undone_when_the_spool_refuses(store: StateStore, project: int) -> None:
    """What fails before the end leaves nothing behind."""

    def refuse() -> None:
        raise SpoolFull("the data disk is full")

    with pytest.raises(SpoolFull):
        feedback.add(store, item(project), refuse)
    assert feedback.get(store, project, item(project).id) is None


def test_pages(store: StateStore, project: int) -> None:
    """Newest first, each once, also among many of the same moment."""
    for number in range(25):
        feedback.add(store, item(project, number, at_ms=NOW + number // 10))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = feedback.list_feedback(store, project, limit=4, cursor=cursor)
        seen += [each.id for each in page]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 25
    moments = [int(each, 16) // 10 for each in seen]
    assert moments == sorted(moments, reverse=True)


def test_narrowed(store: StateStore, project: int) -> None:
    """By status, by the fingerprints of an issue, by the client's id of an occurrence; each project by itself."""
    other, _ = projects.create(store, name="other", slug="other", created_at_ms=NOW)
    feedback.add(store, item(project, 1, error_id="a" * 32))
    feedback.add(store, item(project, 2, error_id="b" * 32, event_id="c" * 32))
    feedback.add(store, item(other.id, 3, error_id="a" * 32))
    feedback.set_status(store, project, [f"{1:032x}"], "done", by="ada", at_ms=NOW)
    assert [each.id for each in feedback.list_feedback(store, project, status="done")[0]] == [f"{1:032x}"]
    about = feedback.list_feedback(store, project, error_ids=["a" * 32, "z" * 32])[0]
    assert [each.id for each in about] == [f"{1:032x}"]
    assert feedback.list_feedback(store, project, error_ids=[])[0] == []
    assert [each.id for each in feedback.about_event(store, project, "c" * 32)] == [f"{2:032x}"]
    assert feedback.about_event(store, project, "") == []
    assert feedback.counts(store, project) == {"open": 1, "done": 1, "spam": 0}


def test_marking(store: StateStore, project: int) -> None:
    """Marking changes what is not marked so already, in this project, and says by whom and when."""
    feedback.add(store, item(project, 1))
    ids = [f"{1:032x}", "unknown"]
    assert feedback.set_status(store, project, ids, "spam", by="ada", at_ms=NOW + 5) == 1
    assert feedback.set_status(store, project, ids, "spam", by="bob", at_ms=NOW + 6) == 0
    assert feedback.set_status(store, project + 1, ids, "done", by="bob", at_ms=NOW + 6) == 0
    found = feedback.get(store, project, ids[0])
    assert found is not None
    assert (found.status, found.changed_by, found.changed_at_ms) == ("spam", "ada", NOW + 5)


def test_hostile_text(store: StateStore, project: int) -> None:
    """Text that no column can hold is made storable, and long text is cut."""
    odd = item(project, message="a\x00b\ud800" + "x" * 10_000, contact="c" * 500, page="\x00" + "p" * 5_000)
    kept = feedback.add(store, odd)
    assert kept.message.startswith("a\ufffdb\ufffd")
    assert (len(kept.message), len(kept.contact), len(kept.page)) == (8_192, 254, 2_048)


@pytest.mark.parametrize(
    "cursor", ["x", "e30", "WzEsMl0", "WyIxIiwiMiJd", "WzkyMjMzNzIwMzY4NTQ3NzU4MDcxLCJ4Il0"]
)
def test_foreign_cursors(store: StateStore, project: int, cursor: str) -> None:
    """A cursor that is none is a BadInput."""
    with pytest.raises(BadInput):
        feedback.list_feedback(store, project, cursor=cursor)


def test_noise_settings(store: StateStore, project: int) -> None:
    """A project that never chose has the defaults; a choice stays, and stays its own."""
    assert noise.get(store, project) == NoiseSettings()
    assert noise.everything(store) == ({}, {})
    chosen = NoiseSettings(crawlers=False, localhost=True)
    noise.put(store, project, NoiseSettings())
    noise.put(store, project, chosen)
    assert noise.get(store, project) == chosen
    assert noise.everything(store) == ({project: chosen}, {})


def test_patterns(store: StateStore, project: int) -> None:
    """Patterns are added, listed and deleted, each project its own."""
    made = noise.add_pattern(store, project, field="message", pattern=" Resize* ", by="ada", at_ms=NOW)
    assert (made.field, made.pattern, made.created_by) == ("message", "Resize*", "ada")
    assert noise.patterns(store, project) == [made]
    assert noise.everything(store) == ({}, {project: [made]})
    with pytest.raises(NotFound):
        noise.delete_pattern(store, project + 1, made.id)
    assert noise.delete_pattern(store, project, made.id) == made
    assert noise.patterns(store, project) == []


@pytest.mark.parametrize(
    ("field", "pattern", "path"),
    [
        ("message", "*", "pattern"),
        ("message", " ?* ", "pattern"),
        ("page", "x" * 501, "pattern"),
        ("stack", "x", "field"),
    ],
)
def test_patterns_that_are_refused(
    store: StateStore, project: int, field: str, pattern: str, path: str
) -> None:
    """What would match everything, is too long, or is about a field that errors don't have."""
    with pytest.raises(BadInput) as caught:
        noise.add_pattern(store, project, field=field, pattern=pattern, by="ada", at_ms=NOW)
    assert caught.value.path == path


def test_patterns_are_bounded(store: StateStore, project: int) -> None:
    """A project has a hundred patterns at most: each error is held against all of them."""
    for number in range(noise.PATTERNS_MAX):
        noise.add_pattern(store, project, field="type", pattern=f"E{number}", by="ada", at_ms=NOW)
    with pytest.raises(BadInput):
        noise.add_pattern(store, project, field="type", pattern="E", by="ada", at_ms=NOW)
