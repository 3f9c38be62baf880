"""Personal data inside text: e-mail addresses, SSNs, payment cards, phone numbers. Only the match is replaced.

Timestamps, UUIDs, hashes, IP addresses and versions are recognised first and shield their characters.
Every pattern is bounded and started only where it can begin, so the work is linear in the text.
"""

import re

from holdfast_server.ingest.scrub.cards import behind_decimal, card_end, is_card

REDACTED = "[REDACTED]"

SEPARATOR = r" .\-/()\u00a0\u2009\u202f\u2010-\u2013"
DASH = r"[\-\u2010-\u2013]"
LOCAL_PART_MAX = 64
ROUNDS_MAX = 4

AT_SIGN = re.compile(r"@|%40")
FILE_ENDINGS = (
    "js|mjs|cjs|jsx|ts|tsx|vue|css|json|wasm|bundle|jsbundle|png|jpg|jpeg|gif|webp|svg|avif|ico|whl|tgz|gz"
)
"""None of them is a top-level domain: `logo@2x.png` and `fn@app.bundle:1:2` are not addresses."""
DOMAIN = re.compile(
    rf"(?:[\w-]{{1,63}}\.){{1,126}}(?!(?:{FILE_ENDINGS})\b)(?:xn--[A-Za-z0-9-]{{1,59}}|[^\W\d_]{{2,63}})",
    re.IGNORECASE,
)
LOCAL_REVERSED = re.compile(r"(?:[\w.%+-]|'(?=\w))+|[\w.!#$%&'*+/=?^`{|}~-]+")
"""The local part read backwards from the at sign. The second form, for rare signs, only when the first finds none:
it would take `email=` and `/users/` along."""

START = re.compile(rf"[+(%0-9][0-9Bb{SEPARATOR}]{{7}}")
"""Where a number of at least eight digits may begin. Starts with one set of characters, which `re` scans for fast."""
RUN = re.compile(r"[0-9]+")

NUMERIC_SHIELD = re.compile(
    r"""
    [0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?![0-9])                                    # ISO date
        (?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2}(?![0-9]))?)?
  | (?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9]|\.[0-9])                                         # IPv4
    """,
    re.VERBOSE,
)
HEX_SHIELD = re.compile(
    r"""
    (?<![0-9A-Za-z])(?:
        [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}                                          # UUID
      | (?=(?:[0-9]*[a-fA-F]){4})(?:[0-9a-fA-F]{16}|[0-9a-fA-F]{24}|[0-9a-fA-F]{32}|[0-9a-fA-F]{40}
            |[0-9a-fA-F]{48}|[0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})        # hash
    )(?![0-9A-Za-z])
    """,
    re.VERBOSE,
)
HASH_LENGTH_MAX = 128
UUID_LENGTH = 36
VERSION_SHIELD = re.compile(
    r"(?<![0-9.])(?:[0-9]{1,3}\.){2}[0-9]{1,3}(?:-[0-9A-Za-z.-]{1,60})?\+[0-9A-Za-z.-]{1,60}"
)
"""1.2.3-beta+20261120093000: the build part looks like an international number."""
VERSION_SHIELD_MAX = 140

INTERNATIONAL = re.compile(
    rf"(?:\+|%2[Bb])(?:1(?:[{SEPARATOR}]{{0,3}}[0-9]){{10}}|[{SEPARATOR}]{{0,2}}[0-9](?:[{SEPARATOR}]{{0,3}}[0-9]){{7,14}})(?![0-9])"
)
AREA_IN_PARENTHESES = re.compile(
    r"\([0-9]{3}\)[ .\-\u00a0]{0,2}[0-9]{3}[ .\-\u00a0\u2010-\u2013][0-9]{4}(?![0-9])"
)
GROUPED_3_3_4 = re.compile(
    r"(?:1[ .\-\u00a0\u2010-\u2013])?[0-9]{3}([ .\-\u00a0\u2010-\u2013])[0-9]{3}([ .\-\u00a0\u2010-\u2013])[0-9]{4}(?![0-9])"
)
SSN = re.compile(rf"[0-9]{{3}}{DASH}[0-9]{{2}}{DASH}[0-9]{{4}}(?![0-9])")
NEXT_DECIMAL = re.compile(r"\.[0-9]")
HEX_LETTERS = frozenset("abcdefABCDEF")


