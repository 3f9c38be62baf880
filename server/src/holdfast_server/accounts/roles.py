"""What each role may do, in one table. A super admin may do all that an admin may, an admin all that a viewer may."""

from enum import StrEnum

from holdfast_server.errors import NotAllowed
from holdfast_server.model.project import Role


class Act(StrEnum):
    READ = "read"
    MANAGE_PROJECTS = "manage projects"
    MANAGE_KEYS = "manage keys"
    MANAGE_ISSUES = "manage issues"
    MANAGE_PEOPLE = "manage people"
    SEE_SYSTEM_HEALTH = "see the system's health"


NEEDED: dict[Act, Role] = {
    Act.READ: Role.VIEWER,
    Act.MANAGE_PROJECTS: Role.ADMIN,
    Act.MANAGE_KEYS: Role.ADMIN,
    Act.MANAGE_ISSUES: Role.ADMIN,
    Act.MANAGE_PEOPLE: Role.SUPER_ADMIN,
    Act.SEE_SYSTEM_HEALTH: Role.SUPER_ADMIN,
}

TITLES: dict[Role, str] = {Role.VIEWER: "viewer", Role.ADMIN: "admin", Role.SUPER_ADMIN: "super admin"}


def may(role: Role, act: Act) -> bool:
    return role.covers(NEEDED[act])


def require(role: Role, needed: Role | Act) -> None:
    """Raises NotAllowed unless the role covers the one needed, or may do the act."""
    least = NEEDED[needed] if isinstance(needed, Act) else needed
    if not role.covers(least):
        purpose = f"to {needed} " if isinstance(needed, Act) else ""
        raise NotAllowed(
            f"{purpose}you need the role {TITLES[least]}, and yours is {TITLES[role]}",
            hint="ask a super admin to change your role",
        )
