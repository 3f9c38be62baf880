"""Any Python value into a small plain one (str, number, bool, None, list, dict), in the caller's thread.

Called at capture so that the buffer holds neither the host's objects nor its large strings, and so that no
`__repr__` of the host runs in our thread. Never raises: what can't be shown is replaced by a note in brackets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DEPTH = 8
MAX_ITEMS = 128
MAX_STRING = 8_192  # characters of one string
MAX_KEYS = 120  # of one event at every depth; the server refuses more than 128
MAX_CHARACTERS = 32_768  # characters of one event, all strings together

_QUICK_STRING = 1_024
_QUICK_ITEMS = 32
_ATOMS = frozenset({bool, type(None)})
_WIDEST_INT = 2**63
_BY_NAME = {
    ("datetime", "datetime"): "isoformat",
    ("datetime", "date"): "isoformat",
    ("datetime", "time"): "isoformat",
    ("decimal", "Decimal"): "__str__",
    ("uuid", "UUID"): "__str__",
    ("datetime", "timedelta"): "total_seconds",
    ("fractions", "Fraction"): "__str__",
}


def snapshot(data: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `data` that later changes can't reach. About 0.2 µs when all values are small and plain."""
    if data.__class__ is not dict or len(data) > _QUICK_ITEMS:
        return settle_mapping(data)
    copy = data.copy()
    for key, value in copy.items():
        cls = value.__class__
        if key.__class__ is str and (
            (cls is str and len(value) <= _QUICK_STRING)
            or cls in _ATOMS
            or (cls is int and -_WIDEST_INT <= value < _WIDEST_INT)
            or (cls is float and value - value == 0.0)  # neither NaN nor infinite
        ):
            continue
        return settle_mapping(data)
    return copy


def settle_mapping(
    data: object, max_keys: int = MAX_KEYS, max_characters: int = MAX_CHARACTERS
) -> dict[str, Any]:
    """Like `settle`, for the attributes of one event: always a dict, a lone value under the key `value`."""
    settled = settle(data, max_keys, max_characters)
    return settled if isinstance(settled, dict) else {"value": settled}


def settle(value: object, max_keys: int = MAX_KEYS, max_characters: int = MAX_CHARACTERS) -> Any:
    """The plain form of `value`, bounded in depth, items and characters."""
    try:
        return _Settler(max_keys, max_characters).visit(value, 0)
    except Exception as problem:  # noqa: BLE001 - a guest never raises into the host
        return f"[unreadable: {type(problem).__name__}]"


def clip(text: str, limit: int = MAX_STRING) -> str:
    """`text`, or its beginning and how much was cut."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… [{len(text) - limit} more characters]"


def safe_repr(value: object, limit: int = MAX_STRING) -> str:
    """`repr(value)`, bounded; the type's name when `__repr__` itself fails."""
    try:
        return clip(repr(value), limit)
    except Exception as problem:  # noqa: BLE001 - a host's __repr__ may raise anything
        return f"[{type(value).__name__}: repr failed with {type(problem).__name__}]"


