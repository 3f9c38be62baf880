"""What every page is framed by: who looks, the one bar from the URL, navigation, messages, and the way to the login.

A `View` is a page's question (project, window, environment, release); `page` answers with a whole document. When the event
store is away the frame still stands: the bar's lists are then empty, and the panels say for themselves what failed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

from litestar.datastructures import Cookie
from litestar.response import Redirect, Template

from ...accounts import roles, sessions
from ...accounts.roles import Act
from ...errors import HoldfastError
from ...event_store.queries import activity
from ...event_store.queries.scope import Scope
from ...model.project import Project
from ...state_store import projects
from ..api.parameters import window_of
from ..components.shell import Bar, Choice, Csrf, Flash, NavItem, Person
from ..guards import CSRF_FIELD, CSRF_HEADER, Reader, chosen_project, viewer
from ..services import HttpRequest, Services, services

FLASH_COOKIE = "holdfast_flash"
DEFAULT_RANGE = "24h"
Guard = Callable[[HttpRequest], Awaitable[Reader]]


@dataclass(frozen=True)
class View:
    """One request's question, and who asks it. `now_ms` is the same for everything on the page."""

    request: HttpRequest
    app: Services
    who: Reader
    project: Project
    scope: Scope
    bar: Bar
    now_ms: int

    @property
    def csrf(self) -> Csrf:
        return csrf(self.app, self.who)

    @property
    def window_words(self) -> str:
        """ "last 24 hours", or "this range" for a custom one."""
        return (
            "this range"
            if self.bar.is_custom
            else self.bar.range_title[:1].lower() + self.bar.range_title[1:]
        )

    @property
    def before_words(self) -> str:
        """The window of the same length just before, for comparisons."""
        title = self.bar.range_title
        named = title.startswith("Last ") and not self.bar.is_custom
        return f"the {title.removeprefix('Last ')} before" if named else "the time before"

    def source(self, path: str, **changes: str) -> str:
        """The address of a panel or chart that shows this same view; the page's own query goes with it."""
        return self.bar.url(path, **{**self.bar.keep, **changes})


async def view(
    request: HttpRequest, *, path: str = "", keep: tuple[str, ...] = (), guard: Guard = viewer
) -> View:
    """Read the bar from the URL. `path` is the page that a panel belongs to; `keep` names the page's own parameters."""
    who = await guard(request)
    app = services(request)
    project = await chosen_project(request, who)
    now_ms = app.clock.now_ms()
    query = request.query_params
    custom = "from" in query or "to" in query
    chosen = query.get("range", "") or DEFAULT_RANGE
    window = window_of(now_ms, range_=chosen, from_=query.get("from", ""), to=query.get("to", ""))
    environment, release = query.get("env", "")[:200], query.get("release", "")[:200]
    bar = Bar(
        path=path or request.url.path,
        project=project.slug,
        projects=(Choice(project.slug, project.name),),
        environment=environment,
        release=release,
        range=chosen,
        from_ms=window.from_ms if custom else None,
        to_ms=window.to_ms if custom else None,
        tz=query.get("tz", "")[:64],
        live=query.get("live") != "0",
        keep={name: query[name][:500] for name in keep if query.get(name)},
    )
    return View(request, app, who, project, Scope(project.id, window, environment, release), bar, now_ms)


@dataclass(frozen=True)
class Offers:
    """What the bar offers to choose from."""

    projects: tuple[Choice, ...]
    environments: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()


async def offers(seen: View, *, narrow: bool = True) -> Offers:
    """`narrow` is false where environment and release change nothing: then they are not offered."""
    known = asyncio.to_thread(projects.list_projects, seen.app.state)
    if not narrow:
        return Offers(_choices(await known))
    everything, environments, releases = await asyncio.gather(
        known, _names(seen, "environment"), _names(seen, "release")
    )
    return Offers(_choices(everything), environments, releases)


async def page(
    seen: View, template: str, *, title: str, key: str, offered: Offers | None = None, **context: Any
) -> Template:
    """A page with the bar."""
    offered = offered or await offers(seen)
    bar = replace(
        seen.bar,
        projects=offered.projects,
        environments=offered.environments,
        releases=offered.releases,
    )
    return plain_page(
        seen.request,
        seen.who,
        template,
        title=title,
        key=key,
        project=seen.project,
        bar=bar,
        view=seen,
        **context,
    )


async def bare_page(
    request: HttpRequest, who: Reader, template: str, *, title: str, key: str, **context: Any
) -> Template:
    """A page about no project; the navigation keeps the first one's settings."""
    everything = await asyncio.to_thread(projects.list_projects, services(request).state)
    return plain_page(
        request, who, template, title=title, key=key, project=everything[0] if everything else None, **context
    )


