"""Connections to chDB: each with one database and one set of settings, used again only by requests that ask the same.

SET and restore would poison a handle (`readonly` can't be undone), so a handle never changes after it was made: opening
one with its settings costs 0.7 ms and leaks nothing (measured over 5,000), and the last few are kept for the next request.
Calls block and come from worker threads; a handle serves one at a time. Failures are raised as `Fault`.
"""

import contextlib
import importlib
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .config import EngineConfig
from .faults import Code, EngineFault, Fault

KEPT_HANDLES = 12
SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")

BASE_SETTINGS = {
    "implicit_select": "0",  # chDB's own default differs from a server's
    "allow_introspection_functions": "0",  # likewise
    "output_format_parallel_formatting": "0",  # four times slower on two cores, and 80 MB more (measured)
}
"""What every handle starts with; a request may set otherwise."""

MARK = "holdfast:"
"""chDB names queries itself; the client's name rides in log_comment behind this, where KILL QUERY finds it."""


@dataclass(frozen=True)
class Ready:
    """What a handle was made for: its database, what its session SET before, and its settings."""

    database: str
    before: tuple[bytes, ...]
    settings: frozenset[tuple[str, str]]


class Handles:
    """Opens chDB on a folder and gives out handles. The first one stays open: with the last one the engine ends."""

    def __init__(self, config: EngineConfig) -> None:
        self.address = f"{config.store_dir}?config-file={config.config_file}"
        self.library: Any = None
        self.keeper: Any = None
        self.kept: dict[Ready, Any] = {}
        self.lock = threading.Lock()

    def open(self) -> None:
        """Start chDB. Its reason for failing is on stderr; the exception says nothing."""
        self.library = importlib.import_module("chdb._chdb")  # 500 MB: only the engine's own process loads it
        self.keeper = self.connect()

    def close(self) -> None:
        """End chDB. Nothing may be running any more."""
        with self.lock:
            open_ones = [*self.kept.values(), self.keeper]
            self.kept, self.keeper = {}, None
        for handle in open_ones:
            if handle is not None:
                handle.close()

    def connect(self) -> Any:
        return self.library.connect(self.address)

    @contextlib.contextmanager
    def bare(self) -> Iterator[Any]:
        """A handle with chDB's own settings, for the engine's own questions."""
        with contextlib.closing(self.connect()) as handle, engine_faults():
            yield handle

    @contextlib.contextmanager
    def prepared(self, ready: Ready, query_id: str, *, keep: bool) -> Iterator[Any]:
        """A handle as `ready` says. `keep` promises that the request changes nothing in it; after a failure it is closed."""
        name = {"log_comment": MARK + query_id}
        if ("readonly", "1") in ready.settings:  # such a handle can be named only once, when it is made
            with contextlib.closing(self.made(ready, name)) as handle:
                yield handle
            return
        with self.lock:
            handle = self.kept.pop(ready, None)
        if handle is None:
            handle = self.made(ready, name)
        else:
            handle.query(set_statement(name))
        try:
            yield handle
        except BaseException:
            handle.close()
            raise
        if keep:
            self.put_back(ready, handle)
        else:
            handle.close()

    def made(self, ready: Ready, name: dict[str, str]) -> Any:
        handle = self.connect()
        try:
            with engine_faults():
                handle.query(f"USE {quote_name(ready.database)}")
                for said in ready.before:
                    handle.query(said)
                settings = {**BASE_SETTINGS, **dict(ready.settings), **name}
                readonly = settings.pop("readonly", "0")
                handle.query(set_statement(settings))
                if readonly != "0":
                    handle.query(set_statement({"readonly": readonly}))
        except BaseException:
            handle.close()
            raise
        return handle

    def put_back(self, ready: Ready, handle: Any) -> None:
        surplus = []
        with self.lock:
            if self.keeper is None or ready in self.kept:
                surplus.append(handle)
            else:
                self.kept[ready] = handle
            while len(self.kept) > KEPT_HANDLES:
                surplus.append(self.kept.pop(next(iter(self.kept))))
        for old in surplus:
            old.close()


@contextlib.contextmanager
def engine_faults() -> Iterator[None]:
    try:
        yield
    except RuntimeError as exc:
        raise EngineFault(str(exc)) from exc


def set_statement(settings: Mapping[str, str]) -> str:
    return "SET " + ", ".join(f"{setting_name(name)} = {quote(value)}" for name, value in settings.items())


def setting_name(name: str) -> str:
    if not SETTING_NAME.fullmatch(name):
        raise Fault(Code.UNKNOWN_SETTING, f"Unknown setting {name!r}")
    return name


def quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_name(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