def scrub_text(text: str) -> str:
    """The text with each match replaced by `[REDACTED]`; the same object when there is none."""
    if "@" in text or "%40" in text or START.search(text):
        return replace_all(text)
    return text


def replace_all(text: str) -> str:
    for _ in range(ROUNDS_MAX):  # a replacement may end what shielded its neighbour; the second round is rare
        before = text
        text = replace_numbers(replace_emails(text))
        if text is before:
            break
    return text


def replace_emails(text: str) -> str:
    kept: list[str] = []
    floor = 0
    for at in AT_SIGN.finditer(text):
        domain = DOMAIN.match(text, at.end())
        if domain is None or at.start() < floor:
            continue
        before = text[max(floor, at.start() - LOCAL_PART_MAX) : at.start()]
        local = LOCAL_REVERSED.match(before[::-1])
        if local is None:
            continue
        kept += (text[floor : at.start() - local.end()], REDACTED)
        floor = domain.end()
    return "".join((*kept, text[floor:])) if kept else text


def replace_numbers(text: str) -> str:
    kept: list[str] = []
    floor = settled = position = 0
    while found := START.search(text, position):
        start = found.start()
        position = shield_end(text, start, settled)
        if position > start:
            settled = position
            continue
        end = number_end(text, start, floor)
        if end:
            kept += (text[floor:start], REDACTED)
            floor = settled = position = end
        else:
            position = match_end(RUN, text, start) or start + 1
    return "".join((*kept, text[floor:])) if kept else text


def shield_end(text: str, start: int, settled: int) -> int:
    """Where the UUID, hash, time, address or version around `start` ends, or `start` itself. Looks back to
    `settled` at most: before it everything was replaced or shielded."""
    first, before = text[start], text[start - 1] if start > settled else ""
    if first in "(%":
        return start
    if first == "+":
        return (
            window_end(VERSION_SHIELD, text, start, settled, VERSION_SHIELD_MAX)
            if before.isalnum()
            else start
        )
    end = match_end(HEX_SHIELD, text, start)
    if not end and (before == "-" or before in HEX_LETTERS):
        end = window_end(HEX_SHIELD, text, start, settled, UUID_LENGTH if before == "-" else HASH_LENGTH_MAX)
    return end if end > start else match_end(NUMERIC_SHIELD, text, start) or start


def window_end(pattern: re.Pattern[str], text: str, start: int, settled: int, size: int) -> int:
    for found in pattern.finditer(text, max(settled, start - size), start + size + 1):
        if found.start() <= start < found.end():
            return found.end()
    return start


def number_end(text: str, start: int, floor: int) -> int:
    """Where the SSN, card or phone number that starts here ends, or 0. Before `floor` everything was replaced."""
    first = text[start]
    if first in "+%":
        return match_end(INTERNATIONAL, text, start)
    if first == "(":
        return match_end(AREA_IN_PARENTHESES, text, start)
    return match_end(SSN, text, start) or card_end(text, start, floor) or phone_end(text, start, floor)


def phone_end(text: str, start: int, floor: int) -> int:
    found = GROUPED_3_3_4.match(text, start)
    if found is None:
        return 0
    dotted = found[1] == "." and found[2] == "."
    if dotted and (behind_decimal(text, start, floor) or NEXT_DECIMAL.match(text, found.end())):
        return 0  # part of a longer version number
    return found.end()


def match_end(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else 0


def holds_card(number: float) -> bool:
    """A card number sent as a JSON number. Floats count by their integer part."""
    size = abs(number)
    if not 4_000_000_000_000 <= size < 10**19:
        return False
    return is_card(str(int(size)))
