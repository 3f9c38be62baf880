"""Personal data out of an event, on the sender thread, before it is encoded. The server does the same again.

By name: a listed field's whole value becomes `[REDACTED]`. By pattern: e-mail addresses, social security numbers,
cards that pass the Luhn check and telephone numbers are replaced inside any text and name; what only looks like one
(UUIDs, hashes, times, versions) is recognised first. The rules are those of the repository's
`contract/scrubbing.json`, and tests hold this file to its lists and to its fixtures.
"""

from __future__ import annotations

import re
from typing import Any

REDACTED = "[REDACTED]"
ENDINGS = (
    "apikey", "cardnumber", "creditcard", "email", "emailaddress", "passphrase", "passwd", "password",
    "phonenumber", "privatekey", "secret", "secretkey", "socialsecuritynumber", "token",
)  # fmt: skip
NAMES = frozenset(ENDINGS) | {
    "accesskey", "authorization", "bearer", "ccnumber", "cookie", "cookies", "credential", "credentials", "cvc",
    "cvc2", "cvv", "cvv2", "httpauthorization", "httpcookie", "jwt", "mobilenumber", "otp", "pan", "passcode",
    "passwordconfirmation", "passwordhash", "phone", "proxyauthorization", "pwd", "sessionkey", "setcookie",
    "socialsecurity", "ssn", "telephone",
}  # fmt: skip
CARD_GROUPS = frozenset(
    tuple(map(int, groups.split("-")))
    for groups in [
        "4-4-4-4", "4-4-4-1", "4-4-4-2", "4-4-4-3", "4-4-4-4-1", "4-4-4-4-2", "4-4-4-4-3", "4-6-4", "4-6-5",
        "4-3-3-3", "6-13",
    ]
)  # fmt: skip

_NORMAL_NAME = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "-_. ")
# Typographic spaces and dashes count as plain ones; one character for one, so that positions stay.
_PLAIN_SEPARATORS = str.maketrans("\u00a0\u2009\u202f\u2010\u2011\u2012\u2013", "   ----")
_FILE_ENDINGS = frozenset(
    [
        "avif",
        "bmp",
        "css",
        "csv",
        "gif",
        "gz",
        "htm",
        "html",
        "ico",
        "jpeg",
        "jpg",
        "js",
        "json",
        "jsx",
        "map",
        "md",
        "mjs",
        "mp3",
        "mp4",
        "pdf",
        "php",
        "png",
        "py",
        "rb",
        "svg",
        "ts",
        "tsx",
        "txt",
        "wasm",
        "webm",
        "webp",
        "woff",
        "xml",
        "yaml",
        "yml",
        "zip",
    ]
)
_EMAIL = re.compile(r"[\w.%+-]{1,64}?(?:@|%40)((?:[\w-]{1,63}\.)+(?:xn--[A-Za-z0-9-]+|[A-Za-z]{2,63}))")
_MANY_DIGITS = re.compile(r"[0-9](?:[ .\-/()]{0,3}[0-9]){7}")
_NUMBERS = re.compile(
    r"""
    (?P<kept>
        (?<![0-9A-Za-z])[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(?![0-9A-Za-z])
      | (?<![0-9A-Za-z])(?=[0-9]*[a-fA-F])[0-9a-fA-F]{16,128}(?![0-9A-Za-z])
      | (?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?
            (?:Z|[+-][0-9]{2}:?[0-9]{2})?)?(?![0-9-])
      | (?<![0-9.+])[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?\+[0-9A-Za-z.]+
      | (?<![0-9.+])[0-9]{1,9}(?:\.[0-9]{1,9}){3,}(?![0-9])
    )
  | (?P<ssn>(?<![0-9])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![0-9]))
  | (?P<card>(?<![0-9])(?<![0-9]\.)[2-6][0-9]{3}(?:[ -]?[0-9]){9,15}(?![0-9]))
  | (?P<phone>
        (?:\+|%2B)[0-9](?:[ .\-/()]{0,3}[0-9]){7,14}(?![0-9])
      | \([0-9]{3}\)[ .-]{0,2}[0-9]{3}[ .-][0-9]{4}(?![0-9])
      | (?<![0-9])(?:1[ .-])?[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4}(?![0-9])
    )
    """,
    re.VERBOSE,
)
_NAME_CACHE_LIMIT = 4_096
_SHORTEST = 6  # characters of the shortest pattern, a@b.de
_SHORTEST_NUMBER = 9  # +12345678
_SMALLEST_CARD = 1_000_000_000_000
_LISTED = 1
_PERSONAL = 2  # the name itself holds a pattern


