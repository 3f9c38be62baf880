"""The words of the pages, without a server: the first sentence, what leads where, what clients' shapes become."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast_server.event_store.queries.activity import Count
from holdfast_server.insight.briefing import Briefing, Finding
from holdfast_server.insight.catalogue import CATALOGUE, Facts
from holdfast_server.insight.releases import Appeared
from holdfast_server.insight.resilience import Reading
from holdfast_server.web.components.shell import Bar
from holdfast_server.web.pages.dashboard.sentence import sentence_of
from holdfast_server.web.pages.errors.occurrence import occurrence_of
from holdfast_server.web.pages.frame import View, own_path

VIEW: Any = View(None, None, None, None, None, Bar("/admin/dashboard", "shop", ()), 0)  # type: ignore[arg-type]


def read(name: str, value: float | None, before: float | None = None, of: int = 1000) -> Reading:
    metric = CATALOGUE[name]
    return Reading(metric, value, of, metric.status(value), before)


def brief(finding: Finding | None, *others: Reading, n: int = 12_412, users: int = 812) -> Briefing:
    shown = [finding.reading, *others] if finding else list(others)
    return Briefing(Count(n, 0, users, users), Count(), {item.metric.name: item for item in shown}, finding)


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (
            Finding(read("rollback_rate", 0.124, 0.041), "Checkout", 0.2),
            "Checkout rolled back 20\u202f% of optimistic actions in the last 24 hours (12.4\u202f% overall), three times as in the 24 hours before",
        ),
        (
            Finding(read("retry_success_rate", 0.5, 0.9)),
            "The application saw only 50\u202f% of its retries succeed in the last 24 hours, after 90\u202f% in the 24 hours before",
        ),
        (
            Finding(read("latency_p95", 2400.0, 2300.0)),
            "One API call in twenty took 2.4\u202fs or longer in the last 24 hours, about as in the 24 hours before",
        ),
        (
            Finding(read("error_rate", 0.06, 0.0)),
            "6\u202f% of everything sent were errors in the last 24 hours, none of it in the 24 hours before",
        ),
        (
            Finding(read("duplicate_suppression_rate", 0.9)),
            "The application let 10\u202f% of duplicate clicks through in the last 24 hours",
        ),
        (
            Finding(read("slow_share", 0.08, 0.4)),
            "8\u202f% of API calls took longer than 2 s in the last 24 hours, less than in the 24 hours before",
        ),
    ],
)
def test_the_sentence_says_what_where_and_beside_what(finding: Finding, text: str) -> None:
    """Each metric has its own plain words; a comparison only where there is something to compare with."""
    assert sentence_of(brief(finding), VIEW).text == text


def test_the_sentence_ends_with_the_release_and_the_other_troubles() -> None:
    """A release that began it is named with its moment; what else is degraded is listed."""
    found = sentence_of(
        brief(
            Finding(read("rollback_rate", 0.2, 0.02), release=Appeared("2.3.1", 5000)),
            read("error_rate", 0.02),
            read("slow_share", 0.02),
        ),
        VIEW,
    )
    assert (found.state, found.release, found.release_at_ms) == ("alert", "2.3.1", 5000)
    assert found.more == "Also outside the baseline: error rate and calls over 2 s."


def test_a_calm_day_is_called_calm_and_an_empty_one_empty() -> None:
    """All is well only when rates are known; without events nothing is claimed."""
    assert (
        sentence_of(brief(None, read("rollback_rate", 0.01), read("error_rate", 0.001)), VIEW).text
        == "All is well: 12.4\u202fk events from 812 people in the last 24 hours, every rate within its baseline."
    )
    assert sentence_of(brief(None, n=0), VIEW).state == "no_data"


@given(st.text())
def test_only_paths_of_our_own_are_followed(url: str) -> None:
    """Whatever is accepted starts with one slash and can't be read as another host."""
    if own_path(url):
        assert url.startswith("/")
        assert not url.startswith(("//", "/\\"))
        assert "\\" not in url


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "frames",
                    "function",
                    "lineno",
                    "context_line",
                    "pre_context",
                    "timestamp",
                    "message",
                    "data",
                    "x",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150)
@given(JSON, JSON, JSON, JSON, st.text(max_size=200))
def test_any_shape_that_a_client_sends_can_be_shown(
    context: Any, crumbs: Any, exceptions: Any, tags: Any, stack: str
) -> None:
    """Exceptions, breadcrumbs, tags and context of any shape make an occurrence; nothing raises."""
    import msgspec

    names = (
        "page",
        "component",
        "user_id",
        "anonymous_id",
        "session_id",
        "release",
        "environment",
        "browser",
        "os",
        "device_type",
        "platform",
        "region",
        "culprit",
        "severity",
        "message",
        "error_type",
        "event_id",
        "trace_id",
        "transaction",
        "sdk",
        "time_flag",
        "files",
    )
    row = dict.fromkeys(names, "") | {
        "id": 1,
        "at_ms": 0,
        "received_ms": 0,
        "exceptions": msgspec.json.encode(exceptions).decode(),
        "tags": msgspec.json.encode(tags).decode(),
        "handled": True,
        "stack": stack,
        "breadcrumbs": msgspec.json.encode(crumbs).decode(),
        "context": msgspec.json.encode(context).decode(),
    }
    assert occurrence_of(row).stack == stack


def test_a_facts_shape_stays_usable() -> None:
    """The catalogue computes from what a briefing reads."""
    assert (
        CATALOGUE["rollback_rate"]
        .compute(Facts({"optimistic_action_rollback": 1, "optimistic_action_success": 9}, {}))
        .value
        == 0.1
    )
