"""Minified frames become what their author wrote, between the spool and the grouping; never in a request's way.

The drainer calls it for every error, so a project without uploaded files costs a look into a dictionary. Parsed maps stay
in memory up to a budget. A map that can't be used marks its frames with the reason, and nothing is raised for it.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from ..errors import NotFound, StoreAway
from ..insight.source_maps.addresses import is_script
from ..insight.source_maps.documents import canonical
from ..insight.source_maps.mapping import (
    LARGEST_MAP,
    LARGEST_SCRIPT,
    BadMap,
    Frame,
    ParsedMap,
    map_frame,
    number,
    unmapped,
)
from ..insight.source_maps.reasons import Unmapped, sentence
from ..model.artifact import Artifact
from ..model.clock import Clock
from ..model.files import Files
from ..state_store import artifacts
from ..state_store.connect import StateStore
from .resolve_maps import REMEMBERED, Found, Place, Resolver

log = structlog.get_logger(__name__)

Exceptions = list[Any]
"""Objects with `frames`, as clients send them; anything else in their place is left as it is."""
BUDGET_BYTES = 128 * 1024 * 1024
REASON_WEIGHT = 1_000
USED_EVERY_MS = 86_400_000
MAX_FRAMES = 500
"""More frames of one error are left as they are: nobody reads them, and each may need another map."""
LONGEST_ADDRESS = 1_000
READABLE_LINE = 300
"""A frame that came with a line no longer than this shows its source already."""
MISSING_ALL = frozenset(
    {
        Unmapped.NO_DEBUG_ID,
        Unmapped.NO_ARTIFACT_FOR_RELEASE,
        Unmapped.NO_ARTIFACT_FOR_DIST,
        Unmapped.NO_ARTIFACT_FOR_DEBUG_ID,
        Unmapped.PATH_NOT_IN_RELEASE,
    }
)


@dataclass(frozen=True)
class Explained:
    """Why one frame is shown as it is, for people."""

    address: str
    line: int
    column: int
    code: str
    sentence: str
    advice: str
    looked_for: tuple[str, ...]


class Symbolicator:
    """Safe to use from many threads. Raises StoreAway when the state store does not answer."""

    def __init__(
        self, store: StateStore, files: Files, clock: Clock, *, budget_bytes: int = BUDGET_BYTES
    ) -> None:
        self.store = store
        self.files = files
        self.clock = clock
        self.resolver = Resolver(store, clock)
        self.maps = ParsedMaps(files, budget_bytes)
        self.marked: dict[str, int] = {}

    def symbolicate(
        self,
        exceptions: Exceptions,
        *,
        project_id: int,
        release: str,
        dist: str = "",
        debug_images: Sequence[Any] = (),
    ) -> Exceptions | None:
        """The exceptions with mapped frames, each keeping its first form under `raw`, and those that could not be mapped
        with `unmapped`; None when nothing changed. Frames that have been mapped before stay as they are."""
        if not exceptions or not self.resolver.has_files(project_id):
            return None
        images = images_by_file(debug_images)
        used: dict[str, Artifact] = {}
        changed = [
            self._exception(found, Place(project_id, release, dist, "", ""), images, used)
            if isinstance(found, dict)
            else None
            for found in exceptions
        ]
        self._mark_used(used)
        if all(new is None for new in changed):
            return None
        return [new if new is not None else old for new, old in zip(changed, exceptions, strict=True)]

    def explain(
        self,
        exceptions: Exceptions,
        *,
        project_id: int,
        release: str,
        dist: str = "",
        debug_images: Sequence[Any] = (),
    ) -> list[Explained]:
        """For each frame that is not wholly mapped, as of now: why, and what was looked for."""
        images, base = images_by_file(debug_images), Place(project_id, release, dist, "", "")
        explained: list[Explained] = []
        for exception in exceptions:
            for _, frame, place in places(exception, base, images):
                found = self.resolver.find(place)
                new, _ = self._frame(frame, found, "")
                if new.get("unmapped"):
                    explained.append(explanation(frame, place, str(new["unmapped"]), found))
            explained += [
                explanation(
                    frame, base._replace(address=str(frame.get("filename"))), str(frame["unmapped"]), Found()
                )
                for frame in exception.get("frames") or ()
                if isinstance(frame, dict) and "raw" in frame and frame.get("unmapped")
            ]
        return explained

    def _exception(
        self, exception: dict[str, Any], base: Place, images: Mapping[str, str], used: dict[str, Artifact]
    ) -> dict[str, Any] | None:
        sent = exception.get("frames")
        frames = list(sent) if isinstance(sent, list) else []
        called_as, before, changed = "", -1, False
        for index, frame, place in places(exception, base, images):
            found = self.resolver.find(place)
            # frames stand in the order of the calls: the one before is the caller
            new, called_as = self._frame(frame, found, called_as if before == index - 1 else "")
            before = index
            if new is not frame:
                # the event's list of debug ids is not kept; who asks later needs it
                frames[index] = new | {"debug_id": place.debug_id} if place.debug_id else new
                changed = True
            if "raw" in new:
                used |= {file.id: file for file in (found.map, found.script) if file is not None}
        return {**exception, "frames": frames} if changed else None

    def _frame(self, frame: Frame, found: Found, called_as: str) -> tuple[Frame, str]:
        if found.map is None:
            reason = found.reason or Unmapped.MAP_MISSING
            return (frame if reason in MISSING_ALL and is_readable(frame) else unmapped(frame, reason)), ""
        parsed = self.maps.get(found.map, found.script)
        if isinstance(parsed, Unmapped):
            return unmapped(frame, parsed), ""
        try:
            return map_frame(frame, parsed, called_as)
        except BadMap:
            return unmapped(frame, Unmapped.MAP_INVALID), ""

    def _mark_used(self, used: Mapping[str, Artifact]) -> None:
        """Once a day each, so that retention knows what is needed."""
        now_ms = self.clock.now_ms()
        last = {name: max(file.used_at_ms, self.marked.get(name, 0)) for name, file in used.items()}
        due = [name for name, at_ms in last.items() if now_ms - at_ms > USED_EVERY_MS]
        if due:
            artifacts.mark_used(self.store, due, now_ms)
            self.marked = dict.fromkeys(due, now_ms) | (self.marked if len(self.marked) < REMEMBERED else {})


class ParsedMaps:
    """Maps made ready, the least used thrown out beyond the budget; for one of no use, the reason is remembered."""

    def __init__(self, files: Files, budget_bytes: int) -> None:
        self.files = files
        self.budget_bytes = budget_bytes
        self.weight = 0
        self.kept: OrderedDict[tuple[str, str], tuple[int, ParsedMap | Unmapped]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, map_file: Artifact, script: Artifact | None) -> ParsedMap | Unmapped:
        key = map_file.sha256, script.sha256 if script else ""
        with self.lock:
            if key in self.kept:
                self.kept.move_to_end(key)
                return self.kept[key][1]
        parsed = self._parse(map_file, script)
        if parsed is None:
            return Unmapped.MAP_MISSING
        weight = parsed.weight if isinstance(parsed, ParsedMap) else REASON_WEIGHT
        with self.lock:
            if key not in self.kept:
                self.kept[key] = weight, parsed
                self.weight += weight
            while self.weight > self.budget_bytes and len(self.kept) > 1:
                self.weight -= self.kept.popitem(last=False)[1][0]
        return parsed

    def _parse(self, map_file: Artifact, script: Artifact | None) -> ParsedMap | Unmapped | None:
        """None when a file is not there, now: it is not remembered, for it may come back."""
        if map_file.size > LARGEST_MAP:
            return Unmapped.MAP_TOO_LARGE
        try:
            source = self.files.read(script.sha256) if script and script.size <= LARGEST_SCRIPT else b""
            return ParsedMap(self.files.read(map_file.sha256), source)
        except BadMap as exc:
            log.info("source_map.invalid", path=map_file.path, release=map_file.release, reason=str(exc))
            return Unmapped.MAP_INVALID
        except (NotFound, StoreAway) as exc:
            log.warning(
                "source_map.missing", path=map_file.path, release=map_file.release, reason=exc.message
            )
            return None


def places(
    exception: Mapping[str, Any], base: Place, images: Mapping[str, str]
) -> Iterator[tuple[int, Frame, Place]]:
    """The frames that a map may exist for and that are not mapped yet, each with what its files are found by."""
    frames = exception.get("frames")
    for index, frame in enumerate(frames[:MAX_FRAMES] if isinstance(frames, list) else ()):
        if not isinstance(frame, dict) or "raw" in frame:
            continue
        address = str(frame.get("abs_path") or frame.get("filename") or "")[:LONGEST_ADDRESS]
        has_place = number(frame.get("lineno")) > 0 and number(frame.get("colno")) > 0
        if is_script(address, has_place):
            debug_id = canonical(frame.get("debug_id")) or images.get(address, "")
            yield index, frame, base._replace(debug_id=debug_id, address=address)


def images_by_file(images: Sequence[Any]) -> dict[str, str]:
    """The debug ids that an event tells of its scripts (`debug_meta.images` in Sentry's events)."""
    return {
        str(image.get("code_file"))[:LONGEST_ADDRESS]: debug_id
        for image in images
        if isinstance(image, Mapping)
        and image.get("type", "sourcemap") == "sourcemap"
        and (debug_id := canonical(image.get("debug_id")))
    }


def is_readable(frame: Frame) -> bool:
    line = frame.get("context_line")
    return isinstance(line, str) and 0 < len(line) <= READABLE_LINE


def explanation(frame: Frame, place: Place, code: str, found: Found) -> Explained:
    said, advice = sentence(code)
    line, column = number(frame.get("lineno")), number(frame.get("colno"))
    return Explained(place.address, line, column, code, said, advice, found.looked_for)
