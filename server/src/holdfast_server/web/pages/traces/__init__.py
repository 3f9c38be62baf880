"""/admin/traces: the newest traces, searched by service, name, status and duration; and one trace as a waterfall with its errors
and logs.
"""

import asyncio
from typing import Any
from urllib.parse import quote

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from ....errors import HoldfastError
from ....event_store.connect import Row
from ....event_store.queries import logs, traces
from ....event_store.queries.backwards import Page
from ....event_store.queries.traces import Filter
from ...components.format import humanise_ms
from ...components.shell import Column, Pager
from ...services import HttpRequest
from ..frame import View, page, view
from ..logs.lines import line_of
from ..sending import settings_of_exporters
from .waterfall import waterfall

PATH = "/admin/traces"
KEPT = ("service", "name", "status", "min", "cursor")
ROWS = 50
SHOWN_SPANS = 1_000
SHOWN_LOGS = 200
DURATIONS = ((100, "100 ms"), (500, "500 ms"), (1_000, "1 s"), (5_000, "5 s"))
COLUMNS = [
    Column("name", "Trace"),
    Column("status", "Status"),
    Column("duration", "Duration", "end"),
    Column("spans", "Spans", "end", priority=2),
    Column("start", "Began", "end", priority=2),
]


@get(PATH)
async def trace_list(request: HttpRequest) -> Template:
    seen = await view(request, keep=KEPT)
    chosen = {name: seen.bar.keep.get(name, "") for name in KEPT}
    (found, problem), services = await asyncio.gather(_search(seen, chosen), _services(seen))
    is_filtered = any(chosen[name] for name in KEPT)
    rows = [_row(row) for row in found.rows] if found else []
    context: dict[str, Any] = {
        "rows": rows,
        "bad": sum(row["failed"] > 0 for row in rows),
        "slowest": max((row["took_ms"] for row in rows), default=0),
        "problem": problem,
        "columns": COLUMNS,
        "pager": _pager(seen, found.rows, found.following) if found else None,
        "chosen": chosen,
        "services": services,
        "durations": DURATIONS,
        "hidden": seen.bar.fields,
        "is_filtered": is_filtered,
        "setup": "" if is_filtered or (found and found.rows) else await settings_of_exporters(seen),
    }
    return await page(seen, "pages/traces/traces.html", title="Traces", key="traces", **context)


@get(f"{PATH}/{{trace_id:str}}")
async def one_trace(request: HttpRequest, trace_id: FromPath[str]) -> Template:
    """A trace of which nothing is kept any more says so; errors link here for as long as they are kept themselves."""
    seen = await view(request, path=PATH)
    wanted = trace_id[:64]
    spans, errors, records = await asyncio.gather(
        asyncio.to_thread(traces.spans, seen.app.facts, seen.project.id, wanted, SHOWN_SPANS + 1),
        asyncio.to_thread(traces.errors, seen.app.facts, seen.project.id, wanted),
        asyncio.to_thread(logs.of_trace, seen.app.facts, seen.project.id, wanted, SHOWN_LOGS),
    )
    fall = waterfall(spans[:SHOWN_SPANS]) if spans else None
    return await page(
        seen,
        "pages/traces/trace.html",
        title=fall.title[:120] if fall else "Trace",
        key="traces",
        trace_id=wanted,
        fall=fall,
        is_cut=len(spans) > SHOWN_SPANS,
        errors=[{**row, "at_ms": int(row["at_ms"])} for row in errors],
        logs=[line_of(row, seen.bar) for row in records],
    )


async def _search(seen: View, chosen: dict[str, str]) -> tuple[Page | None, str]:
    least = chosen["min"]
    wanted = Filter(
        chosen["service"][:200],
        chosen["name"][:200],
        chosen["status"] if chosen["status"] in ("error", "ok") else "",
        float(least) if least.isascii() and least.isdigit() and len(least) < 10 else 0,
    )
    try:
        found = await asyncio.to_thread(
            traces.search, seen.app.facts, seen.scope, wanted, ROWS, chosen["cursor"]
        )
    except HoldfastError as error:
        return None, error.message
    return found, ""


async def _services(seen: View) -> list[str]:
    try:
        return await asyncio.to_thread(traces.services, seen.app.facts, seen.scope)
    except HoldfastError:
        return []


def _row(row: Row) -> Row:
    return {
        **row,
        "href": f"{PATH}/{quote(row['trace_id'], safe='')}",
        "start_ms": row["start_ns"] // 1_000_000,
        "took_ms": (row["end_ns"] - row["start_ns"]) / 1e6,
        "took": humanise_ms((row["end_ns"] - row["start_ns"]) / 1e6),
        "sub": ", ".join(
            [row["service"] or "no service", *(each for each in row["services"] if each != row["service"])]
        ),
    }


def _pager(seen: View, rows: list[Row], following: str) -> Pager:
    return Pager(
        newer=seen.bar.url(cursor="") if seen.bar.keep.get("cursor") else "",
        older=seen.bar.url(cursor=following) if following else "",
        shown=f"{len(rows)} {'trace' if len(rows) == 1 else 'traces'}",
    )


ROUTES = [trace_list, one_trace]
