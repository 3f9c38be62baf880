"""An exception that a span and a log record tell of is one occurrence."""

from holdfast_server.ingest.decode.errors import Report
from holdfast_server.ingest.told_twice import ToldTwice

TRACE = "a" * 32


def report(message: str = "it broke", trace_id: str = TRACE) -> Report:
    return Report("ValueError", message, trace_id=trace_id)


def test_both_tell() -> None:
    """The second teller's report of the same exception is no news, whichever comes first."""
    for first, second in (("spans", "logs"), ("logs", "spans")):
        memory = ToldTwice()
        assert memory.new_ones(1, first, [report()])
        assert memory.new_ones(1, second, [report()]) == []


def test_in_other_words() -> None:
    """Python's span names the module and quotes a missing key, its log record does neither."""
    memory = ToldTwice()
    memory.new_ones(1, "spans", [Report("shop.NoOrder", "'7'", trace_id=TRACE)])
    assert memory.new_ones(1, "logs", [Report("NoOrder", "7", trace_id=TRACE)]) == []


def test_one_repeats() -> None:
    """A loop that logs the same failure three times inside one failing span is three occurrences."""
    memory = ToldTwice()
    assert len(memory.new_ones(1, "spans", [report()]) + memory.new_ones(1, "logs", [report()] * 3)) == 3


def test_others() -> None:
    """Another message, trace or project is another exception; without a trace each is."""
    memory = ToldTwice()
    memory.new_ones(1, "spans", [report()])
    assert memory.new_ones(1, "logs", [report("another"), report(trace_id="b" * 32), report(trace_id="")])
    assert memory.new_ones(2, "logs", [report()])


def test_forgets() -> None:
    """Its memory is bounded: the oldest go first."""
    memory = ToldTwice(limit=2)
    memory.new_ones(1, "spans", [report(str(n)) for n in range(5)])
    assert [each.message for each in memory.new_ones(1, "logs", [report("0"), report("4")])] == ["0"]
