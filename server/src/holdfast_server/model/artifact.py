"""An uploaded file of a build, and what one upload brought: the values that store, symbolication and pages share."""

from dataclasses import dataclass, field
from hashlib import sha256


@dataclass(frozen=True)
class Artifact:
    """One file under one name. `path` is the address it is served at (`~/assets/app.js`), `reference` the map that a
    script names, `sha256` its content in the folder of files."""

    project_id: int
    release: str
    dist: str
    debug_id: str
    kind: str
    path: str
    reference: str
    sha256: str
    size: int
    uploaded_at_ms: int
    used_at_ms: int = 0

    @property
    def id(self) -> str:
        parts = (str(self.project_id), self.release, self.dist, self.debug_id, self.kind, self.path)
        return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class ReleaseFiles:
    """What is there for one release and distribution."""

    release: str
    dist: str
    files: int
    maps: int
    bytes: int
    uploaded_at_ms: int


@dataclass(frozen=True)
class Received:
    """What became of an upload: what is kept, a sentence for each file that is of no use, and for each that could be better."""

    kept: list[Artifact] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
