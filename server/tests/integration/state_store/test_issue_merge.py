"""Merging, rules and twins: sums are always those of the fingerprints, and every step can be undone."""

import time
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from holdfast_server.errors import BadInput, Conflict, NotFound
from holdfast_server.model.issue import SEVERITIES, Issue
from holdfast_server.state_store import (
    fingerprints,
    issue_actions,
    issue_activity,
    issue_list,
    issue_merge,
    issues,
    projects,
    rules,
)
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import fingerprints as table

from .conftest import SEQUENCE, Block, found, made

WHO = "ann@example.org"
EXAMPLE = count()


def merge(store: StateStore, project: int, *ids: str, into: str | None = None) -> Issue:
    return issue_merge.merge(store, project, ids, actor=WHO, at_ms=1_000, into=into)


def unmerge(store: StateStore, project: int, *ids: str) -> list[str]:
    return issue_merge.unmerge(store, project, ids, actor=WHO, at_ms=2_000)


def rule(store: StateStore, project: int, pattern: str, kind: str = "glob", field: str = "message") -> int:
    made_rule = rules.create(
        store, project, name="a rule", field=field, kind=kind, pattern=pattern, actor=WHO, at_ms=1_000
    )
    return made_rule.id


def groups(store: StateStore, project: int) -> dict[str, list[str]]:
    """The listed issues, and of which fingerprints each is made."""
    listed, _ = issue_list.list_issues(store, project, limit=200)
    return {issue.id: sorted(issues.fingerprint_ids(store, project, issue.id)) for issue in listed}


def test_merge(store: StateStore, project: int, drain: Block) -> None:
    """Merged issues are one: the oldest stays with its state, sums add up, and every id leads to it."""
    drain("a", at=200, n=2, release="1.0")
    drain("b", at=100, n=3, release="0.9", severity="critical")
    drain("a", at=300, n=5, release="1.1")
    issue_actions.resolve(store, project, ["b"], actor=WHO, at_ms=10_000)
    merged = merge(store, project, "a", "b")
    assert (merged.id, merged.frequency, merged.severity, merged.status) == ("b", 10, "critical", "resolved")
    assert (merged.first_seen_ms, merged.last_seen_ms) == (100, 300)
    assert (merged.first_release, merged.last_release, merged.message) == ("0.9", "1.1", "message of a")
    assert merged.sample == '{"from":"a"}'
    assert found(store, project, "a") == merged
    assert groups(store, project) == {"b": ["a", "b"]}
    assert issues.counts(store, project).resolved == 1


def test_counting_into_a_merged_issue(store: StateStore, project: int, drain: Block) -> None:
    """What comes for any of the fingerprints counts into the one issue, and a regression is its own."""
    drain("a", "b")
    merge(store, project, "a", "b", into="a")
    issue_actions.resolve(store, project, ["b"], actor=WHO, at_ms=1_000)
    assert drain("b", "a", at=5_000, n=4).regressed == ["a"]
    assert found(store, project, "a").frequency == 10


def test_unmerge(store: StateStore, project: int, drain: Block) -> None:
    """Taken out again, an issue has its own numbers and the state that it had."""
    drain("a", n=2)
    drain("b", n=3, at=500)
    issue_actions.ignore(store, project, ["b"], actor=WHO, at_ms=1_000)
    before = [found(store, project, name) for name in "ab"]
    merge(store, project, "a", "b")
    assert unmerge(store, project, "b") == ["b"]
    assert [found(store, project, name) for name in "ab"] == before
    log = [entry.action for entry in issue_activity.activity(store, project, "b")]
    assert log == ["unmerged", "merged", "ignore"]


