"""Settings: precedence, all problems in one report, secrets never shown, the reference page."""

import dataclasses
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import CannotStart
from holdfast_server.settings import SECTIONS, Settings, load, reference

ITEMS = [(name, item) for name, kind in SECTIONS.items() for item in dataclasses.fields(kind)]
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"


def toml(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "holdfast.toml"
    file.write_text(text, "utf-8")
    return file


def test_nothing_given_is_the_defaults() -> None:
    """Without environment and file everything has its default."""
    assert load({}) == Settings()


def test_precedence(tmp_path: Path) -> None:
    """The command line wins over the environment, which wins over the file, which wins over the default."""
    file = toml(tmp_path, '[server]\nport = 1\nhost = "file"\nnode = 3\n')
    found = load({"HOLDFAST_PORT": "2", "HOLDFAST_HOST": "env"}, file, {"port": 3, "host": None})
    assert (found.server.port, found.server.host, found.server.node) == (3, "env", 3)


@pytest.mark.parametrize(("section", "item"), ITEMS, ids=[item.name for _, item in ITEMS])
def test_every_example_is_valid(section: str, item: "dataclasses.Field[Any]") -> None:
    """The example that an error shows for a setting is one that works."""
    value = getattr(getattr(load({item.metadata["env"]: item.metadata["example"]}), section), item.name)
    assert value is not None


def test_all_problems_together(tmp_path: Path) -> None:
    """Every problem of environment, file and command line is in one report, each with its place and an example."""
    file = toml(
        tmp_path, '[server]\nnode = 99\ncolour = "red"\n[nowhere]\nx = 1\n[store]\nevents_days = "many"\n'
    )
    environ = {
        "HOLDFAST_PORT": "http",
        "HOLDFAST_ROLE": "boss",
        "TELEMETRY_ENABLED": "perhaps",
        "HOLDFAST_STATE": "mysql://x",
    }
    with pytest.raises(CannotStart) as caught:
        load(environ, file, {"spool_quota_mb": 0})
    text = caught.value.message
    for place in (
        "HOLDFAST_PORT",
        "HOLDFAST_ROLE",
        "TELEMETRY_ENABLED",
        "HOLDFAST_STATE",
        "[server] node",
        "'colour'",
        "[nowhere]",
        "[store] events_days",
        "--spool-quota-mb",
    ):
        assert place in text, place
    assert text.count("for example") == 7
    assert caught.value.hint


@pytest.mark.parametrize(
    ("section", "item"),
    [(name, item) for name, item in ITEMS if item.metadata["secret"]],
    ids=[item.name for _, item in ITEMS if item.metadata["secret"]],
)
def test_secrets_are_not_shown(section: str, item: "dataclasses.Field[Any]") -> None:
    """A secret that is wrong is not repeated in the complaint; the sentence names its place alone."""
    if item.metadata["check"] is None:
        return
    with pytest.raises(CannotStart) as caught:
        load({item.metadata["env"]: "scheme://user:hunter2@host"})
    assert "hunter2" not in caught.value.message
    assert item.metadata["env"] in caught.value.message


@pytest.mark.parametrize("text", ["port = ", "[server]\nport = 1\nport = 2", "\x00"])
def test_broken_file(tmp_path: Path, text: str) -> None:
    """A file that is not TOML is a sentence with its name."""
    with pytest.raises(CannotStart, match=r"holdfast\.toml"):
        load({}, toml(tmp_path, text))


def test_missing_file(tmp_path: Path) -> None:
    """A file that was named and is not there is a problem, not silence."""
    with pytest.raises(CannotStart, match="nothing here"):
        load({}, tmp_path / "nothing here")


@pytest.mark.parametrize("value", ["server = 5", "[ingest]\nredact_fields = 5"])
def test_wrong_kinds_in_the_file(tmp_path: Path, value: str) -> None:
    """A value of the wrong kind in the file is a problem like any other, never a crash."""
    with pytest.raises(CannotStart):
        load({}, toml(tmp_path, value))


@given(
    st.dictionaries(
        st.sampled_from([item.metadata["env"] for _, item in ITEMS]), st.text(max_size=12), max_size=6
    )
)
def test_any_environment_is_settings_or_a_report(environ: dict[str, str]) -> None:
    """Whatever the environment holds, the outcome is settings or the one kind of error."""
    with suppress(CannotStart):
        assert isinstance(load(environ), Settings)


def test_folder_of_nobody() -> None:
    """A data folder of a person that the machine does not know is a problem like any other."""
    with pytest.raises(CannotStart, match="HOLDFAST_DATA"):
        load({"HOLDFAST_DATA": "~nobody-of-that-name/data"})


@pytest.mark.parametrize(("text", "value"), [("a, b ,,c", ("a", "b", "c")), ("", ())])
def test_lists(text: str, value: tuple[str, ...]) -> None:
    """Lists are separated by commas; spaces and empty parts don't count."""
    assert load({"HOLDFAST_REDACT_FIELDS": text}).ingest.redact_fields == value


def test_lists_in_the_file(tmp_path: Path) -> None:
    """In the file a list may be a list."""
    assert load({}, toml(tmp_path, '[ingest]\nredact_fields = ["a", "b"]')).ingest.redact_fields == ("a", "b")


@pytest.mark.parametrize(
    ("word", "value"), [("1", True), ("TRUE", True), ("off", False), ("", False), (" yes ", True)]
)
def test_switches(word: str, value: bool) -> None:
    """Switches take the usual words, an empty one is off."""
    assert load({"ENABLE_ANALYTICS": word}).ingest.analytics_enabled is value


def test_addresses() -> None:
    """The base URL is the public one, else host and port; listening everywhere is spoken as this machine."""
    assert load({"HOLDFAST_HOST": "0.0.0.0", "HOLDFAST_PORT": "99"}).base_url == "http://127.0.0.1:99"
    assert load({"HOLDFAST_PUBLIC_URL": "https://h.example.org/"}).base_url == "https://h.example.org"
    assert load({"HOLDFAST_STATE": "postgresql://h/d"}).state_url == "postgresql://h/d"
    assert load({"HOLDFAST_DATA": "/d"}).state_url == "sqlite:////d/state.db"


def test_reference_page_is_the_code() -> None:
    """docs/reference/settings.md is what the code says; write it anew with the command in its test's failure."""
    command = "python -c 'from holdfast_server.settings import reference; print(reference(), end=\"\")' > docs/reference/settings.md"
    assert PAGE.read_text("utf-8") == reference(), f"write it anew: {command}"


@pytest.mark.parametrize(("section", "item"), ITEMS, ids=[item.name for _, item in ITEMS])
def test_every_setting_is_documented(section: str, item: "dataclasses.Field[Any]") -> None:
    """The reference has a row for each setting with its environment name, and a sentence that ends."""
    assert f"| `{item.name}` | `{item.metadata['env']}` |" in reference()
    assert item.metadata["about"].endswith(".")


def test_names_are_unique() -> None:
    """No two settings share a name or an environment variable: the command line knows them by name alone."""
    names = [item.name for _, item in ITEMS]
    variables = [item.metadata["env"] for _, item in ITEMS]
    assert (len(set(names)), len(set(variables))) == (len(names), len(variables))
