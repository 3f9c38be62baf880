"""Whose envelope it is: the key in X-Sentry-Auth, Authorization, the query, or the envelope's own DSN; and whether it is
this project's. Refusals are told in Sentry's words.
"""

import re
from urllib.parse import urlsplit

from ...errors import NotAllowed, NotKnown
from ...model.project import ApiKey
from ..guards import known_key
from ..services import HttpRequest, services

PAIR = re.compile(r"(?:sentry|glitchtip)_key\s*=\s*\"?([^\s,\"]+)")
QUERY_NAMES = ("sentry_key", "glitchtip_key")


def key_in(request: HttpRequest) -> str:
    """The key that headers or query name, or "". The scheme's case and the spaces don't matter."""
    for name in ("x-sentry-auth", "authorization"):
        header = request.headers.get(name, "")
        if header[:6].lower() == "sentry" and (found := PAIR.search(header[:2048])):
            return found[1]
    return next((value for name in QUERY_NAMES if (value := request.query_params.get(name, ""))), "")


def key_of_dsn(dsn: str | None) -> str:
    """`https://key@host/1` names the key too: tunnels send nothing else."""
    try:
        return urlsplit((dsn or "")[:2048]).username or ""
    except ValueError:
        return ""


async def allowed_key(request: HttpRequest, value: str, project_id: int) -> ApiKey:
    """The key behind `value`, when it belongs to the project of the path. Raises NotKnown without one, NotAllowed for another's."""
    if not value:
        raise NotKnown("missing authorization information", hint="use the DSN of the project's settings page")
    key = await known_key(services(request), value)
    if key is None or key.project_id != project_id:
        raise NotAllowed("event submission rejected with_reason: ProjectId")
    return key
