"""What each role may do."""

import pytest

from holdfast_server.accounts.roles import NEEDED, Act, may, require
from holdfast_server.errors import NotAllowed
from holdfast_server.model.project import Role

ALLOWED = {
    Role.VIEWER: {Act.READ},
    Role.ADMIN: {Act.READ, Act.MANAGE_PROJECTS, Act.MANAGE_KEYS, Act.MANAGE_ISSUES},
    Role.SUPER_ADMIN: set(Act),
}


@pytest.mark.parametrize("role", Role)
def test_may(role: Role) -> None:
    """A viewer reads, an admin manages projects, keys and issues, a super admin does everything."""
    assert {act for act in Act if may(role, act)} == ALLOWED[role]


def test_every_act_is_placed() -> None:
    """No act is open to all because somebody forgot it."""
    assert set(NEEDED) == set(Act)


@pytest.mark.parametrize("needed", [Role.VIEWER, Role.ADMIN, Act.MANAGE_KEYS])
def test_enough(needed: Role | Act) -> None:
    """A role that covers what is needed passes."""
    require(Role.ADMIN, needed)


def test_too_little() -> None:
    """A role that does not is refused, with the role that would do."""
    with pytest.raises(NotAllowed) as caught:
        require(Role.ADMIN, Act.MANAGE_PEOPLE)
    assert caught.value.message == "to manage people you need the role super admin, and yours is admin"
    with pytest.raises(NotAllowed, match=r"^you need the role admin, and yours is viewer"):
        require(Role.VIEWER, Role.ADMIN)
