"""One real server process for all tests of the API; each test has a project of its own on it."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from e2e.server import Answer, Server, wait_until

from holdfast_server.accounts.projects import create_project
from holdfast_server.accounts.sessions import Sessions, csrf_secret, csrf_token
from holdfast_server.accounts.users import Users
from holdfast_server.model.clock import SystemClock
from holdfast_server.model.project import Role
from holdfast_server.state_store.connect import StateStore

QUICK = {"HOLDFAST_DRAIN_INTERVAL_MS": "50"}
Json = dict[str, Any]


@dataclass
class Person:
    """Somebody logged in: what their browser sends."""

    cookie: str
    csrf: str

    def headers(self, *, csrf: bool = True) -> dict[str, str]:
        own = {"Cookie": f"holdfast_session={self.cookie}", "Authorization": ""}
        return own | {"X-CSRF-Token": self.csrf} if csrf else own


@dataclass
class Tenant:
    """A project of one test on the shared server."""

    server: Server
    id: int
    public_key: str
    secret_key: str
    words: dict[str, str] = field(default_factory=dict)

    def post(
        self, path: str, body: Any = None, *, headers: dict[str, str] | None = None, key: str | None = None
    ) -> Answer:
        return self.server.send(
            "POST", path, body, key=self.public_key if key is None else key, headers=headers
        )

    def get(self, path: str) -> Any:
        answer = self.server.send("GET", path, key=self.secret_key)
        assert answer.status == 200, answer
        return answer.json

    def send(self, *events: Json, **more: Any) -> Json:
        answer = self.post("/api/telemetry/batch", {"events": list(events), **more})
        assert answer.status == 200, answer
        found: Json = answer.json
        return found

    def arrived(self) -> "Tenant":
        """Wait until everything sent can be asked for."""
        self.server.wait_drained()
        return self

    def events(self, query: str = "limit=1000") -> list[Json]:
        found: list[Json] = self.arrived().get(f"/api/events?{query}")["events"]
        return found

    def sql(self, text: str) -> list[list[Any]]:
        answer = self.server.send("POST", "/api/query", {"sql": text}, key=self.secret_key)
        assert answer.status == 200, (text, answer)
        rows: list[list[Any]] = answer.json["rows"]
        return rows

    def outcomes(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for row in self.get("/api/ledger?range=1h")["outcomes"]:
            key = row["outcome"], row["reason"]
            found[key] = found.get(key, 0) + row["quantity"]
        return found

    def accepted(self, *categories: str) -> int:
        """How much of these categories the ledger calls accepted."""
        rows = self.get("/api/ledger?range=1h")["outcomes"]
        return sum(
            row["quantity"] for row in rows if row["outcome"] == "accepted" and row["category"] in categories
        )

    def wait_outcomes(self, expected: dict[tuple[str, str], int]) -> None:
        """What is refused outside of a batch reaches the ledger within a second or two."""
        wait_until(
            lambda: self.outcomes() == expected,
            f"the ledger to say {expected}",
            15,
            lambda: json.dumps([[*key, n] for key, n in self.outcomes().items()]),
        )


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts servers with settings of their own, and ends them with the run."""
    started: list[Server] = []

    def start(**settings: str) -> Server:
        server = Server(tmp_path_factory.mktemp("server") / "data", **(QUICK | settings))
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def server(serve: Callable[..., Server]) -> Server:
    return serve()


@pytest.fixture(scope="session")
def strict(serve: Callable[..., Server]) -> Server:
    """A server that filters usage, limits rates, and lets the browsers of two sites send."""
    return serve(
        ENABLE_ANALYTICS="0",
        HOLDFAST_RATE_PER_S="30",
        HOLDFAST_CORS_ORIGINS="https://shop.example.org, https://other.example.org",
    )


def state_of(server: Server) -> StateStore:
    """The state store beside the running server, as the command line opens it."""
    return StateStore.open(f"sqlite:///{server.data}/state.db")


def new_tenant(server: Server, name: str = "") -> Tenant:
    with closing(state_of(server)) as state:
        made = create_project(state, name or f"project {uuid.uuid4().hex[:8]}", SystemClock())
    return Tenant(server, made.project.id, made.public_key, made.secret_key)


@pytest.fixture
def tenant(server: Server) -> Tenant:
    return new_tenant(server)


@pytest.fixture(scope="session")
def people(server: Server) -> dict[Role, Person]:
    """Somebody of each role, logged in."""
    clock = SystemClock()
    with closing(state_of(server)) as state:
        users, sessions, secret = Users(state, clock), Sessions(state, clock), csrf_secret(state)
        found = {}
        for role in Role:
            user = users.create(f"{role.value}@example.org", "a long enough phrase", role)
            token = sessions.open(user)
            found[role] = Person(token, csrf_token(token, secret))
    return found
