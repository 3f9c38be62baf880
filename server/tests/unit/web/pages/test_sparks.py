"""The small chart of a row: bars in proportion, and the same in words."""

from holdfast_server.web.pages.errors.sparks import HEIGHT, spark


def test_bars_stand_in_proportion_to_the_largest() -> None:
    """The largest fills the height, what is not nothing can be seen, nothing draws nothing."""
    drawn = spark([0, 1, 200], "last 24 hours", "hour")
    assert drawn.path.count("z") == 2
    assert f"v{HEIGHT}" in drawn.path
    assert drawn.title == "201 times in the last 24 hours, at the most 200 in one hour"


def test_a_row_that_was_not_seen_says_so() -> None:
    """No bars, and words for it."""
    drawn = spark([0, 0], "last hour", "hour")
    assert (drawn.path, drawn.title) == ("", "Not seen in the last hour")
