"""Which of two releases is later: by semantic version where both have one, else by which was seen first."""

import re
from collections.abc import Mapping

SEMVER = re.compile(
    r"(?:(?P<name>.{1,150})@)?v?(?P<core>\d{1,9}(?:\.\d{1,9}){1,3})(?:-(?P<pre>[0-9A-Za-z.-]{1,60}))?(?:\+[0-9A-Za-z.-]{1,60})?",
    re.ASCII,
)

Version = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]


def version_of(release: str) -> tuple[str, Version] | None:
    """The name before the `@` and a version that sorts, or None: `shop@1.2.3`, `v1.2`, `2.0.0-rc.1+build`."""
    found = SEMVER.fullmatch(release[:250])
    if found is None:
        return None
    numbers = [int(part) for part in found["core"].split(".")]
    core = tuple(numbers + [0] * (4 - len(numbers)))
    parts = tuple(
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in (found["pre"] or "").split(".")
        if part
    )
    return found["name"] or "", (core, not parts, parts)  # 2.0.0 is later than 2.0.0-rc.1


def is_later(release: str, than: str, first_seen_ms: Mapping[str, int]) -> bool:
    """Whether `release` comes after `than`. A release that was never seen is in the future: nothing is later."""
    if release == than:
        return False
    one, other = version_of(release), version_of(than)
    if one is not None and other is not None and one[0] == other[0]:
        return one[1] > other[1]
    if release not in first_seen_ms or than not in first_seen_ms:
        return False
    return first_seen_ms[release] > first_seen_ms[than]
