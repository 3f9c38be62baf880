"""Reads just enough of a SQL text to serve it: its kind, its FORMAT, where INSERT data begin, and that there is only one.

This is not a guard: the engine parses the text itself, and people's SQL goes through `sql_guard` before it comes here.
Works on bytes, since INSERT data behind the statement may be binary.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from .faults import Code, Fault

HEAD_BYTES = 1 << 20
"""A statement in front of INSERT data must end within this many bytes."""

TOKEN = re.compile(
    rb"""(?P<space>[\s\x0b\x0c]+|--[^\n]*|\#[!\ ][^\n]*|/\*.*?\*/)
       |(?P<string>'(?:[^'\\]|\\.|'')*')
       |(?P<quoted>"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`)
       |(?P<heredoc>\$(?P<tag>[A-Za-z0-9_]*)\$.*?\$(?P=tag)\$)
       |(?P<word>[A-Za-z_][A-Za-z0-9_$]*)
       |(?P<number>[0-9][A-Za-z0-9_.]*)
       |(?P<mark>.)""",
    re.DOTALL | re.VERBOSE,
)

READS = frozenset({"SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK", "("})
QUERIES = frozenset({"SELECT", "WITH", "FROM", "("})


class Kind(Enum):
    QUERY = "query"  # SELECT in any dress: may stream, may be large
    SHOW = "show"  # answers rows, but few: SHOW, DESCRIBE, EXPLAIN, EXISTS, CHECK
    INSERT_DATA = "insert"  # rows follow the statement
    KILL = "kill"
    SET = "set"
    USE = "use"
    COMMAND = "command"  # all else: DDL, INSERT … SELECT, OPTIMIZE, SYSTEM


@dataclass(frozen=True)
class Token:
    kind: str
    text: bytes
    start: int
    end: int

    @property
    def word(self) -> str:
        return self.text.decode().upper() if self.kind == "word" else ""


@dataclass(frozen=True)
class Statement:
    """`sql` is the text without what follows it; INSERT data begin at `data_at` of the original bytes."""

    kind: Kind
    sql: bytes
    format: str = ""  # the FORMAT named in the text
    format_at: int = -1  # where the FORMAT clause begins in `sql`
    data_at: int = -1

    @property
    def answers_rows(self) -> bool:
        return self.kind in (Kind.QUERY, Kind.SHOW, Kind.KILL)


def read(sql: bytes, formats: frozenset[str]) -> Statement:
    """Classify one statement. Raises Fault on an empty text, several statements, or client-side file clauses."""
    insert = read_insert(sql)
    if insert is not None:
        return insert
    tokens = list(visible(sql))
    while tokens and tokens[0].text == b";":
        tokens.pop(0)
    if not tokens:
        raise Fault(Code.SYNTAX_ERROR, "Empty query")
    if tokens[0].kind != "word" and tokens[0].text != b"(":
        # chDB silently runs nothing for such a text; compressed or binary garbage must not look like success.
        raise Fault(
            Code.SYNTAX_ERROR,
            f"Syntax error: failed at position {tokens[0].start + 1}: expected a statement",
        )
    refuse_several(tokens)
    refuse_outfile(tokens)
    end = len(sql)
    while tokens[-1].text == b";":
        end = tokens.pop().start
    first = tokens[0].word or tokens[0].text.decode(errors="replace")
    clause = find_format(tokens, formats) if first in READS or first == "KILL" else None
    name, at = clause or ("", -1)
    return Statement(kind_of(first, tokens), sql[:end], name, at)


def visible(sql: bytes) -> Iterator[Token]:
    """Tokens without spaces and comments."""
    for found in TOKEN.finditer(sql):
        kind = found.lastgroup or "mark"
        kind = "heredoc" if kind == "tag" else kind
        if kind != "space":
            yield Token(kind, found[0], found.start(), found.end())


def kind_of(first: str, tokens: list[Token]) -> Kind:
    if first in QUERIES:
        return (
            Kind.COMMAND
            if first == "WITH" and any(token.word == "INSERT" for token in tokens)
            else Kind.QUERY
        )
    if first in READS:
        return Kind.SHOW
    if first == "KILL":
        return Kind.KILL if len(tokens) > 1 and tokens[1].word == "QUERY" else Kind.COMMAND
    return {"SET": Kind.SET, "USE": Kind.USE}.get(first, Kind.COMMAND)


def read_insert(sql: bytes) -> Statement | None:
    """INSERT with data behind it, or None when it is none or takes its rows from a SELECT.

    Reads tokens only as far as the data begin: behind that there may be many megabytes of rows.
    """
    tokens = visible(sql)
    first = next(tokens, None)
    if first is None or first.word != "INSERT":
        return None
    depth = 0
    for token in tokens:
        depth += (token.text == b"(") - (token.text == b")")
        if token.start > HEAD_BYTES or (depth == 0 and token.word in ("SELECT", "WITH")):
            return None
        if depth or token.word not in ("VALUES", "FORMAT", "FROM"):
            continue
        if token.word == "VALUES":
            return Statement(Kind.INSERT_DATA, sql[: token.start], "Values", token.start, token.end)
        named = next(tokens, None)
        if named is not None and token.word == "FORMAT" and named.kind == "word":
            begin = data_begin(sql, named.end)
            return Statement(Kind.INSERT_DATA, sql[: token.start], named.text.decode(), token.start, begin)
        if named is not None and named.word == "INFILE":
            raise Fault(Code.NOT_IMPLEMENTED, "FROM INFILE is for clients; send the data in the body")
        if named is not None and named.word in ("SELECT", "WITH"):
            return None
    return None


def data_begin(sql: bytes, at: int) -> int:
    """Data follow the format's name: blanks and one line end are skipped, no more (the data may be binary)."""
    while sql[at : at + 1] in (b" ", b"\t", b"\f"):
        at += 1
    if sql[at : at + 1] == b"\r":
        at += 1
    return at + 1 if sql[at : at + 1] == b"\n" else at


def refuse_several(tokens: list[Token]) -> None:
    ends = [at for at, token in enumerate(tokens) if token.text == b";"]
    if ends and any(token.text != b";" for token in tokens[ends[0] :]):
        raise Fault(
            Code.SYNTAX_ERROR,
            "Syntax error (Multi-statements are not allowed): send one statement at a time",
        )


def refuse_outfile(tokens: list[Token]) -> None:
    """INTO OUTFILE belongs to clients; here it would write a file beside the engine."""
    for token, following in pairwise(tokens):
        if token.word == "INTO" and following.word == "OUTFILE":
            raise Fault(Code.BAD_ARGUMENTS, "INTO OUTFILE is for clients; the answer is the file")


def find_format(tokens: list[Token], formats: frozenset[str]) -> tuple[str, int] | None:
    """The last FORMAT clause at depth 0 with nothing but SETTINGS behind it, and where it begins."""
    depth = 0
    found = None
    for at, token in enumerate(tokens):
        depth += (token.text == b"(") - (token.text == b")")
        if depth or token.word != "FORMAT" or at + 1 >= len(tokens):
            continue
        name = tokens[at + 1].text.decode(errors="replace")
        behind = tokens[at + 2].word if at + 2 < len(tokens) else "SETTINGS"
        if name in formats and behind == "SETTINGS":
            found = (name, token.start)
    return found
