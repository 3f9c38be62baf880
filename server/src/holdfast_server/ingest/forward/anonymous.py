"""Takes from what leaves for Sentry who it was: identities become salted hashes, ids in addresses become `[id]` (P9, P18).

The server's own scrubbing has already taken out e-mail addresses, cards and the like.
"""

import hashlib
import re
from typing import Any

from ...model.paths import route_of, sanitise_url

URL = re.compile(r"https?://[^\s\"'<>`()\[\]{}]{1,2000}")
PATH = re.compile(
    r"(?<![\w./:\]-])/[\w%~@.:+-]{1,200}(?:/[\w%~@.:+-]{1,200}){0,20}(?:\?[^\s\"'<>`)]{0,500})?"
)
IDENTITIES = frozenset(
    {"userid", "anonymousid", "sessionid", "username", "email", "ipaddress", "ip", "user", "distinctid"}
)
LEFT_OUT = frozenset({"cookies", "headers", "querystring", "env", "data"})
"""Of a request: what says more than where it went."""
DEPTH_MAX = 32


class Anonymous:
    """`salt` stays on the server: without it nobody finds the identity of a hash by trying."""

    def __init__(self, salt: bytes) -> None:
        self.salt = salt

    def identity(self, value: str) -> str:
        if not value:
            return ""
        return hashlib.sha256(self.salt + value.encode("utf-8", "replace")).hexdigest()[:32]

    def url(self, url: str) -> str:
        return sanitise_url(url)

    def text(self, text: str) -> str:
        """Addresses inside of a sentence lose their ids, queries and logins; the rest stays."""
        if "/" not in text:
            return text
        found = URL.sub(lambda match: sanitise_url(match[0]), text)
        return PATH.sub(lambda match: route_of(match[0]), found)

    def tree(self, value: Any, name: str = "", depth: int = 0) -> Any:
        """A new value: identities hashed by the name of their field, addresses without ids."""
        key = name.lower().replace("_", "").replace("-", "")
        if depth > DEPTH_MAX:
            return None
        if key in IDENTITIES:
            return self._hashed(value, depth)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            pairs = value.items() if key != "request" else without(value)
            return {each: self.tree(item, str(each), depth + 1) for each, item in pairs}
        if isinstance(value, list):
            return [self.tree(item, name, depth + 1) for item in value]
        return value

    def _hashed(self, value: Any, depth: int) -> Any:
        """Everything below the name of an identity."""
        if depth > DEPTH_MAX:
            return None
        if isinstance(value, dict):
            return {each: self._hashed(item, depth + 1) for each, item in value.items()}
        if isinstance(value, list):
            return [self._hashed(item, depth + 1) for item in value]
        return self.identity(str(value)) if value not in (None, "", True, False) else value


def without(request: dict[str, Any]) -> Any:
    return (
        (name, item) for name, item in request.items() if str(name).lower().replace("_", "") not in LEFT_OUT
    )