class Scrubber:
    """The rules of one collector: the built-in names and `extra_names`.

    What a name means is worked out once: programs use few names, many times.
    """

    def __init__(self, extra_names: tuple[str, ...] = ()) -> None:
        self._names = NAMES | {normalise(name) for name in extra_names}
        self._kinds: dict[str, int] = {}

    def is_listed(self, name: str) -> bool:
        """Whether a field of this name is redacted whole."""
        plain = normalise(name)
        return plain in self._names or plain.endswith(ENDINGS)

    def clean(self, value: Any) -> Any:
        """`value` without personal data. Containers are copied, everything else is passed through."""
        cls = value.__class__
        if cls is str:
            return value if len(value) < _SHORTEST else clean_text(value)
        if cls is dict:
            return self._clean_mapping(value)
        if cls is list:
            return [self.clean(item) for item in value]
        if cls is int and value >= _SMALLEST_CARD:
            return clean_number(value)
        return value

    def _clean_mapping(self, mapping: dict[str, Any]) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        kinds = self._kinds
        for name, item in mapping.items():
            kind = kinds.get(name)
            if kind is None:
                kind = self._learn(name)
            safe_name = name if kind <= _LISTED else _free_name(clean_text(name), cleaned)
            if kind & _LISTED and not _says_nothing(item):
                cleaned[safe_name] = REDACTED
            elif item.__class__ is str:  # the most frequent kind, without a call when it is short
                cleaned[safe_name] = item if len(item) < _SHORTEST else clean_text(item)
            else:
                cleaned[safe_name] = self.clean(item)
        return cleaned

    def _learn(self, name: str) -> int:
        kind = _LISTED * self.is_listed(name) + _PERSONAL * (clean_text(name) != name)
        if len(self._kinds) < _NAME_CACHE_LIMIT:
            self._kinds[name] = kind
        return kind


def normalise(name: str) -> str:
    """`X-Api_Key` and `xapikey` are the same name."""
    return name.translate(_NORMAL_NAME)


def clean_text(text: str) -> str:
    """`text` with every personal pattern replaced in place; the same object when there is none."""
    if "@" in text or ("%" in text and "%40" in text):
        text = _EMAIL.sub(_redacted_email, text)
    plain = text if text.isascii() else text.translate(_PLAIN_SEPARATORS)
    if len(text) < _SHORTEST_NUMBER or not _MANY_DIGITS.search(plain):
        return text
    parts: list[str] = []
    end = 0
    for match in _NUMBERS.finditer(plain):
        length = _personal_length(match)
        if length:
            parts += (text[end : match.start()], REDACTED)
            end = match.start() + length
    return "".join(parts) + text[end:] if parts else text


def clean_number(number: int) -> int | str:
    """A card number written as a number goes whole."""
    digits = str(number)
    return REDACTED if _is_card(digits) else number


def _redacted_email(match: re.Match[str]) -> str:
    """`logo@2x.png` is a file."""
    last = match[1].rpartition(".")[2].lower()
    return match[0] if last in _FILE_ENDINGS else REDACTED


def _personal_length(match: re.Match[str]) -> int:
    """How many characters of the match are personal, from its start."""
    kind = match.lastgroup
    if kind == "kept":
        return 0
    if kind == "card":
        return _card_length(match[0])
    if kind == "phone" and match[0].startswith(("+1", "%2B1")):
        return len(match[0]) if sum(c.isdigit() for c in match[0].removeprefix("%2B")) == 11 else 0
    return len(match[0])


def _card_length(text: str) -> int:
    """The longest beginning of `text`, up to a separator or the end, that is a card number."""
    ends = [len(text)] + [place for place in range(len(text) - 1, 12, -1) if text[place] in " -"]
    return next((end for end in ends if _is_card(text[:end])), 0)


def _is_card(text: str) -> bool:
    groups = tuple(len(group) for group in re.split("[ -]", text))
    digits = text.replace(" ", "").replace("-", "")
    if len(groups) > 1 and groups not in CARD_GROUPS:
        return False
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456" or (len(digits) == 13 and digits[0] != "4"):
        return False
    return _luhn(digits) and not _is_time(digits)


def _is_time(digits: str) -> bool:
    """YYYYMMDDhhmmss."""
    return (
        len(digits) == 14
        and digits[:2] == "20"
        and 1 <= int(digits[4:6]) <= 12
        and 1 <= int(digits[6:8]) <= 31
        and int(digits[8:10]) < 24
        and int(digits[10:12]) < 60
        and int(digits[12:]) < 61
    )


def _luhn(digits: str) -> bool:
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(doubled)) % 10 == 0


def _says_nothing(item: Any) -> bool:
    """Null, truth values and empty text say that something is or isn't there, not what it is."""
    return item is None or item is True or item is False or item == ""


def _free_name(name: str, taken: dict[str, Any]) -> str:
    count = 2
    free = name
    while free in taken:
        free = f"{name}#{count}"
        count += 1
    return free
