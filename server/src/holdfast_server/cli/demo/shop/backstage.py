"""What happens without visitors: releases going live, jobs that fail now and then."""

from random import Random

from .client import Client, Event
from .faults import strike
from .story import Story
from .visitors import AGENTS, Visitor
from .world import REGIONS

NOBODY = Visitor("", "", REGIONS[0], AGENTS[0])


def backstage(story: Story, rng: Random, from_ms: int, to_ms: int) -> list[Event]:
    return [*_deployments(story, from_ms, to_ms), *_jobs(story, rng, from_ms, to_ms)]


def _deployments(story: Story, from_ms: int, to_ms: int) -> list[Event]:
    return [
        Event(
            item.at_ms,
            "deployment",
            {"version": item.version, "commit_sha": item.commit, "status": "success", "about": item.about},
            {"release": item.version, "environment": "production", "name": item.version, "platform": "ci"},
        )
        for item in story.releases
        if from_ms <= item.at_ms < to_ms
    ]


def _jobs(story: Story, rng: Random, from_ms: int, to_ms: int) -> list[Event]:
    release = story.release(from_ms, rng).version
    fault = strike("job", rng, NOBODY.agent, release, NOBODY.region.country)
    if fault is None:
        return []
    worker = Client(story, rng, NOBODY, rng.randrange(from_ms, to_ms), release, "production")
    worker.who = {"release": release, "environment": "production"}
    worker.words["order"] = f"9f31{rng.getrandbits(16):04x}"
    worker.error(fault)
    return worker.events
