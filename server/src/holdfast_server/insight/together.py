"""Asks the event store several questions at once: a page's head then waits for the slowest one instead of for all in turn.

The engine keeps a pool of readers, so questions run beside each other. The first failure is raised, as if asked alone.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

AT_ONCE = 4
"""As many as one page may keep busy: others ask too."""


def together(*questions: Callable[[], Any]) -> list[Any]:
    """The answers, in the order of the questions."""
    if len(questions) < 2:
        return [question() for question in questions]
    with ThreadPoolExecutor(min(AT_ONCE, len(questions)), thread_name_prefix="together") as pool:
        return list(pool.map(lambda question: question(), questions))
