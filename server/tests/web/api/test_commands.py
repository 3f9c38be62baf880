"""The commands against the running server: query in three forms, tail, doctor, project, user; errors are one sentence."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.server import ROOT, Server, environment

from .conftest import Tenant


def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "holdfast_server.cli", *arguments]
    return subprocess.run(
        command,
        env=environment({"COLUMNS": "200", "NO_COLOR": "1"}),
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def at(tenant: Tenant) -> list[str]:
    return ["--data", str(tenant.server.data), "--project", str(tenant.id)]


@pytest.fixture
def filled(tenant: Tenant) -> Tenant:
    tenant.send(
        {"type": "page_view", "page": "/a"},
        {"type": "page_view", "page": "/b"},
        {"type": "action", "action": "buy"},
    )
    return tenant.arrived()


def test_query(filled: Tenant) -> None:
    """`holdfast query` prints a table, JSON or CSV of the same rows."""
    sql = "SELECT type, count() AS n FROM events GROUP BY type ORDER BY n DESC"
    rows = [{"type": "page_view", "n": 2}, {"type": "action", "n": 1}]
    assert json.loads(run("query", sql, "--format", "json", *at(filled)).stdout) == rows
    assert list(csv.reader(io.StringIO(run("query", sql, "--format", "csv", *at(filled)).stdout))) == [
        ["type", "n"],
        ["page_view", "2"],
        ["action", "1"],
    ]
    table = run("query", sql, *at(filled)).stdout
    assert "page_view" in table
    assert "2 rows in" in table


def test_refused_query(filled: Tenant) -> None:
    """A question that is not allowed ends with code 1 and the server's sentence, without a trace."""
    answer = run("query", "DROP TABLE events", *at(filled))
    assert (answer.returncode, "Traceback" in answer.stderr) == (1, False)
    assert answer.stderr.startswith("holdfast:")


def test_tail(filled: Tenant) -> None:
    """`holdfast tail` shows the last events, oldest first, narrowed by its filters."""
    answer = run("tail", "--no-follow", "--json", *at(filled))
    assert [json.loads(line)["type"] for line in answer.stdout.splitlines()] == [
        "page_view",
        "page_view",
        "action",
    ]
    narrowed = run("tail", "--no-follow", "--type", "action", *at(filled)).stdout.splitlines()
    assert len(narrowed) == 1
    assert "buy" in narrowed[0]


def test_doctor(server: Server) -> None:
    """`holdfast doctor` names each part; with a running server nothing is missing."""
    answer = run("doctor", "--data", str(server.data))
    for part in ("settings", "disk", "state store", "server", "event store", "spool", "clock"):
        assert part in answer.stdout, answer.stdout
    assert "Traceback" not in answer.stderr


def test_doctor_without_a_server(tmp_path: Path) -> None:
    """Before the first start doctor says what is not there yet, and what makes it."""
    answer = run("doctor", "--data", str(tmp_path / "new"))
    assert answer.returncode == 0
    assert "does not exist yet" in answer.stdout


def test_project_create(tmp_path: Path) -> None:
    """`holdfast project create NAME --json` answers project_id, public_key, secret_key and dsn, and the project is listed."""
    made = json.loads(run("project", "create", "My Shop", "--json", "--data", str(tmp_path)).stdout)
    assert set(made) == {"project_id", "public_key", "secret_key", "dsn"}
    assert made["dsn"] == f"http://{made['public_key']}@127.0.0.1:8321/{made['project_id']}"
    [listed] = json.loads(run("project", "list", "--json", "--data", str(tmp_path)).stdout)
    assert (listed["project_id"], listed["name"]) == (made["project_id"], "My Shop")


def test_user_create(tmp_path: Path) -> None:
    """`holdfast user create` makes a person; a weak password and a taken address are one sentence."""
    folder = ("--data", str(tmp_path))
    run("project", "create", "x", *folder)
    assert (
        "may log in now"
        in run(
            "user",
            "create",
            "a@example.org",
            "--password",
            "a long enough phrase",
            "--role",
            "admin",
            *folder,
        ).stdout
    )
    again = run("user", "create", "a@example.org", "--password", "a long enough phrase", *folder)
    weak = run("user", "create", "b@example.org", "--password", "short", *folder)
    for answer in (again, weak):
        assert (answer.returncode, answer.stderr.startswith("holdfast:")) == (1, True)
    assert "a@example.org" in run("user", "list", *folder).stdout


def test_second_server_is_refused(server: Server) -> None:
    """A second server on the same data folder ends at once with a clear sentence."""
    answer = run("serve", "--data", str(server.data), "--port", "0")
    assert answer.returncode == 1
    assert "another Holdfast server" in answer.stderr


def test_wrong_settings_are_one_sentence(tmp_path: Path) -> None:
    """Wrong settings end the start with all problems, and no trace."""
    file = tmp_path / "bad.toml"
    file.write_text("[server]\nport = 99999999\nnode = 99\n")
    answer = run("serve", "--config", str(file), "--data", str(tmp_path))
    assert answer.returncode == 1
    assert "port" in answer.stderr
    assert "node" in answer.stderr
    assert "Traceback" not in answer.stderr
