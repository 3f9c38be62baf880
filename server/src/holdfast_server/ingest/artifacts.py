"""Takes in the files of builds: from one file, or from a bundle that arrived in chunks; and lets go of old ones.

Content goes into the folder of files first, rows after: what a row names is on disk. Blocking; the web calls it in threads.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

from ..errors import BadInput, TooLarge
from ..insight.source_maps.bundle import (
    MAX_BUNDLE_BYTES,
    MAX_FILE_BYTES,
    MAX_PATH,
    Bundle,
    BundleFile,
    Kind,
    open_bundle,
)
from ..insight.source_maps.documents import describe_map, describe_script
from ..model.artifact import Artifact, Received
from ..model.clock import Clock
from ..model.files import GRACE_S, Files
from ..state_store import artifacts
from ..state_store.connect import StateStore

CHUNK_BYTES = 8 * 1024 * 1024
MAX_WAITING_BYTES = 4 * MAX_BUNDLE_BYTES
"""What the unfinished uploads of one project may take."""
CHUNK_AGE_MS = 86_400_000
MAX_PROBLEMS = 50
WRITERS = 4
"""Each file waits for the disk: four at a time are kept in a third of the time, and four are in memory at the most."""
MAX_RELEASE, MAX_DIST = 200, 64
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Swept:
    artifacts: int
    chunks: int
    files: int


class Artifacts:
    """Safe to use from many threads and processes that share the folder and the state store."""

    def __init__(self, store: StateStore, files: Files, clock: Clock) -> None:
        self.store = store
        self.files = files
        self.clock = clock

    def put_chunk(self, project_id: int, sha1: str, content: bytes) -> None:
        """Keep a piece of an upload. Raises BadInput when it is not what its name says, TooLarge beyond a limit."""
        if len(content) > CHUNK_BYTES:
            raise TooLarge("a chunk", f"{CHUNK_BYTES:,} bytes")
        if hashlib.sha1(content, usedforsecurity=False).hexdigest() != sha1:
            raise BadInput(
                "a chunk is not what its checksum says", hint="it was changed on its way; upload again"
            )
        if artifacts.waiting_bytes(self.store, project_id) > MAX_WAITING_BYTES:
            raise TooLarge(
                "the unfinished uploads of this project",
                f"{MAX_WAITING_BYTES:,} bytes",
                hint="finish them, or wait a day: then they are dropped",
            )
        kept = self.files.put(content, limit=CHUNK_BYTES)
        artifacts.put_chunk(self.store, project_id, sha1, kept.sha256, kept.size, self.clock.now_ms())

    def missing_chunks(self, project_id: int, sha1s: Sequence[str]) -> list[str]:
        here = artifacts.chunks(self.store, project_id, list(set(sha1s)))
        return [
            sha1 for sha1 in dict.fromkeys(sha1s) if sha1 not in here or not self.files.has(here[sha1][0])
        ]

    def has_bundle(self, project_id: int, checksum: str, release: str, dist: str) -> bool:
        return artifacts.has_bundle(self.store, project_id, checksum, release, dist)

    def assemble(
        self, project_id: int, checksum: str, sha1s: Sequence[str], release: str, dist: str
    ) -> Received:
        """Put the chunks together and take in the bundle that they are. Raises BadInput for anything that is none."""
        here = artifacts.chunks(self.store, project_id, sha1s)
        size = sum(here[sha1][1] for sha1 in sha1s)
        if size > MAX_BUNDLE_BYTES:
            raise TooLarge("the bundle", f"{MAX_BUNDLE_BYTES:,} bytes", hint="upload the build in parts")
        whole = self.files.put((self.files.read(here[sha1][0]) for sha1 in sha1s), limit=MAX_BUNDLE_BYTES)
        try:
            with self.files.open(whole.sha256) as file:
                if hashlib.file_digest(file, "sha1").hexdigest() != checksum:
                    raise BadInput("the bundle is not what its checksum says", hint="upload it again")
                received = self.keep_bundle(project_id, file, whole.size, release, dist)
        finally:
            self.files.delete(whole.sha256)
        artifacts.note_bundle(self.store, project_id, checksum, release, dist, self.clock.now_ms())
        artifacts.drop_chunks(self.store, project_id, sha1s)
        return received

    def keep_bundle(self, project_id: int, file: BinaryIO, size: int, release: str, dist: str) -> Received:
        """The files of a bundle, under the release that the request names, else the one of its manifest."""
        bundle = open_bundle(file, size)
        release, dist = release or bundle.release, dist or bundle.dist
        check_names(release, dist)
        found = Received()
        with ThreadPoolExecutor(WRITERS, thread_name_prefix="bundle files") as writers:
            every = writers.map(
                lambda entry: self._keep(project_id, release, dist, entry, read_whole(bundle, entry)),
                bundle.files,
            )
            kept = list(every)
        for one in kept:
            found.kept.extend(one.kept)
            found.problems.extend(one.problems[: MAX_PROBLEMS - len(found.problems)])
        artifacts.put(self.store, found.kept)
        return found

    def keep_file(self, project_id: int, release: str, dist: str, path: str, content: bytes) -> Received:
        """One file as it lies in the build's folder. Raises BadInput when it is neither script nor map."""
        check_names(release, dist)
        if not 0 < len(path) <= MAX_PATH:
            raise BadInput(f"a path has 1 to {MAX_PATH} characters", path="path")
        is_map = path.partition("?")[0].endswith(".map")
        entry = BundleFile(path, path, Kind.MAP if is_map else Kind.SCRIPT, "", "")
        found = self._keep(project_id, release, dist, entry, content)
        if not release and not any(file.debug_id for file in found.kept):
            raise BadInput(
                "without a release a file needs a debug id",
                path="release",
                hint="name the release, or put debug ids into the build with sentry-cli sourcemaps inject",
            )
        if found.problems:
            raise BadInput(found.problems[0], path="path", hint="build it again")
        artifacts.put(self.store, found.kept)
        return found

    def sweep(self, keep_days: int, *, grace_s: float = GRACE_S) -> Swept:
        """Let go of what no recent event needs. For the schedule."""
        now_ms = self.clock.now_ms()
        gone = artifacts.expire(self.store, now_ms - keep_days * DAY_MS)
        chunks = artifacts.expire_chunks(self.store, now_ms - CHUNK_AGE_MS)
        needed = artifacts.needed_files(self.store)
        return Swept(gone, chunks, self.files.sweep(needed, grace_s=grace_s))

    def _keep(self, project_id: int, release: str, dist: str, entry: BundleFile, content: bytes) -> Received:
        described = describe_map(content) if entry.kind is Kind.MAP else describe_script(content)
        debug_id = entry.debug_id or described.debug_id
        problems, notes = [], []
        if described.problem:
            problems.append(f"{entry.path[:200]} is no source map: {described.problem}")
        elif not described.has_sources:
            notes.append(
                f"{entry.path[:200]} holds no source text (sourcesContent): frames will have no context"
            )

        def row(kind: Kind, path: str, reference: str, data: bytes) -> Artifact:
            ref = self.files.put(data, limit=MAX_FILE_BYTES)
            return Artifact(
                project_id=project_id,
                release=release,
                dist=dist,
                debug_id=debug_id,
                kind=kind.value,
                path=path,
                reference=reference,
                sha256=ref.sha256,
                size=ref.size,
                uploaded_at_ms=self.clock.now_ms(),
            )

        kept = [row(entry.kind, entry.path, (entry.reference or described.reference)[:MAX_PATH], content)]
        if described.embedded is not None and len(entry.path) + 4 <= MAX_PATH:
            kept.append(row(Kind.MAP, entry.path.partition("?")[0] + ".map", "", described.embedded))
        return Received(kept, problems, notes)


def read_whole(bundle: Bundle, entry: BundleFile) -> bytes:
    return b"".join(bundle.read(entry.name))


def check_names(release: str, dist: str) -> None:
    if len(release) > MAX_RELEASE:
        raise BadInput(f"a release has at most {MAX_RELEASE} characters", path="release")
    if len(dist) > MAX_DIST:
        raise BadInput(f"a dist has at most {MAX_DIST} characters", path="dist")
