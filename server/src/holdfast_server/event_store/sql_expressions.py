"""The expression half of `sql_guard`: one rule for each kind of node that people may use, written out as ClickHouse SQL.

Operators come out in parentheses, names in backticks, texts escaped here; a node or an option without a rule is refused.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from sqlglot import exp

from .sql_functions import canonical, nearest, types_by_lower_case
from .sql_text import only, quote_name, quote_text, refuse, whole_number

DEPTH_LIMIT = 80
NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?")
TYPE_TEXT = re.compile(r"[A-Za-z0-9_ ,()'/+-]{1,200}")
UNITS = frozenset({"MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"})
TAKE_UNITS = frozenset({"dateAdd", "dateDiff", "dateSub", "date_add", "date_diff", "date_sub"})
SIDES = frozenset({"PRECEDING", "FOLLOWING"})

OPERATORS: dict[type[exp.Expr], str] = {
    exp.And: "AND",
    exp.Or: "OR",
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.IntDiv: "DIV",
    exp.DPipe: "||",
}

SPOKEN: dict[Any, str] = {
    exp.Placeholder: "a parameter",
    exp.Parameter: "a parameter",
    exp.RawString: "a heredoc",
    exp.HexString: "a hexadecimal number",
    exp.Select: "a SELECT without parentheses",
}
"""What people call a node, where its name in the parser says little."""

IN_TAKES = "IN takes a list of constants or a subquery"
IN_HINT = "for a column use =, has() or a subquery"

WRAPPED = (
    *OPERATORS,
    exp.In,
    exp.Like,
    exp.ILike,
    exp.Between,
    exp.Is,
    exp.Paren,
    exp.Neg,
    exp.Not,
    exp.Subquery,
)
"""Nodes that are written in parentheses of their own."""

CALLS = (
    exp.Anonymous,
    exp.AnonymousAggFunc,
    exp.CombinedAggFunc,
    exp.ParameterizedAgg,
    exp.CombinedParameterizedAgg,
)


class Expressions(ABC):
    """Writes expressions. The queries inside them are the subclass's business."""

    def __init__(self) -> None:
        self.depth = 0

    @abstractmethod
    def query(self, node: Any) -> str: ...

    def commas(self, nodes: Iterable[Any]) -> str:
        return ", ".join(self.expression(node) for node in nodes)

    def expression(self, node: Any) -> str:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            refuse("the query is nested too deeply", "split it with WITH, or ask in steps")
        try:
            return self.dispatch(node)
        finally:
            self.depth -= 1

    def dispatch(self, node: Any) -> str:
        if isinstance(node, (exp.And, exp.Or)):
            return self.chain(node)
        if type(node) in OPERATORS:
            only(node, "this", "expression", "typed", "safe")
            return (
                f"({self.expression(node.this)} {OPERATORS[type(node)]} {self.expression(node.expression)})"
            )
        if isinstance(node, CALLS):
            return self.call(node)
        rule = self.RULES.get(type(node))
        if rule is None:
            name = SPOKEN.get(
                type(node), type(node).__name__.upper() if isinstance(node, exp.Expr) else "this"
            )
            refuse(f"{name} is not allowed in a query", "use plain columns, functions and operators")
        return rule(self, node)

    def chain(self, node: exp.Expr) -> str:
        """a AND b AND c …, however long: only true nesting counts as depth."""
        kind, parts = type(node), []
        while type(node) is kind:
            only(node, "this", "expression")
            parts.append(node.expression)
            node = node.this
        return (
            "("
            + f" {OPERATORS[kind]} ".join(self.expression(part) for part in [node, *reversed(parts)])
            + ")"
        )

    def call(self, node: Any) -> str:
        """A function, by its own name alone: a quoted or qualified one would not be a function of the list."""
        only(node, "this", "expressions", "params")
        name = node.this if isinstance(node.this, str) else ""
        known = canonical(name)
        if known is None:
            near = nearest(name)
            refuse(
                f"the function {name or 'of that name'} is not allowed",
                f"did you mean {near}?" if near else "see the query reference for what is",
            )
        text = f"{known}({self.arguments(known, node.expressions)})"
        params = node.args.get("params")
        return text if params is None else f"{text}({self.commas(params)})"

    def arguments(self, name: str, nodes: list[Any]) -> str:
        """Arguments; the unit in `date_add(DAY, 1, at)` and `dateDiff(day, a, b)` is a word and no column."""
        first = (
            nodes[0].name.upper() if nodes and isinstance(nodes[0], exp.Column) and not nodes[0].table else ""
        )
        if name not in TAKE_UNITS or first not in UNITS:
            return self.commas(nodes)
        unit = first if name in TAKE_UNITS - {"dateDiff", "date_diff"} else quote_text(first.lower())
        return ", ".join([unit, *(self.expression(node) for node in nodes[1:])])

    def literal(self, node: exp.Literal) -> str:
        text = str(node.this)
        if node.is_string:
            return quote_text(text)
        if not NUMBER.fullmatch(text):
            refuse(f"{text!r} is not a number")
        return text

    def identifier(self, node: exp.Identifier) -> str:
        return quote_name(str(node.this))

    def column(self, node: exp.Column) -> str:
        only(node, "this", "table", "db")
        parts = [node.args[name] for name in ("db", "table", "this") if node.args.get(name) is not None]
        return ".".join(self.expression(part) for part in parts)

    def star(self, node: exp.Star) -> str:
        only(node, "except_")
        left_out = node.args.get("except_")
        return f"* EXCEPT ({', '.join(quote_name(each.name) for each in left_out)})" if left_out else "*"

    def alias(self, node: exp.Alias) -> str:
        only(node, "this", "alias")
        return f"{self.expression(node.this)} AS {quote_name(node.alias)}"

    def in_(self, node: exp.In) -> str:
        """IN takes constants or a subquery: a bare name there would be read as a table, or as a file."""
        if node.args.get("field") is not None:
            refuse(IN_TAKES, IN_HINT)
        only(node, "this", "expressions", "query")
        left = self.expression(node.this)
        query = node.args.get("query")
        if query is not None:
            return f"({left} IN {self.expression(query)})"
        if not node.expressions or any(
            each.find(exp.Column, exp.Identifier, exp.Query) for each in node.expressions
        ):
            refuse(IN_TAKES, IN_HINT)
        return f"({left} IN ({self.commas(node.expressions)}))"

    def like(self, node: Any) -> str:
        only(node, "this", "expression", "negate")
        word = "ILIKE" if isinstance(node, exp.ILike) else "LIKE"
        negated = "NOT " if node.args.get("negate") else ""
        return f"({self.expression(node.this)} {negated}{word} {self.expression(node.expression)})"

    def between(self, node: exp.Between) -> str:
        only(node, "this", "low", "high")
        low, high = self.expression(node.args["low"]), self.expression(node.args["high"])
        return f"({self.expression(node.this)} BETWEEN {low} AND {high})"

    def is_(self, node: exp.Is) -> str:
        only(node, "this", "expression")
        if not isinstance(node.expression, exp.Null):
            refuse("IS takes NULL", "compare with = instead")
        return f"({self.expression(node.this)} IS NULL)"

    def case(self, node: exp.Case) -> str:
        only(node, "this", "ifs", "default")
        subject = f" {self.expression(node.this)}" if node.this is not None else ""
        whens = "".join(
            f" WHEN {self.expression(each.this)} THEN {self.expression(each.args['true'])}"
            for each in node.args["ifs"]
        )
        default = node.args.get("default")
        return f"CASE{subject}{whens}{f' ELSE {self.expression(default)}' if default is not None else ''} END"

    def if_(self, node: exp.If) -> str:
        only(node, "this", "true", "false")
        return f"if({self.commas([node.this, node.args.get('true'), node.args.get('false')])})"

    def cast(self, node: exp.Cast) -> str:
        only(node, "this", "to", "_type")
        return f"CAST({self.expression(node.this)}, {self.type_name(node.args['to'])})"

    def type_name(self, node: Any) -> str:
        """A type as a text literal, when every word of it is an allowed type."""
        text = (
            str(node.this)
            if isinstance(node, exp.Literal) and node.is_string
            else node.sql(dialect="clickhouse")
        )
        known = types_by_lower_case()
        bare = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", re.sub(r"'[A-Za-z0-9_/+-]*'", "", text))
        if not TYPE_TEXT.fullmatch(text) or not bare or any(word.lower() not in known for word in bare):
            refuse(f"{text!r} is not a type to cast to here", "for example CAST(x AS Float64)")
        return quote_text(
            re.sub(
                r"'[^']*'|[A-Za-z_][A-Za-z0-9_]*", lambda found: known.get(found[0].lower(), found[0]), text
            )
        )

    def interval(self, node: exp.Interval) -> str:
        only(node, "this", "unit")
        unit = (
            str(node.args["unit"].this).upper().removesuffix("S")
            if isinstance(node.args.get("unit"), exp.Var)
            else ""
        )
        if unit not in UNITS or node.this is None:
            refuse("this INTERVAL is not allowed", "for example INTERVAL 1 DAY")
        amount = node.this
        if isinstance(amount, exp.Literal) and amount.is_string:
            if not re.fullmatch(r"-?\d{1,9}", amount.this):
                refuse(f"INTERVAL {amount.this!r} is not a whole number")
            return f"INTERVAL {amount.this} {unit}"
        return f"INTERVAL ({self.expression(amount)}) {unit}"

    def extract(self, node: exp.Extract) -> str:
        only(node, "this", "expression")
        unit = str(node.this.this).upper() if isinstance(node.this, exp.Var) else ""
        if unit not in UNITS:
            refuse("EXTRACT takes a part of a time", "for example toYear(at)")
        return f"EXTRACT({unit} FROM {self.expression(node.expression)})"

    def paren(self, node: exp.Paren) -> str:
        only(node, "this")
        inner = self.expression(node.this)
        return inner if isinstance(node.this, WRAPPED) else f"({inner})"

    def wrapped(self, node: Any, before: str) -> str:
        only(node, "this")
        return f"({before}{self.expression(node.this)})"

    def bracket(self, node: exp.Bracket) -> str:
        only(node, "this", "expressions", "offset")
        return f"{self.expression(node.this)}[{self.commas(node.expressions)}]"

    def dot(self, node: exp.Dot) -> str:
        only(node, "this", "expression")
        if not isinstance(node.expression, (exp.Literal, exp.Identifier)) or node.expression.is_string:
            refuse("only a number or a name may stand behind the dot")
        return f"{self.expression(node.this)}.{self.expression(node.expression)}"

    def tuple_(self, node: exp.Tuple) -> str:
        only(node, "expressions")
        return f"tuple({self.commas(node.expressions)})"

    def array(self, node: exp.Array) -> str:
        only(node, "expressions")
        return f"[{self.commas(node.expressions)}]"

    def lambda_(self, node: exp.Lambda) -> str:
        only(node, "this", "expressions")
        names = ", ".join(quote_name(each.name) for each in node.expressions)
        return f"({names}) -> {self.expression(node.this)}"

    def distinct(self, node: exp.Distinct) -> str:
        only(node, "expressions")
        return f"DISTINCT {self.commas(node.expressions)}"

    def filter_(self, node: exp.Filter) -> str:
        only(node, "this", "expression")
        only(node.expression, "this")
        return f"{self.expression(node.this)} FILTER (WHERE {self.expression(node.expression.this)})"

    def exists(self, node: exp.Exists) -> str:
        only(node, "this")
        return f"EXISTS ({self.query(node.this)})"

    def order(self, node: exp.Order) -> str:
        only(node, "expressions")
        return f"ORDER BY {self.commas(node.expressions)}"

    def ordered(self, node: exp.Ordered) -> str:
        only(node, "this", "desc", "nulls_first", "with_fill")
        column = node.this
        everything = (
            isinstance(column, exp.Column) and column.name.upper() == "ALL" and not column.this.quoted
        )
        parts = ["ALL" if everything else self.expression(column), "DESC" if node.args.get("desc") else "ASC"]
        parts.append("NULLS FIRST" if node.args.get("nulls_first") else "NULLS LAST")
        fill = node.args.get("with_fill")
        if fill is not None:
            only(fill, "from_", "to", "step")
            parts.append("WITH FILL")
            parts += [
                f"{word} {self.expression(fill.args[name])}"
                for name, word in (("from_", "FROM"), ("to", "TO"), ("step", "STEP"))
                if fill.args.get(name)
            ]
        return " ".join(parts)

    def window(self, node: exp.Window) -> str:
        function = self.expression(node.this)
        name = node.args.get("alias")
        if name is not None:
            only(node, "this", "alias", "over")
            return f"{function} OVER {quote_name(name.name)}"
        return f"{function} OVER ({self.window_body(node)})"

    def window_body(self, node: exp.Window) -> str:
        only(node, "this", "partition_by", "order", "spec", "over")
        partition, order, spec = (node.args.get(name) for name in ("partition_by", "order", "spec"))
        parts = [
            f"PARTITION BY {self.commas(partition)}" if partition else "",
            self.expression(order) if order else "",
        ]
        if spec is not None:
            only(spec, "kind", "start", "start_side", "end", "end_side")
            kind = str(spec.args.get("kind") or "").upper()
            if kind not in ("ROWS", "RANGE"):
                refuse("a window goes by ROWS or RANGE")
            ends = [self.bound(spec, "start"), self.bound(spec, "end")]
            parts.append(f"{kind} BETWEEN {ends[0]} AND {ends[1] or 'CURRENT ROW'}")
        return " ".join(part for part in parts if part)

    def bound(self, spec: exp.WindowSpec, name: str) -> str:
        value, side = spec.args.get(name), str(spec.args.get(f"{name}_side") or "").upper()
        if value is None:
            return ""
        if isinstance(value, str):
            words = f"{value} {side}".strip().upper()
            if words not in ("CURRENT ROW", "UNBOUNDED PRECEDING", "UNBOUNDED FOLLOWING"):
                refuse(f"{words!r} does not bound a window")
            return words
        if side not in SIDES:
            refuse("a window is bounded by a number of rows PRECEDING or FOLLOWING")
        return f"{whole_number(value)} {side}"

    RULES: ClassVar[dict[type[exp.Expr], Callable[[Any, Any], str]]] = {
        exp.Literal: literal,
        exp.Identifier: identifier,
        exp.Column: column,
        exp.Star: star,
        exp.Alias: alias,
        exp.In: in_,
        exp.Like: like,
        exp.ILike: like,
        exp.Between: between,
        exp.Is: is_,
        exp.Case: case,
        exp.If: if_,
        exp.Cast: cast,
        exp.CastToStrType: cast,
        exp.Interval: interval,
        exp.Bracket: bracket,
        exp.Dot: dot,
        exp.Tuple: tuple_,
        exp.Array: array,
        exp.Lambda: lambda_,
        exp.Distinct: distinct,
        exp.Filter: filter_,
        exp.Exists: exists,
        exp.Order: order,
        exp.Ordered: ordered,
        exp.Window: window,
        exp.Extract: extract,
        exp.Null: lambda *_: "NULL",
        exp.Boolean: lambda _, node: "true" if node.this else "false",
        exp.Paren: paren,
        exp.Neg: lambda self, node: self.wrapped(node, "-"),
        exp.Not: lambda self, node: self.wrapped(node, "NOT "),
        exp.Subquery: lambda self, node: self.query(node),
    }