def test_merge_of_merges(store: StateStore, project: int, drain: Block) -> None:
    """What was merged before comes along, and comes out again together."""
    drain("a", "b", "c")
    merge(store, project, "a", "b", into="a")
    merge(store, project, "b", "c", into="c")
    assert groups(store, project) == {"c": ["a", "b", "c"]}
    assert unmerge(store, project, "a") == ["a"]
    assert groups(store, project) == {"a": ["a", "b"], "c": ["c"]}
    assert unmerge(store, project, "b") == ["b"]
    assert groups(store, project) == {"a": ["a"], "b": ["b"], "c": ["c"]}


def test_refused_merges(store: StateStore, project: int, drain: Block) -> None:
    """One issue is not merged with itself, nor with another project's, and a root can't be taken out."""
    other = projects.create(store, name="Blog", slug="blog", created_at_ms=1)[0].id
    issues.apply(store, "other", 1, [made(other, "theirs")])
    drain("a", "b")
    for ids in (["a"], ["a", "a"], ["a", "theirs"], ["nothing"]):
        with pytest.raises(Conflict):
            merge(store, project, *ids)
    with pytest.raises(NotFound):
        merge(store, project, "a", into="theirs")
    with pytest.raises(Conflict):
        unmerge(store, project, "a")


def test_twins(store: StateStore, project: int, drain: Block) -> None:
    """Fingerprints that name one group are one issue, whichever comes first; taken out by hand, one stays out."""
    assert drain("raw1", group_id="clear").new == ["raw1"]
    assert drain("raw2", group_id="clear").new == []
    assert drain("clear").new == []
    assert groups(store, project) == {"raw1": ["clear", "raw1", "raw2"]}
    unmerge(store, project, "raw2")
    drain("raw2", group_id="clear")
    assert groups(store, project) == {"raw1": ["clear", "raw1"], "raw2": ["raw2"]}
    assert drain("x", "y", group_id="x").new == ["x"]


def test_rule(store: StateStore, project: int, drain: Block) -> None:
    """A rule makes one issue of what matches and of what comes; taken away, all is as it was, and state with it."""
    drain("timeout1", "timeout2", "other", n=2)
    issue_actions.resolve(store, project, ["timeout2"], actor=WHO, at_ms=1_000)
    rule_id = rule(store, project, "*of TIMEOUT*")
    assert groups(store, project) == {"timeout1": ["timeout1", "timeout2"], "other": ["other"]}
    assert drain("timeout3", "other2").new == ["other2"]
    assert found(store, project, "timeout3").frequency == 5
    assert rules.delete(store, project, rule_id, actor=WHO, at_ms=1) == 2
    assert groups(store, project) == {
        name: [name] for name in ("timeout1", "timeout2", "timeout3", "other", "other2")
    }
    assert [found(store, project, f"timeout{n}").frequency for n in (1, 2, 3)] == [2, 2, 1]
    assert found(store, project, "timeout2").status == "resolved"
    assert rules.list_rules(store, project) == []


def test_rule_before_anything_matches(store: StateStore, project: int, drain: Block) -> None:
    """The first that matches leads the rule's issue, even within one block; merged by hand, the rest follow."""
    rule(store, project, r"^message of (x|y)\d", kind="regex")
    assert drain("x1", "y1", "z1").new == ["x1", "z1"]
    merge(store, project, "x1", "z1", into="z1")
    assert drain("x2").new == []
    assert groups(store, project) == {"z1": ["x1", "x2", "y1", "z1"]}
    unmerge(store, project, "x1")
    assert groups(store, project) == {"x1": ["x1", "x2", "y1"], "z1": ["z1"]}


def test_rule_leaves_merges_alone(store: StateStore, project: int, drain: Block) -> None:
    """What people merged or took out stays so when a rule goes."""
    drain("a1", "a2", "a3", "b")
    merge(store, project, "a3", "b", into="b")
    rule_id = rule(store, project, "*of a*")
    assert groups(store, project) == {"a1": ["a1", "a2"], "b": ["a3", "b"]}
    unmerge(store, project, "a2")
    drain("a4")
    rules.delete(store, project, rule_id, actor=WHO, at_ms=1)
    assert groups(store, project) == {"a1": ["a1"], "a2": ["a2"], "a4": ["a4"], "b": ["a3", "b"]}


