"""An exception that a span and a log record tell of is one occurrence."""

from itertools import count

from holdfast_server.ingest.decode.errors import Report
from holdfast_server.ingest.told_twice import ToldTwice

TRACE = "a" * 32
NUMBERS = count()


def report(message: str = "it broke", trace_id: str = TRACE, kind: str = "ValueError") -> Report:
    return Report(kind, message, trace_id=trace_id, event_id=str(next(NUMBERS)))


def test_both_tell() -> None:
    """The second teller's report of the same exception is no news, whichever comes first."""
    assert _told("spans", "logs") == [1, 0]
    assert _told("logs", "spans") == [1, 0]


def _told(first: str, second: str) -> list[int]:
    memory = ToldTwice()
    return [len(memory.new_ones(1, teller, [report()])) for teller in (first, second)]  # type: ignore[arg-type]


def test_in_other_words() -> None:
    """Python's span names the module and quotes a missing key, its log record does neither."""
    memory = ToldTwice()
    memory.new_ones(1, "spans", [report("'7'", kind="shop.NoOrder")])
    assert memory.new_ones(1, "logs", [report("7", kind="NoOrder")]) == []


def test_one_repeats() -> None:
    """A loop that logs the same failure three times inside one failing span is three occurrences."""
    memory = ToldTwice()
    first = memory.new_ones(1, "spans", [report()])
    assert len(first + memory.new_ones(1, "logs", [report(), report(), report()])) == 3


def test_sent_again() -> None:
    """A request that is sent again, because its answer was lost, hears the same as before."""
    memory = ToldTwice()
    of_span, of_log = report(), report()
    for _ in range(3):
        assert memory.new_ones(1, "logs", [of_log]) == [of_log]
        assert memory.new_ones(1, "spans", [of_span]) == []


def test_others() -> None:
    """Another message, trace or project is another exception; without a trace each is."""
    memory = ToldTwice()
    memory.new_ones(1, "spans", [report()])
    others = [report("another"), report(trace_id="b" * 32), report(trace_id="")]
    assert memory.new_ones(1, "logs", others) == others
    assert memory.new_ones(2, "logs", [report()])


def test_forgets() -> None:
    """Its memory is bounded: the oldest go first, and a loop leaves no more behind than others."""
    memory = ToldTwice(limit=2)
    memory.new_ones(1, "spans", [report(str(n)) for n in range(5)])
    assert [each.message for each in memory.new_ones(1, "logs", [report("0"), report("4")])] == ["0"]
    assert len(memory.new_ones(1, "spans", [report("loop") for _ in range(500)])) == 500
    assert all(len(each.answers) <= 50 for each in memory.told.values())
