"""Act when a library is imported, instead of importing it: `auto` must not load what the program never uses.

A finder at the head of `sys.meta_path` that finds nothing itself; it lets the others find, and wraps the loader.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec


class _Watcher(MetaPathFinder):
    def __init__(self) -> None:
        self.waiting: dict[str, list[Callable[[], None]]] = {}
        self._looking: set[str] = set()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        if name not in self.waiting or name in self._looking:
            return None
        self._looking.add(name)
        try:
            spec = find_spec(name)
        finally:
            self._looking.discard(name)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            self._wrap(name, spec.loader)
        return spec

    def _wrap(self, name: str, loader: Any) -> None:
        """Loaders are made for one import each, so this one may be changed."""
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            for action in self.waiting.pop(name, []):
                action()

        loader.exec_module = exec_module


_watcher = _Watcher()


def when_imported(name: str, action: Callable[[], None]) -> Callable[[], None]:
    """Call `action` now if the module is loaded, else right after its first import. Returns the way to forget it."""
    if name in sys.modules:
        action()
        return lambda: None
    _watcher.waiting.setdefault(name, []).append(action)
    if _watcher not in sys.meta_path:
        sys.meta_path.insert(0, _watcher)

    def forget() -> None:
        actions = _watcher.waiting.get(name, [])
        if action in actions:
            actions.remove(action)

    return forget
