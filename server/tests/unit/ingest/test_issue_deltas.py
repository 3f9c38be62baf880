"""What one block says about an issue: the newest occurrence speaks, names of releases and environments add up, bounded."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.ingest.decode.errors import Report
from holdfast_server.ingest.enrich import Arrival
from holdfast_server.ingest.issue_deltas import MAX_NAMED, MAX_SEARCH_CHARS, delta, merge, search_text
from holdfast_server.model.issue import IssueDelta

ARRIVAL = Arrival(1, 1, 0, "", "")
SEEN = st.lists(
    st.tuples(
        st.integers(0, 99), st.sampled_from(["", "1.0", "1.1", "2.0"]), st.sampled_from(["", "dev", "live"])
    ),
    min_size=1,
    max_size=20,
)


def report(release: str = "", environment: str = "", **more: object) -> Report:
    return Report(error_type="E", message="m", issue_id="a", release=release, environment=environment, **more)  # type: ignore[arg-type]


@given(SEEN)
def test_merged(seen: list[tuple[int, str, str]]) -> None:
    """However many occurrences a block has: each release and environment is named with the newest time in it."""
    deltas: dict[str, IssueDelta] = {}
    for at, release, environment in seen:
        merge(deltas, delta([(ARRIVAL, report(release, environment), at)]))
    [one] = deltas.values()
    assert one.count == len(seen)
    assert one.releases == {name: max(at for at, r, _ in seen if r == name) for _, name, _ in seen if name}
    assert one.environments == {
        name: max(at for at, _, e in seen if e == name) for _, _, name in seen if name
    }


def test_endless_names() -> None:
    """Who names another release each time fills a bounded list, and those that are in it go on."""
    deltas: dict[str, IssueDelta] = {}
    for at in range(MAX_NAMED * 2):
        merge(deltas, delta([(ARRIVAL, report(f"r{at}"), at)]))
    merge(deltas, delta([(ARRIVAL, report("r0"), 9_999)]))
    assert len(deltas["a"].releases) == MAX_NAMED
    assert deltas["a"].releases["r0"] == 9_999


def test_search_text() -> None:
    """Functions, modules and files of the thrown error come first, innermost first, each once; whatever stands there."""
    chain = [
        {"frames": [{"function": "cause"}]},
        {"frames": [{"function": "main", "filename": "app.py"}, {"function": "pay", "filename": "app.py"}]},
    ]
    assert search_text(report(exceptions=chain)) == "pay app.py main cause"
    odd = [None, {"frames": 7}, {"frames": [None, {"function": 5, "filename": ["x"]}, {}]}]
    assert search_text(report(exceptions=odd)) == "5 ['x']"
    assert search_text(report(stack="at add (cart.js:1)")) == "at add (cart.js:1)"
    assert len(search_text(report(stack="x" * 10_000))) == MAX_SEARCH_CHARS
