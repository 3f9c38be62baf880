"""One occurrence out of a row: crumbs in order, contexts as tables, files as they were kept."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.web.pages.errors.occurrence import occurrence_of, whole

ROW: dict[str, Any] = {
    "id": 2**63 + 5, "project_id": 1, "issue_id": "a" * 32, "fingerprint_version": 2, "at_ms": 1_795_000_000_000, "received_ms": 1_795_000_000_500,
    "handled": True, "exceptions": "", "tags": "", "files": "", "breadcrumbs": "[]", "context": "{}",
} | dict.fromkeys(
    (
        "error_type", "message", "culprit", "severity", "page", "component", "session_id", "user_id", "anonymous_id", "device_type", "platform", "browser",
        "os", "region", "environment", "release", "time_flag", "event_id", "trace_id", "transaction", "sdk", "stack",
    ),
    "",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["timestamp", "message", "data", "level", "category", "name", "size", "sha256", "contexts"]) | st.text(max_size=8), inner, max_size=5),
    max_leaves=15,
)  # fmt: skip


def row(**fields: Any) -> dict[str, Any]:
    """A row with some fields given as JSON."""
    return ROW | {name: msgspec.json.encode(value).decode() for name, value in fields.items()}


def test_crumbs_without_a_time_keep_their_order() -> None:
    """Where one has no time, the order in which they were sent is all that is known."""
    crumbs = occurrence_of(
        row(breadcrumbs=[{"message": "b", "timestamp": 1_794_999_999}, {"message": "a"}])
    ).crumbs
    assert [(crumb.message, crumb.before_ms) for crumb in crumbs] == [("b", 1000), ("a", None)]


def test_flat_contexts_are_tables_and_the_rest_is_json() -> None:
    """What has names and plain values reads as a table, also inside of Sentry's `contexts`."""
    found = occurrence_of(
        row(context={"contexts": {"os": {"name": "Linux"}}, "request": {"method": "GET"}, "deep": {"a": [1]}})
    )
    assert found.contexts == [("os", [("name", "Linux")]), ("request", [("method", "GET")])]
    assert '"deep"' in found.more


def test_a_file_that_was_not_kept_says_so() -> None:
    """Name and size may be known without the bytes."""
    found = occurrence_of(row(files=[{"name": "a.txt", "size": 3}, {"name": "b", "sha256": "0" * 64}]))
    assert [(file.name, file.is_kept) for file in found.files] == [("a.txt", False), ("b", True)]


def test_the_raw_json_keeps_large_ids() -> None:
    """Ids beyond 2**53 are text, because a browser's numbers end there."""
    assert whole(ROW)["id"] == str(2**63 + 5)


@given(JSON, JSON, JSON, JSON)
def test_no_shape_of_a_client_breaks_the_page(crumbs: Any, tags: Any, files: Any, context: Any) -> None:
    """Whatever stands in the free fields is shown or left out."""
    occurrence_of(row(breadcrumbs=crumbs, tags=tags, files=files, context=context))
