"""A Sentry DSN: where to send, and with which key."""

from dataclasses import dataclass
from urllib.parse import urlsplit

EXAMPLE = "https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/2"


@dataclass(frozen=True)
class Dsn:
    url: str
    key: str

    @classmethod
    def parse(cls, text: str) -> "Dsn":
        """Raises ValueError with a sentence."""
        parts = urlsplit(text.strip())
        prefix, _, project = parts.path.rstrip("/").rpartition("/")
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or not parts.username
            or not project.isdigit()
        ):
            raise ValueError("must look like https://key@host/number")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = f":{parts.port}" if parts.port else ""
        return cls(f"{parts.scheme}://{host}{port}{prefix}/api/{project}/envelope/", parts.username)
