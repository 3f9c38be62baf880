"""Messages without their values: `User 42 not found` and `User 7 not found` are one message, `User <num> not found`."""

import re

MESSAGE_MAX = 1_000

VALUES = re.compile(
    r"""
    (?P<email>[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})
  | (?P<url>\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s"'<>()\[\]]{1,500})
  | (?P<uuid>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)
  | (?P<date>\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?
      |\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?)
  | (?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b)
  | (?P<quoted>(?<!\w)"[^"\n]{0,500}"|(?<!\w)'[^'\n]{0,500}'(?!\w)|`[^`\n]{0,500}`)
  | (?P<path>(?<![\w/.])(?:[A-Za-z]:\\|~?/|\.{1,2}/)[\w.@%+~-]+(?:[/\\][\w.@%+~-]+)*)
  | (?P<hex>\b0[xX][0-9a-fA-F]+\b|\b(?=[a-fA-F]{0,63}\d)[0-9a-fA-F]{8,64}\b)
  | (?P<num>(?<![\w.])[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?(?=\D|$)|(?<=[A-Za-z_])\d+)
    """,
    re.VERBOSE,
)
"""The first alternative that fits wins: a number inside a date is part of the date."""


def normalise_message(text: str) -> str:
    """The message with each value replaced by the name of its kind, cut to a length that tells messages apart."""
    return " ".join(VALUES.sub(placeholder, text[:MESSAGE_MAX]).split())


def placeholder(found: re.Match[str]) -> str:
    return "<num>" if found["num"] and found[0].isdigit() else f"<{found.lastgroup}>"
