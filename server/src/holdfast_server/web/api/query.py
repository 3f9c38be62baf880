"""A person's SQL over one project, through the wall of sql_guard (B13)."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import post
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from ..guards import chosen_project, viewer
from ..services import HttpRequest, services

LIMITS: dict[str, Any] = {
    "max_execution_time": 10,
    "max_memory_usage": 500_000_000,
    "max_result_rows": 10_000,
    "max_result_bytes": 50_000_000,
    "result_overflow_mode": "throw",
}


class Question(msgspec.Struct, forbid_unknown_fields=True):
    sql: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]


@post(
    "/api/query",
    tags=["telemetry"],
    status_code=HTTP_200_OK,
    summary="Ask in SQL: one SELECT over events, errors, outcomes and the rollups",
)
async def query(request: HttpRequest, data: JSONBody[Question]) -> dict[str, Any]:
    app = services(request)
    project = await chosen_project(request, await viewer(request))
    safe = await asyncio.to_thread(app.guard_sql, data.sql, project.id)
    body = await asyncio.to_thread(lambda: app.facts.raw(safe, settings=LIMITS, fmt="JSONCompact"))
    answer = msgspec.json.decode(body)
    return {
        "columns": answer["meta"],
        "rows": answer["data"],
        "rowCount": answer["rows"],
        "seconds": answer["statistics"]["elapsed"],
    }


ROUTES = [query]
