"""Which grouping rule of a project a fingerprint falls under. Patterns run in linear time, whatever a client sends."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import re2
from sqlalchemy import Connection, select, update

from holdfast_server.errors import BadInput
from holdfast_server.model.issue import GroupingRule
from holdfast_server.state_store.tables import fingerprints, grouping_rules

COLUMNS = {"message": "message", "type": "error_type", "culprit": "culprit"}
PATTERN_LIMIT = 500
MEMORY_BYTES = 1_048_576
"""What one compiled pattern may take: enough for 500 characters, too little for x{1000}{1000}."""


class Matcher:
    """A rule's pattern, compiled. Raises BadInput for one that can't be."""

    def __init__(self, field: str, kind: str, pattern: str) -> None:
        self.column = COLUMNS[field]
        options = re2.Options()
        options.case_sensitive = False
        options.dot_nl = True
        options.max_mem = MEMORY_BYTES
        options.log_errors = False
        try:
            self.found = re2.compile(
                _translated(pattern) if kind == "glob" else pattern, options=options
            ).search
        except re2.error as exc:
            raise BadInput(
                f"{pattern[:100]!r} is not a pattern that can be used",
                path="pattern",
                hint="write a regular expression in RE2's syntax (no look-ahead, no back-references), or choose glob",
            ) from exc

    def matches(self, row: Mapping[str, Any]) -> bool:
        return self.found(row[self.column]) is not None


class ActiveRules:
    """The enabled rules of some projects, oldest first, and the fingerprint that leads each of their issues."""

    def __init__(self, rules: Iterable[GroupingRule], issue_of: dict[str, str]) -> None:
        self.issue_of = issue_of
        self.leads = {rule.id: rule.fingerprint_id for rule in rules}
        self.by_project: dict[int, list[tuple[GroupingRule, Matcher]]] = {}
        for rule in rules:
            with suppress(BadInput):  # what another version of RE2 took must not stop the drainer
                matcher = Matcher(rule.field, rule.kind, rule.pattern)
                self.by_project.setdefault(rule.project_id, []).append((rule, matcher))

    def first(self, row: Mapping[str, Any]) -> GroupingRule | None:
        mine = self.by_project.get(row["project_id"], ())
        return next((rule for rule, matcher in mine if matcher.matches(row)), None)

    def leader(self, rule: GroupingRule) -> tuple[str, str] | None:
        """The leading fingerprint and its issue; None while nothing has matched."""
        lead = self.leads[rule.id]
        return (lead, self.issue_of[lead]) if lead and lead in self.issue_of else None

    def lead(self, connection: Connection, rule: GroupingRule, fingerprint_id: str) -> None:
        """The first that matched leads from now on."""
        self.leads[rule.id] = fingerprint_id
        self.issue_of[fingerprint_id] = fingerprint_id
        set_leader(connection, rule.id, fingerprint_id)


def active(connection: Connection, project_ids: set[int]) -> ActiveRules:
    statement = (
        select(grouping_rules)
        .where(grouping_rules.c.project_id.in_(project_ids), grouping_rules.c.enabled)
        .order_by(grouping_rules.c.id)
    )
    rules = [GroupingRule(**row) for row in connection.execute(statement).mappings()]
    leads = [rule.fingerprint_id for rule in rules if rule.fingerprint_id]
    found = (
        connection.execute(
            select(fingerprints.c.id, fingerprints.c.issue_id).where(fingerprints.c.id.in_(leads))
        ).all()
        if leads
        else []
    )
    return ActiveRules(rules, {row.id: row.issue_id for row in found})


def set_leader(connection: Connection, rule_id: int, fingerprint_id: str | None) -> None:
    connection.execute(
        update(grouping_rules).where(grouping_rules.c.id == rule_id).values(fingerprint_id=fingerprint_id)
    )


def _translated(glob: str) -> str:
    parts = (".*" if sign == "*" else "." if sign == "?" else re2.escape(sign) for sign in glob)
    return rf"\A{''.join(parts)}\z"
