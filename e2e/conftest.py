"""Fixtures for tests against a real server process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from e2e.server import Server


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers that are not started yet, each with a folder of its own; `data=` names another folder."""
    numbers = count()
    with ExitStack() as stack:

        def make(data: Path | None = None, *, before: str = "", **settings: str) -> Server:
            return stack.enter_context(
                Server(data or tmp_path / f"data-{next(numbers)}", before=before, **settings)
            )

        yield make


@pytest.fixture
def server(new_server: Callable[..., Server]) -> Server:
    """A running server on an empty folder."""
    return new_server().start()
