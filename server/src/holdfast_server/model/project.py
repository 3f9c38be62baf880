"""Projects, keys, people and what they may do: the values of the state store that other layers read."""

from enum import StrEnum

import msgspec


class KeyKind(StrEnum):
    PUBLIC = "public"
    """Writes only; may stand in a browser."""
    SECRET = "secret"  # noqa: S105 - the name of a kind of key, not a key
    """Reads and writes; stays on a server."""


class Role(StrEnum):
    VIEWER = "viewer"
    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def covers(self, needed: "Role") -> bool:
        return self.rank >= needed.rank


class Project(msgspec.Struct, frozen=True):
    id: int
    slug: str
    name: str
    created_at_ms: int


class ApiKey(msgspec.Struct, frozen=True):
    """A key without its secret: `hint` is its beginning and end, for people to tell keys apart.

    `public_key` is the whole key when it is a public one (no secret: it stands in browsers), else None.
    """

    id: int
    project_id: int
    kind: KeyKind
    hint: str
    label: str
    created_at_ms: int
    revoked_at_ms: int | None = None
    public_key: str | None = None
    last_used_at_ms: int | None = None


class User(msgspec.Struct, frozen=True):
    id: int
    email: str
    name: str
    role: Role
    created_at_ms: int
    disabled: bool = False


class LoginSession(msgspec.Struct, frozen=True):
    """A person logged in somewhere. `id` is the hash of the token: the token itself is only in the browser."""

    id: str
    user_id: int
    created_at_ms: int
    last_seen_at_ms: int
    expires_at_ms: int
    user_agent: str


class AuditEntry(msgspec.Struct, frozen=True):
    """Who did what to what. `actor` is an e-mail or the name of a part of Holdfast; `detail` is JSON text."""

    id: int
    at_ms: int
    actor: str
    action: str
    subject: str
    detail: str
