"""The chain of errors in a stack trace's text: the cause first, the error that was thrown last.

Python's two sentences and its exception groups, Java's and JavaScript's "Caused by:", Node's `[cause]`, C#'s `--->`,
PHP's "Next", Ruby's second header. What no mark divides is one error. One pass over the lines, bounded like stacks.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from holdfast_server.insight.grouping.frames import ExceptionInfo, Stack
from holdfast_server.insight.grouping.stacks import (
    LINE_MAX,
    PYTHON_MARK,
    STACK_MAX,
    in_order,
    is_python,
    read_line,
    read_lines,
)

CHAIN_MAX = 10
"""Errors of a chain that are looked at: those nearest to what was thrown."""
TYPE_MAX = 200
VALUE_MAX = 2_000
REMEMBERED = 512
REMEMBERED_MAX = 16_384

PYTHON_GROUP = "Exception Group Traceback (most recent call last)"
PYTHON_BORDER = re.compile(r"[\s|]*\+[-+]*-{4,} (\d{1,6}|\.\.\.) -{4,}$")
TYPE = r"[A-Za-z_$][\w$.\\:]{0,198}"
HEADER = re.compile(rf"({TYPE})(?: \((?:0x)?[0-9A-Fa-f]{{1,8}}\))?(?:: ?(.*))?$")
BARE_TYPE = re.compile(
    r"(?:[\w$.\\]*(?:Error|Exception|Failure|Fault|Exit|Interrupt|Warning|Throwable|Timeout|NotFound)|[\w$]+(?:[.\\][\w$]+)+)$"
)
THREAD = re.compile(r'^Exception in thread "[^"]{0,200}" ')
CAUSE = re.compile(r"^\s*(?:\[(?:cause|errors)\]: |Caused by: |\(Inner Exception #0\) )")
DOTNET_ARROW = re.compile(r"\s*---> (?:\(Inner Exception #\d{1,4}\) )?")
DOTNET_END = "--- End of inner exception stack trace ---"
PHP_HEADER = re.compile(rf"^(Next |(?:PHP )?Fatal error:\s+Uncaught )({TYPE})(?:: (.*))?$")
PHP_PLACE = re.compile(r" in (?:/|[A-Za-z]:\\|phar://)[^\n]{1,400}:\d{1,9}$")
RUBY_HEADER = re.compile(r"^[^\s:][^:]{0,400}:\d{1,9}:in [`'][^'\n]{1,300}': (.*?)(?: \((" + TYPE + r")\))?$")


@dataclass(slots=True)
class Section:
    """The lines of one error of the chain."""

    type: str = ""
    value: str = ""
    lines: list[str] = field(default_factory=list)
    member: bool = False


def parse_chain(text: str) -> list[ExceptionInfo]:
    """The errors of a trace, the cause first; an empty list without a frame or a header."""
    python = is_python(text)
    cut = text[-STACK_MAX:] if python else text[:STACK_MAX]
    sections = python_sections(cut) if python else sections_of(cut)
    chain = [
        ExceptionInfo(
            section.type[:TYPE_MAX],
            section.value[:VALUE_MAX],
            stack_of("\n".join(section.lines), python=python),
            member=section.member,
        )
        for section in sections
    ]
    return [item for item in chain if item.type or item.frames][-CHAIN_MAX:]


def stack_of(text: str, *, python: bool) -> Stack:
    return (
        remembered_stack(text, python=python)
        if len(text) <= REMEMBERED_MAX
        else new_stack(text, python=python)
    )


def new_stack(text: str, *, python: bool) -> Stack:
    return Stack(in_order(read_lines(text.split("\n")), python=python))


remembered_stack = lru_cache(maxsize=REMEMBERED)(new_stack)
"""The same fault brings the same lines, below a message that may differ."""


def sections_of(text: str) -> list[Section]:
    lines = text.splitlines()
    if DOTNET_END in text or "\n ---> " in text:
        return dotnet_sections(lines)
    if "{main}" in text or "Stack trace:" in text:
        return php_sections(lines)
    if any(RUBY_HEADER.match(line[:LINE_MAX]) for line in lines[:1]):
        return ruby_sections(lines)
    return caused_sections(lines)


def python_sections(text: str) -> list[Section]:
    """Each traceback ends with the line that names its error; members of a group stand below it, its causes for us."""
    done: list[Section] = []
    members: list[Section] = []
    now: Section | None = None
    member = False
    for whole in text.splitlines():
        line = whole[:LINE_MAX]
        bordered = line.lstrip(" ").startswith(("|", "+"))
        if PYTHON_BORDER.match(line):
            now, member = Section(member=True), True  # a member that was never raised has no traceback
            continue
        member = member and (bordered or not line.strip())
        bare = line.lstrip(" |+") if bordered else line
        if PYTHON_MARK in bare:
            now = Section(member=member)
        elif now and header_of_python(bare, line):
            now.type, now.value = split_header(bare, bare=True)
            (members if member else done).append(now)
            now = None
        elif now:
            now.lines.append(line)
    return with_members([*done, now] if now and now.lines else done, members)


def with_members(done: list[Section], members: list[Section]) -> list[Section]:
    """Members before the group that holds them, which is the last error outside of them."""
    return [*done[:-1], *members[: CHAIN_MAX - 1], *done[-1:]]


def header_of_python(bare: str, line: str) -> bool:
    """Not indented (below the borders of a group), and not a frame's line."""
    content = line.lstrip(" ").removeprefix("|")
    indented = content.startswith("  ") if content != line.lstrip(" ") else line.startswith(" ")
    return bool(bare.strip()) and not indented and HEADER.match(bare.strip()) is not None