class _Settler:
    """One walk: remembers the way down (cycles) and what is left of the event's character budget."""

    def __init__(self, max_keys: int, max_characters: int) -> None:
        self.left = max_characters
        self.keys_left = max_keys
        self.above: set[int] = set()

    def visit(self, value: Any, depth: int) -> Any:
        if value is None or value.__class__ is bool:
            return value
        if isinstance(value, (int, float)):  # subclasses too: IntEnum, numpy.float64
            return _number(value)
        if isinstance(value, str):
            return self.text(str.__str__(value))
        if depth >= MAX_DEPTH:
            return "[too deep]"
        if id(value) in self.above:
            return "[cycle]"
        self.above.add(id(value))
        try:
            return self.container(value, depth + 1)
        except Exception as problem:  # noqa: BLE001 - one hostile object must not hide its neighbours
            return f"[unreadable {type(value).__name__}: {type(problem).__name__}]"
        finally:
            self.above.discard(id(value))

    def container(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return self.mapping(value, depth)
        if hasattr(type(value), "keys") and hasattr(type(value), "__getitem__"):
            # Any mapping, frame locals of Python 3.13 among them: its repr would hide names from the scrubber.
            return self.mapping({key: value[key] for key in value.keys()}, depth)  # noqa: SIM118
        if isinstance(value, (list, tuple, set, frozenset)) and not hasattr(type(value), "_fields"):
            return self.sequence(value, depth)
        return self.other(value, depth)

    def mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        settled: dict[str, Any] = {}
        for count, (key, item) in enumerate(list(value.items())):
            if self.keys_left <= 0:
                settled["[cut]"] = f"{len(value) - count} more keys"
                break
            self.keys_left -= 1
            name = clip(key if key.__class__ is str else safe_str(key), 200)
            settled[self.text(name)] = self.visit(item, depth)
        return settled

    def sequence(self, value: Any, depth: int) -> list[Any]:
        items = list(value)
        settled = [self.visit(item, depth) for item in items[:MAX_ITEMS]]
        if len(items) > MAX_ITEMS:
            settled.append(f"[{len(items) - MAX_ITEMS} more items]")
        return settled

    def other(self, value: Any, depth: int) -> Any:
        cls = type(value)
        method = _BY_NAME.get((cls.__module__, cls.__qualname__))
        if method:
            return getattr(value, method)()
        if isinstance(value, (bytes, bytearray, memoryview)):
            return self.text(_bytes(bytes(value[: self.left + 1]), len(value)))
        if isinstance(value, BaseException):
            return self.text(f"{cls.__name__}: {safe_str(value)}")
        names = _field_names(cls)
        if names:
            return self.mapping({name: getattr(value, name, "[missing]") for name in names}, depth)
        if hasattr(cls, "__members__"):  # an Enum
            return self.visit(value.value, depth)
        if hasattr(cls, "__fspath__"):
            return self.text(safe_str(value))
        return self.text(safe_repr(value, min(MAX_STRING, 1_000)))

    def text(self, text: str) -> str:
        if not text.isascii():  # a lone surrogate has no UTF-8 form
            text = text.encode("utf-8", "replace").decode("utf-8")
        if len(text) > min(MAX_STRING, self.left):
            text = clip(text, max(0, min(MAX_STRING, self.left)))
        self.left = max(0, self.left - len(text))
        return text


def safe_str(value: object) -> str:
    """`str(value)`, bounded; falls back to `safe_repr`."""
    try:
        return clip(str(value))
    except Exception:  # noqa: BLE001 - a host's __str__ may raise anything
        return safe_repr(value)


def _field_names(cls: type) -> tuple[str, ...]:
    """Field names of a dataclass, attrs class, msgspec Struct or named tuple; without importing any of them."""
    fields = getattr(cls, "__dataclass_fields__", None) or getattr(cls, "__struct_fields__", None)
    if not fields:
        attrs = getattr(cls, "__attrs_attrs__", None)
        fields = tuple(a.name for a in attrs) if attrs else getattr(cls, "_fields", None)
    return tuple(name for name in fields if isinstance(name, str)) if fields else ()


def _number(value: int | float) -> int | float | str:
    """The number itself, or as text where JSON has no place for it: NaN, infinities, more than 64 bits."""
    if isinstance(value, int):
        return int(value) if -_WIDEST_INT <= value < _WIDEST_INT else clip(_long_int(value), 100)
    return float(value) if value - value == 0.0 else str(float(value))


def _long_int(value: int) -> str:
    """Decimal digits while that is quick; Python refuses more than 4,300 of them."""
    return str(value) if value.bit_length() < 4_000 else f"[integer of {value.bit_length()} bits]"


def _bytes(start: bytes, length: int) -> str:
    try:
        text = start.decode("utf-8") if len(start) == length else ""
    except UnicodeDecodeError:
        text = ""
    return text if text and text.isprintable() else f"[{length} bytes: {start[:16].hex()}…]"
