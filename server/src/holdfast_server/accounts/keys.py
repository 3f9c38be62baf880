"""Project keys and DSNs. A secret key is shown once, when it is made; afterwards only its hash exists.

Keys consist of word characters only, so that a DSN with one parses in every Sentry SDK.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from holdfast_server.accounts.key_ring import KeyRing
from holdfast_server.errors import BadInput, NotFound
from holdfast_server.model.clock import Clock
from holdfast_server.model.project import ApiKey, KeyKind
from holdfast_server.state_store import keys, projects
from holdfast_server.state_store.connect import StateStore

PREFIX_AND_BYTES = {KeyKind.PUBLIC: ("hf_pub_", 16), KeyKind.SECRET: ("hf_sec_", 24)}


@dataclass(frozen=True)
class IssuedKey:
    """A key just made: `value` is the whole key, to be shown this once."""

    key: ApiKey
    value: str


def create(
    store: StateStore,
    project_id: int,
    kind: KeyKind,
    clock: Clock,
    *,
    label: str = "",
    random: Callable[[int], str] = secrets.token_hex,
) -> IssuedKey:
    if projects.get(store, project_id) is None:
        raise NotFound("project", project_id)
    value = new_value(kind, random)
    key = keys.create(store, project_id, to_keep(kind, value, label), clock.now_ms())
    return IssuedKey(key, value)


def revoke(
    store: StateStore, project_id: int, key_id: int, clock: Clock, ring: KeyRing | None = None
) -> ApiKey:
    """Ends a key: at once in the process of `ring`, in others when their memory of it ends (30 s)."""
    key = keys.revoke(store, project_id, key_id, clock.now_ms())
    if ring is not None:
        ring.forget(key_id)
    return key


def list_keys(store: StateStore, project_id: int, *, revoked: bool = False) -> list[ApiKey]:
    """The project's keys, oldest first; the revoked ones only when asked for."""
    return keys.list_keys(store, project_id, revoked=revoked)


def dsn(base_url: str, public_key: str, project_id: int) -> str:
    """The address that Sentry SDKs take: http://<public key>@<host>/<project id>."""
    try:
        parts = urlsplit(base_url.strip())
    except ValueError as exc:
        raise _no_dsn(base_url) from exc
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme not in {"http", "https"} or not host:
        raise _no_dsn(base_url)
    path = f"{parts.path.rstrip('/')}/{project_id}"
    return urlunsplit((parts.scheme, f"{public_key}@{host}", path, "", ""))


def new_value(kind: KeyKind, random: Callable[[int], str] = secrets.token_hex) -> str:
    prefix, bytes_count = PREFIX_AND_BYTES[kind]
    return prefix + random(bytes_count)


def to_keep(kind: KeyKind, value: str, label: str = "") -> keys.NewKey:
    return keys.NewKey(
        kind=kind,
        key_hash=hashlib.sha256(value.encode()).hexdigest(),
        public_key=value if kind is KeyKind.PUBLIC else None,
        hint=f"{value[:11]}…{value[-4:]}",
        label=label.strip(),
    )


def _no_dsn(base_url: str) -> BadInput:
    return BadInput(
        f"no DSN can be made of the address {base_url!r}", hint="use one like https://holdfast.example.org"
    )
