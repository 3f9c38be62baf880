"""Who is speaking: the session, user and page that an event is filled with when the call names none.

A scope is an immutable value in a context variable, so that each request, task or thread has its own and
capturing one is a single look-up in the caller's thread.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from os import urandom
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Scope(NamedTuple):
    """Identity of a stretch of work. Empty strings mean unknown and are left out on the wire."""

    session_id: str = ""
    user_id: str = ""
    anonymous_id: str = ""
    page: str = ""
    component: str = ""


current_scope: ContextVar[Scope | None] = ContextVar("holdfast_scope", default=None)


@contextmanager
def scope(
    *, session_id: str = "", user_id: str = "", anonymous_id: str = "", page: str = "", component: str = ""
) -> Iterator[Scope]:
    """Everything tracked inside carries this identity; what is left empty is inherited from outside."""
    outer = current_scope.get() or Scope()
    inner = Scope(
        session_id or outer.session_id,
        user_id or outer.user_id,
        anonymous_id or outer.anonymous_id,
        page or outer.page,
        component or outer.component,
    )
    token = current_scope.set(inner)
    try:
        yield inner
    finally:
        current_scope.reset(token)


def new_id() -> str:
    """32 hexadecimal digits. `os.urandom` instead of `uuid`: no import, and no shared state across a fork."""
    return urandom(16).hex()


def new_uuid() -> str:
    """A version 4 UUID in its usual form, for batch ids."""
    digits = urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
