"""Noise: what is left out, why, and what never is."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import StoreAway
from holdfast_server.ingest.decode.errors import Report
from holdfast_server.ingest.enrich import Arrival
from holdfast_server.ingest.noise import NoiseFilter, compiled
from holdfast_server.model.clock import ManualClock
from holdfast_server.model.noise import IgnorePattern, NoiseSettings, PatternField

PROJECT = 7
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
EVERYTHING = NoiseSettings(crawlers=True, extensions=True, localhost=True, script_errors=True)
NOTHING = NoiseSettings(crawlers=False, extensions=False, localhost=False, script_errors=False)


def arrival(agent: str = CHROME) -> Arrival:
    return Arrival(1, PROJECT, 1_795_000_000_000, agent, "")


def report(**fields: Any) -> Report:
    return Report(**{"error_type": "TypeError", "message": "x is undefined", **fields})


def framed(*places: str) -> Report:
    """An error whose frames are in these files, innermost last."""
    frames = [{"filename": place, "function": "f"} for place in places]
    return report(exceptions=[{"type": "TypeError", "value": "x", "frames": frames}])


def pattern(field: PatternField, text: str) -> IgnorePattern:
    return IgnorePattern(1, PROJECT, field, text, "somebody", 0)


def judged(
    what: Report, settings: NoiseSettings | None = None, *patterns: IgnorePattern, agent: str = CHROME
) -> str:
    known = {PROJECT: settings} if settings else {}
    return NoiseFilter(lambda: (known, {PROJECT: list(patterns)}), ManualClock(0))(arrival(agent), what)


@pytest.mark.parametrize(
    "agent",
    [
        GOOGLEBOT,
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Mozilla/5.0 (compatible; Baiduspider/2.0)",
        "Mozilla/5.0 (Linux) Chrome/140 Mobile Safari/537.36 Chrome-Lighthouse",
    ],
)
def test_crawlers(agent: str) -> None:
    """A program that reads the web is a crawler, by the header or by what the report says."""
    assert judged(report(), agent=agent) == "crawler"
    assert judged(report(user_agent=agent)) == "crawler"
    assert judged(report(), NOTHING, agent=agent) == ""


@pytest.mark.parametrize(
    "agent",
    [
        CHROME,
        "",
        "python-requests/2.32",
        "holdfast-python/0.1",
        "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/140 Mobile",
        "Mozilla/5.0 (X11) AppleWebKit/537.36 HeadlessChrome/140.0.0.0 Safari/537.36",
    ],
)
def test_no_crawlers(agent: str) -> None:
    """People, back ends, telephones of that name and somebody's own browser tests are no crawlers."""
    assert judged(report(), EVERYTHING, agent=agent) == ""


@pytest.mark.parametrize(
    "scheme", ["chrome-extension", "moz-extension", "safari-extension", "safari-web-extension"]
)
def test_extensions_by_frame(scheme: str) -> None:
    """The file in which it was thrown decides; one further out, or an unnamed frame, does not."""
    outside, inside = "https://shop.example.org/app.js", f"{scheme}://abcdef/content.js"
    assert judged(framed(outside, inside)) == "browser_extension"
    assert judged(framed(outside, inside, "<anonymous>")) == "browser_extension"
    assert judged(framed(inside, outside)) == ""
    assert judged(framed(outside, inside), NOTHING) == ""


def test_extensions_by_stack_text() -> None:
    """A stack that came as text says it too."""
    stack = "TypeError: x\n    at f (chrome-extension://abc/in.js:1:5)\n    at g (https://shop.example.org/app.js:1:5)"
    assert judged(report(stack=stack)) == "browser_extension"


def test_extensions_by_message() -> None:
    """What only extensions throw is known by its words."""
    assert judged(report(message="Extension context invalidated.")) == "browser_extension"
    assert judged(report(message="Can't find variable: gmoney")) == "browser_extension"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3000/",
        "https://LOCALHOST/x",
        "http://shop.localhost/",
        "http://127.0.0.1:5173/a",
        "http://127.9.9.9/",
        "http://[::1]:8080/",
        "http://0.0.0.0:80/",
        "http://me@localhost/",
        "//localhost/x",
        "file:///home/ada/index.html",
    ],
)
def test_localhost(url: str) -> None:
    """A page on somebody's own machine is left out once a project says so, wherever the address stands."""
    assert judged(report(page=url)) == ""
    assert judged(report(page=url), EVERYTHING) == "localhost"
    assert judged(report(page="/x", context={"url": url}), EVERYTHING) == "localhost"
    assert judged(report(page="/x", context={"request": {"url": url}}), EVERYTHING) == "localhost"


@pytest.mark.parametrize(
    "url",
    ["https://localhost.example.org/", "/localhost", "localhost/", "https://x.org/?u=http://localhost/", ""],
)
def test_not_localhost(url: str) -> None:
    """The host decides and nothing else in an address."""
    assert judged(report(page=url), EVERYTHING) == ""


