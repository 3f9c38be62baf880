"""The small change of `sql_guard`: names and texts escaped in one place, and the refusals that every rule shares."""

from typing import Any, NoReturn

from sqlglot import exp

from ..errors import QueryRefused


def refuse(message: str, hint: str = "") -> NoReturn:
    raise QueryRefused(message, hint=hint)


def only(node: exp.Expr, *names: str) -> None:
    """Refuse a node that carries anything but these parts: what a rule does not read must not be lost in silence."""
    for name, value in node.args.items():
        if name not in names and value not in (None, False, []):
            refuse(f"{name.strip('_').upper()} is not allowed in {node.key.upper()}", "leave it out")


def quote_name(name: str) -> str:
    if not name or len(name) > 128 or not name.isprintable() or any(mark in name for mark in "`\\"):
        refuse(f"{name!r} can't be a name here", "use letters, digits and underscores")
    return f"`{name}`"


def quote_text(text: str) -> str:
    if "\0" in text:
        refuse("a text in the query holds a NUL character")
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def whole_number(node: Any) -> int:
    if isinstance(node, exp.Literal) and not node.is_string and node.this.isascii() and node.this.isdigit():
        return int(node.this)
    refuse("LIMIT and OFFSET take a whole number", "for example LIMIT 100")


def alias_of(node: exp.Expr) -> str:
    """The plain alias of a table, subquery or WITH; lists of column names behind it are refused."""
    alias = node.args.get("alias")
    if alias is None:
        return ""
    if isinstance(alias, exp.TableAlias):
        only(alias, "this")
        alias = alias.this
    if not isinstance(alias, exp.Identifier):
        refuse("this alias is not allowed")
    return str(alias.this)
