"""/admin/logs: log records, newest first, narrowed by severity, text, service, trace and session; each opens to all its fields."""

import asyncio
from typing import Any

from litestar import get
from litestar.response import Template

from ....errors import HoldfastError
from ....event_store.queries import logs
from ....event_store.queries.backwards import Page
from ....event_store.queries.logs import Filter
from ...api.logs import SEVERITIES
from ...components.shell import Pager
from ...services import HttpRequest
from ..frame import View, page, view
from ..sending import one_log, settings_of_exporters
from .lines import line_of

PATH = "/admin/logs"
KEPT = ("severity", "text", "service", "trace", "session", "cursor")
CHOICES = (
    ("", "All severities"),
    ("info", "Info and worse"),
    ("warn", "Warnings and worse"),
    ("error", "Errors and worse"),
)
ROWS = 100


@get(PATH)
async def log_list(request: HttpRequest) -> Template:
    seen = await view(request, keep=KEPT)
    chosen = {name: seen.bar.keep.get(name, "") for name in KEPT}
    (found, problem), services = await asyncio.gather(_search(seen, chosen), _services(seen))
    is_filtered = any(chosen.values())
    is_empty = found is not None and not found.rows and not is_filtered
    lines = [line_of(row, seen.bar) for row in found.rows] if found else []
    context: dict[str, Any] = {
        "lines": lines,
        "bad": sum(line.state == "alert" for line in lines),
        "problem": problem,
        "pager": _pager(seen, found) if found else None,
        "chosen": chosen,
        "choices": CHOICES,
        "services": services,
        "hidden": seen.bar.fields,
        "is_filtered": is_filtered,
        "setup": await settings_of_exporters(seen) if is_empty else "",
        "curl": await one_log(seen) if is_empty else "",
    }
    return await page(seen, "pages/logs/logs.html", title="Logs", key="logs", **context)


async def _search(seen: View, chosen: dict[str, str]) -> tuple[Page | None, str]:
    wanted = Filter(
        SEVERITIES.get(chosen["severity"], 0),
        chosen["text"][:200],
        chosen["service"][:200],
        chosen["trace"][:64],
        chosen["session"][:200],
    )
    try:
        found = await asyncio.to_thread(
            logs.search, seen.app.facts, seen.scope, wanted, ROWS, chosen["cursor"]
        )
    except HoldfastError as error:
        return None, error.message
    return found, ""


async def _services(seen: View) -> list[str]:
    try:
        return await asyncio.to_thread(logs.services, seen.app.facts, seen.scope)
    except HoldfastError:
        return []


def _pager(seen: View, found: Page) -> Pager:
    count = len(found.rows)
    return Pager(
        newer=seen.bar.url(cursor="") if seen.bar.keep.get("cursor") else "",
        older=seen.bar.url(cursor=found.following) if found.following else "",
        shown=f"{count} {'record' if count == 1 else 'records'}",
    )


ROUTES = [log_list]
