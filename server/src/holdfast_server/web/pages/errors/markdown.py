"""An occurrence as Markdown for a ticket. What clients sent stands in code blocks whose fence is longer than any inside,
so that nothing of it becomes a link, an image or a heading in somebody's tracker.
"""

import re
from collections.abc import Sequence

from ....model.clock import iso
from ....model.issue import Issue
from ...components.format import exact_count
from .occurrence import Occurrence
from .stack import Frame, Thrown

FRAMES = 30
CRUMBS = 15
LINE = 300
SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~@&-])")


def markdown(issue: Issue, found: Occurrence | None, url: str) -> str:
    facts = [
        ("State", issue.status),
        ("Severity", issue.severity),
        ("Seen", f"{exact_count(issue.frequency)} times since {iso(issue.first_seen_ms)}, last {iso(issue.last_seen_ms)}"),
        ("People", exact_count(issue.users) if issue.users else ""),
        ("First release", issue.first_release),
        ("Last release", issue.last_release),
        ("Where", issue.culprit),
    ]  # fmt: skip
    parts = [f"## {escaped(issue.error_type)}", fenced(issue.message) if issue.message else "", f"<{url}>"]
    parts.append("\n".join(f"- {name}: {escaped(value)}" for name, value in facts if value))
    if found is not None:
        parts += occurrence(found)
    return "\n\n".join(part for part in parts if part) + "\n"


def occurrence(found: Occurrence) -> list[str]:
    shown = [(title, value) for name, title, value in found.facts if name not in ("culprit", "severity")]
    facts = [*shown, *((f"tag {name}", value) for name, value in found.tags)]
    parts = [f"### Occurrence of {iso(found.at_ms)}"]
    parts.append("\n".join(f"- {escaped(name)}: {escaped(value)}" for name, value in facts))
    if found.has_frames:
        parts += ["### Stack, the crash first", fenced("\n\n".join(stack(found.chain)))]
    elif found.stack:
        parts += ["### Stack, as it came", fenced(found.stack[:20_000])]
    if found.crumbs:
        lines = [
            f"{crumb.category}: {crumb.message or crumb.data}"[:LINE].replace("\n", " ")
            for crumb in found.crumbs[-CRUMBS:]
        ]
        parts += ["### Before it", fenced("\n".join(lines))]
    return parts


def stack(chain: Sequence[Thrown]) -> list[str]:
    return [
        "\n".join(
            [
                ("" if place == 0 else "caused by ") + f"{thrown.type}: {thrown.value}"[:1_000],
                *(frame_line(frame) for frame in thrown.frames[:FRAMES]),
            ]
        )
        for place, thrown in enumerate(chain)
    ]


def frame_line(frame: Frame) -> str:
    here = next((text.strip() for _, text, is_it in frame.lines if is_it), "")
    mark = " " if frame.in_app else "~"
    return f" {mark} {frame.function}  {frame.place}"[:LINE] + (f"\n        {here[:LINE]}" if here else "")


def fenced(text: str) -> str:
    longest = max((len(found) for found in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def escaped(text: str) -> str:
    """One line in which no sign of Markdown or HTML means anything."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split())[:LINE])
