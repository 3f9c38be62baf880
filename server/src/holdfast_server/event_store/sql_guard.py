"""People's SQL, parsed and rebuilt: one SELECT over our own tables with allowed functions, and nothing else.

The embedded engine reads local files even where it may not write, so the parser is the wall. Text never passes through:
what comes out is written here, node by node, and a node or an option without a rule is refused. Pure; raises QueryRefused.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from sqlglot import TokenType, exp
from sqlglot.dialects.clickhouse import ClickHouse
from sqlglot.errors import SqlglotError
from sqlglot.parsers.clickhouse import ClickHouseParser

from ..errors import QueryRefused
from .sql_expressions import Expressions
from .sql_text import alias_of, only, quote_name, refuse, whole_number

LENGTH_LIMIT = 20_000
TOKENS_LIMIT = 4_000
DEFAULT_ROWS = 1_000
MAX_ROWS = 10_000

SIMPLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")

Tables = Mapping[str, str | None] | Collection[str]

ONLY_SELECT = "only SELECT is allowed here"


class Parser(ClickHouseParser):
    """Keeps every function's name as it was written, instead of translating it to a node of its own."""

    FUNCTIONS = {}
    FUNCTION_PARSERS = {name: ClickHouseParser.FUNCTION_PARSERS[name] for name in ("CAST", "EXTRACT")}
    NO_PAREN_FUNCTIONS = {}
    NO_PAREN_FUNCTION_PARSERS = {"CASE": ClickHouseParser.NO_PAREN_FUNCTION_PARSERS["CASE"]}


class Dialect(ClickHouse):
    INDEX_OFFSET = 0
    Parser = Parser


def guard(
    sql: str,
    *,
    tables: Tables,
    database: str = "holdfast",
    project_id: int | None = None,
    default_rows: int = DEFAULT_ROWS,
    max_rows: int = MAX_ROWS,
) -> str:
    """Rebuild one question of a person as SQL that is safe to run.

    `tables` names what may be read: a table of `database` (value None), or a name with the SQL that stands for it, put in
    as it is; `{project}` in it becomes the condition on the project. With `project_id`, every table shows that project's
    rows alone. At most `max_rows` rows come back, `default_rows` when the question has no LIMIT.
    """
    known = dict(tables) if isinstance(tables, Mapping) else dict.fromkeys(tables)
    try:
        tree = parse(sql)
        return Rebuild(known, database, project_id).top(tree, default_rows, max_rows)
    except RecursionError:
        raise QueryRefused(
            "the query is nested too deeply", hint="split it with WITH, or ask in steps"
        ) from None


def parse(sql: str) -> exp.Expression:
    """The one statement's tree. Raises QueryRefused for anything that does not begin as a SELECT."""
    if len(sql) > LENGTH_LIMIT:
        raise QueryRefused(
            f"the query has {len(sql)} characters, over the limit of {LENGTH_LIMIT}", hint="ask in steps"
        )
    if any(ord(letter) < 32 and letter not in "\t\n\r" for letter in sql):
        raise QueryRefused("the query holds a control character", hint="type it again instead of pasting it")
    dialect = Dialect()
    try:
        words = dialect.tokenize(sql)
        if not words:
            raise QueryRefused(
                "the query is empty", hint="for example: SELECT type, count() FROM events GROUP BY type"
            )
        if len(words) > TOKENS_LIMIT:
            raise QueryRefused(
                f"the query has {len(words)} words, over the limit of {TOKENS_LIMIT}", hint="ask in steps"
            )
        if words[0].token_type not in (
            TokenType.SELECT,
            TokenType.WITH,
            TokenType.L_PAREN,
        ):
            raise QueryRefused(ONLY_SELECT, hint="begin with SELECT or WITH")
        trees = dialect.parser().parse(words, sql)
    except SqlglotError as exc:
        where = re.search(r"Line (\d+), Col: (\d+)", str(exc))
        at = f" at line {where[1]}, column {where[2]}" if where else ""
        raise QueryRefused(
            f"the query can't be understood{at}",
            hint="it is ClickHouse SQL, SELECT only, without FORMAT and SETTINGS",
        ) from exc
    found = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(found) != 1:
        raise QueryRefused("several statements at once are not allowed", hint="ask one question at a time")
    tree = found[0]
    if not isinstance(tree, exp.Expression):
        raise QueryRefused(ONLY_SELECT, hint="begin with SELECT or WITH")
    return tree


