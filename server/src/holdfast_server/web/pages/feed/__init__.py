"""The recent feed: its panel with the newest rows, and the stream of rendered rows that htmx slides in at the top."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from litestar import get
from litestar.response import ServerSentEvent, Template

from ....event_store.queries import activity, feed
from ....event_store.queries.feed import Filter
from ....event_store.queries.scope import Scope
from ....model.window import Window
from ...components.format import humanise_ms
from ...services import HttpRequest
from ..frame import View, view

SHOWN = 30
"""Rows at first."""
AT_ONCE = 20
"""Rows that one message of the stream brings at the most: more than an eye follows."""
LOOKBACK_S = 86_400
KEPT = ("type", "component")
ICONS = {
    "error": ("bug", "bad"),
    "page_view": ("browser", ""),
    "optimistic_action_rollback": ("rollback", "bad"),
    "retry_failure": ("repeat", "bad"),
    "retry_success": ("repeat", "good"),
    "retry_attempt": ("repeat", ""),
    "error_boundary_triggered": ("shield", "bad"),
    "error_boundary_recovered": ("shield", "good"),
    "duplicate_leaked": ("copy", "bad"),
    "click_suppressed": ("click", "good"),
    "user_action": ("click", ""),
    "action": ("click", ""),
    "api_call": ("api", ""),
    "api_latency": ("clock", ""),
    "performance": ("clock", ""),
}


@dataclass(frozen=True)
class Item:
    """One row of the feed."""

    title: str
    detail: str
    at_ms: int
    href: str
    icon: str
    tone: str


@get("/live/recent")
async def recent(request: HttpRequest) -> Template:
    """`page` names the page that shows the filters, so that a choice becomes its URL; without it there are none."""
    shows_filters = request.query_params.get("filters") == "1"
    seen = await view(request, path="/admin/metrics" if shows_filters else "/admin/dashboard", keep=KEPT)
    query = seen.bar.keep
    wanted = Filter(
        seen.project.id, query.get("type", ""), query.get("component", ""), environment=seen.scope.environment
    )
    rows = await asyncio.to_thread(feed.newest, seen.app.facts, wanted, SHOWN, LOOKBACK_S)
    types, components = await _offers(seen) if shows_filters else ([], [])
    context = {
        "items": [item_of(row, seen) for row in rows if _release_fits(row, seen)],
        "src": seen.source("/live/feed"),
        "live": seen.bar.live,
        "filters": shows_filters,
        "types": types,
        "components": components,
        "chosen": {name: query.get(name, "") for name in KEPT},
        "action": seen.bar.path,
        "hidden": seen.bar.fields,
    }
    return Template("pages/feed/recent.html", context=context)


@get("/live/feed")
async def stream(request: HttpRequest) -> ServerSentEvent:
    """New rows as they arrive, oldest first, each a message `row`; nothing but comments in between."""
    seen = await view(request, path="/admin/dashboard", keep=KEPT)
    engine = request.app.template_engine
    assert engine is not None
    template = engine.get_template("pages/feed/row.html")

    async def messages() -> AsyncIterator[Any]:
        yield {"comment": "connected"}
        async for message in seen.app.live.watch(seen.project.id):
            rows = [] if message is None else [row for row in message["rows"] if fits(row, seen)][:AT_ONCE]
            for row in reversed(rows):
                yield {"event": "row", "data": template.render(item=item_of(row, seen)).strip()}
            if not rows:
                yield {"comment": "still here"}

    return ServerSentEvent(messages())


def fits(row: dict[str, Any], seen: View) -> bool:
    """Whether a new row is one that this page asked for."""
    wanted = seen.bar.keep
    chosen = all(row[name] == wanted[name] for name in KEPT if wanted.get(name))
    return (
        chosen
        and _release_fits(row, seen)
        and (not seen.scope.environment or row["environment"] == seen.scope.environment)
    )


def item_of(row: dict[str, Any], seen: View) -> Item:
    icon, tone = ICONS.get(row["type"], ("point", ""))
    if row["status"] and row["status"] >= 500:
        tone = "bad"
    href = seen.bar.url(f"/admin/errors/{row['issue_id']}") if row["issue_id"] else ""
    if row["type"] == "error":
        return Item(
            row["name"] or "Error",
            _joined(row["action"], row["component"], row["page"]),
            int(row["at_ms"]),
            href,
            icon,
            tone,
        )
    took = humanise_ms(row["duration_ms"]) if row["duration_ms"] is not None else ""
    status = str(row["status"]) if row["status"] else ""
    subject = row["name"] or row["page"]
    action = "" if row["action"] == subject else row["action"]
    return Item(
        row["type"],
        _joined(row["component"], subject, action, status, took),
        int(row["at_ms"]),
        href,
        icon,
        tone,
    )


def _joined(*parts: str) -> str:
    return " · ".join(part[:160] for part in parts if part)


def _release_fits(row: dict[str, Any], seen: View) -> bool:
    return not seen.scope.release or row["release"] == seen.scope.release


async def _offers(seen: View) -> tuple[list[str], list[str]]:
    scope = Scope(seen.project.id, Window.last(LOOKBACK_S, seen.now_ms))
    types, components = await asyncio.gather(
        *(
            asyncio.to_thread(activity.names, seen.app.facts, scope, column)
            for column in ("type", "component")
        )
    )
    return types, components


ROUTES = [recent, stream]
