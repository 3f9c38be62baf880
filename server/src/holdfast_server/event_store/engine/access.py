"""What each of the two logins may ask and spend: `holdfast` everything, `reader` guarded SELECTs within tight limits."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from ...errors import QueryRefused
from .config import EngineConfig
from .execution import Query
from .faults import Code, Fault
from .request import READER, Ask
from .statement import Kind, read

READER_SETTINGS = frozenset(
    {"cast_string_to_dynamic_use_inference", "date_time_input_format", "date_time_output_format", "session_timezone",
     "output_format_json_quote_64bit_integers", "output_format_json_quote_denormals", "output_format_json_quote_decimals",
     "output_format_json_named_tuples_as_objects", "output_format_csv_crlf_end_of_line", "format_csv_delimiter"}
)  # fmt: skip
"""Settings that `reader` may choose: how values look, never what a query may do."""

READER_LIMITS = {
    "max_execution_time": 15,
    "max_result_rows": 10_000,
    "max_threads": 1,
    "max_rows_to_read": 1_000_000_000,
}

FORMAT_AT_END = re.compile(rb"\bFORMAT\s+\w+\s*$", re.IGNORECASE)
"""What clients put behind a question; anything more behind it stays, for the guard to refuse."""

Guard = Callable[[str], str]


def read_limits(config: EngineConfig) -> dict[str, str]:
    """What a SELECT of `holdfast` may spend unless it says otherwise."""
    return {
        "max_execution_time": "120",
        "max_memory_usage": str(config.memory_cap_bytes * 2 // 5),
        "max_result_rows": "20000000",
        "result_overflow_mode": "throw",
    }


def to_query(ask: Ask, config: EngineConfig, guard: Guard, before: tuple[bytes, ...] = ()) -> Query:
    """The request as the engine will run it. Raises Fault when the login may not ask this."""
    query = Query(
        statement=ask.statement,
        query_id=ask.query_id,
        database=ask.database or config.database,
        settings=ask.settings,
        params=ask.params,
        default_format=ask.default_format,
        data=ask.data,
        held=ask.held,
        before=before,
    )
    if ask.login == READER:
        return guarded(query, config, guard)
    if ask.statement.kind in (Kind.QUERY, Kind.SHOW):
        return replace(query, settings={**read_limits(config), **ask.settings})
    return query


def guarded(query: Query, config: EngineConfig, guard: Guard) -> Query:
    """A reader's question, rebuilt by the guard: parser first, `readonly` as the second wall."""
    statement = query.statement
    if statement.kind is not Kind.QUERY:
        raise Fault(Code.ACCESS_DENIED, f"{READER}: Not enough privileges: only SELECT is allowed.")
    text = FORMAT_AT_END.sub(b"", statement.sql) if statement.format else statement.sql
    try:
        rebuilt = guard(text.decode())
    except (QueryRefused, UnicodeDecodeError) as exc:
        hint = f" ({exc.hint})" if isinstance(exc, QueryRefused) and exc.hint else ""
        raise Fault(Code.ACCESS_DENIED, f"{READER}: {exc}{hint}") from exc
    return replace(
        query,
        statement=read(rebuilt.encode(), frozenset()),
        default_format=query.format,
        database=config.database,
        settings=reader_settings(query.settings, config),
        before=(),
    )


def reader_settings(asked: Mapping[str, str], config: EngineConfig) -> dict[str, str]:
    limits = {**READER_LIMITS, "max_memory_usage": config.memory_cap_bytes // 5}
    chosen = {name: str(value) for name, value in limits.items()}
    for name, value in asked.items():
        lower = name in limits and value.isascii() and value.isdigit() and 0 < int(value) <= limits[name]
        if lower or name in READER_SETTINGS:
            chosen[name] = value
        elif name != "readonly":
            raise Fault(
                Code.SETTING_CONSTRAINT_VIOLATION,
                f"Setting {name} should not be changed by {READER}.",
            )
    return {**chosen, "result_overflow_mode": "throw", "readonly": "1"}
