"""New events as they arrive, by server-sent events: for `holdfast tail` as JSON, one message a batch."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import get
from litestar.response import ServerSentEvent

from ..guards import chosen_project, viewer
from ..services import HttpRequest, services
from .telemetry import event_of


@get("/live/events", tags=["telemetry"], summary="New events as they arrive (server-sent events)")
async def live_events(request: HttpRequest) -> ServerSentEvent:
    app = services(request)
    project = await chosen_project(request, await viewer(request))

    async def messages() -> AsyncIterator[Any]:
        yield {"event": "ready", "data": "{}"}
        async for message in app.live.watch(project.id):
            if message is None:
                yield {"comment": "still here"}
            else:
                events = [event_of(row) for row in reversed(message["rows"])]
                yield {
                    "event": "events",
                    "data": msgspec.json.encode({"events": events, "more": message["more"]}).decode(),
                }

    return ServerSentEvent(messages())


ROUTES = [live_events]
