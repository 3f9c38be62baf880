"""How commands reach the running server: by --url and --key, or by what the server left in its data folder."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

from ..errors import CannotStart, HoldfastError
from .options import settings
from .serve import ACCESS_FILE


class Refused(HoldfastError):
    """The server answered with an error; its sentence and hint are shown as they came."""


@dataclass(frozen=True)
class Server:
    url: str
    token: str

    def call(
        self,
        method: str,
        path: str,
        *,
        fields: dict[str, Any] | None = None,
        body: Any = None,
        packed: bytes | None = None,
        timeout_s: float = 30,
    ) -> Any:
        """The decoded JSON answer; `packed` is a body in gzip instead of JSON. Raises Refused with the server's sentence,
        CannotStart when nobody answers."""
        with self.open(
            method, path, fields=fields, body=body, packed=packed, timeout_s=timeout_s
        ) as response:
            return json.loads(response.data)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        fields: dict[str, Any] | None = None,
        body: Any = None,
        packed: bytes | None = None,
        timeout_s: float | None = 30,
        stream: bool = False,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if packed is not None:
            headers |= {"Content-Type": "application/octet-stream", "Content-Encoding": "gzip"}
        query = (
            f"?{urlencode({key: value for key, value in (fields or {}).items() if value not in ('', None)})}"
        )
        try:
            with urllib3.PoolManager() as pool:
                response = pool.request(
                    method,
                    f"{self.url}{path}{query}",
                    headers=headers,
                    body=packed if body is None else json.dumps(body).encode(),
                    preload_content=not stream,
                    timeout=urllib3.Timeout(connect=5, read=timeout_s),
                    retries=False,
                )
                if response.status >= 400:
                    raise _refused(response)
                yield response
        except urllib3.exceptions.HTTPError as exc:
            raise CannotStart(
                f"no server answers at {self.url}: {exc}", hint="start it with: holdfast serve"
            ) from exc


def find(data: Path | None, url: str, key: str) -> Server:
    """Raises CannotStart when neither options nor data folder say where the server is."""
    if url and key:
        return Server(url.rstrip("/"), key)
    folder = settings(data=data).server.data
    try:
        access = json.loads((folder / ACCESS_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        raise CannotStart(
            f"no server seems to run on the data folder {folder.resolve()}",
            hint="start it with holdfast serve, name its folder with --data, or give --url and --key",
        ) from None
    return Server((url or access["url"]).rstrip("/"), key or access["token"])


def _refused(response: urllib3.BaseHTTPResponse) -> Refused:
    try:
        error = json.loads(response.data)["error"]
        return Refused(error["message"], hint=error.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        return Refused(f"the server answered with status {response.status}")