class Rebuild(Expressions):
    """Writes a tree as SQL. `scope` holds the names that WITH has given to queries, innermost last."""

    def __init__(self, tables: Mapping[str, str | None], database: str, project_id: int | None) -> None:
        super().__init__()
        self.tables = tables
        self.database = database
        self.project_id = project_id
        self.scope: list[set[str]] = []

    def top(self, tree: exp.Expression, default_rows: int, max_rows: int) -> str:
        """The whole question with its LIMIT. A question whose last LIMIT is not its own gets one around it."""
        limit = tree.args.get("limit") if isinstance(tree, exp.Select) else None
        if isinstance(limit, exp.Expr):
            only(limit, "expression", "expressions")
        if isinstance(tree, exp.Select) and (limit is None or not limit.expressions):
            rows = default_rows if limit is None else min(max_rows, whole_number(limit.expression))
            tree = tree.copy()
            tree.set("limit", exp.Limit(expression=exp.Literal.number(rows)))
            return self.query(tree)
        return f"SELECT * FROM ({self.query(tree)}) LIMIT {max_rows if limit is not None else default_rows}"

    def query(self, node: Any) -> str:
        if isinstance(node, exp.Select):
            return self.select(node)
        if isinstance(node, exp.SetOperation):
            return self.set_operation(node)
        if isinstance(node, exp.Subquery):
            only(node, "this", "with_")
            if node.args.get("with_") or node.args.get("alias"):
                refuse("WITH must stand in front of a SELECT")
            return f"({self.query(node.this)})"
        return refuse(ONLY_SELECT, "begin with SELECT or WITH")

    def select(self, node: exp.Select) -> str:
        only(
            node,
            "with_",
            "distinct",
            "expressions",
            "from_",
            "joins",
            "where",
            "group",
            "having",
            "qualify",
            "windows",
            "order",
            "limit",
            "offset",
        )
        self.scope.append(set())
        try:
            parts = [self.with_(node.args.get("with_")), "SELECT"]
            distinct = node.args.get("distinct")
            if distinct is not None:
                only(distinct)
                parts.append("DISTINCT")
            if not node.expressions:
                refuse("SELECT names nothing")
            parts.append(self.commas(node.expressions))
            source = node.args.get("from_")
            if source is not None:
                only(source, "this")
                parts.append("FROM " + self.source(source.this))
            parts += [self.join(join) for join in node.args.get("joins") or []]
            parts += [self.clause(node, "where", "WHERE"), self.group(node.args.get("group"))]
            parts += [self.clause(node, "having", "HAVING"), self.windows(node.args.get("windows"))]
            parts += [self.clause(node, "qualify", "QUALIFY"), self.tail(node)]
            return " ".join(part for part in parts if part)
        finally:
            self.scope.pop()

    def tail(self, node: exp.Expression) -> str:
        order, limit, offset = (node.args.get(name) for name in ("order", "limit", "offset"))
        parts = [self.expression(order) if order is not None else ""]
        if limit is not None:
            only(limit, "expression", "expressions")
            by = f" BY {self.commas(limit.expressions)}" if limit.expressions else ""
            parts.append(f"LIMIT {whole_number(limit.expression)}{by}")
        if offset is not None:
            only(offset, "expression")
            parts.append(f"OFFSET {whole_number(offset.expression)}")
        return " ".join(part for part in parts if part)

    def set_operation(self, node: exp.SetOperation) -> str:
        only(node, "this", "expression", "distinct", "with_", "order", "limit", "offset")
        word = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}.get(
            type(node)
        ) or refuse("this set operation is not allowed")
        kind = " ALL" if node.args.get("distinct") is False and word == "UNION" else " DISTINCT"
        self.scope.append(set())
        try:
            with_ = self.with_(node.args.get("with_"))
            both = f"{self.operand(node.this)} {word}{kind} {self.operand(node.expression)}"
        finally:
            self.scope.pop()
        tail = self.tail(node)
        text = f"SELECT * FROM ({both}) {tail}" if tail or with_ else both
        return f"{with_} {text}".strip()

    def operand(self, node: Any) -> str:
        while isinstance(node, exp.Subquery) and not any(node.args.get(name) for name in ("alias", "with_")):
            only(node, "this")
            node = node.this
        return f"({self.query(node)})"

    def with_(self, node: Any) -> str:
        if node is None:
            return ""
        only(node, "expressions")
        return "WITH " + ", ".join(self.cte(each) for each in node.expressions)

    def cte(self, node: exp.CTE) -> str:
        only(node, "this", "alias", "scalar")
        name = alias_of(node)
        if node.args.get("scalar"):
            return f"{self.expression(node.this)} AS {quote_name(name)}"
        if not SIMPLE_NAME.fullmatch(name) or name in self.tables:
            refuse(f"WITH can't give the name {name!r}", "choose a plain name that is not one of the tables")
        text = f"{quote_name(name)} AS ({self.query(node.this)})"
        self.scope[-1].add(name)
        return text

    def source(self, node: Any) -> str:
        """What stands behind FROM or JOIN: a subquery, a name from WITH, or one of our tables."""
        if isinstance(node, exp.Subquery):
            only(node, "this", "alias")
            alias = alias_of(node)
            return f"({self.query(node.this)})" + (f" AS {quote_name(alias)}" if alias else "")
        if isinstance(node, exp.Final):
            refuse("FINAL is not allowed behind a table", "leave it out")
        if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
            refuse(
                "only tables and subqueries may stand behind FROM and JOIN; table functions are not allowed",
                "name one of: " + self.names(),
            )
        only(node, "this", "db", "alias")
        name, alias = node.name, alias_of(node)
        if not node.db and any(name in names for names in self.scope):
            return quote_name(name) + (f" AS {quote_name(alias)}" if alias else "")
        return f"{self.table(node.db, name)} AS {quote_name(alias or name)}"

    def table(self, database: str, name: str) -> str:
        key = name if database in ("", self.database) else f"{database}.{name}"
        if key not in self.tables:
            refuse(f"there is no table {key!r} to ask", "name one of: " + self.names())
        condition = "1" if self.project_id is None else f"project_id = {int(self.project_id)}"
        stands = self.tables[key]
        if stands is not None:
            if self.project_id is not None and "{project}" not in stands:
                refuse(f"the table {key!r} can't be read for one project")
            return "(" + stands.replace("{project}", condition) + ")"
        full = f"{quote_name(self.database)}.{quote_name(name)}"
        return full if self.project_id is None else f"(SELECT * FROM {full} WHERE {condition})"

    def names(self) -> str:
        return ", ".join(sorted(name for name in self.tables if "." not in name))

    def join(self, node: exp.Join) -> str:
        only(node, "this", "side", "kind", "on", "using")
        side, kind = (str(node.args.get(name) or "").upper() for name in ("side", "kind"))
        if side not in ("", "INNER", "LEFT", "RIGHT", "FULL") or kind not in (
            "",
            "INNER",
            "OUTER",
            "CROSS",
            "ANY",
            "ASOF",
            "SEMI",
            "ANTI",
        ):
            refuse(
                f"{side} {kind} JOIN is not allowed".replace("  ", " "), "use JOIN, LEFT JOIN or arrayJoin()"
            )
        before = kind if kind in ("ANY", "ASOF") else ""
        after = kind if kind not in ("ANY", "ASOF") else ""
        text = " ".join(part for part in (before, side, after, "JOIN", self.source(node.this)) if part)
        if node.args.get("on") is not None:
            return f"{text} ON {self.expression(node.args['on'])}"
        if node.args.get("using"):
            return f"{text} USING ({', '.join(quote_name(each.name) for each in node.args['using'])})"
        return text

    def clause(self, node: exp.Expression, name: str, word: str) -> str:
        found = node.args.get(name)
        if found is None:
            return ""
        only(found, "this")
        return f"{word} {self.expression(found.this)}"

    def group(self, node: Any) -> str:
        if node is None:
            return ""
        only(node, "expressions", "all")
        return "GROUP BY ALL" if node.args.get("all") else f"GROUP BY {self.commas(node.expressions)}"

    def windows(self, nodes: Any) -> str:
        if not nodes:
            return ""
        return "WINDOW " + ", ".join(
            f"{quote_name(node.name)} AS ({self.window_body(node)})" for node in nodes
        )