def test_edit_rule(store: StateStore, project: int, drain: Block) -> None:
    """Another pattern starts afresh; disabled, a rule collects nothing more, and keeps what it has."""
    drain("a1", "a2", "b1", "b2")
    rule_id = rule(store, project, "*of a*")
    changed = rules.edit(
        store, project, rule_id, actor=WHO, at_ms=1, pattern="b?.js*", field="culprit", name="B"
    )
    assert (changed.name, changed.field, changed.enabled) == ("B", "culprit", True)
    assert groups(store, project) == {"a1": ["a1"], "a2": ["a2"], "b1": ["b1", "b2"]}
    rules.edit(store, project, rule_id, actor=WHO, at_ms=1, enabled=False)
    drain("b3")
    assert groups(store, project)["b1"] == ["b1", "b2"]
    rules.edit(store, project, rule_id, actor=WHO, at_ms=1, enabled=True)
    assert groups(store, project)["b1"] == ["b1", "b2", "b3"]


def test_rule_in_batches(
    store: StateStore, project: int, monkeypatch: pytest.MonkeyPatch, drain: Block
) -> None:
    """A rule that matches more than one batch takes them all, and gives them all back."""
    monkeypatch.setattr(rules, "BATCH", 7)
    names = [f"a{number:02}" for number in range(30)]
    drain(*names)
    rule_id = rule(store, project, "*")
    assert groups(store, project) == {"a00": names}
    assert found(store, project, "a00").frequency == 30
    assert rules.delete(store, project, rule_id, actor=WHO, at_ms=1) == 29
    assert groups(store, project) == {name: [name] for name in names}


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"name": " "}, "name"),
        ({"field": "colour"}, "field"),
        ({"kind": "sql"}, "kind"),
        ({"pattern": ""}, "pattern"),
        ({"pattern": "  "}, "pattern"),
        ({"pattern": "x" * 501}, "pattern"),
        ({"pattern": "("}, "pattern"),
        ({"pattern": "(?=x)"}, "pattern"),
        ({"pattern": "((x{1000}){1000}){1000}"}, "pattern"),
    ],
)
def test_bad_rule(store: StateStore, project: int, values: dict[str, str], path: str) -> None:
    """A rule that can't be used is refused with what is wrong, and nothing is kept."""
    usual = {"name": "r", "field": "message", "kind": "regex", "pattern": "x"}
    with pytest.raises(BadInput) as caught:
        rules.create(store, project, **(usual | values), actor=WHO, at_ms=1)
    assert (caught.value.path, bool(caught.value.hint)) == (path, True)
    assert rules.list_rules(store, project) == []


