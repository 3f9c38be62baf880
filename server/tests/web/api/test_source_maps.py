"""Uploads over HTTP: Sentry's calls as its tools make them, and our own; what is refused, and in whose words."""

import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from e2e.server import Answer, Server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast_server.model.project import Role
from holdfast_server.state_store import projects

from .conftest import Json, Person, Tenant, new_tenant, state_of

BUILDS = Path(__file__).parents[2] / "unit/insight/source_maps/builds/shop"
SCRIPT, MAP = ((BUILDS / name).read_bytes() for name in ("main.js", "main.js.map"))
DEBUG_ID = "89f1811c-0f16-5a1e-979e-2425be661ccc"
ORG = "/api/0/organizations/any"
BOUNDARY = "----------------a"


def sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def bundle(salt: str) -> bytes:
    out = io.BytesIO()
    headers = {"debug-id": DEBUG_ID, "Sourcemap": "main.js.map"}
    files = {
        "_/_/main.js": {"type": "minified_source", "url": "~/main.js", "headers": headers},
        "_/_/main.js.map": {"type": "source_map", "url": "~/main.js.map", "headers": {"debug-id": DEBUG_ID}},
    }
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("_/_/main.js", SCRIPT)
        archive.writestr("_/_/main.js.map", MAP)
        archive.writestr("manifest.json", json.dumps({"files": files, "note": salt}))
    return out.getvalue()


