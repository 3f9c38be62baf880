"""Makes any text fit a bounded column of either engine; nothing here fails."""

import re

# PostgreSQL stores no NUL, and neither engine stores a lone surrogate (JSON may carry both).
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(value: str, limit: int) -> str:
    """The text with what can't be stored replaced by U+FFFD, and no longer than `limit` characters."""
    short = value[:limit]
    # isascii is a flag of the string: the common case costs nothing
    if short.isascii() and "\x00" not in short:
        return short
    return UNSTORABLE.sub("\ufffd", short)
