"""HTTP sessions: what a client SET and which database it USEs, said again before each of its later requests.

Handles live for one request, so a session is a list of statements and holds no resources. Temporary tables are not kept.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .faults import Code, Fault
from .request import Ask
from .statement import Kind

SESSIONS_LIMIT = 1000
STATEMENTS_LIMIT = 100


@dataclass
class Session:
    ends_at_s: float
    said: list[tuple[Kind, bytes]] = field(default_factory=list)


class Sessions:
    """Used from the event loop alone. A session is forgotten `session_timeout` seconds after its last request."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self.now_s = now_s
        self.known: dict[tuple[str, str], Session] = {}

    def recall(self, asked: Ask) -> tuple[bytes, ...]:
        """The statements to say first. A database named in the request wins over the session's USE."""
        if not asked.session_id:
            return ()
        session = self.known.get((asked.login, asked.session_id))
        if session is None or session.ends_at_s < self.now_s():
            if asked.session_check:
                raise Fault(Code.SESSION_NOT_FOUND, f"Session {asked.session_id} not found")
            return ()
        session.ends_at_s = self.now_s() + asked.session_timeout_s
        return tuple(sql for kind, sql in session.said if kind is Kind.SET or not asked.database)

    def learn(self, asked: Ask) -> None:
        """After a request that succeeded."""
        key = (asked.login, asked.session_id)
        if asked.session_close:
            self.known.pop(key, None)
        elif asked.session_id and asked.statement.kind in (Kind.SET, Kind.USE):
            if key not in self.known:
                self.forget_old()
            session = self.known.setdefault(key, Session(self.now_s() + asked.session_timeout_s))
            if len(session.said) >= STATEMENTS_LIMIT:
                raise Fault(
                    Code.BAD_ARGUMENTS, f"a session holds {STATEMENTS_LIMIT} SET statements at the most"
                )
            session.said.append((asked.statement.kind, asked.statement.sql))

    def forget_old(self) -> None:
        now_s = self.now_s()
        self.known = {key: session for key, session in self.known.items() if session.ends_at_s >= now_s}
        while len(self.known) >= SESSIONS_LIMIT:
            self.known.pop(next(iter(self.known)))
