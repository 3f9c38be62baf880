"""One run of the demo, in order: project, server, history, and then live visitors until somebody stops it."""

import contextlib
import time

import msgspec

from ...accounts import keys
from ...accounts.projects import create_project, slug_of
from ...errors import CannotStart, HoldfastError
from ...model.clock import Clock
from ...model.project import KeyKind, Project
from ...settings import Settings
from ...state_store import migrations, projects
from ...state_store.connect import StateStore
from .. import client
from .delivery import Delivery
from .folder import Folder, Memory
from .play import Play
from .screen import Screen
from .server import Server, local_url
from .shop.rhythm import SLOT_MS, Growth
from .shop.story import Story, tell
from .shop.traffic import Span, spans
from .team import Team

SHOP = "Corner shop"
SAVE_EVENTS = 50_000
"""So many events of history are sent again at the most when the demo was killed while loading."""
SAVE_S = 10
DRAINED_S = 30


class Demo:
    def __init__(
        self, settings: Settings, folder: Folder, memory: Memory, screen: Screen, clock: Clock
    ) -> None:
        self.settings = settings
        self.folder = folder
        self.memory = memory
        self.screen = screen
        self.clock = clock
        self.saved_at_s = 0.0
        self.saved_events = 0

    def run(self) -> None:
        """Returns never; ends with KeyboardInterrupt, or CannotStart. Either way everything is stopped in order."""
        project, key = the_shop(self.settings.state_url, self.clock)
        started_ms = self.clock.now_ms()
        story = tell(self.memory.seed, self.memory.born_ms, started_ms, self.memory.days)
        growth = Growth(self.memory.born_ms, self.memory.sent_to_ms, started_ms)
        with Server(self.settings) as server:
            with self.screen.waiting("Starting the server"):
                server.wait_ready()
            delivery = Delivery(local_url(self.settings), key)
            play = Play(spans(story, growth, self.memory.sent_to_ms), delivery, self.clock, time.sleep)
            try:
                self._load(play, delivery, growth, server, story)
                self.screen.welcome(self.settings, self.memory, project, key, story, self.clock.now_ms())
                play.go_on(lambda: self._watch(play, server))
            finally:
                self._close(play, delivery)

    def _load(self, play: Play, delivery: Delivery, growth: Growth, server: Server, story: Story) -> None:
        """Everything up to now, with a bar; returns when it can be seen."""
        began_s = self.clock.monotonic_s()
        is_first = self.memory.sent_to_ms < self.memory.born_ms
        team = Team(story, client.find(self.folder.path, "", "").call)
        slots = range(self.memory.sent_to_ms // SLOT_MS * SLOT_MS, self.clock.now_ms(), SLOT_MS)
        with self.screen.loading(self._sentence, sum(growth.visits_expected(slot) for slot in slots)) as bar:

            def on_span(span: Span) -> None:
                server.check()
                bar.advance(span.visits, play.sent)
                if team.passes(span.from_ms, span.to_ms) and delivery.flush():
                    self._wait_stored()
                    team.repair()
                if play.sent - self.saved_events > SAVE_EVENTS and delivery.flush():
                    self._save(play)

            play.catch_up(on_span)
            if not delivery.flush():
                server.check()
                raise CannotStart(
                    "the server did not acknowledge the history in time", hint=f"look into {server.log}"
                )
            self._wait_stored()
            if is_first:
                team.tidy()
            bar.advance(0, play.sent)
            bar.finish()
        self._save(play)
        self.screen.loaded(play.sent, self.clock.monotonic_s() - began_s)

    @property
    def _sentence(self) -> str:
        again = self.memory.sent_to_ms >= self.memory.born_ms
        return "Making up for the time since the last visit" if again else "Loading the shop's history"

    def _wait_stored(self) -> None:
        """Acknowledged is on disk; pages show it when the drainer has moved it on."""
        running = client.find(self.folder.path, "", "")
        until_s = self.clock.monotonic_s() + DRAINED_S
        while self.clock.monotonic_s() < until_s:
            with contextlib.suppress(HoldfastError):
                if not running.call("GET", "/api/health/extended")["spool"]["pendingEvents"]:
                    return
            time.sleep(0.2)

    def _watch(self, play: Play, server: Server) -> None:
        server.check()
        if self.clock.monotonic_s() - self.saved_at_s > SAVE_S:
            self._save(play)

    def _save(self, play: Play) -> None:
        self.saved_at_s, self.saved_events = self.clock.monotonic_s(), play.sent
        if play.sent_to_ms:
            self.folder.remember(msgspec.structs.replace(self.memory, sent_to_ms=play.sent_to_ms))

    def _close(self, play: Play, delivery: Delivery) -> None:
        if delivery.flush(3):
            self._save(play)
        delivery.close()
        if delivery.dropped:
            self.screen.lost(delivery.dropped)


def the_shop(state_url: str, clock: Clock) -> tuple[Project, str]:
    """The shop's project and public key, made at the first start: before the server's, which then makes no other project."""
    store = StateStore.open(state_url)
    try:
        migrations.migrate(store)
        found = projects.by_slug(store, slug_of(SHOP))
        if found is None:
            made = create_project(store, SHOP, clock)
            return made.project, made.public_key
        public = next(
            (
                key.public_key
                for key in keys.list_keys(store, found.id)
                if key.kind is KeyKind.PUBLIC and key.public_key
            ),
            None,
        )
        return found, public or keys.create(store, found.id, KeyKind.PUBLIC, clock, label="demo").value
    finally:
        store.close()
