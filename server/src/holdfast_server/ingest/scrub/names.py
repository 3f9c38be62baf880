"""Which field names hold a secret, whatever their value. The list is the one of `contract/scrubbing.json`.

A name is compared after lower-casing A to Z and leaving out `-`, `_`, `.` and space.
"""

from collections.abc import Iterable
from functools import lru_cache

from holdfast_server.ingest.scrub.patterns import scrub_text

ENDINGS = frozenset({
    "password", "passwd", "passphrase", "secret", "token", "apikey", "privatekey", "secretkey",
    "email", "emailaddress", "creditcard", "cardnumber", "phonenumber", "socialsecuritynumber",
})  # fmt: skip
"""Match as the end of a name too: `accessToken`, `user_email`. `tokens` and `tokenCount` are counts and stay."""

EXACT = frozenset({
    "ssn", "socialsecurity", "pan", "ccnumber", "cvv", "cvv2", "cvc", "cvc2", "otp", "pwd", "passcode",
    "passwordhash", "passwordconfirmation", "authorization", "proxyauthorization", "httpauthorization",
    "cookie", "cookies", "setcookie", "httpcookie", "credential", "credentials", "jwt", "bearer",
    "accesskey", "sessionkey", "phone", "telephone", "mobilenumber",
})  # fmt: skip

SEPARATORS = "-_. "
FOLD = {ord(c): None for c in SEPARATORS} | {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
"""Only A to Z: `str.lower` would also make a `k` of the Kelvin sign, which a scan over bytes can't see."""

CACHED_LENGTH_MAX = 100


class Names:
    """Asked for every field of every dirty event, so short names are remembered."""

    def __init__(self, extra_fields: Iterable[str] = ()) -> None:
        own = {normalise_name(field) for field in extra_fields} - {""}
        self.exact = EXACT | own
        self.endings = tuple(sorted(ENDINGS))
        self.remembered = lru_cache(maxsize=8192)(self.compare)

    def judge(self, name: str) -> tuple[str, bool]:
        """The name without personal data of its own, and whether it is listed."""
        return self.remembered(name) if len(name) <= CACHED_LENGTH_MAX else self.compare(name)

    def compare(self, name: str) -> tuple[str, bool]:
        plain = normalise_name(name)
        return scrub_text(name), plain in self.exact or plain.endswith(self.endings)


def normalise_name(name: str) -> str:
    return name.translate(FOLD)
