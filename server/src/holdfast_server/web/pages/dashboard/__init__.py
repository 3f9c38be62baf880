"""/admin/dashboard: first a sentence on what matters, four numbers, then panels that come by themselves.

A project that never sent anything gets the way to its first event instead, and the page turns into the dashboard when that
arrives. When the event store is away the head says so and offers a retry; every panel fails alone.
"""

import asyncio
from typing import Any

from litestar import Response, get
from litestar.response import Template

from ....accounts import keys
from ....errors import HoldfastError
from ....event_store.queries import activity
from ....event_store.queries import issues as occurrences
from ....insight import releases, resilience
from ....insight.briefing import Briefing, brief
from ....model.issue import Issue
from ....state_store import issues
from ...components.chart import Chart
from ...services import HttpRequest
from ..charts import step_of, step_words, time_chart
from ..frame import View, base_url, flash_cookie, offers, page, said, view
from ..projects.snippets import snippets
from .sentence import sentence_of

PATH = "/admin/dashboard"
TYPES_SHOWN = 6
OTHERS = "Other types"
TOP = 8


@get(PATH)
async def dashboard(request: HttpRequest) -> Template:
    seen = await view(request)
    context, offered = await asyncio.gather(_head(seen), offers(seen))
    found = context.get("brief")
    if isinstance(found, Briefing) and not found.total.n and found.last_seen_s is None:
        return await page(
            seen,
            "pages/dashboard/first_event.html",
            title="Send the first event",
            key="dashboard",
            offered=offered,
            **await _first_steps(seen),
        )
    step_s = step_of(seen.scope.window)
    return await page(
        seen,
        "pages/dashboard/dashboard.html",
        title="Dashboard",
        key="dashboard",
        offered=offered,
        step=step_words(step_s),
        **context,
    )


@get(f"{PATH}/panels/head")
async def head(request: HttpRequest) -> Template:
    """The sentence and the numbers again, for the refresh."""
    seen = await view(request, path=PATH)
    found = await asyncio.to_thread(brief, seen.app.facts, seen.scope)
    return Template(
        "pages/dashboard/head.html",
        context={"view": seen, "bar": seen.bar, "brief": found, "sentence": sentence_of(found, seen)},
    )


@get(f"{PATH}/panels/rates")
async def rates(request: HttpRequest) -> Template:
    seen = await view(request, path=PATH)
    found = await asyncio.to_thread(resilience.readings, seen.app.facts, seen.scope)
    return Template("pages/dashboard/rates.html", context={"view": seen, "bar": seen.bar, "readings": found})


@get(f"{PATH}/panels/errors")
async def top_errors(request: HttpRequest) -> Template:
    seen = await view(request, path=PATH)
    rows = await asyncio.to_thread(top_issues, seen)
    return Template("pages/dashboard/errors.html", context={"view": seen, "bar": seen.bar, "rows": rows})


@get(f"{PATH}/charts/events.json")
async def events_chart(request: HttpRequest) -> Response[Chart]:
    seen = await view(request, path=PATH)
    return Response(await asyncio.to_thread(events_over_time, seen))


@get(f"{PATH}/first-event")
async def first_event(request: HttpRequest) -> Response[Any]:
    """Asked every second by the empty page: nothing yet, or load again because something arrived."""
    seen = await view(request, path=PATH)
    arrived = await asyncio.to_thread(activity.last_seen_s, seen.app.facts, seen.project.id)
    if arrived is None:
        return Response(b"", status_code=204)
    return Response(
        b"", headers={"HX-Refresh": "true"}, cookies=[flash_cookie("done", "First event received.")]
    )


async def _head(seen: View) -> dict[str, Any]:
    """What the head shows; the page stands even when the event store does not answer."""
    try:
        found = await asyncio.to_thread(brief, seen.app.facts, seen.scope)
    except HoldfastError as error:
        return {"brief": None, "sentence": None, "problem": said(error)}
    return {"brief": found, "sentence": sentence_of(found, seen), "problem": ""}


async def _first_steps(seen: View) -> dict[str, Any]:
    kept = await asyncio.to_thread(keys.list_keys, seen.app.state, seen.project.id)
    public = next((item.public_key for item in kept if item.public_key), None)
    return {"snippets": snippets(base_url(seen.request), public, seen.project.id) if public else []}


def events_over_time(seen: View) -> Chart:
    """The most frequent types by name, the others as one."""
    window = seen.scope.window
    step_s = step_of(window)
    by_type = activity.series(seen.app.facts, seen.scope, step_s)
    ranked = sorted(by_type, key=lambda name: -sum(by_type[name].values()))
    lines: dict[str, dict[int, float | None]] = {name: dict(by_type[name]) for name in ranked[:TYPES_SHOWN]}
    rest: dict[int, float | None] = {}
    for name in ranked[TYPES_SHOWN:]:
        for bucket, count in by_type[name].items():
            rest[bucket] = (rest.get(bucket) or 0) + count
    if rest:
        lines[OTHERS] = rest
    marks = releases.appeared(seen.app.facts, seen.scope)
    return time_chart(
        "Events over time", "count", window, step_s, seen.now_ms, lines, missing=0, releases=marks
    )


def top_issues(seen: View, limit: int = TOP) -> list[tuple[Issue, occurrences.Occurred]]:
    """The open issues of the window, most frequent first. One that was merged is counted by all of its fingerprints."""
    counted = occurrences.top(seen.app.facts, seen.scope, limit * 4)
    found: dict[str, tuple[Issue, occurrences.Occurred]] = {}
    for fingerprint_id, count in counted.items():
        issue = issues.get(seen.app.state, seen.project.id, fingerprint_id)
        if issue is None or issue.status in ("resolved", "ignored"):
            continue
        if issue.id != fingerprint_id or issue.id in found:
            ids = issues.fingerprint_ids(seen.app.state, seen.project.id, issue.id)
            count = occurrences.total(seen.app.facts, seen.scope, ids)
        found[issue.id] = (issue, count)
    return sorted(found.values(), key=lambda pair: -pair[1].n)[:limit]


ROUTES = [dashboard, head, rates, top_errors, events_chart, first_event]
