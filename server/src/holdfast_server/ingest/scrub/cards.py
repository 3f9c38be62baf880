"""What is a payment card number: 13 to 19 digits that start with 2 to 6 and pass the Luhn check, plain or in card groups.

So epoch times in ms, µs and ns (they start with 1) and order numbers in other groups are none.
"""

import re

SHAPES = frozenset({
    (4, 4, 4, 4), (4, 4, 4, 1), (4, 4, 4, 2), (4, 4, 4, 3), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3),
    (4, 6, 4), (4, 6, 5), (4, 3, 3, 3), (6, 13),
})  # fmt: skip
"""The groups that cards are printed in, by the number of their digits."""

GROUP_SEPARATOR = r"[ \-\u00a0\u2009\u202f\u2010-\u2013]"
CHAIN = re.compile(rf"[0-9]{{1,20}}(?:{GROUP_SEPARATOR}[0-9]{{1,20}}){{0,4}}")
GROUP = re.compile(r"[0-9]+")
HEX_BEFORE = re.compile(r"[0-9a-fA-F]{5}")
HEX_BEHIND = re.compile(r"[0-9a-fA-F]{5}|[0-9a-fA-F]{0,4}-[0-9a-fA-F]{12}")
"""Beside these the digits belong to a hash or a UUID."""

COMPACT_TIME = re.compile(
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9](?:[0-9]{3})?"
)
"""20261120093000, with or without milliseconds."""

SINGLE = bytes(max(0, byte - 48) % 10 for byte in range(256))
DOUBLE = bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)[value] for value in SINGLE)
DIGITS = frozenset("0123456789")


def card_end(text: str, start: int, floor: int) -> int:
    """Where the card number that starts with this run of digits ends, or 0. The longest reading wins.

    What stands before `floor` was replaced and doesn't count as a neighbour.
    """
    if text[start] not in "23456":
        return 0
    chain = CHAIN.match(text, start)
    if chain is None or chain.end() - start < 13:
        return 0
    groups = GROUP.findall(chain[0])
    for count in range(len(groups), 1, -1):
        if tuple(map(len, groups[:count])) in SHAPES and is_card("".join(groups[:count])):
            end = start + sum(map(len, groups[:count])) + count - 1
            if not in_hexadecimal(text, start, end, floor):
                return end
    end = start + len(groups[0])
    plain = is_card(groups[0]) and not behind_decimal(text, start, floor)
    return end if plain and not in_hexadecimal(text, start, end, floor) else 0


def in_hexadecimal(text: str, start: int, end: int, floor: int) -> bool:
    """Whether the run of digits goes on, or is part of a hash or UUID."""
    if text[end : end + 1] in DIGITS or HEX_BEHIND.match(text, end):
        return True
    return start - 5 >= floor and HEX_BEFORE.match(text, start - 5, start) is not None


def behind_decimal(text: str, start: int, floor: int) -> bool:
    """The digits of a fraction are no card and no phone."""
    return start - 2 >= floor and text[start - 1] == "." and text[start - 2] in DIGITS


def is_card(digits: str) -> bool:
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456":
        return False
    if len(digits) == 13 and digits[0] != "4":
        return False
    return luhn(digits) and not COMPACT_TIME.fullmatch(digits)


def luhn(digits: str) -> bool:
    reverse = digits.encode()[::-1]
    return (sum(reverse[::2].translate(SINGLE)) + sum(reverse[1::2].translate(DOUBLE))) % 10 == 0
