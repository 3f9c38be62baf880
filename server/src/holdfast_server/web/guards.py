"""Who is calling, and may they: project keys for clients, login sessions for people, CSRF for what people change."""

import asyncio
from dataclasses import dataclass
from hmac import compare_digest

from ..accounts import roles, sessions
from ..accounts.key_ring import Memory
from ..accounts.roles import Act
from ..errors import BadInput, NotAllowed, NotFound, NotKnown
from ..model.project import ApiKey, KeyKind, Project, Role, User
from ..state_store import audit, projects
from .services import HttpRequest, Services, services

COOKIE = "holdfast_session"
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"


@dataclass(frozen=True)
class Reader:
    """Somebody who may read: a person with a role, or a secret key, which reads its own project as an admin would."""

    role: Role
    user: User | None
    token: str
    key_project_id: int | None = None

    @property
    def name(self) -> str:
        if self.user is not None:
            return self.user.email
        return "the command line" if self.key_project_id is None else f"key of project {self.key_project_id}"


def key_in(request: HttpRequest) -> str:
    """The project key that the request carries, or "": Authorization, X-Holdfast-Key, or ?key= (for sendBeacon)."""
    header = request.headers.get("authorization", "")
    if header[:7].lower() == "bearer ":
        return header[7:].strip()
    return request.headers.get("x-holdfast-key", "") or request.query_params.get("key", "")


async def writer_key(request: HttpRequest) -> ApiKey:
    """The key of a client that wants to write. Raises NotKnown."""
    key = await known_key(services(request), key_in(request))
    if key is None:
        raise NotKnown(
            "no project has this key" if key_in(request) else "a project key is missing",
            hint="send Authorization: Bearer hf_…, X-Holdfast-Key, or ?key=; the keys stand on the project's settings page",
        )
    return key


async def known_key(app: Services, value: str) -> ApiKey | None:
    if not value:
        return None
    found = app.keys.peek(value)
    if found is Memory.UNKNOWN:
        return await asyncio.to_thread(app.keys.lookup, value)
    return found


async def reader(request: HttpRequest) -> Reader:
    """Whoever reads. Raises NotKnown without key or session, NotAllowed for a public key."""
    app = services(request)
    token = request.cookies.get(COOKIE, "")
    value = key_in(request)
    if value and compare_digest(value.encode(), app.local_token.encode()):
        return Reader(Role.SUPER_ADMIN, None, "")
    if value:
        key = await known_key(app, value)
        if key is None:
            raise NotKnown(
                "no project has this key",
                hint="look for the secret key on the project's settings page, or make a new one",
            )
        if key.kind is not KeyKind.SECRET:
            raise NotAllowed(
                "a public key may only write", hint="read with a secret key (hf_sec_…), or log in"
            )
        return Reader(Role.ADMIN, None, "", key.project_id)
    found = await asyncio.to_thread(app.sessions.find, token) if token else None
    if found is None:
        raise NotKnown(
            "nobody is logged in",
            hint="log in at /login, or send a secret key as Authorization: Bearer hf_sec_…",
        )
    return Reader(found[1].role, found[1], token)


async def viewer(request: HttpRequest) -> Reader:
    return await allowed(request, Act.READ)


async def project_admin(request: HttpRequest) -> Reader:
    return await allowed(request, Act.MANAGE_PROJECTS)


async def super_admin(request: HttpRequest) -> Reader:
    return await allowed(request, Act.MANAGE_PEOPLE)


async def allowed(request: HttpRequest, act: Act) -> Reader:
    """The reader, if they may do `act`; a person's change must carry the CSRF token of their session."""
    who = await reader(request)
    roles.require(who.role, act)
    if who.user is not None and request.method not in ("GET", "HEAD", "OPTIONS"):
        await check_csrf(request, who.token)
    return who


async def check_csrf(request: HttpRequest, token: str) -> None:
    given = request.headers.get(CSRF_HEADER, "")
    if not given and "form" in request.headers.get("content-type", ""):
        given = str((await request.form()).get(CSRF_FIELD, ""))
    if not sessions.csrf_matches(token, services(request).csrf_secret, given):
        raise NotAllowed(
            "this change did not come from one of our pages, or the page is old",
            hint="load the page again and repeat it",
        )


async def chosen_project(request: HttpRequest, who: Reader) -> Project:
    """The project that the question is about: the key's own, or `?project=` by id or slug, or the first one."""
    app = services(request)
    wanted = request.query_params.get("project", "")
    if who.key_project_id is not None:
        if wanted and wanted != str(who.key_project_id):
            raise NotAllowed(
                "this key belongs to another project", hint="leave out project, or use that project's key"
            )
        wanted = str(who.key_project_id)
    return await asyncio.to_thread(_find_project, app, wanted)


def _find_project(app: Services, wanted: str) -> Project:
    if not wanted:
        everything = projects.list_projects(app.state)
        if not everything:
            raise NotFound("project", "", hint="make one: holdfast project create NAME")
        return everything[0]
    if len(wanted) > 200:
        raise BadInput("a project is named by its id or its slug", path="project")
    is_id = wanted.isascii() and wanted.isdigit() and len(wanted) < 10
    found = projects.get(app.state, int(wanted)) if is_id else projects.by_slug(app.state, wanted)
    if found is None:
        raise NotFound("project", wanted, hint="GET /api/projects lists them")
    return found


async def audited(app: Services, who: Reader, action: str, subject: str, detail: str = "{}") -> None:
    """Write down who changed what; `detail` is JSON text."""
    await asyncio.to_thread(
        lambda: audit.record(
            app.state, at_ms=app.clock.now_ms(), actor=who.name, action=action, subject=subject, detail=detail
        )
    )
