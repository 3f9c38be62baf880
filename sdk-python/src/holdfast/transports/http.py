"""POST of gzipped JSON to a Holdfast server. One connection, kept alive; no redirects; answers read up to 64 KB.

A refusal that a retry can't change (400, 401, 403, 404) is told apart from one that it can (429, 5xx, no answer,
an answer that is not ours). The latter is safe to repeat: the server counts a batch id once.
"""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING, Any

from holdfast import __version__
from holdfast._config import TelemetryConfig
from holdfast.transports import ACCEPTED, REFUSED, RETRY, TOO_LARGE, Batch, Verdict

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

_ANSWER_BYTES = 65_536
_WRONG_KEY_PAUSE_S = 60.0
_MAX_RETRY_AFTER_S = 3_600.0


class HttpTransport:
    """Speaks the native wire of DESIGN. Made on the sender thread, so a fork never shares its socket."""

    def __init__(self, config: TelemetryConfig) -> None:
        self._url = config.batch_url
        self._timeout_s = config.request_timeout_ms / 1000
        self._headers = {
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            "User-Agent": f"holdfast-python/{__version__}",
        }
        if config.key:
            self._headers["X-Holdfast-Key"] = config.key
        self._pool = _pool(config)

    def send(self, batch: Batch) -> Verdict:
        started_s = monotonic()
        try:
            response = self._pool.request(
                "POST",
                self._url,
                body=batch.body,
                headers=self._headers,
                timeout=self._timeout_s,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            return self._verdict(response, started_s)
        except Exception as problem:  # noqa: BLE001 - whatever the network does, the verdict is "later"
            return Verdict(RETRY, f"{type(problem).__name__}: {problem}")

    def tick(self) -> float | None:
        return None

    def forget(self) -> None:
        """Nothing is kept here."""

    def close(self) -> None:
        self._pool.clear()

    def _verdict(self, response: BaseHTTPResponse, started_s: float) -> Verdict:
        body = self._read(response, started_s)
        status = response.status
        if 200 <= status < 300:
            if body is None or not _ours(body):
                return Verdict(RETRY, f"status {status}, but the answer is not one of a Holdfast server")
            return Verdict(ACCEPTED, body.decode("utf-8", "replace"))
        detail = f"status {status}: {(body or b'')[:300].decode('utf-8', 'replace')}"
        if status == 413:
            return Verdict(TOO_LARGE, detail)
        if status in (408, 425, 429) or status >= 500:
            return Verdict(RETRY, detail, _retry_after_s(response))
        return Verdict(REFUSED, detail, pause_s=_WRONG_KEY_PAUSE_S if status in (401, 403) else 0.0)

    def _read(self, response: BaseHTTPResponse, started_s: float) -> bytes | None:
        """The answer's body, or None when it is too long or drips in too slowly; then the connection is dropped."""
        parts: list[bytes] = []
        size = 0
        while chunk := response.read1(8_192):
            parts.append(chunk)
            size += len(chunk)
            if size > _ANSWER_BYTES or monotonic() - started_s > self._timeout_s:
                response.close()
                return None
        response.release_conn()
        return b"".join(parts)


def _pool(config: TelemetryConfig) -> PoolManager:
    """A pool that goes through the proxy that the environment names, if any."""
    import urllib3

    options: dict[str, Any] = {"maxsize": 1, "num_pools": 1}
    if os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE"):
        options["ca_certs"] = os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE")
    scheme, _, rest = config.endpoint.partition("://")
    host = rest.partition("/")[0].partition(":")[0]
    proxy = os.environ.get(f"{scheme}_proxy") or os.environ.get(f"{scheme.upper()}_PROXY")
    bypass = [
        part.strip().lstrip(".")
        for part in (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(",")
    ]
    direct = host in ("localhost", "127.0.0.1") or "*" in bypass
    if (
        proxy
        and not direct
        and not any(part and (host == part or host.endswith("." + part)) for part in bypass)
    ):
        return urllib3.ProxyManager(proxy, **options)
    return urllib3.PoolManager(**options)


def _ours(body: bytes) -> bool:
    """Whether a 2xx answer is a JSON object or empty; a captive portal's page is neither."""
    body = body.strip()
    return not body or (body.startswith(b"{") and body.endswith(b"}"))


def _retry_after_s(response: BaseHTTPResponse) -> float | None:
    text = response.headers.get("Retry-After", "")
    if not text:
        return None
    try:
        return min(max(float(text), 0.0), _MAX_RETRY_AFTER_S)
    except ValueError:
        return _seconds_until(text)


def _seconds_until(date: str) -> float | None:
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        left_s = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(left_s, 0.0), _MAX_RETRY_AFTER_S)
