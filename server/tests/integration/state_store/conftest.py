"""A project, and blocks of the drainer in few words."""

from collections.abc import Callable
from itertools import count

import pytest

from holdfast_server.model.issue import Applied, Issue, IssueDelta
from holdfast_server.state_store import issues, projects
from holdfast_server.state_store.connect import StateStore

SEQUENCE = count(1)
Block = Callable[..., Applied]


@pytest.fixture
def project(store: StateStore) -> int:
    return projects.create(store, name="Shop", slug="shop", created_at_ms=1)[0].id


@pytest.fixture
def drain(store: StateStore, project: int) -> Block:
    """`drain("a", "b", at=5, release="1.0", …)` applies one block that saw those fingerprints."""

    def apply(*names: str, at: int = 100, n: int = 1, release: str = "", **more: object) -> Applied:
        block = [made(project, name, at, n, release, **more) for name in names]
        return issues.apply(store, "spool", next(SEQUENCE), block)

    return apply


def made(project: int, name: str, at: int = 100, n: int = 1, release: str = "", **more: object) -> IssueDelta:
    values: dict[str, object] = {
        "issue_id": name,
        "project_id": project,
        "fingerprint_version": 1,
        "error_type": "TypeError",
        "message": f"message of {name}",
        "culprit": f"{name}.js in add",
        "severity": "error",
        "count": n,
        "first_seen_ms": at,
        "last_seen_ms": at,
        "release": release,
        "environment": "production",
        "sample": f'{{"from":"{name}"}}',
        "releases": {release: at} if release else {},
        "environments": {"production": at},
    }
    return IssueDelta(**(values | more))  # type: ignore[arg-type]


def found(store: StateStore, project: int, issue_id: str) -> Issue:
    issue = issues.get(store, project, issue_id)
    assert issue is not None
    return issue
