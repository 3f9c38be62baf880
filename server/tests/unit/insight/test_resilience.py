"""The report's readings: value, share of what, status, and the window before."""

from holdfast_server.insight.catalogue import CATALOGUE, Facts, Status
from holdfast_server.insight.resilience import reading


def test_reading_compares_with_the_window_before() -> None:
    """A reading holds the value now, how many it is a share of, and the value one window earlier."""
    now = Facts({"optimistic_action_start": 10, "optimistic_action_rollback": 2}, {})
    earlier = Facts({"optimistic_action_start": 10, "optimistic_action_rollback": 1}, {})
    found = reading(CATALOGUE["rollback_rate"], now, earlier)
    assert (found.value, found.of, found.status, found.before) == (0.2, 10, Status.ALERT, 0.1)


def test_reading_without_a_window_before() -> None:
    """Nothing to compare with is None, not 0."""
    assert reading(CATALOGUE["rollback_rate"], Facts({}, {})).before is None
