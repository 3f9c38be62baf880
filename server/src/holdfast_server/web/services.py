"""What handlers may use: built once by app.py and hung on the application, so that no handler makes its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from litestar import Request
from litestar.datastructures import State

from ..accounts.key_ring import KeyRing
from ..accounts.sessions import Sessions
from ..accounts.users import Users
from ..event_store.connect import EventStore
from ..health.report import Health
from ..ingest.artifacts import Artifacts
from ..ingest.assemblies import Assemblies
from ..ingest.feedback import FeedbackIntake
from ..ingest.ledger import Ledger
from ..ingest.pipeline import Pipeline
from ..ingest.sentry_intake import SentryIntake
from ..ingest.symbolicate import Symbolicator
from ..model.clock import Clock
from ..model.files import Files
from ..settings import Settings
from ..state_store.connect import StateStore
from .live import LiveFeed

HttpRequest = Request[Any, Any, State]


class TakesIn(Protocol):
    """What a process that takes events in has besides."""

    @property
    def pipeline(self) -> Pipeline: ...

    @property
    def ledger(self) -> Ledger: ...

    @property
    def feedback(self) -> FeedbackIntake: ...

    @property
    def sentry(self) -> SentryIntake: ...


@dataclass(frozen=True)
class Services:
    """`guard_sql` turns a person's SQL for one project into SQL that may run; app.py wires it to the event store.

    `local_token` is the way in for commands beside the data folder: made at each start, readable by the folder's owner only.
    """

    settings: Settings
    clock: Clock
    facts: EventStore
    state: StateStore
    intake: TakesIn | None
    keys: KeyRing
    users: Users
    sessions: Sessions
    csrf_secret: str
    local_token: str
    health: Health
    live: LiveFeed
    guard_sql: Callable[[str, int], str]
    screenshots: Files
    builds: Artifacts
    assemblies: Assemblies
    symbolicator: Symbolicator


def intake(request: HttpRequest) -> TakesIn:
    """The parts of taking in; their routes exist only where they do."""
    found = services(request).intake
    assert found is not None
    return found


def services(request: HttpRequest) -> Services:
    found: Services = request.app.state.services
    return found
