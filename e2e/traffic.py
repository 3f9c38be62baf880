"""Numbered events sent without a pause, as an honest client sends them, and the account of what was acknowledged.

Each request has an id and is repeated with the same id until it is answered with success, whatever happens to the server;
a few are given up after the first failure, as by a client that dies. `check` then holds the server to its promise.
"""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from e2e.server import Server

DAYS = 5
DAY_MS = 86_400_000
TYPES = ("page_view", "api_latency", "optimistic_action_success", "retry_attempt")
ERRORS = ("TypeError", "ValueError", "TimeoutError")
GIVES_UP = 0.05
"""The share of requests that are not repeated after a failure."""
SENDER = 10_000_000
"""Numbers of one sender: below this, above its own index times this."""


@dataclass
class Account:
    """What a sender knows. Numbers of events; `unsure` were sent once, without an answer."""

    acknowledged: set[int] = field(default_factory=set)
    unsure: set[int] = field(default_factory=set)
    errors: set[str] = field(default_factory=set)
    unsure_errors: set[str] = field(default_factory=set)
    frequency: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    failures: Counter[str] = field(default_factory=Counter)


class Traffic:
    """Senders in threads. `finish` waits until everything that they hold is acknowledged."""

    def __init__(
        self,
        server: Server,
        *,
        senders: int = 3,
        batch: int = 60,
        pause_s: float = 0.0,
        days: int = DAYS,
        seed: int | None = None,
    ) -> None:
        self.server = server
        self.batch = batch
        self.pause_s = pause_s
        self.days = days
        self.seed = random.randrange(1_000_000) if seed is None else seed
        self.ending = threading.Event()
        self.accounts = [Account() for _ in range(senders)]
        self.threads = [
            threading.Thread(target=self._send_forever, args=(index,), name=f"sender-{index}", daemon=True)
            for index in range(senders)
        ]

    def start(self) -> "Traffic":
        for thread in self.threads:
            thread.start()
        return self

    def finish(self, timeout_s: float = 60) -> None:
        self.ending.set()
        deadline = time.monotonic() + timeout_s
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            assert not thread.is_alive(), (
                f"a sender got no acknowledgement in {timeout_s:g} s: {self.failures}\n{self.server.said[-4000:]}"
            )

    @property
    def acknowledged(self) -> int:
        return sum(len(account.acknowledged) + len(account.errors) for account in self.accounts)

    @property
    def attempts(self) -> int:
        return sum(account.attempts for account in self.accounts)

    @property
    def failures(self) -> Counter[str]:
        return sum((account.failures for account in self.accounts), Counter())

    def _send_forever(self, index: int) -> None:
        account, dice = self.accounts[index], random.Random(self.seed * 1000 + index)
        sender, number, turn = Sender(self.server), index * SENDER, 0
        while not self.ending.is_set():
            turn += 1
            if dice.random() < 0.1:
                self._send_error(sender, account, dice, f"{index}-{turn}")
            else:
                numbers = range(number, number + dice.randint(1, self.batch))
                number = numbers.stop
                self._send_batch(sender, account, dice, numbers)
            if self.pause_s:
                time.sleep(self.pause_s)
        sender.close()

    def _send_batch(self, sender: "Sender", account: Account, dice: random.Random, numbers: range) -> None:
        body = json.dumps(
            {"batchId": f"b{numbers.start}", "events": [self._event(dice, number) for number in numbers]}
        )
        answer = self._repeat(sender, account, dice, "/api/telemetry/batch", body, {})
        if answer is None:
            account.unsure.update(numbers)
            return
        assert (answer["recorded"], answer["failed"], answer["total"]) == (len(numbers), 0, len(numbers)), (
            answer
        )
        account.acknowledged.update(numbers)

    def _send_error(self, sender: "Sender", account: Account, dice: random.Random, name: str) -> None:
        report = {
            "errorType": dice.choice(ERRORS),
            "message": "it broke",
            "severity": "error",
            "sessionId": name,
            "timestamp": self._moment(dice),
        }
        answer = self._repeat(
            sender, account, dice, "/api/errors", json.dumps(report), {"Idempotency-Key": f"e{name}"}
        )
        if answer is None:
            account.unsure_errors.add(name)
            return
        account.errors.add(name)
        account.frequency[answer["errorId"]] += 1

    def _repeat(
        self,
        sender: "Sender",
        account: Account,
        dice: random.Random,
        path: str,
        body: str,
        headers: dict[str, str],
    ) -> Any:
        while True:
            account.attempts += 1
            try:
                return sender.post(path, body, headers)
            except (OSError, http.client.HTTPException, Refused) as exc:
                account.failures[str(exc) if isinstance(exc, Refused) else "no answer"] += 1
                sender.close()
            if dice.random() < GIVES_UP:
                return None
            time.sleep(0.05)

    def _event(self, dice: random.Random, number: int) -> dict[str, Any]:
        """`value` is the number; some events carry an error, some a duration, all a name that rollups group by."""
        event: dict[str, Any] = {
            "type": dice.choice(TYPES),
            "timestamp": self._moment(dice),
            "name": f"n{number % 7}",
            "component": f"c{number % 3}",
            "value": number,
            "userId": f"u{number % 50}",
            "sessionId": f"s{number}",
        }
        return event | {"status": 500} if number % 11 == 0 else event

    def _moment(self, dice: random.Random) -> int:
        return round(time.time() * 1000) - dice.randrange(self.days) * DAY_MS


class Refused(Exception):
    """An answer that is no success; its text is the status."""


class Sender:
    """One connection at a time, kept while it works."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.connection: http.client.HTTPConnection | None = None

    def post(self, path: str, body: str, headers: dict[str, str]) -> Any:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        sent = {
            "Authorization": f"Bearer {self.server.public_key}",
            "Content-Type": "application/json",
            **headers,
        }
        self.connection.request("POST", path, body, sent)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise Refused(f"{answer.status} {content[:200]!r}")
        return json.loads(content)

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None
