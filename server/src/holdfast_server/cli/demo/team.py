"""What the shop's team did about its errors: one thought to be repaired that came back, one that nobody need see, one that
the next release will mend. So the pages of errors show every state that there is.
"""

from collections.abc import Callable
from typing import Any

from .shop.story import Story

REPAIRED = "KeyError"
"""Resolved as mended in 2.3.1; release 2.4.0 has it again."""
NOISE = "AbortError"
MENDED_NEXT = "SMTPServerDisconnected"
Call = Callable[..., Any]


class Team:
    """Acts when the story passes a moment: at the last release, and when the present is reached for the first time."""

    def __init__(self, story: Story, call: Call) -> None:
        last, before = story.releases[-1], story.releases[-2]
        self.call = call
        self.repaired_in = before.version
        self.release_ms = last.at_ms

    def passes(self, from_ms: int, to_ms: int) -> bool:
        return from_ms <= self.release_ms < to_ms

    def repair(self) -> None:
        """Just before the last release goes live."""
        self._act(REPAIRED, action="resolve", **{"in": "release", "release": self.repaired_in})

    def tidy(self) -> None:
        """When the history is told."""
        self._act(NOISE, action="ignore", **{"for": "forever"})
        self._act(MENDED_NEXT, action="resolve", **{"in": "next_release"})

    def _act(self, search: str, **what: Any) -> None:
        found = self.call("GET", "/api/errors", fields={"search": search, "limit": "1"})["errors"]
        if found:
            self.call("POST", "/api/errors/actions", body={"ids": [found[0]["id"]], **what})
