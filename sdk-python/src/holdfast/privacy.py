"""Anonymising of what is not personal by pattern but names a person all the same: user ids, ids in paths.

Used by the collector when `anonymise=True`, and by hosts for their own fields.
"""

from __future__ import annotations

import re

_ID_SEGMENT = re.compile(
    r"(?<=/)(?:\d+|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{16,}|(?=[^/?#]*\d)[A-Za-z0-9_-]{20,})(?=[/?#]|$)"
)


def anonymise_path(path: str) -> str:
    """`/orders/8312/items` becomes `/orders/[id]/items`; query and fragment are cut off."""
    return _ID_SEGMENT.sub("[id]", path.partition("?")[0].partition("#")[0])


def hash_user_id(user_id: str, salt: str = "") -> str:
    """A stable name for a person that does not show who it is: the first 32 digits of SHA-256."""
    from hashlib import sha256

    return sha256(f"{salt}{user_id}".encode("utf-8", "replace")).hexdigest()[:32]
