"""Which noise each project leaves out. A project that never chose has the defaults."""

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row, delete, func, insert, select

from holdfast_server.errors import BadInput, NotFound
from holdfast_server.model.noise import PATTERN_FIELDS, IgnorePattern, NoiseSettings
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import ignore_patterns, noise_settings
from holdfast_server.state_store.text import storable

PATTERNS_MAX = 100
PATTERN_CHARS_MAX = 500
SWITCHES = tuple(field.name for field in fields(NoiseSettings))


def everything(store: StateStore) -> tuple[dict[int, NoiseSettings], dict[int, list[IgnorePattern]]]:
    """Settings and patterns of all projects that have any: what the drainer asks every few seconds."""
    with store.read() as connection:
        switches = {row.project_id: _settings(row) for row in connection.execute(select(noise_settings))}
        patterns: dict[int, list[IgnorePattern]] = {}
        for row in connection.execute(select(ignore_patterns).order_by(ignore_patterns.c.id)):
            patterns.setdefault(row.project_id, []).append(_pattern(row))
    return switches, patterns


def get(store: StateStore, project_id: int) -> NoiseSettings:
    statement = select(noise_settings).where(noise_settings.c.project_id == project_id)
    with store.read() as connection:
        row = connection.execute(statement).one_or_none()
    return _settings(row) if row else NoiseSettings()


def put(store: StateStore, project_id: int, settings: NoiseSettings) -> None:
    values = asdict(settings)
    statement = store.insert(noise_settings).values(project_id=project_id, **values)
    statement = statement.on_conflict_do_update(index_elements=["project_id"], set_=values)
    with store.begin() as connection:
        connection.execute(statement)


def patterns(store: StateStore, project_id: int) -> list[IgnorePattern]:
    """The project's patterns, oldest first."""
    statement = select(ignore_patterns).where(ignore_patterns.c.project_id == project_id)
    with store.read() as connection:
        return [_pattern(row) for row in connection.execute(statement.order_by(ignore_patterns.c.id))]


def add_pattern(
    store: StateStore, project_id: int, *, field: str, pattern: str, by: str, at_ms: int
) -> IgnorePattern:
    """Raises BadInput for a pattern that would match everything, is too long, or is one too many."""
    text = storable(pattern.strip(), PATTERN_CHARS_MAX + 1)
    if field not in PATTERN_FIELDS:
        raise BadInput(
            f"errors have no {field!r}", path="field", hint=f"use one of {', '.join(PATTERN_FIELDS)}"
        )
    if not text.strip("*? "):
        raise BadInput(
            "this pattern would match every error", path="pattern", hint="write at least one letter or digit"
        )
    if len(text) > PATTERN_CHARS_MAX:
        raise BadInput(
            "the pattern is too long", path="pattern", hint=f"use at most {PATTERN_CHARS_MAX} characters"
        )
    statement = insert(ignore_patterns).values(
        project_id=project_id, field=field, pattern=text, created_by=storable(by, 254), created_at_ms=at_ms
    )
    mine = select(func.count()).where(ignore_patterns.c.project_id == project_id)
    with store.begin() as connection:
        if connection.execute(mine).scalar_one() >= PATTERNS_MAX:
            raise BadInput(
                f"a project has at most {PATTERNS_MAX} patterns", path="pattern", hint="delete one first"
            )
        return _pattern(connection.execute(statement.returning(*ignore_patterns.c)).one())


def delete_pattern(store: StateStore, project_id: int, pattern_id: int) -> IgnorePattern:
    mine = (ignore_patterns.c.id == pattern_id) & (ignore_patterns.c.project_id == project_id)
    with store.begin() as connection:
        row = connection.execute(
            delete(ignore_patterns).where(mine).returning(*ignore_patterns.c)
        ).one_or_none()
    if row is None:
        raise NotFound("pattern", pattern_id)
    return _pattern(row)


def _settings(row: Row[Any]) -> NoiseSettings:
    return NoiseSettings(**{name: getattr(row, name) for name in SWITCHES})


def _pattern(row: Row[Any]) -> IgnorePattern:
    return IgnorePattern(row.id, row.project_id, row.field, row.pattern, row.created_by, row.created_at_ms)
