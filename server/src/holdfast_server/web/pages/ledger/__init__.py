"""/admin/ledger: what became of everything sent: sent = accepted + filtered + sampled + limited + invalid, with reasons."""

import asyncio
from collections import Counter
from typing import Any

from litestar import Response, get
from litestar.response import Template

from ....event_store.queries import outcomes
from ....model.outcome import Outcome
from ...components.chart import Chart
from ...services import HttpRequest
from ..charts import step_of, step_words, time_chart
from ..frame import offers, page, view

PATH = "/admin/ledger"
MEANING = {
    Outcome.ACCEPTED: "kept, and shown on the pages",
    Outcome.FILTERED: "left out on purpose: by a setting, by consent, or as a duplicate",
    Outcome.SAMPLED: "left out by the sampling rate of a client",
    Outcome.LIMITED: "over a limit of rate or room",
    Outcome.INVALID: "could not be used",
}
REASONS = {
    "bad_input": "The body or an event in it is not of the expected form.",
    "too_large": "Larger than the limits allow: send fewer events at once.",
    "too_deep": "Nested deeper than 32 levels.",
    "telemetry_off": "Taking in is switched off by TELEMETRY_ENABLED.",
    "analytics_off": "Usage analytics are switched off by ENABLE_ANALYTICS.",
    "crawler": "A program that reads the web met the error: the project leaves crawlers out.",
    "browser_extension": "It happened in an extension of the visitor's browser, not in the application.",
    "localhost": "The page was on somebody's own machine: the project leaves localhost out.",
    "script_error": "The browser said only “Script error.”: nothing can be found out about it.",
    "ignored_pattern": "It is like one of the project's own patterns: see its settings.",
    "forward_queue_full": "Kept here, but not sent on to Sentry: what waits for it had reached queue_mb, and the oldest went.",
    "forward_refused": "Kept here, but Sentry refused it when it was sent on.",
    "forward_not_written": "Kept here, but not sent on to Sentry: its queue could not be written.",
    "store_away": "The state store did not answer; the client was told to try again.",
    "set_aside": "The event store refused the block that held it; the block is kept in the spool's folder.",
    "rate": "More events a second than rate_per_s allows.",
    "unsupported_media_type": "A content type that is not taken here.",
    "spool_full": "The spool was full while the event store was away.",
    "queue_overflow": "The client's own queue was full.",
    "buffer_overflow": "The client's own buffer was full.",
    "sampled": "The client's sampling left it out, as it was set to.",
    "throttled": "The client's own rate limit left it out.",
    "limited": "The client's own rate limit left it out.",
    "filtered": "The application's own filter left it out.",
    "network_error": "The client gave up after its retries.",
    "expired": "The client gave up: it was too old to be sent.",
    "refused": "The server refused it, and the client says so.",
    "rejected": "The server refused it, and the client says so.",
    "shutdown": "The client had no time left to send it.",
    "before_send": "The application's before_send left it out.",
}


@get(PATH)
async def ledger(request: HttpRequest) -> Template:
    seen = await view(request)
    return await page(
        seen,
        "pages/ledger/ledger.html",
        title="Ledger",
        key="ledger",
        offered=await offers(seen, narrow=False),
        step=step_words(step_of(seen.scope.window)),
    )


@get(f"{PATH}/panels/totals")
async def totals(request: HttpRequest) -> Template:
    seen = await view(request, path=PATH)
    rows = await asyncio.to_thread(outcomes.totals, seen.app.facts, seen.scope)
    by_outcome: Counter[str] = Counter()
    for row in rows:
        by_outcome[row["outcome"]] += row["total"]
    sent = sum(by_outcome.values())
    context: dict[str, Any] = {
        "view": seen,
        "bar": seen.bar,
        "sent": sent,
        "parts": [(outcome.value, by_outcome[outcome.value], MEANING[outcome]) for outcome in Outcome],
        "rows": [row for row in rows if row["outcome"] != Outcome.ACCEPTED],
        "reasons": REASONS,
        "lost": sent - by_outcome[Outcome.ACCEPTED],
        "main": next((row for row in rows if row["outcome"] != Outcome.ACCEPTED), None),
    }
    return Template("pages/ledger/totals.html", context=context)


@get(f"{PATH}/outcomes.json")
async def over_time(request: HttpRequest) -> Response[Chart]:
    seen = await view(request, path=PATH)
    step_s = step_of(seen.scope.window)
    found = await asyncio.to_thread(outcomes.series, seen.app.facts, seen.scope, step_s)
    lines: dict[str, dict[int, float | None]] = {
        outcome.value: dict(found[outcome.value]) for outcome in Outcome if outcome.value in found
    }
    return Response(
        time_chart("What became of it", "count", seen.scope.window, step_s, seen.now_ms, lines, missing=0)
    )


ROUTES = [ledger, totals, over_time]
