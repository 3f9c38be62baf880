"""Makes projects: a name becomes a unique slug, and the first two keys appear with the project or not at all."""

import re
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from holdfast_server.accounts import keys
from holdfast_server.errors import BadInput
from holdfast_server.model.clock import Clock
from holdfast_server.model.project import KeyKind, Project
from holdfast_server.state_store import projects
from holdfast_server.state_store.connect import StateStore

NAME_LENGTH_MAX = 200
SLUG_LENGTH_MAX = 60
FIRST_LABEL = "first key"


@dataclass(frozen=True)
class NewProject:
    """A project just made, with its keys in full: the secret one is shown this once."""

    project: Project
    public_key: str
    secret_key: str


def create_project(
    store: StateStore, name: str, clock: Clock, *, random: Callable[[int], str] = secrets.token_hex
) -> NewProject:
    name = checked_name(name)
    public, secret = (keys.new_value(kind, random) for kind in (KeyKind.PUBLIC, KeyKind.SECRET))
    project, _ = projects.create(
        store,
        name=name,
        slug=slug_of(name),
        created_at_ms=clock.now_ms(),
        keys_of_it=[
            keys.to_keep(KeyKind.PUBLIC, public, FIRST_LABEL),
            keys.to_keep(KeyKind.SECRET, secret, FIRST_LABEL),
        ],
    )
    return NewProject(project, public, secret)


def rename_project(store: StateStore, project_id: int, name: str) -> Project:
    """The slug stays, so that links go on working."""
    return projects.rename(store, project_id, checked_name(name))


def checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH_MAX:
        raise BadInput(
            f"a project's name has 1 to {NAME_LENGTH_MAX} characters", path="name", hint="write a short name"
        )
    return name


def slug_of(name: str) -> str:
    """`Größe & Co.` → `grosse-co`. Never digits only: those would look like an id."""
    ascii_text = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:SLUG_LENGTH_MAX].strip("-")
    return slug if slug and not slug.isdigit() else f"project-{slug}".strip("-")