def form(name: str, filename: str, content: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
    return (
        head.encode()
        + b"Content-Type: application/octet-stream\r\n\r\n"
        + content
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )


def send_chunk(
    tenant: Tenant, body: bytes, kind: str = f"multipart/form-data; boundary={BOUNDARY}"
) -> Answer:
    return tenant.server.send(
        "POST", f"{ORG}/chunk-upload/", body, key=tenant.secret_key, headers={"Content-Type": kind}
    )


def slug_of(tenant: Tenant) -> str:
    state = state_of(tenant.server)
    found = projects.get(state, tenant.id)
    state.close()
    assert found is not None
    return found.slug


def assemble(tenant: Tenant, data: bytes, **more: Any) -> Answer:
    order = {"checksum": sha1(data), "chunks": [sha1(data)], "projects": [slug_of(tenant)], **more}
    return tenant.post(f"{ORG}/artifactbundle/assemble/", order, key=tenant.secret_key)


def files_of(tenant: Tenant, release: str) -> list[Json]:
    found: list[Json] = tenant.get(f"/api/sourcemaps?release={release}")["files"]
    return found


def test_options(tenant: Tenant) -> None:
    """What a client needs for its upload; the address is absolute, of the host that was asked."""
    options = tenant.get(f"{ORG}/chunk-upload/")
    assert options["url"] == f"{tenant.server.url}{ORG}/chunk-upload/"
    assert (options["hashAlgorithm"], options["compression"]) == ("sha1", ["gzip"])
    assert options["chunkSize"] * options["chunksPerRequest"] >= options["maxRequestSize"]
    assert {"artifact_bundles", "artifact_bundles_v2", "release_files"} <= set(options["accept"])


@pytest.mark.parametrize("name", ["file", "file_gzip"])
def test_a_bundle(tenant: Tenant, name: str) -> None:
    """Asked, sent, asked again: not_found with what is missing, then ok; a third time ok at once."""
    data = bundle(name)
    first = assemble(tenant, data, version="shop@1.0.0", dist="7")
    assert first.json == {"state": "not_found", "missingChunks": [sha1(data)], "detail": None}
    packed = gzip.compress(data) if name == "file_gzip" else data
    assert send_chunk(tenant, form(name, sha1(data), packed)).status == 200
    for _ in range(2):
        done = assemble(tenant, data, version="shop@1.0.0", dist="7")
        assert done.json == {"state": "ok", "missingChunks": [], "detail": None}
    files = files_of(tenant, "shop@1.0.0")
    assert [(file["path"], file["kind"], file["dist"], file["debugId"]) for file in files] == [
        ("~/main.js", "script", "7", DEBUG_ID),
        ("~/main.js.map", "map", "7", DEBUG_ID),
    ]


def test_the_older_call(tenant: Tenant) -> None:
    """Clients of before bundles had projects name the release in the path."""
    data = bundle("older")
    send_chunk(tenant, form("file", sha1(data), data))
    order = {"checksum": sha1(data), "chunks": [sha1(data)]}
    answer = tenant.post(f"{ORG}/releases/shop%402/assemble/", order, key=tenant.secret_key)
    assert answer.json["state"] == "ok"
    assert len(files_of(tenant, "shop@2")) == 2


def test_a_bundle_of_no_use(tenant: Tenant) -> None:
    """What is no bundle ends in the state error, with a sentence that the client prints."""
    data = b"nothing like a bundle"
    send_chunk(tenant, form("file", sha1(data), data))
    answer = assemble(tenant, data, version="x")
    assert (answer.status, answer.json["state"]) == (200, "error")
    assert "not an artifact bundle" in answer.json["detail"]


def test_another_project_is_refused(tenant: Tenant) -> None:
    """The key's own project counts; naming another one is refused in words, by slug and by id."""
    for named in ("somebody-elses", tenant.id + 1):
        answer = assemble(tenant, b"x", projects=[named])
        assert answer.status == 403
        assert slug_of(tenant) in answer.json["detail"]
    assert assemble(tenant, b"x", projects=[tenant.id]).json["state"] == "not_found"


def test_chunks_belong_to_their_project(server: Server, tenant: Tenant) -> None:
    """Nobody puts a bundle together from the chunks of another project."""
    data = bundle("mine")
    send_chunk(tenant, form("file", sha1(data), data))
    assert assemble(new_tenant(server), data).json["state"] == "not_found"


@pytest.mark.parametrize("key", ["public_key", "nobody"])
def test_who_may_not(tenant: Tenant, key: str) -> None:
    """A public key stands in browsers and may not upload; an unknown one neither."""
    used = tenant.public_key if key == "public_key" else "hf_sec_" + "0" * 48
    for answer in (
        tenant.server.send("GET", f"{ORG}/chunk-upload/", key=used),
        tenant.post(f"{ORG}/artifactbundle/assemble/", {}, key=used),
        tenant.server.send("POST", "/api/sourcemaps?path=~/x.js&release=1", b"x", key=used),
    ):
        assert answer.status == (403 if key == "public_key" else 401)
        assert answer.json.keys() <= {"detail", "error"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/releases/", {"version": "1", "projects": []}, 201),
        ("PUT", "/releases/1/", {"dateReleased": "2026-01-01T00:00:00Z"}, 200),
        ("PUT", "/releases/1/", {"refs": [{"repository": "a", "commit": "b"}]}, 200),
        ("GET", "/releases/1/", None, 200),
        ("GET", "/releases/", None, 200),
        ("GET", "/releases/1/commits/", None, 200),
        ("GET", "/releases/1/deploys/", None, 200),
        ("POST", "/releases/1/deploys/", {"environment": "production"}, 201),
        ("GET", "/releases/1/previous-with-commits/", None, 200),
        ("DELETE", "/releases/1/", None, 204),
        ("GET", "/repos/", None, 200),
        ("GET", "/projects/", None, 200),
        ("POST", "/releases/", {}, 400),
        ("POST", "/releases/", {"version": "x" * 201}, 400),
        ("POST", "/releases/1/nothing/", {}, 404),
        ("POST", "/artifactbundle/assemble/", {"checksum": "zz", "chunks": []}, 400),
        ("POST", "/artifactbundle/assemble/", {"checksum": "0" * 40, "chunks": ["0" * 40] * 65}, 400),
        ("POST", "/artifactbundle/assemble/", [], 400),
        ("POST", "/chunk-upload/", {}, 400),
    ],
)
def test_the_other_calls(tenant: Tenant, method: str, path: str, body: Any, status: int) -> None:
    """Pipelines written for Sentry go on; what can't be used is told in Sentry's form."""
    answer = tenant.server.send(method, ORG + path, body, key=tenant.secret_key)
    assert answer.status == status, answer
    if status >= 400:
        assert list(answer.json) == ["detail"]