def caused_sections(lines: list[str]) -> list[Section]:
    """Java, Kotlin, Scala, JavaScript: thrown first, then each cause below its mark."""
    sections = [Section()]
    skipping = goroutine = False
    for whole in lines:
        line = whole[:LINE_MAX]
        bare = line.strip()
        if bare.startswith("Suppressed: "):
            skipping = True
        elif found := CAUSE.match(line):
            if skipping and line[:1] in " \t" and line.lstrip().startswith("Caused by"):
                continue
            skipping = False
            sections.append(Section(*split_header(bare[found.end() - (len(line) - len(line.lstrip())) :])))
        elif not skipping:
            if bare.startswith("goroutine ") and bare.endswith("]:"):
                if goroutine:
                    break  # the others are bystanders
                goroutine = True
            take(sections[-1], line)
    return sections[::-1]


def take(section: Section, line: str) -> None:
    """A frame's line, or the header before the first of them."""
    if not section.type and not section.lines:
        bare = THREAD.sub("", line.strip())
        if read_line(line.strip()) is None and (header := split_header(bare))[0]:
            section.type, section.value = header
            return
    section.lines.append(line)


def dotnet_sections(lines: list[str]) -> list[Section]:
    """`Outer: m ---> Inner: m`, then the frames of the innermost; each end mark starts those of the one around it."""
    headers: list[Section] = []
    frames: list[list[str]] = [[]]
    for whole in lines:
        line = whole[:LINE_MAX]
        if DOTNET_END in line:
            frames.append([])
        elif line.lstrip().startswith("at "):
            frames[-1].append(line)
        elif len(frames) == 1 and not frames[0] and (not headers or " ---> " in line):
            headers += [Section(*split_header(part)) for part in DOTNET_ARROW.split(line) if part.strip()]
    headers.reverse()
    for header, found in zip(headers, frames, strict=False):
        header.lines = found
    if headers:
        return headers
    return [Section(lines=[line for found in frames for line in found])]


def php_sections(lines: list[str]) -> list[Section]:
    """The cause first, then each `Next Type: message in file:line`."""
    sections = [Section()]
    for whole in lines:
        line = whole[:LINE_MAX]
        found = PHP_HEADER.match(line)
        if found and (found[1] == "Next " or not sections[-1].type):
            if sections[-1].lines:
                sections.append(Section())
            sections[-1].type = found[2]
            sections[-1].value = PHP_PLACE.sub("", found[3] or "")
        else:
            take(sections[-1], line)
    return sections


def ruby_sections(lines: list[str]) -> list[Section]:
    """`file:line:in 'pay': message (Type)` is header and innermost frame at once; the cause comes second."""
    sections: list[Section] = []
    for whole in lines:
        line = whole[:LINE_MAX]
        if found := RUBY_HEADER.match(line):
            sections.append(Section(found[2] or "", found[1]))
        if sections:
            sections[-1].lines.append(line)
    return sections[::-1]


def split_header(text: str, *, bare: bool = False) -> tuple[str, str]:
    """`shop.PayError: no money` → its type and its value. A word alone is a type where it says so, or where `bare`
    words can be nothing else."""
    text = text.strip().removesuffix(" {")
    text = text.removeprefix("Uncaught ").removeprefix("Unhandled exception. ")
    if found := HEADER.match(text):
        kind, value = found[1].rstrip(":"), found[2]
        if value is None and not bare and BARE_TYPE.match(kind) is None:
            return "", text
        return kind, (value or "").strip()
    return "", text
