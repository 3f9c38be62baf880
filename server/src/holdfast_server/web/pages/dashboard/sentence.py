"""The dashboard's first sentence: what matters now, in words, out of a briefing."""

from dataclasses import dataclass

from ....insight.briefing import Briefing, Finding, badness
from ....insight.catalogue import Status
from ....insight.resilience import Reading
from ...components.format import humanise_count, humanise_ms, percent
from ..frame import View


@dataclass(frozen=True)
class Sentence:
    """`release` and `release_at_ms` close the sentence when it all began with one; `more` stands in a second one."""

    state: str
    text: str
    release: str = ""
    release_at_ms: int | None = None
    more: str = ""


WORDS = {
    "rollback_rate": ("{where} rolled back {value} of optimistic actions", "The application"),
    "retry_success_rate": ("{where} saw only {value} of its retries succeed", "The application"),
    "error_recovery_rate": ("{where} recovered from only {value} of its caught crashes", "The application"),
    "duplicate_suppression_rate": ("{where} let {rest} of duplicate clicks through", "The application"),
    "overall_resilience": ("Only {value} of resilient operations ended well", ""),
    "latency_p95": ("One API call in twenty took {value} or longer", ""),
    "slow_share": ("{value} of API calls took longer than 2 s", ""),
    "error_rate": ("{value} of everything sent were errors", ""),
}
TIMES = {2: "twice", 3: "three times", 4: "four times", 5: "five times", 6: "six times"}


def sentence_of(brief: Briefing, seen: View) -> Sentence:
    if not brief.total.n:
        return Sentence("no_data", f"Nothing arrived in {_the(seen)}.")
    if brief.finding is None:
        return _well(brief, seen)
    item = brief.finding.reading
    text = f"{_what(brief.finding)} in {_the(seen)}{_compared(brief.finding, seen)}"
    release = brief.finding.release
    return Sentence(
        item.status.value,
        text,
        release.name if release else "",
        release.at_ms if release else None,
        _more(brief),
    )


def _well(brief: Briefing, seen: View) -> Sentence:
    people = f" from {_people(brief.total.users)}" if brief.total.users else ""
    known = [
        item
        for item in brief.readings.values()
        if item.value is not None and item.metric.baseline is not None
    ]
    few = [item for item in known if item.status != Status.HEALTHY]
    if few:
        return Sentence(
            "healthy",
            f"Nothing stands out: {humanise_count(brief.total.n)} events{people} in {_the(seen)}, too few to judge every rate.",
        )
    rates = "every rate within its baseline" if len(known) > 1 else "no errors beyond the usual"
    return Sentence(
        "healthy", f"All is well: {humanise_count(brief.total.n)} events{people} in {_the(seen)}, {rates}."
    )


def _what(finding: Finding) -> str:
    item = finding.reading
    words, everywhere = WORDS[item.metric.name]
    value = finding.component_value if finding.component else item.value
    assert value is not None
    shown = humanise_ms(value) if item.metric.unit == "ms" else percent(value)
    return words.format(
        where=finding.component or everywhere, value=shown, rest=percent(badness(item.metric, value))
    )


def _compared(finding: Finding, seen: View) -> str:
    """Beside the window before; a component's value has nothing of its own to stand beside."""
    item = finding.reading
    if item.before is None or item.value is None:
        return ""
    bad, usual = badness(item.metric, item.value), badness(item.metric, item.before)
    overall = (
        f" ({_shown(item)} overall)" if finding.component and finding.component_value != item.value else ""
    )
    if item.metric.higher_is_better and "{rest}" not in WORDS[item.metric.name][0]:
        return f"{overall}, after {percent(item.before)} in {seen.before_words}"
    if usual <= 0:
        return f"{overall}, none of it in {seen.before_words}"
    ratio = bad / usual
    if ratio >= 1.75:
        return f"{overall}, {TIMES.get(round(ratio), f'{round(ratio)} times')} as in {seen.before_words}"
    if ratio >= 1.1:
        return f"{overall}, more than in {seen.before_words}"
    return f"{overall}, {'less than' if ratio <= 0.9 else 'about as'} in {seen.before_words}"


def _shown(item: Reading) -> str:
    """In the direction in which the sentence tells it."""
    told = badness(item.metric, item.value) if "{rest}" in WORDS[item.metric.name][0] else item.value
    return humanise_ms(told) if item.metric.unit == "ms" else percent(told)


def _more(brief: Briefing) -> str:
    others = [item.metric.title.lower() for item in brief.degraded]
    if not others:
        return ""
    listed = others[0] if len(others) == 1 else f"{', '.join(others[:-1])} and {others[-1]}"
    return f"Also outside the baseline: {listed}."


def _the(seen: View) -> str:
    return seen.window_words if seen.bar.is_custom else f"the {seen.window_words}"


def _people(count: int) -> str:
    return "one person" if count == 1 else f"{humanise_count(count)} people"
