"""For all tests: on CI Hypothesis tries the same examples every time, so that a change is judged and not the dice; at a
developer's desk it goes on looking for new ones. And what waits for real browsers and servers may try a second time.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

HERE = Path(__file__).parent
REAL = tuple(HERE / folder for folder in ("server/tests/web", "e2e", "sdk-python/tests/integration"))
"""Tests that wait for other processes: on two busy cores one of a thousand waits too long. The summary names each rerun
(RERUN), and what fails twice is broken."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(folder in item.path.parents for folder in REAL):
            item.add_marker(pytest.mark.flaky(reruns=1))
