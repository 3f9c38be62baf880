"""The errors of one occurrence as the page shows them: the thrown one first, its causes below, foreign frames folded.

Clients send all kinds of shapes: whatever can't be read is left out here and stands in the raw JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import msgspec

from ....insight.grouping import Frame as ParsedFrame
from ....insight.grouping import parse_chain
from ....insight.source_maps.reasons import sentence

FRAMES_SHOWN = 200
VALUE_CHARS = 2_000
VARS_SHOWN = 100


@dataclass(frozen=True)
class Frame:
    """`lines` is source around the call: (number, text, is the line itself). `raw` is where it ran before source maps;
    `reason` says in words why it could not be mapped, `remedy` what to do."""

    function: str
    place: str
    in_app: bool
    lines: Sequence[tuple[int, str, bool]] = ()
    values: Sequence[tuple[str, str]] = ()
    raw: str = ""
    reason: str = ""
    remedy: str = ""
    is_open: bool = False

    @property
    def has_more(self) -> bool:
        return bool(self.lines or self.values or self.raw or self.reason)


@dataclass(frozen=True)
class Run:
    """Frames that stand together; a folded run is opened by hand."""

    frames: Sequence[Frame]
    folded: bool


@dataclass(frozen=True)
class Thrown:
    """One error of the chain. `mechanism` says what caught it ("excepthook"), when the client knows."""

    type: str
    value: str
    module: str
    mechanism: str
    runs: Sequence[Run] = field(default_factory=list)

    @property
    def frames(self) -> list[Frame]:
        return [frame for run in self.runs for frame in run.frames]

    @property
    def unmapped_count(self) -> int:
        return sum(bool(frame.reason) for frame in self.frames)


def chain_of(row: Mapping[str, Any], sent: Any) -> list[Thrown]:
    """The thrown error first. `sent` is the row's `exceptions`; without any, the frames are read from the stack's text."""
    chain = [thrown_of(item) for item in list_of(sent) if isinstance(item, dict)][::-1]
    if any(item.frames for item in chain) or not row["stack"]:
        return chain
    parsed = parse_chain(row["stack"])[::-1]
    named = [(row["error_type"], row["message"]), *((item.type, item.value) for item in parsed[1:])]
    read = [
        Thrown(kind, value, item.module, "", folded([parsed_frame(frame) for frame in item.frames][::-1]))
        for item, (kind, value) in zip(parsed, named, strict=False)
    ]
    return read if any(item.frames for item in read) else chain


def parsed_frame(frame: ParsedFrame) -> Frame:
    here = [(frame.lineno, frame.context_line, True)] if frame.context_line else []
    place = place_of(frame.filename or frame.module, frame.lineno, frame.colno)
    return Frame(frame.function or "(anonymous)", place, frame.in_app, here)


def thrown_of(item: Mapping[str, Any]) -> Thrown:
    frames = [frame_of(frame) for frame in list_of(item.get("frames")) if isinstance(frame, dict)]
    mechanism = item.get("mechanism")
    how = mechanism.get("type") if isinstance(mechanism, dict) else mechanism
    return Thrown(
        text_of(item.get("type")) or "Error",
        text_of(item.get("value")),
        text_of(item.get("module")),
        text_of(how),
        folded(frames[::-1][:FRAMES_SHOWN]),
    )


def folded(frames: Sequence[Frame]) -> list[Run]:
    """Runs of foreign frames are folded where the application's own are there to be read; where it broke stands open."""
    runs = [Run(list(run), not ours) for ours, run in groupby(frames, key=lambda frame: frame.in_app)]
    if all(run.folded for run in runs):
        runs = [Run(run.frames, False) for run in runs]
    elif runs and runs[0].folded:
        first, rest = runs[0].frames[:1], runs[0].frames[1:]
        runs = [Run(first, False), *([Run(rest, True)] if rest else []), *runs[1:]]
    return opened(runs)


def opened(runs: list[Run]) -> list[Run]:
    """The first frame that has something to show is open, ours before others'."""
    every = [frame for run in runs if not run.folded for frame in run.frames if frame.lines]
    chosen = next((frame for frame in every if frame.in_app), every[0] if every else None)
    if chosen is None:
        return runs
    return [
        Run([replace(frame, is_open=True) if frame is chosen else frame for frame in run.frames], run.folded)
        for run in runs
    ]


def frame_of(item: Mapping[str, Any]) -> Frame:
    number = number_of(item, "lineno", "line")
    reason, remedy = sentence(str(item["unmapped"])[:100]) if item.get("unmapped") else ("", "")
    raw = item.get("raw")
    return Frame(
        function=text_of(item.get("function")) or "(anonymous)",
        place=place_of_item(item),
        in_app=item.get("in_app", item.get("inApp", True)) is not False,
        lines=lines_of(item, number),
        values=values_of(item.get("vars")),
        raw=f"{text_of(raw.get('function')) or '(anonymous)'} in {place_of_item(raw)}"
        if isinstance(raw, dict)
        else "",
        reason=reason,
        remedy=remedy,
    )


def lines_of(item: Mapping[str, Any], number: int) -> list[tuple[int, str, bool]]:
    middle = item.get("context_line", item.get("source"))
    if not isinstance(middle, str):
        return []
    before, after = (
        [str(text) for text in list_of(item.get(name))] for name in ("pre_context", "post_context")
    )
    first = number - len(before)
    return [(first + step, text, step == len(before)) for step, text in enumerate([*before, middle, *after])]


def values_of(sent: Any) -> list[tuple[str, str]]:
    if not isinstance(sent, dict):
        return []
    return [(str(name)[:200], text_of(value)) for name, value in list(sent.items())[:VARS_SHOWN]]


def place_of_item(item: Mapping[str, Any]) -> str:
    name = next(
        (text_of(item.get(key)) for key in ("filename", "file", "abs_path", "module") if item.get(key)), ""
    )
    return place_of(name, number_of(item, "lineno", "line"), number_of(item, "colno", "column"))


def place_of(name: str, line: int, column: int) -> str:
    return name + (f":{line}" if line else "") + (f":{column}" if line and column else "")


def number_of(item: Mapping[str, Any], *names: str) -> int:
    return next((item[name] for name in names if type(item.get(name)) is int), 0)


def text_of(value: Any) -> str:
    """A value as one would read it: text as it is, anything else as JSON, bounded."""
    if value is None:
        return ""
    return (value if isinstance(value, str) else msgspec.json.encode(value).decode())[:VALUE_CHARS]


def list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
