"""One HTTP request of ClickHouse's interface, read into a value: who asks, what, with which settings and data."""

import hmac
import uuid
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from itertools import chain
from urllib.parse import parse_qsl

from .codecs import unpack
from .config import EngineConfig
from .faults import Code, Fault
from .statement import HEAD_BYTES, Kind, Statement, read

APPEND_BYTES = 4 << 20

WRITER = "holdfast"
READER = "reader"

TRANSPORT = frozenset(
    {"add_http_cors_header", "buffer_size", "cancel_http_readonly_queries_on_client_close", "client_protocol_version",
     "close_session", "compress", "database", "decompress", "default_format", "enable_http_compression", "http_compression",
     "http_headers_progress_interval_ms", "http_wait_end_of_query", "http_zlib_compression_level", "log_comment", "password",
     "query", "query_id", "quota_key", "role", "send_progress_in_http_headers", "session_check", "session_id",
     "session_timeout", "stacktrace", "user", "wait_end_of_query"}
)  # fmt: skip
"""Parameters that concern the transport; every other one is a setting of the query."""


@dataclass(frozen=True)
class Ask:
    """Everything about one request but its answer. `database` is empty when the request names none."""

    login: str
    statement: Statement
    query_id: str
    database: str
    settings: Mapping[str, str]
    params: Mapping[str, str]
    default_format: str
    data: Iterable[bytes] = ()
    accept: str = ""  # encodings for the answer, empty when none is wanted
    held: bool = False
    progress: bool = False
    session_id: str = ""
    session_timeout_s: int = 60
    session_close: bool = False
    session_check: bool = False


def read_request(
    method: str,
    given: dict[str, str],
    headers: Mapping[str, str],
    login: str,
    body: bytes,
    formats: frozenset[str],
) -> Ask:
    """Read a request whose login is known. Raises Fault when it can't be served."""
    if headers.get("content-type", "").startswith("multipart/form-data"):
        given, body = {**given, **form_fields(headers["content-type"], body)}, b""
    refuse_native_compression(given)
    encoding = headers.get("content-encoding", "")
    statement, data = split(given.get("query", ""), unpack(encoding, slices(body)), formats)
    settings = {
        name: value
        for name, value in given.items()
        if name not in TRANSPORT and not name.startswith("param_")
    }
    if method == "GET":
        settings["readonly"] = max(settings.get("readonly", "2"), "1")
    return Ask(
        login=login,
        statement=statement,
        query_id=given.get("query_id") or str(uuid.uuid4()),
        database=given.get("database") or headers.get("x-clickhouse-database", ""),
        settings=settings,
        params={name[6:]: value for name, value in given.items() if name.startswith("param_")},
        default_format=given.get("default_format") or headers.get("x-clickhouse-format") or "TabSeparated",
        data=data,
        accept=headers.get("accept-encoding", "") if given.get("enable_http_compression") == "1" else "",
        held="1" in (given.get("wait_end_of_query"), given.get("http_wait_end_of_query")),
        progress=given.get("send_progress_in_http_headers") == "1",
        session_id=given.get("session_id", ""),
        session_timeout_s=min(3600, whole(given.get("session_timeout", "60"), "session_timeout")),
        session_check=given.get("session_check") == "1",
        session_close=given.get("close_session") == "1",
    )


def parameters(query_string: str) -> dict[str, str]:
    return dict(parse_qsl(query_string, keep_blank_values=True))


def who(given: Mapping[str, str], headers: Mapping[str, str], config: EngineConfig) -> str:
    """The login, from Basic, X-ClickHouse-User and -Key, or user= and password=."""
    name, password = given.get("user", ""), given.get("password", "")
    basic = headers.get("authorization", "")
    if basic.lower().startswith("basic "):
        try:
            name, _, password = b64decode(basic[6:], validate=True).decode().partition(":")
        except ValueError:
            raise Fault(Code.AUTHENTICATION_FAILED, "the Authorization header is not valid Basic") from None
    elif "x-clickhouse-user" in headers:
        name, password = headers["x-clickhouse-user"], headers.get("x-clickhouse-key", "")
    known = {WRITER: config.password, READER: config.reader_password}
    if name in known and known[name] and hmac.compare_digest(password.encode(), known[name].encode()):
        return name
    text = f"{name or 'default'}: Authentication failed: password is incorrect, or there is no user with such name."
    raise Fault(Code.AUTHENTICATION_FAILED, text)


def split(query: str, body: Iterable[bytes], formats: frozenset[str]) -> tuple[Statement, Iterable[bytes]]:
    """The statement, and the pieces of the INSERT data behind it: in the URL, in the body, or one after the other."""
    pieces = iter(body)
    head = query.encode()
    statement = read(head, formats) if query else None
    if statement is not None and statement.kind is Kind.INSERT_DATA:
        inline = head[statement.data_at :]
        return statement, chain([inline + b"\n"] if inline.strip() else [], pieces)
    head = b"\n".join(part for part in (head, first_bytes(pieces)) if part)
    statement = read(head, formats)
    if statement.data_at >= 0:
        return statement, chain([head[statement.data_at :]], pieces)
    rest = b"".join(pieces)
    return (read(head + rest, formats) if rest else statement), ()


def first_bytes(pieces: Iterator[bytes]) -> bytes:
    """Enough of a body to hold any statement in front of data."""
    head = b""
    while len(head) < HEAD_BYTES and (piece := next(pieces, b"")):
        head += piece
    return head


def slices(body: bytes) -> Iterator[bytes]:
    """A body in pieces: chDB takes bytes alone, and a copy of a piece is cheaper than one of all."""
    if len(body) <= APPEND_BYTES:
        yield body
        return
    for at in range(0, len(body), APPEND_BYTES):
        yield body[at : at + APPEND_BYTES]


def form_fields(content_type: str, body: bytes) -> dict[str, str]:
    """Fields of a multipart form: the query and its parameters, when they are too long for a URL."""
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body
    )
    fields: dict[str, str] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if part.get_filename() is not None or not isinstance(name, str):
            raise Fault(
                Code.NOT_IMPLEMENTED,
                "external tables are not supported by the engine; insert the data instead",
            )
        payload = part.get_payload(decode=True)
        fields[name] = payload.decode() if isinstance(payload, bytes) else ""
    return fields


def refuse_native_compression(given: Mapping[str, str]) -> None:
    for name in ("compress", "decompress"):
        if given.get(name) == "1":
            text = f"{name}=1 (ClickHouse's own block compression) is not supported by the engine; use Content-Encoding and Accept-Encoding"
            raise Fault(Code.NOT_IMPLEMENTED, text)


def whole(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise Fault(Code.BAD_ARGUMENTS, f"{name} must be a whole number, not {text!r}")
    return int(text)