def plain_page(
    request: HttpRequest,
    who: Reader,
    template: str,
    *,
    title: str,
    key: str,
    bar: Bar | None = None,
    project: Project | None = None,
    **context: Any,
) -> Template:
    """A page without the bar: what it shows has no time range."""
    app = services(request)
    person = (
        Person(who.user.email, who.user.name, roles.TITLES[who.role])
        if who.user
        else Person(who.name, "", roles.TITLES[who.role])
    )
    shell = {
        "title": title,
        "nav": navigation(who, project),
        "nav_key": key,
        "bar": bar,
        "user": person,
        "csrf": csrf(app, who),
        "flashes": _flashes(request),
    }
    gone = [Cookie(FLASH_COOKIE, value="", max_age=0, path="/")] if FLASH_COOKIE in request.cookies else []
    return Template(
        template,
        context={**shell, "project": project, "may": lambda act: roles.may(who.role, Act(act)), **context},
        cookies=gone,
    )


def navigation(who: Reader, project: Project | None) -> list[NavItem]:
    """What this person may open."""
    items = [
        NavItem("Dashboard", "/admin/dashboard", "dashboard", "dashboard", "d"),
        NavItem("Metrics", "/admin/metrics", "chart-line", "metrics", "m"),
        NavItem("Errors", "/admin/errors", "bug", "errors", "e"),
        NavItem("Traces", "/admin/traces", "trace", "traces", "t"),
        NavItem("Logs", "/admin/logs", "file-text", "logs", "o"),
        NavItem("Feedback", "/admin/feedback", "inbox", "feedback", "f"),
        NavItem("Ledger", "/admin/ledger", "database", "ledger", "l"),
    ]
    if project is not None and roles.may(who.role, Act.MANAGE_KEYS):
        items.append(
            NavItem("Settings", f"/admin/projects/{project.slug}/settings", "settings", "settings", "s")
        )
    items.append(NavItem("Projects", "/admin/projects", "rocket", "projects", "p"))
    if roles.may(who.role, Act.MANAGE_PEOPLE):
        items.append(NavItem("People", "/admin/people", "users", "people", "u"))
    return [*items, NavItem("API", "/schema", "api", "api", leaves=True)]


def csrf(app: Services, who: Reader) -> Csrf:
    return Csrf(sessions.csrf_token(who.token, app.csrf_secret), CSRF_FIELD, CSRF_HEADER)


def see(url: str, *, done: str = "", problem: HoldfastError | None = None) -> Redirect:
    """After a change: go and see, with a message of what happened."""
    kind, text = ("problem", said(problem)) if problem else ("done", done)
    return Redirect(url, status_code=303, cookies=[flash_cookie(kind, text)] if text else [])


def flash_cookie(kind: str, text: str) -> Cookie:
    """The message waits in a cookie for the next page; it is plain text, shown escaped and once."""
    return Cookie(
        FLASH_COOKIE, value=f"{kind}:{quote(text[:500])}", max_age=60, path="/", httponly=True, samesite="lax"
    )


def said(error: HoldfastError) -> str:
    """An error as sentences: what happened, what to do."""
    sentences = (
        text[:1].upper() + text[1:].rstrip(".") + "." for text in (error.message, error.hint) if text
    )
    return " ".join(sentences)


def base_url(request: HttpRequest) -> str:
    """The address for snippets and DSNs: the configured one, else the one under which this page was opened."""
    return services(request).settings.server.public_url.rstrip("/") or str(request.base_url).rstrip("/")


def own_path(url: str) -> bool:
    """Whether a `next` address leads to a page of ours and nowhere else."""
    return (
        url.startswith("/")
        and not url.startswith(("//", "/\\"))
        and "\\" not in url
        and not any(ord(sign) < 32 for sign in url)
    )


def _choices(found: list[Project]) -> tuple[Choice, ...]:
    return tuple(Choice(item.slug, item.name) for item in found)


async def _names(seen: View, column: str) -> tuple[str, ...]:
    """What the bar offers; narrowing by environment or release must not narrow the offer."""
    try:
        return tuple(
            await asyncio.to_thread(
                activity.names, seen.app.facts, Scope(seen.project.id, seen.scope.window), column
            )
        )
    except HoldfastError:
        return ()


def _flashes(request: HttpRequest) -> list[Flash]:
    kind, _, text = request.cookies.get(FLASH_COOKIE, "").partition(":")
    if kind == "done":
        return [Flash("done", unquote(text))]
    return [Flash("problem", unquote(text))] if kind == "problem" else []