def test_too_many_rules(store: StateStore, project: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project has a bounded number of rules, and another project's rules are not there."""
    monkeypatch.setattr(rules, "RULES_MAX", 2)
    first = rule(store, project, "a")
    rule(store, project, "b")
    with pytest.raises(Conflict):
        rule(store, project, "c")
    with pytest.raises(NotFound):
        rules.delete(store, project + 1, first, actor=WHO, at_ms=1)


def test_preview(store: StateStore, project: int, drain: Block) -> None:
    """A preview says what would match, and changes nothing."""
    drain("a1", "a2", "b")
    shown = rules.preview(store, project, field="message", kind="glob", pattern="*of a*")
    assert [each.id for each in shown] == ["a1", "a2"]
    assert len(groups(store, project)) == 3


NAMES = ["a1", "a2", "a3", "b1", "b2", "c1"]
SOME = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)
OPS = st.one_of(
    st.tuples(
        st.just("apply"),
        SOME,
        st.integers(1, 99),
        st.integers(1, 50),
        st.sampled_from(SEVERITIES),
        st.booleans(),
    ),
    st.tuples(st.just("merge"), SOME, st.booleans()),
    st.tuples(st.just("undo"), SOME),
    st.tuples(st.just("unmerge"), SOME),
    st.tuples(st.just("rule"), st.sampled_from("abc1")),
    st.tuples(st.just("no rule"), st.integers(0, 3)),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(ops=st.lists(OPS, max_size=14))
def test_sums_are_exact(store: StateStore, ops: Sequence[tuple[object, ...]]) -> None:
    """Whatever is counted, merged, taken out, collected and given back: each issue has the sums of its fingerprints, nothing
    is lost, a merge undone leaves what was before, and in the end all can be taken apart."""
    name = f"run{next(EXAMPLE)}-{time.monotonic_ns()}"
    project = projects.create(store, name=name, slug=name, created_at_ms=1)[0].id
    world = World(store, project, name)
    for op in ops:
        world.do(op)
        world.check()
    for each in rules.list_rules(store, project):
        rules.delete(store, project, each.id, actor=WHO, at_ms=1)
    world.check()
    if hung := [row.id for row in world.rows() if row.parent_id]:
        unmerge(store, project, *hung)
    world.check()
    assert all(row.issue_id == row.id for row in world.rows())


class World:
    """One project and how much was ever counted in it."""

    def __init__(self, store: StateStore, project: int, prefix: str) -> None:
        self.store, self.project, self.prefix = store, project, prefix
        self.total = 0

    def rows(self) -> Sequence[Any]:
        with self.store.read() as connection:
            return connection.execute(select(table).where(table.c.project_id == self.project)).all()

    def ids(self, names: Sequence[str]) -> list[str]:
        return [f"{self.prefix}-{name}" for name in names]

    def do(self, op: tuple) -> None:  # type: ignore[type-arg]
        kind, ids = op[0], self.ids(op[1]) if isinstance(op[1], list) else []
        try:
            if kind == "apply":
                self.apply(ids, *op[2:])
            elif kind == "merge":
                merge(self.store, self.project, *ids, into=ids[0] if op[2] else None)
            elif kind == "undo":
                self.merge_and_undo(ids)
            elif kind == "unmerge":
                unmerge(self.store, self.project, *ids)
            elif kind == "rule":
                rule(self.store, self.project, f"*{op[1]}*")
            elif found_rules := rules.list_rules(self.store, self.project):
                chosen = found_rules[op[1] % len(found_rules)]
                rules.delete(self.store, self.project, chosen.id, actor=WHO, at_ms=1)
        except (Conflict, NotFound):
            return

    def apply(self, ids: list[str], n: int, at: int, severity: str, twins: bool) -> None:
        group = ids[0] if twins else ""
        block = [
            made(self.project, each, at, n, message=each[-2:], severity=severity, group_id=group)
            for each in ids
        ]
        issues.apply(self.store, self.prefix, next(SEQUENCE), block)
        self.total += n * len(ids)

    def merge_and_undo(self, ids: list[str]) -> None:
        before = groups(self.store, self.project)
        roots = {issue.id for each in ids if (issue := issues.get(self.store, self.project, each))}
        stays = merge(self.store, self.project, *ids).id
        unmerge(self.store, self.project, *sorted(roots - {stays}))
        assert groups(self.store, self.project) == before

    def check(self) -> None:
        listed, _ = issue_list.list_issues(self.store, self.project, limit=200)
        rows = self.rows()
        assert {row.issue_id for row in rows} == {issue.id for issue in listed}
        assert sum(issue.frequency for issue in listed) == self.total
        for issue in listed:
            mine = [row for row in rows if row.issue_id == issue.id]
            assert issue.frequency == sum(row.frequency for row in mine)
            assert issue.first_seen_ms == min(row.first_seen_ms for row in mine)
            assert issue.last_seen_ms == max(row.last_seen_ms for row in mine)
            assert SEVERITIES.index(issue.severity) == min(row.severity_rank for row in mine)
            assert len(fingerprints.of_issue(self.store, self.project, issue.id)) == len(mine)
