"""Feedback is on disk as a whole or not at all: picture, row, error entry and event."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from server.tests.integration.ingest.rig import NOW_MS, PLENTY
from server.tests.pictures import png

from holdfast_server.errors import BadInput, HoldfastError, SpoolFull, StoreAway, TooMany
from holdfast_server.ingest.feedback import FeedbackIntake, TakenFeedback
from holdfast_server.ingest.ledger import Ledger
from holdfast_server.ingest.pipeline import KnownIssues, Pipeline, Sender
from holdfast_server.ingest.spool import Spool
from holdfast_server.model.clock import ManualClock
from holdfast_server.model.feedback import Feedback
from holdfast_server.model.files import Files
from holdfast_server.model.outcome import Outcome
from holdfast_server.settings import IngestSettings
from holdfast_server.state_store import feedback, issues, projects
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.migrations import migrate

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


class Place:
    """One server's intake, of which parts may be broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock(NOW_MS)
        self.state = StateStore.open(f"sqlite:///{folder}/state.db")
        migrate(self.state)
        project, _ = projects.create(self.state, name="p", slug="p", created_at_ms=NOW_MS)
        self.sender = Sender(project.id, "Mozilla/5.0")
        self.spools: list[Spool] = []

    def intake(
        self,
        *,
        state: StateStore | None = None,
        files: Path | None = None,
        quota: int = PLENTY,
        **settings: Any,
    ) -> FeedbackIntake:
        folder = self.folder / f"spool-{len(self.spools)}"
        spool = Spool(folder, self.clock, quota_bytes=quota, reserve_bytes=0)
        self.spools.append(spool)
        store = state or self.state
        known = KnownIssues(lambda project, issue: issue in issues.known(store, project, [issue]))
        self.ledger = Ledger(spool, self.clock)
        pipeline = Pipeline(IngestSettings(**settings), spool, self.ledger, self.clock, known, b"salt")
        return FeedbackIntake(pipeline, store, Files(files or self.folder / "files"))

    def kept(self) -> int:
        return sum(feedback.counts(self.state, self.sender.project_id).values())

    @property
    def spooled(self) -> int:
        return self.spools[-1].pending

    def close(self) -> None:
        for spool in self.spools:
            spool.close()
        self.state.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with closing(Place(tmp_path)) as made:
        yield made


async def give(intake: FeedbackIntake, place: Place, request_id: str = "", **fields: Any) -> TakenFeedback:
    return await intake.take(place.sender, Feedback(**{"message": "it broke", **fields}), request_id)


async def test_all_of_it(place: Place) -> None:
    """A feedback is a row, a file, an error entry and an event, all there when the answer comes."""
    intake = place.intake()
    taken = await give(intake, place, screenshot=png())
    item = feedback.get(place.state, place.sender.project_id, taken.feedback_id)
    assert item is not None
    assert item.screenshot is not None
    assert intake.screenshots.read(item.screenshot.sha256) == png()
    assert place.spooled == 2


async def test_state_store_away(place: Place) -> None:
    """Without the state store it is refused for now, and nothing of it is in the spool."""
    with closing(StateStore.open(NOWHERE)) as nowhere, pytest.raises(StoreAway) as caught:
        await give(place.intake(state=nowhere), place, screenshot=png())
    assert caught.value.retry_after_s > 0
    assert place.spooled == 0
    assert place.ledger.totals[Outcome.LIMITED, "store_away"] == 1


async def test_spool_full(place: Place) -> None:
    """Without room in the spool it is refused for now, and no row stays."""
    with pytest.raises(SpoolFull):
        await give(place.intake(quota=-1), place)
    assert place.kept() == 0
    assert place.ledger.totals[Outcome.LIMITED, "spool_full"] == 1


async def test_no_room_for_the_picture(place: Place, tmp_path: Path) -> None:
    """When the picture can't be written nothing is kept, and the client is told to try again."""
    (tmp_path / "in the way").write_text("a file")
    with pytest.raises(StoreAway):
        await give(place.intake(files=tmp_path / "in the way"), place, screenshot=png())
    assert (place.kept(), place.spooled) == (0, 0)


async def test_tried_again(place: Place) -> None:
    """The same request after a refusal is one feedback with one entry."""
    with pytest.raises(SpoolFull):
        await give(place.intake(quota=-1), place, "mine")
    intake = place.intake()
    first = await give(intake, place, "mine")
    assert await give(intake, place, "mine") == first
    assert (place.kept(), place.spooled) == (1, 2)


async def test_no_picture(place: Place) -> None:
    """A picture that is none keeps nothing."""
    with pytest.raises(BadInput):
        await give(place.intake(), place, screenshot=b"<svg/>")
    assert (place.kept(), place.spooled) == (0, 0)


async def test_too_often(place: Place) -> None:
    """Feedback counts towards the project's rate."""
    intake = place.intake(rate_per_s=1)
    for _ in range(10):
        await give(intake, place)
    with pytest.raises(TooMany):
        await give(intake, place)
    assert place.kept() == 10


async def test_switched_off(place: Place) -> None:
    """TELEMETRY_ENABLED=0 answers with success, keeps nothing, and counts it as filtered."""
    await give(place.intake(telemetry_enabled=False), place, screenshot=png())
    assert (place.kept(), place.spooled) == (0, 0)
    assert place.ledger.totals[Outcome.FILTERED, "telemetry_off"] == 1


async def test_without_analytics(place: Place) -> None:
    """ENABLE_ANALYTICS=0 leaves out the event of usage; the words and their error entry stay."""
    await give(place.intake(analytics_enabled=False), place)
    assert (place.kept(), place.spooled) == (1, 1)


async def test_pictures_that_nobody_needs_are_swept(place: Place) -> None:
    """A picture whose row never came goes with the next sweep; one with a row stays."""
    intake = place.intake()
    await give(intake, place, screenshot=png(40, 30))
    with pytest.raises(HoldfastError):
        await give(place.intake(quota=-1), place, screenshot=png(50, 50))
    assert intake.screenshots.sweep(feedback.screenshots(place.state), grace_s=-1) == 1
    [kept] = feedback.screenshots(place.state)
    assert intake.screenshots.has(kept)
