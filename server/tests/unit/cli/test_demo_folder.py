"""The demo's folder, its settings and what it says: nothing of anybody else's is ever touched."""

import stat
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from holdfast_server.app import take_folder
from holdfast_server.cli.demo import passphrase, settings_of
from holdfast_server.cli.demo.folder import Folder, Memory
from holdfast_server.cli.demo.screen import happenings, span_text
from holdfast_server.cli.demo.server import changed, environment, local_url
from holdfast_server.cli.demo.shop.rhythm import DAY_MS
from holdfast_server.cli.demo.shop.story import TITLES, tell
from holdfast_server.errors import CannotStart
from holdfast_server.settings import Settings, load

NOW_MS = 1_795_190_400_000
MEMORY = Memory(
    seed=7,
    days=14,
    born_ms=NOW_MS,
    sent_to_ms=NOW_MS,
    email="admin@localhost",
    password="sage-mint-plum-fennel-123",
)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    """A folder with data that the demo did not make is refused, with and without --fresh, and left as it is."""
    theirs = tmp_path / "state.db"
    theirs.write_text("precious")
    for fresh in (False, True):
        with pytest.raises(CannotStart, match="the demo did not make"):
            Folder(tmp_path).claim(fresh=fresh)
    assert theirs.read_text() == "precious"


def test_fresh_empties_our_folder(tmp_path: Path) -> None:
    """--fresh removes everything from a folder of the demo's own; without it all of it stays."""
    folder = Folder(tmp_path / "demo")
    folder.claim(fresh=False)
    folder.remember(MEMORY)
    (folder.path / "events").mkdir()
    (folder.path / "events" / "part").write_text("x")
    folder.claim(fresh=False)
    assert (folder.path / "events" / "part").exists()
    folder.claim(fresh=True)
    assert [item.name for item in folder.path.iterdir()] == ["lock"]
    assert folder.remembered() is None


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    """While a server holds the folder, the demo does not touch it."""
    folder = Folder(tmp_path)
    folder.remember(MEMORY)
    with ExitStack() as exits:
        take_folder(tmp_path, exits)
        with pytest.raises(CannotStart, match="another Holdfast server"):
            folder.claim(fresh=True)
    assert folder.remembered() == MEMORY


def test_memory_is_kept_and_private(tmp_path: Path) -> None:
    """What is remembered comes back whole, and only its owner may read it: a password stands in it."""
    folder = Folder(tmp_path)
    folder.remember(MEMORY)
    assert folder.remembered() == MEMORY
    assert stat.S_IMODE(folder.marker.stat().st_mode) == 0o600


def test_a_damaged_memory_is_told(tmp_path: Path) -> None:
    """A marker that can't be read stops the demo with a sentence that says what to do."""
    folder = Folder(tmp_path)
    folder.marker.write_text("{")
    with pytest.raises(CannotStart) as caught:
        folder.remembered()
    assert "--fresh" in caught.value.hint


REAL = {"HOLDFAST_EVENTS": "clickhouse://real:8123/production", "HOLDFAST_STATE": "postgresql://real/holdfast", "HOLDFAST_DATA": "/var/lib/holdfast", "HOLDFAST_RATE_PER_S": "1", "TELEMETRY_ENABLED": "false", "HOLDFAST_CONFIG": "/etc/holdfast.toml"}  # fmt: skip


def test_a_real_installation_is_never_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores, folder and switches that the environment names for a real server are not the demo's, nor its server's."""
    chosen = settings_of(REAL, host=None, port=None, data=tmp_path, memory=MEMORY)
    assert chosen.store.events == ""
    assert chosen.state_url == f"sqlite:///{tmp_path / 'state.db'}"
    for name, text in REAL.items():
        monkeypatch.setenv(name, text)
    child = environment(chosen)
    assert child["HOLDFAST_DATA"] == str(tmp_path)
    assert not {
        "HOLDFAST_EVENTS",
        "HOLDFAST_STATE",
        "HOLDFAST_RATE_PER_S",
        "TELEMETRY_ENABLED",
        "HOLDFAST_CONFIG",
    } & set(child)


def test_history_is_allowed_and_the_login_known(tmp_path: Path) -> None:
    """The demo's server believes times as old as its history, and has the login that the demo prints."""
    chosen = settings_of({}, host=None, port=9000, data=tmp_path, memory=MEMORY)
    assert chosen.ingest.max_event_age_days > MEMORY.days
    assert (chosen.accounts.admin_email, chosen.accounts.admin_password) == (MEMORY.email, MEMORY.password)


def test_the_child_has_the_same_settings(tmp_path: Path) -> None:
    """What differs from the defaults reaches the server process, and comes out the same there."""
    chosen = settings_of(
        {"HOLDFAST_ENGINE_MEMORY_MB": "700"}, host="0.0.0.0", port=9000, data=tmp_path, memory=MEMORY
    )
    assert load(changed(chosen)) == chosen


def test_the_demo_speaks_to_its_own_machine() -> None:
    """Events go to the local address even when people reach the server by a public one."""
    chosen = load(
        {
            "HOLDFAST_PUBLIC_URL": "https://demo.example.org",
            "HOLDFAST_HOST": "0.0.0.0",
            "HOLDFAST_PORT": "9000",
        }
    )
    assert local_url(chosen) == "http://127.0.0.1:9000"
    assert local_url(Settings()) == "http://127.0.0.1:8321"


def test_a_passphrase_is_good_enough() -> None:
    """A generated password passes the server's own policy, and no two are the same."""
    made = {passphrase(Random(seed)) for seed in range(50)}
    assert len(made) == 50
    assert all(len(item) >= 20 for item in made)


def test_what_to_look_for_is_told() -> None:
    """The releases and troubles are listed in order, and what is under way says since when."""
    console = Console(width=120, record=True, file=StringIO())
    console.print(happenings(tell(7, NOW_MS, NOW_MS, 14), NOW_MS))
    lines = console.export_text().splitlines()
    assert sum("Release 2." in line for line in lines) == 3
    assert lines[-1].startswith("since")
    assert TITLES["stock trouble"] in lines[-1]


def test_spans_are_written_for_people() -> None:
    """A trouble has a beginning and an end, a release a moment, and what goes on a beginning."""
    assert "–" in span_text(NOW_MS - DAY_MS, NOW_MS - DAY_MS + 1000, NOW_MS)
    assert span_text(NOW_MS - DAY_MS, 0, NOW_MS).count(":") == 1
    assert span_text(NOW_MS - 1000, NOW_MS + 1000, NOW_MS).startswith("since ")
