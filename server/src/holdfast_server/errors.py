"""The one error tree of the server; every layer raises from here and `web/errors.py` alone knows HTTP status.

    HoldfastError
    ├── BadInput            what a client sent can't be used (permanent)
    │   ├── TooLarge        over a limit of size, depth or count
    │   └── UnsupportedType a content type that is not taken here
    ├── NotAllowed          the key or person may not do this
    │   └── NotKnown        no key, or one that we never gave out
    ├── NotFound            the thing named does not exist
    ├── Conflict            the thing exists already, or is in the wrong state
    ├── Busy                try again later (temporary); carries `retry_after_s`
    │   ├── StoreAway       a store does not answer
    │   ├── SpoolFull       the disk or the spool's quota is full
    │   └── TooMany         over a rate
    ├── QueryRefused        a person's SQL is outside what is allowed
    ├── QueryFailed         the store refused or gave up on a query
    └── CannotStart         settings, data folder or versions forbid starting

An error takes data and builds its own sentence: what happened, to what, what to do.
`code` is the stable name on the wire; `hint` says what to do; `path` points into the input.
"""


class HoldfastError(Exception):
    """The root. `temporary` says whether the same call may work later; retry policies read it."""

    code = "internal"
    temporary = False

    def __init__(self, message: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.hint = hint


class BadInput(HoldfastError):
    code = "bad_input"


class TooLarge(BadInput):
    """Something exceeds a limit; `what` names it, `limit` is the number with its unit."""

    code = "too_large"

    def __init__(self, what: str, limit: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(f"{what} is over the limit of {limit}", path=path, hint=hint or "send less at once")


class UnsupportedType(BadInput):
    code = "unsupported_media_type"

    def __init__(self, kind: str, taken: str) -> None:
        super().__init__(f"the content type {kind[:100]!r} is not taken here", hint=f"send {taken}")


class NotAllowed(HoldfastError):
    code = "not_allowed"


class NotKnown(NotAllowed):
    code = "not_authenticated"


class NotFound(HoldfastError):
    code = "not_found"

    def __init__(self, what: str, name: object, *, hint: str = "") -> None:
        super().__init__(f"there is no {what} {str(name)!r}", hint=hint)


class Conflict(HoldfastError):
    code = "conflict"


class Busy(HoldfastError):
    """Temporary by nature: the caller may try again after `retry_after_s` seconds."""

    code = "busy"
    temporary = True
    retry_after_s = 5

    def __init__(self, message: str, *, retry_after_s: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint or "try again later")
        if retry_after_s is not None:
            self.retry_after_s = retry_after_s


class StoreAway(Busy):
    code = "store_away"

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"the {store} does not answer: {reason}")
        self.store = store
        self.reason = reason


class SpoolFull(Busy):
    code = "spool_full"
    retry_after_s = 10


class TooMany(Busy):
    code = "rate_limited"


class QueryRefused(HoldfastError):
    code = "query_refused"


class QueryFailed(HoldfastError):
    """The event store answered with an error of its own; `number` is ClickHouse's error code, 0 if unknown."""

    code = "query_failed"

    def __init__(self, message: str, *, number: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.number = number


class CannotStart(HoldfastError):
    code = "cannot_start"
