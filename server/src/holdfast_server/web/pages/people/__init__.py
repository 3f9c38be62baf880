"""/admin/people: who may log in and what they may do. For super admins; every change is in the audit log."""

import asyncio
from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from ....accounts.roles import TITLES
from ....errors import BadInput, Conflict, HoldfastError, NotFound
from ....model.project import Role, User
from ...guards import Reader, audited, super_admin
from ...services import HttpRequest, services
from ..frame import bare_page, see

PATH = "/admin/people"


@get(PATH)
async def people(request: HttpRequest) -> Template:
    return await _page(request, await super_admin(request))


@post(PATH, status_code=303)
async def create(request: HttpRequest) -> Any:
    app = services(request)
    who = await super_admin(request)
    fields = {name: str(value) for name, value in (await request.form()).items()}
    email, name = fields.get("email", ""), fields.get("name", "")[:200]
    try:
        role = _role(fields.get("role", ""))
        made = await asyncio.to_thread(app.users.create, email, fields.get("password", ""), role, name)
    except (BadInput, Conflict) as error:
        return await _page(request, who, failed=error, email=email, name=name)
    await audited(app, who, "user.create", made.email, f'{{"role":"{role.value}"}}')
    return see(PATH, done=f"{made.email} may log in now, as {TITLES[role]}.")


@post(f"{PATH}/{{user_id:int}}/role", status_code=303)
async def set_role(request: HttpRequest, user_id: FromPath[int]) -> Redirect:
    app = services(request)
    who = await super_admin(request)
    try:
        role = _role(str((await request.form()).get("role", "")))
        changed = await asyncio.to_thread(app.users.set_role, user_id, role)
    except (BadInput, Conflict, NotFound) as error:
        return see(PATH, problem=error)
    await audited(app, who, "user.role", changed.email, f'{{"role":"{role.value}"}}')
    return see(PATH, done=f"{changed.email} is {TITLES[role]} now.")


@post(f"{PATH}/{{user_id:int}}/disable", status_code=303)
async def disable(request: HttpRequest, user_id: FromPath[int]) -> Redirect:
    return await _switch(request, user_id, enabled=False)


@post(f"{PATH}/{{user_id:int}}/enable", status_code=303)
async def enable(request: HttpRequest, user_id: FromPath[int]) -> Redirect:
    return await _switch(request, user_id, enabled=True)


@post(f"{PATH}/{{user_id:int}}/password", status_code=200)
async def new_password(request: HttpRequest, user_id: FromPath[int]) -> Any:
    """A generated password, shown this once; the person's sessions end."""
    app = services(request)
    who = await super_admin(request)
    try:
        user = await asyncio.to_thread(app.users.get, user_id)
        password = await asyncio.to_thread(app.users.reset_password, user_id)
    except NotFound as error:
        return see(PATH, problem=error)
    await audited(app, who, "user.password", user.email)
    if who.user is not None and who.user.id == user_id:
        return Template(
            "pages/people/own_password.html",
            context={"title": "Your new password", "password": password, "email": user.email},
        )
    return await _page(request, who, password=password, password_of=user)


@get(f"{PATH}/{{user_id:int}}/password")
async def people_again() -> Redirect:
    """Where a browser lands that opens the answer to a new password again."""
    return Redirect(PATH, status_code=303)


async def _switch(request: HttpRequest, user_id: int, *, enabled: bool) -> Redirect:
    app = services(request)
    who = await super_admin(request)
    try:
        changed = await asyncio.to_thread(app.users.enable if enabled else app.users.disable, user_id)
    except (Conflict, NotFound) as error:
        return see(PATH, problem=error)
    await audited(app, who, "user.enable" if enabled else "user.disable", changed.email)
    return see(PATH, done=f"{changed.email} {'may log in again' if enabled else 'can no longer log in'}.")


async def _page(
    request: HttpRequest,
    who: Reader,
    *,
    failed: HoldfastError | None = None,
    password: str = "",
    password_of: User | None = None,
    email: str = "",
    name: str = "",
) -> Template:
    everybody = await asyncio.to_thread(services(request).users.everybody)
    wrong = (
        {
            failed.path
            or "email": f"{failed.message[:1].upper()}{failed.message[1:]}. {failed.hint[:1].upper()}{failed.hint[1:]}".strip(
                " ."
            )
            + "."
        }
        if failed
        else {}
    )
    context = {
        "people": everybody,
        "titles": TITLES,
        "roles": list(Role),
        "wrong": wrong,
        "password": password,
        "password_of": password_of,
        "email": email,
        "name": name,
    }
    return await bare_page(
        request,
        who,
        "pages/people/people.html",
        title="People",
        key="people",
        own_id=who.user.id if who.user else 0,
        **context,
    )


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as exc:
        raise BadInput(
            f"there is no role {text!r}", path="role", hint="use viewer, admin or super_admin"
        ) from exc


ROUTES = [people, create, set_role, disable, enable, new_password, people_again]
