"""Which uploaded files belong to a frame: by debug id first, then by release, distribution and address.

Answers are remembered for a while, those that found nothing for a shorter one: a client sends the same places again and
again, and an upload should be seen soon.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..insight.source_maps.addresses import beside, candidates
from ..insight.source_maps.bundle import Kind
from ..insight.source_maps.reasons import Unmapped
from ..model.artifact import Artifact
from ..model.clock import Clock
from ..state_store import artifacts
from ..state_store.connect import StateStore

FOUND_FOR_S = 60.0
MISSED_FOR_S = 10.0
ANY_FOR_S = 5.0
REMEMBERED = 4096


class Place(NamedTuple):
    """All that decides which files a frame belongs to."""

    project_id: int
    release: str
    dist: str
    debug_id: str
    address: str


@dataclass(frozen=True)
class Found:
    """The map and the script of a place, or the reason why there is no map; `looked_for` says it to people."""

    script: Artifact | None = None
    map: Artifact | None = None
    reason: Unmapped | None = None
    looked_for: tuple[str, ...] = ()


class Resolver:
    """Safe to use from many threads. Raises StoreAway when the state store does not answer."""

    def __init__(self, store: StateStore, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.remembered: OrderedDict[Place, tuple[float, Found]] = OrderedDict()
        self.any_files: dict[int, tuple[float, bool]] = {}
        self.lock = threading.Lock()

    def has_files(self, project_id: int) -> bool:
        """Whether the project has any; from memory, for most projects have none and ask with every error."""
        now_s = self.clock.monotonic_s()
        known = self.any_files.get(project_id)
        if known is not None and now_s < known[0]:
            return known[1]
        answer = artifacts.has_any(self.store, project_id)
        self.any_files[project_id] = now_s + ANY_FOR_S, answer
        return answer

    def find(self, place: Place) -> Found:
        now_s = self.clock.monotonic_s()
        with self.lock:
            until_s, found = self.remembered.get(place, (0.0, None))
            if found is not None and now_s < until_s:
                self.remembered.move_to_end(place)
                return found
        found = self._look(place)
        with self.lock:
            self.remembered[place] = now_s + (MISSED_FOR_S if found.map is None else FOUND_FOR_S), found
            self.remembered.move_to_end(place)
            while len(self.remembered) > REMEMBERED:
                self.remembered.popitem(last=False)
        return found

    def _look(self, place: Place) -> Found:
        tried: list[str] = []
        if place.debug_id:
            by_id = self._by_debug_id(place)
            if by_id.map or by_id.reason is not Unmapped.NO_ARTIFACT_FOR_DEBUG_ID:
                return by_id
            tried += by_id.looked_for
        if place.release:
            by_path = self._by_path(place)
            if by_path.script or by_path.map or not place.debug_id:
                return by_path
            tried += by_path.looked_for
        reason = Unmapped.NO_ARTIFACT_FOR_DEBUG_ID if place.debug_id else Unmapped.NO_DEBUG_ID
        return Found(reason=reason, looked_for=tuple(tried))

    def _by_debug_id(self, place: Place) -> Found:
        looked = (f"debug id {place.debug_id}",)
        files = artifacts.by_debug_id(self.store, place.project_id, place.debug_id)
        script = next((file for file in files if file.kind == Kind.SCRIPT), None)
        found = next((file for file in files if file.kind == Kind.MAP), None)
        if script is not None and found is None:
            return self._map_of(script, looked)
        if found is None:
            return Found(reason=Unmapped.NO_ARTIFACT_FOR_DEBUG_ID, looked_for=looked)
        return Found(script, found, None, looked)

    def _by_path(self, place: Place) -> Found:
        names = candidates(place.address)
        looked = tuple(f"{name} in release {place.release}" for name in names)
        files = artifacts.by_paths(self.store, place.project_id, place.release, names)
        script = chosen([file for file in files if file.kind == Kind.SCRIPT], names, place.dist)
        if script is not None:
            return self._map_of(script, looked)
        maps = [other for name in names for other in beside(name, "")]
        alone = chosen(
            artifacts.by_paths(self.store, place.project_id, place.release, maps), maps, place.dist
        )
        if alone is not None:
            return Found(None, alone, None, looked)
        return Found(reason=self._absence(place, bool(files)), looked_for=looked)

    def _map_of(self, script: Artifact, looked: tuple[str, ...]) -> Found:
        names = beside(script.path, script.reference)
        files = artifacts.by_paths(self.store, script.project_id, script.release, names)
        found = chosen([file for file in files if file.kind == Kind.MAP], names, script.dist)
        if found is not None:
            return Found(script, found, None, looked)
        reason = Unmapped.MAP_MISSING if script.reference else Unmapped.NOT_MINIFIED
        return Found(
            script, None, reason, (*looked, *(f"{name} in release {script.release}" for name in names))
        )

    def _absence(self, place: Place, elsewhere: bool) -> Unmapped:
        dists = artifacts.dists_of(self.store, place.project_id, place.release)
        if not dists:
            return Unmapped.NO_ARTIFACT_FOR_RELEASE
        if elsewhere or not dists & {place.dist, ""}:
            return Unmapped.NO_ARTIFACT_FOR_DIST
        return Unmapped.PATH_NOT_IN_RELEASE


def chosen(files: Sequence[Artifact], names: Sequence[str], dist: str) -> Artifact | None:
    """The file with the best name: of the same distribution before those that are of none."""
    rank = {name: place for place, name in reversed(list(enumerate(names)))}
    fitting = [file for file in files if file.dist in (dist, "")]
    return min(
        fitting, key=lambda file: (file.dist != dist, rank[file.path], -file.uploaded_at_ms), default=None
    )
