"""Logging in and out. The login form needs no CSRF token: it is refused when another site sends it, the session cookie is
SameSite=Lax, and guessing is slowed down by `accounts.login_limit`.
"""

import asyncio
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect, Template

from ....accounts import sessions
from ....errors import NotAllowed, NotKnown, TooMany
from ....state_store import audit
from ...guards import COOKIE, viewer
from ...services import HttpRequest, Services, services
from ..frame import own_path, said

HOME = "/admin/dashboard"


@get("/", status_code=303)
async def root(request: HttpRequest) -> Redirect:
    await viewer(request)
    return Redirect(HOME, status_code=303)


@get("/login")
async def form(request: HttpRequest) -> Response[Any]:
    """Whoever is logged in already goes on."""
    next_url = _next(request.query_params.get("next", ""))
    try:
        await viewer(request)
    except NotKnown:
        return _form(next_url)
    return Redirect(next_url or HOME, status_code=303)


@post("/login", status_code=303)
async def log_in(request: HttpRequest) -> Response[Any]:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("this login did not come from our own page", hint="open /login and log in there")
    app = services(request)
    fields = await request.form()
    email, password = str(fields.get("email", "")), str(fields.get("password", ""))
    next_url = _next(str(fields.get("next", "")))
    address = request.client.host if request.client else ""
    try:
        token = await asyncio.to_thread(
            _open, app, email, password, address, request.headers.get("user-agent", "")
        )
    except TooMany as error:
        return _form(
            next_url, email, said(error), status=429, headers={"Retry-After": str(error.retry_after_s)}
        )
    except NotKnown as error:
        return _form(next_url, email, said(error), status=401)
    return Redirect(
        next_url or HOME, status_code=303, cookies=[_cookie(app, token, sessions.LONGEST_MS // 1000)]
    )


@post("/logout", status_code=303)
async def log_out(request: HttpRequest) -> Redirect:
    app = services(request)
    who = await viewer(request)
    await asyncio.to_thread(app.sessions.close, who.token)
    return Redirect("/login", status_code=303, cookies=[_cookie(app, "", 0)])


def _open(app: Services, email: str, password: str, address: str, agent: str) -> str:
    """Check the password (argon2: it takes its time) and open a session."""
    user = app.users.authenticate(email, password, address)
    token = app.sessions.open(user, agent[:500])
    audit.record(
        app.state, at_ms=app.clock.now_ms(), actor=user.email, action="session.open", subject=address
    )
    return token


def _cookie(app: Services, token: str, max_age_s: int) -> Cookie:
    secure = app.settings.server.public_url.startswith("https://")
    return Cookie(
        COOKIE, value=token, path="/", max_age=max_age_s, httponly=True, samesite="lax", secure=secure
    )


def _next(url: str) -> str:
    return url if own_path(url) and not url.startswith(("/login", "/logout")) else ""


def _form(
    next_url: str,
    email: str = "",
    problem: str = "",
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Template:
    context = {
        "title": "Log in",
        "action_url": "/login",
        "next_url": next_url,
        "email": email[:254],
        "problem": problem,
    }
    return Template("pages/login/login.html", context=context, status_code=status, headers=headers)


ROUTES = [root, form, log_in, log_out]
