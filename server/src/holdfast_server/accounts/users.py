"""People: making them, letting them in, and changing what they may do.

A failed login says the same, and takes as long, whether the address is known or not.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from holdfast_server.accounts.login_limit import LoginLimit
from holdfast_server.accounts.passwords import Passwords, refuse_weak
from holdfast_server.errors import BadInput, Conflict, NotFound, NotKnown
from holdfast_server.model.clock import Clock
from holdfast_server.model.project import Role, User
from holdfast_server.state_store import login_sessions, users
from holdfast_server.state_store.connect import StateStore

EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f\ud800-\udfff]+@[^@\s\x00-\x1f\x7f\ud800-\udfff]+")
EMAIL_LENGTH_MAX = 254
FIRST_EMAIL = "admin@localhost"


@dataclass(frozen=True)
class FirstAdmin:
    """Shown once at the first start; the password is nowhere else."""

    user: User
    password: str


class Users:
    """`random` makes that many random bytes as hex digits; tests give their own."""

    def __init__(
        self,
        store: StateStore,
        clock: Clock,
        *,
        passwords: Passwords | None = None,
        limit: LoginLimit | None = None,
        random: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self.store = store
        self.clock = clock
        self.passwords = passwords or Passwords()
        self.limit = limit or LoginLimit(clock)
        self.random = random

    def create(self, email: str, password: str, role: Role, name: str = "") -> User:
        """Raises BadInput for an address or password that won't do, Conflict when the address is taken."""
        address = checked_email(email)
        refuse_weak(password, address)
        return users.create(
            self.store,
            email=address,
            name=name.strip() or address.partition("@")[0],
            password_hash=self.passwords.hash(password),
            role=role,
            created_at_ms=self.clock.now_ms(),
        )

    def first_admin(self, email: str = FIRST_EMAIL) -> FirstAdmin | None:
        """Makes a super admin with a generated password when there is nobody yet; else None."""
        if users.count(self.store):
            return None
        password = self.random(12)
        try:
            return FirstAdmin(self.create(email, password, Role.SUPER_ADMIN, "Administrator"), password)
        except Conflict:  # another server that started at the same moment was faster
            return None

    def authenticate(self, email: str, password: str, client_address: str = "") -> User:
        """The person, when the password is theirs; NotKnown when not, TooMany after too many attempts."""
        self.limit.take(email, client_address)
        found = users.by_email(self.store, email) if is_email(email) else None
        user, kept = found or (None, None)
        if not self.passwords.matches(kept, password) or user is None or kept is None or user.disabled:
            raise NotKnown(
                "the e-mail address or the password is wrong",
                hint="check both; a super admin can set a new password",
            )
        self.limit.clear(email, client_address)
        if self.passwords.outdated(kept):
            users.set_password_hash(self.store, user.id, self.passwords.hash(password))
        return user

    def change_password(self, user_id: int, old: str, new: str, *, keep_session: str | None = None) -> None:
        """Ends the person's other sessions too; `keep_session` is the id (LoginSession.id) of the one that stays."""
        user = self.get(user_id)
        if not self.passwords.matches(users.password_hash(self.store, user_id), old):
            raise BadInput("the old password is wrong", path="old_password", hint="type it again")
        self._set_password(user, new, keep_session)

    def reset_password(self, user_id: int) -> str:
        """Gives the person a generated password, ends all their sessions, and answers the password."""
        user, password = self.get(user_id), self.random(12)
        self._set_password(user, password, None)
        return password

    def set_role(self, user_id: int, role: Role) -> User:
        """Raises Conflict when nobody would be left who is a super admin."""
        return users.set_role(self.store, user_id, role)

    def rename(self, user_id: int, name: str) -> User:
        if not name.strip():
            raise BadInput("the name is empty", path="name", hint="write a name")
        return users.set_name(self.store, user_id, name.strip())

    def disable(self, user_id: int) -> User:
        """Keeps the person from logging in, at once: their sessions end. Conflict for the last super admin."""
        user = users.set_disabled(self.store, user_id, True)
        login_sessions.revoke_user(self.store, user_id)
        return user

    def enable(self, user_id: int) -> User:
        return users.set_disabled(self.store, user_id, False)

    def get(self, user_id: int) -> User:
        user = users.get(self.store, user_id)
        if user is None:
            raise NotFound("user", user_id)
        return user

    def by_email(self, email: str) -> User:
        found = users.by_email(self.store, email) if is_email(email) else None
        if found is None:
            raise NotFound("user", email)
        return found[0]

    def everybody(self) -> list[User]:
        """Oldest first, disabled people included."""
        return users.list_users(self.store)

    def _set_password(self, user: User, password: str, keep_session: str | None) -> None:
        refuse_weak(password, user.email)
        users.set_password_hash(self.store, user.id, self.passwords.hash(password))
        login_sessions.revoke_user(self.store, user.id, keep=keep_session)


def is_email(text: str) -> bool:
    return len(text) <= EMAIL_LENGTH_MAX and EMAIL.fullmatch(text) is not None


def checked_email(text: str) -> str:
    """The address without blanks around it, in lower case. Only a letter sent there could prove more."""
    address = text.strip().lower()
    if not is_email(address):
        raise BadInput("this is no e-mail address", path="email", hint="write it like name@example.org")
    return address