def test_script_errors() -> None:
    """`Script error.` without a frame says nothing; with one it is an error like any other."""
    assert judged(report(error_type="Error", message="Script error.")) == "script_error"
    assert (
        judged(report(error_type="Error", message="Script error.", stack="Error: x\n    at f (/app.js:1:2)"))
        == ""
    )
    assert judged(report(message="Script error in the report builder")) == ""


@pytest.mark.parametrize(
    ("field", "text", "fits"),
    [
        ("message", "ResizeObserver loop*", True),
        ("message", "resizeobserver LOOP limit exceeded", True),
        ("message", "loop", False),
        ("message", "*loop*", True),
        ("message", "RangeError: ResizeObserver*", True),
        ("message", "ResizeObserver?loop*", True),
        ("message", ".*", False),
        ("type", "Range*", True),
        ("type", "Error", False),
        ("page", "/admin/*", True),
        ("page", "https://*.example.org/admin/*", True),
        ("page", "/shop/*", False),
    ],
)
def test_patterns(field: PatternField, text: str, fits: bool) -> None:
    """A pattern is like the whole field, in either case; `*` is any text, `?` one character, all else is itself."""
    what = report(
        error_type="RangeError",
        message="ResizeObserver loop limit exceeded",
        page="https://shop.example.org/admin/x?y=1",
    )
    assert judged(what, None, pattern(field, text)) == ("ignored_pattern" if fits else "")


def test_feedback_is_never_noise() -> None:
    """What a person wrote is kept, whatever it looks like."""
    assert (
        judged(report(message="Script error.", tags={"feedbackId": "f"}), EVERYTHING, agent=GOOGLEBOT) == ""
    )


def test_other_projects_keep_theirs() -> None:
    """Settings are a project's own; one that never chose has the defaults."""
    found = NoiseFilter(lambda: ({PROJECT + 1: NOTHING}, {}), ManualClock(0))
    assert found(arrival(GOOGLEBOT), report()) == "crawler"


def test_settings_are_asked_again() -> None:
    """A change arrives within seconds, and not by a question for each error."""
    clock, answers = ManualClock(0), [({PROJECT: NOTHING}, {}), ({PROJECT: EVERYTHING}, {})]
    asked: list[int] = []

    def load() -> Any:
        asked.append(1)
        return answers[len(asked) - 1]

    found = NoiseFilter(load, clock, refresh_s=3)
    assert [found(arrival(GOOGLEBOT), report()) for _ in range(3)] == ["", "", ""]
    clock.advance_s(3)
    assert [found(arrival(GOOGLEBOT), report()) for _ in range(3)] == ["crawler"] * 3
    assert len(asked) == 2


def test_state_store_away() -> None:
    """While the state store is away what was known goes on."""
    clock = ManualClock(0)
    answers: list[Callable[[], Any]] = [lambda: ({PROJECT: NOTHING}, {}), away]
    found = NoiseFilter(lambda: answers.pop(0)(), clock, refresh_s=3)
    assert found(arrival(GOOGLEBOT), report()) == ""
    clock.advance_s(3)
    assert found(arrival(GOOGLEBOT), report()) == ""


def away() -> Any:
    raise StoreAway("state store", "it is down")


@given(st.text(max_size=200), st.text(max_size=500))
def test_any_pattern_on_any_text(text: str, subject: str) -> None:
    """Any pattern compiles and answers; one without wildcards is like itself alone."""
    found = compiled(text).fullmatch(subject)
    if not set(text) & set("*?") and text.isascii() and subject.isascii():
        assert (found is not None) == (text.lower() == subject.lower())


@given(st.text(max_size=50), st.text(max_size=50), st.text(max_size=50))
def test_star_is_any_text(before: str, between: str, after: str) -> None:
    """`a*b` is like everything that begins with a and ends with b."""
    start, end = before.translate({42: None, 63: None}), after.translate({42: None, 63: None})
    assert compiled(f"{start}*{end}").fullmatch(f"{start}{between}{end}")


def test_hostile_patterns_are_linear() -> None:
    """The pattern that takes backtracking engines for ever is answered: it is never tried again from the start."""
    assert compiled("a*" * 200 + "b").fullmatch("a" * 8_192) is None


@given(
    st.dictionaries(st.text(max_size=10), st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text()))),
    st.lists(st.one_of(st.none(), st.text(), st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.integers(), st.text())))),
    st.text(max_size=100),
)  # fmt: skip
def test_any_report_is_judged(context: dict[str, Any], frames: list[Any], text: str) -> None:
    """Whatever stands in a report, the filter answers."""
    what = report(
        message=text, page=text, context=context, exceptions=[{"type": text, "frames": frames}], stack=text
    )
    judged(what, EVERYTHING, pattern("message", "*x*"), pattern("page", "/*"), agent=text)