@given(
    st.binary(max_size=300),
    st.sampled_from(["file", "file_gzip", "x"]),
    st.text("0123456789abcdef/.é", max_size=50),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_hostile_chunks(tenant: Tenant, content: bytes, name: str, filename: str) -> None:
    """Any form is taken or refused as the sender's fault."""
    assert send_chunk(tenant, form(name, filename, content)).status in (200, 400, 413)
    assert send_chunk(tenant, content).status in (200, 400, 413)
    assert send_chunk(tenant, content, "text/plain").status == 400


def put(tenant: Tenant, query: str, content: bytes, **headers: str) -> Answer:
    sent = {"Content-Type": "application/octet-stream", **headers}
    return tenant.server.send(
        "POST", f"/api/sourcemaps?{query}", content, key=tenant.secret_key, headers=sent
    )


def test_our_own_upload(tenant: Tenant) -> None:
    """A file is a body; it may be compressed, and is told what was found in it."""
    made = put(tenant, "release=1&path=~/main.js", gzip.compress(SCRIPT), **{"Content-Encoding": "gzip"})
    assert made.status == 201, made
    [file] = made.json["files"]
    assert (file["debugId"], file["sourceMap"], file["size"]) == (DEBUG_ID, "main.js.map", len(SCRIPT))
    assert [line["release"] for line in tenant.get("/api/sourcemaps")["releases"]] == ["1"]
    gone = tenant.server.send("DELETE", "/api/sourcemaps?release=1", key=tenant.secret_key)
    assert gone.json == {"deleted": 1}
    assert files_of(tenant, "1") == []


@pytest.mark.parametrize(
    ("query", "content", "status"),
    [
        ("release=1", b"x", 400),
        ("release=1&path=~/a.js", b"", 400),
        ("path=~/a.js", b"x()", 400),
        ("release=1&path=~/a.js.map", b"<html>", 400),
        ("release=1&path=" + "x" * 501, b"x", 400),
        ("release=1&path=~/a.js&project=999999", b"x", 403),
    ],
)
def test_uploads_of_no_use(tenant: Tenant, query: str, content: bytes, status: int) -> None:
    """What no frame could ever use is refused at once, with a hint."""
    answer = put(tenant, query, content)
    assert answer.status == status, answer
    assert answer.json["error"]["message"]


def test_a_viewer_may_only_look(tenant: Tenant, people: dict[Role, Person]) -> None:
    """Who only looks can list and explain, but neither upload nor delete."""
    headers = people[Role.VIEWER].headers()
    query = f"project={tenant.id}&release=1"
    assert tenant.server.send("GET", f"/api/sourcemaps?{query}", headers=headers).status == 200
    assert (
        tenant.server.send("POST", f"/api/sourcemaps?{query}&path=~/a.js", b"x", headers=headers).status
        == 403
    )
    assert tenant.server.send("DELETE", f"/api/sourcemaps?{query}", headers=headers).status == 403


def event(release: str, url: str = "https://shop.example/main.js") -> bytes:
    frames = [
        {"function": name, "abs_path": url, "filename": url, "lineno": 3, "colno": column, "in_app": True}
        for name, column in (("i", 415), ("n", 230), ("f", 285))
    ]
    error = {"type": "Error", "value": "a price below zero", "stacktrace": {"frames": frames}}
    return json.dumps(
        {"event_id": "a" * 32, "platform": "javascript", "release": release, "exception": {"values": [error]}}
    ).encode()


def store(tenant: Tenant, body: bytes) -> None:
    path = f"/api/{tenant.id}/store/?sentry_key={tenant.public_key}"
    assert tenant.server.send("POST", path, body, key="", headers={"Authorization": ""}).status == 200
    tenant.arrived()


def functions(tenant: Tenant) -> list[str]:
    [[text]] = tenant.sql("SELECT exceptions FROM errors LIMIT 1")
    return [frame["function"] for frame in json.loads(text)[0]["frames"]]


def test_an_error_in_its_own_source(tenant: Tenant) -> None:
    """Files first, error afterwards: what is kept and grouped are the names of the source."""
    for name, content in (("main.js", SCRIPT), ("main.js.map", MAP)):
        assert put(tenant, f"release=1&path=~/{name}", content).status == 201
    store(tenant, event("1"))
    assert functions(tenant) == ["checkout", "totalOf", "priceOf"]
    told = tenant.get(f"/api/sourcemaps/explain?event={'a' * 32}")
    assert (told["mapped"], told["mappable"], told["frames"]) == (3, 0, [])


def test_explained(tenant: Tenant) -> None:
    """For an error that came before its files: why not, and later that it can be now."""
    assert put(tenant, "release=1&path=~/other.js", b"x()").status == 201
    store(tenant, event("1"))
    told = tenant.get(f"/api/sourcemaps/explain?event={'a' * 32}")
    assert (told["mapped"], told["mappable"], told["near"]) == (0, 0, ["~/other.js"])
    assert {frame["code"] for frame in told["frames"]} == {"path_not_in_release"}
    assert "~/main.js in release 1" in told["frames"][0]["looked_for"]
    missing = tenant.server.send("GET", "/api/sourcemaps/explain?event=nobody", key=tenant.secret_key)
    assert missing.status == 404
