"""What a project leaves out as noise: kinds of errors that are nobody's fault, and patterns of its own."""

from dataclasses import dataclass
from typing import Literal, get_args

PatternField = Literal["message", "type", "page"]
PATTERN_FIELDS: tuple[PatternField, ...] = get_args(PatternField)


@dataclass(frozen=True)
class NoiseSettings:
    """Each switch is on when such errors are left out. Errors on localhost are kept until somebody says otherwise: a first
    try happens there."""

    crawlers: bool = True
    extensions: bool = True
    localhost: bool = False
    script_errors: bool = True


@dataclass(frozen=True)
class IgnorePattern:
    """Errors whose field is like the pattern are left out. `*` stands for any text, `?` for one character."""

    id: int
    project_id: int
    field: PatternField
    pattern: str
    created_by: str
    created_at_ms: int
