"""The repository holds to its own rules: layers, requirements, lock files, and nothing of one machine in it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
REGISTRIES = re.compile(
    rb"https?://[^\s\"'/]*(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|artifactory|nexus)",
    re.IGNORECASE,
)
OF_ONE_MACHINE = re.compile(rb"(?<![\w.])/(?:work|tmp)/(?:main|shared|hf|\.)")
ALLOWED = ("LICENSE", "licences", "CHANGELOG")


def tracked() -> list[Path]:
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if answer.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in answer.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def requirements(path: Path) -> set[str]:
    lines = (line.split("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return {line for line in lines if line}


def declared(package: str) -> set[str]:
    found = tomllib.loads((ROOT / package / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    return {item for item in found if item != "holdfast"}


def test_layers() -> None:
    """import-linter keeps the layers of the design, exhaustively: a package that nobody placed fails."""
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from importlinter.cli import lint_imports_command; sys.argv = ['lint-imports', '--no-cache']; lint_imports_command()",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_requirements_are_those_of_the_distributions() -> None:
    """requirements/server.in lists exactly what the two distributions say they need."""
    assert requirements(ROOT / "requirements" / "server.in") == declared("server") | declared("sdk-python")


@pytest.mark.parametrize("lock", LOCKS, ids=[lock.name for lock in LOCKS])
def test_lock_files(lock: Path) -> None:
    """A lock file pins every package by version and hash, and names no address."""
    text = lock.read_text("utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    pins = re.findall(r"^[A-Za-z0-9_.\[\]-]+==\S+.*?(?=^[A-Za-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)
    assert pins
    assert all("--hash=sha256:" in pin for pin in pins)


def test_lock_files_hold_the_requirements() -> None:
    """Each requirement is in its lock file."""
    for name in ("server", "dev"):
        text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8").lower()
        for line in requirements(ROOT / "requirements" / f"{name}.in"):
            if not line.startswith("-"):
                package = re.split(r"[\[<>=~!]", line)[0].lower()
                assert re.search(rf"^{re.escape(package)}(\[[^\]]*\])?==", text, re.MULTILINE), (
                    name,
                    package,
                )


def test_nothing_of_one_machine() -> None:
    """No tracked file names a path of somebody's machine."""
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if OF_ONE_MACHINE.search(path.read_bytes()) and path != Path(__file__)
    ]
    assert found == []


def test_no_registry_addresses() -> None:
    """No lock file of any kind, and no settings file, names a package registry: each installation uses its own."""
    names = {"package-lock.json", "package.json", "pyproject.toml", "Makefile", ".npmrc", "pip.conf", "run"}
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if (path.name in names or path.suffix in (".lock", ".in")) and REGISTRIES.search(path.read_bytes())
    ]
    assert found == []


def test_every_module_says_its_job() -> None:
    """Each Python module and package begins with a sentence about its job."""
    import ast

    folders = (ROOT / "server" / "src", ROOT / "sdk-python" / "src", ROOT / "server" / "tests", ROOT / "e2e")
    silent = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix == ".py"
        and any(folder in path.parents for folder in folders)
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_no_folder_of_odds_and_ends() -> None:
    """Folders and modules are nouns of the domain."""
    poor = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in (".py", ".ts") and poor & {path.stem, *path.relative_to(ROOT).parts[:-1]}
    ]
    assert found == []
