"""How commands find the server, and what they say when it is not there."""

import json
from pathlib import Path

import pytest

from holdfast_server.cli.client import Server, find
from holdfast_server.cli.tail import _events
from holdfast_server.errors import CannotStart


def test_options_win() -> None:
    """--url and --key name the server, whatever is in the data folder."""
    assert find(None, "http://h:1/", "k") == Server("http://h:1", "k")


def test_data_folder_says_where(tmp_path: Path) -> None:
    """Without options the running server's own file in the data folder is read; one option replaces its half."""
    (tmp_path / "server.json").write_text(json.dumps({"url": "http://h:2", "token": "t"}))
    assert find(tmp_path, "", "") == Server("http://h:2", "t")
    assert find(tmp_path, "http://other:3", "") == Server("http://other:3", "t")


@pytest.mark.parametrize("content", [None, "not json"])
def test_no_server(tmp_path: Path, content: str | None) -> None:
    """A folder without a running server is one sentence with what to do."""
    if content is not None:
        (tmp_path / "server.json").write_text(content)
    with pytest.raises(CannotStart) as caught:
        find(tmp_path, "", "")
    assert "holdfast serve" in caught.value.hint


def test_nobody_answers() -> None:
    """An address where nobody listens is one sentence, not a trace."""
    with pytest.raises(CannotStart, match="no server answers"):
        Server("http://127.0.0.1:1", "k").call("GET", "/")


def test_messages_of_the_live_stream() -> None:
    """Events are read from a server-sent message; comments and other messages are none."""
    assert list(_events(b'event: events\ndata: {"events":\ndata: [{"type":"t"}]}')) == [{"type": "t"}]
    assert list(_events(b": still here")) == []
    assert list(_events(b"event: ready\ndata: {}")) == []
