"""Errors as ClickHouse tells them over HTTP: a number, a name, a sentence, and the HTTP status that belongs to the number."""

import re
from enum import IntEnum

FRAME = re.compile(r"Code: (\d+)\.")


class Code(IntEnum):
    """ClickHouse's numbers, by its own names; those that we raise, and those whose HTTP status is not 500."""

    UNSUPPORTED_METHOD = 1
    CANNOT_PARSE_TEXT = 6
    NO_SUCH_COLUMN_IN_TABLE = 16
    CANNOT_PARSE_ESCAPE_SEQUENCE = 25
    CANNOT_PARSE_QUOTED_STRING = 26
    CANNOT_PARSE_INPUT_ASSERTION_FAILED = 27
    TOO_MANY_ARGUMENTS_FOR_FUNCTION = 34
    TOO_FEW_ARGUMENTS_FOR_FUNCTION = 35
    BAD_ARGUMENTS = 36
    UNKNOWN_ELEMENT_IN_AST = 37
    CANNOT_PARSE_DATE = 38
    CANNOT_PARSE_DATETIME = 41
    NUMBER_OF_ARGUMENTS_DOESNT_MATCH = 42
    ILLEGAL_TYPE_OF_ARGUMENT = 43
    ILLEGAL_COLUMN = 44
    UNKNOWN_FUNCTION = 46
    UNKNOWN_IDENTIFIER = 47
    NOT_IMPLEMENTED = 48
    LOGICAL_ERROR = 49
    UNKNOWN_TYPE = 50
    TYPE_MISMATCH = 53
    UNKNOWN_STORAGE = 56
    UNKNOWN_TABLE = 60
    SYNTAX_ERROR = 62
    UNKNOWN_AGGREGATE_FUNCTION = 63
    CANNOT_CONVERT_TYPE = 70
    CANNOT_PARSE_NUMBER = 72
    UNKNOWN_FORMAT = 73
    UNKNOWN_TYPE_OF_QUERY = 78
    INCORRECT_QUERY = 80
    UNKNOWN_DATABASE = 81
    UNKNOWN_SETTING = 115
    INCORRECT_DATA = 117
    TIMEOUT_EXCEEDED = 159
    READONLY = 164
    TOO_DEEP_AST = 167
    TOO_BIG_AST = 168
    TOO_MANY_SIMULTANEOUS_QUERIES = 202
    QUERY_IS_TOO_LARGE = 229
    NOT_ENOUGH_SPACE = 243
    CANNOT_DECOMPRESS = 271
    TOO_DEEP_RECURSION = 306
    VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE = 321
    UNKNOWN_DATABASE_ENGINE = 336
    CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN = 349
    SESSION_NOT_FOUND = 372
    CANNOT_PARSE_UUID = 376
    TOO_MANY_ROWS_OR_BYTES = 396
    CANNOT_COMPILE_REGEXP = 427
    CANNOT_SCHEDULE_TASK = 439
    CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING = 441
    SETTING_CONSTRAINT_VIOLATION = 452
    UNKNOWN_QUERY_PARAMETER = 456
    BAD_QUERY_PARAMETER = 457
    CANNOT_PARSE_BOOL = 467
    ACCESS_DENIED = 497
    AUTHENTICATION_FAILED = 516


STATUS = {
    404: ("UNKNOWN_", "NO_SUCH_", "SESSION_NOT_FOUND"),
    403: ("READONLY", "ACCESS_DENIED", "SETTING_CONSTRAINT_VIOLATION", "AUTHENTICATION_FAILED"),
    408: ("TIMEOUT_EXCEEDED",),
    413: ("QUERY_IS_TOO_LARGE",),
    500: ("LOGICAL_ERROR", "TOO_MANY_ROWS_OR_BYTES"),
    501: ("NOT_IMPLEMENTED",),
    503: ("TOO_MANY_SIMULTANEOUS_QUERIES", "CANNOT_SCHEDULE_TASK"),
    507: ("NOT_ENOUGH_SPACE",),
    400: ("",),
}
"""HTTP status by how a name begins; the first that fits. Whatever else stands in `Code` is the client's fault."""

BAD_REQUESTS = (Code.UNKNOWN_QUERY_PARAMETER, Code.UNKNOWN_ELEMENT_IN_AST)
"""Unknown by name, but nothing that could be found elsewhere."""


class Fault(Exception):
    """One failed request. `text` is the whole sentence in ClickHouse's frame."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(f"Code: {code.value}. DB::Exception: {text} ({code.name})")
        self.number = int(code)

    @property
    def text(self) -> str:
        return str(self.args[0])


class EngineFault(Fault):
    """An error that chDB raised; its text is already in ClickHouse's frame."""

    def __init__(self, message: str) -> None:
        begin = message.find("Code: ")
        text = (message[begin:] if begin >= 0 else message).strip()
        found = FRAME.match(text)
        if found is None:
            super().__init__(Code.LOGICAL_ERROR, text or "the engine gave no reason")
        else:
            Exception.__init__(self, text)
            self.number = int(found[1])


def http_status(number: int) -> int:
    """The HTTP status that ClickHouse answers with for an error number."""
    try:
        code = Code(number)
    except ValueError:
        return 500
    if code in BAD_REQUESTS:
        return 400
    return next(status for status, names in STATUS.items() if code.name.startswith(names))
