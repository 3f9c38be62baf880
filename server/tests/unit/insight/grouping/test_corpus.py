"""Real-looking errors of a dozen languages with the groups that a person would make (issue 5, acceptance 2).

`corpus/*.jsonl`: one occurrence a line, in the names of a report; `group` is the expected group, `why` how it differs from
the first of its group.
"""

from collections import defaultdict
from hashlib import blake2b
from pathlib import Path

import msgspec
import pytest

from holdfast_server.ingest.identify import grouping_of

CORPUS = {
    path.stem: [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    for path in sorted((Path(__file__).parent / "corpus").glob("*.jsonl"))
}
EVENTS = [event for events in CORPUS.values() for event in events]


def print_of(event: dict[str, object]) -> str:
    return grouping_of(
        **{name: value for name, value in event.items() if name not in ("group", "why")}  # type: ignore[arg-type]
    ).fingerprint


@pytest.mark.parametrize("language", CORPUS)
def test_one_fault_is_one_issue(language: str) -> None:
    """Every occurrence of a group has the fingerprint of its first, whatever else differs."""
    first: dict[str, str] = {}
    split = [
        (event["group"], event["why"])
        for event in CORPUS[language]
        if first.setdefault(event["group"], print_of(event)) != print_of(event)
    ]
    assert split == []


def test_two_faults_are_two_issues() -> None:
    """No two groups of any language share a fingerprint."""
    groups = defaultdict(set)
    for event in EVENTS:
        groups[print_of(event)].add(event["group"])
    assert [names for names in groups.values() if len(names) > 1] == []


def test_the_corpus_is_large_and_wide() -> None:
    """At least 200 occurrences, in all the languages that we promise."""
    assert len(EVENTS) >= 200
    promised = {"python", "javascript", "minified", "node", "java", "go", "ruby", "php", "csharp"}
    assert promised <= CORPUS.keys()
    assert all(len(CORPUS[name]) >= 15 for name in promised)


def test_no_fingerprint_changes_without_a_version() -> None:
    """The first occurrence of each group, language by language: a change of any of them is a change of version. A new
    event in the corpus changes the number too, and only then it may be written anew."""
    prints = [
        event["group"] + " " + print_of(event) for event in EVENTS if event["why"] == "as it is first seen"
    ]
    assert len(prints) == 181
    assert blake2b("\n".join(prints).encode(), digest_size=8).hexdigest() == "145fdc99c4306f4d"


@pytest.mark.parametrize("event", EVENTS[::9], ids=lambda event: event["group"])
def test_a_page_explains_what_the_drainer_decided(event: dict[str, object]) -> None:
    """Asked again, the same occurrence has the same group and reasons, and there is always a reason to show."""
    facts = {name: value for name, value in event.items() if name not in ("group", "why")}
    first = grouping_of(**facts)  # type: ignore[arg-type]
    again = grouping_of(**msgspec.json.decode(msgspec.json.encode(facts)))
    assert first == again
    assert any(part.frames or part.message or part.client for part in first.parts)
