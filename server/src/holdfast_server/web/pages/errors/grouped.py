"""Why an occurrence is in its error, in words: the frames, the message or the client's own fingerprint that counted.

Worked out anew from what is kept. Where that gives another group than the stored one, the page says so instead of guessing:
the client gave a fingerprint of its own, or the rules were others then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ....ingest.identify import grouping_of
from ....insight.grouping import issue_id
from .occurrence import json_of
from .stack import list_of, text_of

SENTENCES = {
    "frames": "Occurrences with the same error types and these frames are one error. Line numbers, values and hashes in names don't count.",
    "message": "No frame names a function, so occurrences with the same type and message are one error. Numbers, ids and quoted values in it don't count.",
    "client": "The client gave a fingerprint of its own, and it decides.",
}
OTHERWISE = "The client gave a fingerprint of its own, or this was grouped by an older version of the rules."


@dataclass(frozen=True)
class Reason:
    """`lines` are what counted: (kind, text)."""

    sentence: str
    lines: list[tuple[str, str]]
    version: int


def grouped_by(row: Mapping[str, Any]) -> Reason:
    tags = json_of(row["tags"])
    grouping = grouping_of(
        error_type=row["error_type"],
        message=row["message"],
        exceptions=list_of(json_of(row["exceptions"])),
        stack=row["stack"],
        transaction=row["transaction"],
        tags={str(name): text_of(value) for name, value in tags.items()} if isinstance(tags, dict) else {},
    )
    version = int(row["fingerprint_version"])
    if issue_id(int(row["project_id"]), grouping.fingerprint) != row["issue_id"]:
        return Reason(OTHERWISE, [], version)
    return Reason(
        SENTENCES.get(grouping.by, ""), [line for part in grouping.parts for line in lines_of(part)], version
    )


def lines_of(part: Any) -> list[tuple[str, str]]:
    """One error of the chain, the crash first."""
    found = [("type", part.type)] if part.type else []
    found += [
        (
            "frame",
            " in ".join(text for text in ("" if frame.minified else frame.function, frame.module) if text),
        )
        for frame in part.frames
    ]
    found += [(kind, text) for kind, text in (("message", part.message), ("client", part.client)) if text]
    return found
