"""Errors as HTTP: each kind has its status, subclasses before their bases, and nothing falls through."""

from collections.abc import Iterator

import pytest

from holdfast_server import errors
from holdfast_server.errors import HoldfastError
from holdfast_server.web.errors import STATUS, body, status_of


def kinds(root: type[HoldfastError] = HoldfastError) -> Iterator[type[HoldfastError]]:
    for kind in root.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from kinds(kind)


def made(kind: type[HoldfastError]) -> HoldfastError:
    error = kind.__new__(kind)
    error.message, error.path, error.hint = "m", "", ""
    return error


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind is not errors.CannotStart])
def test_every_error_has_a_status(kind: type[HoldfastError]) -> None:
    """Each error that a request can meet is a 4xx, or 503 when it passes by itself."""
    status = status_of(made(kind))
    assert 400 <= status < 500 or status == 503
    assert (status in (429, 503)) is kind.temporary


def test_subclasses_stand_before_their_bases() -> None:
    """The first match in the table is the closest one."""
    order = [kind for kind, _ in STATUS]
    for place, kind in enumerate(order):
        assert not any(issubclass(later, kind) for later in order[place + 1 :]), kind


def test_codes_are_distinct() -> None:
    """No two kinds of error have the same code on the wire."""
    codes = [kind.code for kind in kinds()]
    assert len(set(codes)) == len(codes)


def test_body_is_designs() -> None:
    """The JSON error has the four fields of DESIGN, always."""
    assert body("c", "m") == {"error": {"code": "c", "message": "m", "path": "", "hint": ""}}
