"""Compressed bodies over real HTTP: each encoding is understood, and bombs and cut-off bodies are refused."""

import gzip
import json
import zlib
from typing import Any

import brotli
import pytest
import zstandard

from .conftest import Tenant


def raw_deflate(body: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return machine.compress(body) + machine.flush()


PACKERS: list[Any] = [
    pytest.param("gzip", gzip.compress, id="gzip"),
    pytest.param("deflate", zlib.compress, id="deflate"),
    pytest.param("deflate", raw_deflate, id="raw deflate"),
    pytest.param("br", brotli.compress, id="br"),
    pytest.param("zstd", zstandard.compress, id="zstd"),
]
BODY = json.dumps({"events": [{"type": "page_view", "page": f"/{n}"} for n in range(50)]}).encode()


@pytest.mark.parametrize(("encoding", "pack"), PACKERS)
def test_understood(tenant: Tenant, encoding: str, pack: Any) -> None:
    """A compressed batch is recorded like a plain one."""
    answer = tenant.post("/api/telemetry/batch", pack(BODY), headers={"Content-Encoding": encoding})
    assert (answer.status, answer.json["recorded"]) == (200, 50)


def test_gzip_is_known_by_its_first_bytes(tenant: Tenant) -> None:
    """A page can't name an encoding without a CORS preflight: gzip sent as plain text is understood all the same."""
    answer = tenant.post("/api/telemetry/batch", gzip.compress(BODY), headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.json["recorded"]) == (200, 50)


@pytest.mark.parametrize(("encoding", "pack"), PACKERS)
def test_bomb(tenant: Tenant, encoding: str, pack: Any) -> None:
    """A body that unpacks to 60 MB is a 413, and the server answers on."""
    answer = tenant.post(
        "/api/telemetry/batch", pack(b"0" * 60_000_000), headers={"Content-Encoding": encoding}
    )
    assert (answer.status, answer.json["error"]["code"]) == (413, "too_large")
    assert tenant.send({"type": "after"})["recorded"] == 1


@pytest.mark.parametrize(("encoding", "pack"), PACKERS)
def test_cut_off(tenant: Tenant, encoding: str, pack: Any) -> None:
    """Half a compressed body is a 400."""
    packed = pack(BODY)
    answer = tenant.post(
        "/api/telemetry/batch", packed[: len(packed) // 2], headers={"Content-Encoding": encoding}
    )
    assert answer.status == 400


def test_unknown_encoding(tenant: Tenant) -> None:
    """An encoding that we don't know is a 400 that names those we do."""
    answer = tenant.post("/api/telemetry/batch", BODY, headers={"Content-Encoding": "lzma"})
    assert answer.status == 400
    assert "zstd" in answer.json["error"]["hint"]
