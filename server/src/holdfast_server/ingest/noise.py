"""A step of the drainer: errors that are nobody's fault are left out, and counted in the ledger with their reason.

Each project switches the kinds on and off and adds patterns of its own; the drainer asks for them every few seconds and goes
on with what it knows while the state store is away. What a person reported themselves is never noise.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import re2

from ..errors import HoldfastError
from ..insight.grouping import parse_stack
from ..model.clock import Clock
from ..model.limits import MAX_TEXT_CHARS
from ..model.noise import IgnorePattern, NoiseSettings
from ..model.paths import SCHEME, path_of
from .decode.errors import Report
from .enrich import Arrival

REFRESH_S = 3.0
CRAWLER = re.compile(
    r"(?<!cu)bots?(?=[/\s;:,)+_-]|$)|crawler|spider|slurp|bingpreview|mediapartners-google|feedfetcher|facebookexternalhit"
    r"|ia_archiver|pingdom|lighthouse|google-inspectiontool|ahrefs|semrush",
    re.IGNORECASE,
)
"""Programs that read the web on their own. Not every program: a back end's errors come from `python-requests` too.
Cubot makes telephones."""
EXTENSION_SCHEMES = (
    "chrome-extension:", "moz-extension:", "safari-extension:", "safari-web-extension:", "ms-browser-extension:",
    "webkit-masked-url:",
)  # fmt: skip
EXTENSION_MESSAGES = re2.compile(
    "|".join(
        re2.escape(text)
        for text in (
            "top.GLOBALS", "originalCreateNotification", "canvas.contentDocument", "MyApp_RemoveAllHighlights",
            "http://tt.epicplay.com", "Can't find variable: ZiteReader", "jigsaw is not defined",
            "ComboSearch is not defined", "http://loading.retry.widdit.com/", "atomicFindClose", "fb_xd_fragment",
            "bmi_SafeAddOnload", "EBCallBackMessageReceived", "conduitPage", "Extension context invalidated",
            "Can't find variable: gmo", "Can't find variable: instantSearchSDKJSBridgeClearHighlight",
            "Can't find variable: _AutofillCallbackHandler", "Object Not Found Matching Id:",
            "window.webkit.messageHandlers.", "Could not establish connection. Receiving end does not exist",
        )
    )
)  # fmt: skip
"""What is thrown by extensions and by browsers that add scripts of their own, as others have collected it over the years."""
SCRIPT_ERROR = re.compile(r"script error\.?", re.IGNORECASE)
HOST = re.compile(r"//(?:[^/?#\\]*@)?(\[[^\]]*\]|[^/?#\\:]*)")


@dataclass(frozen=True)
class Rules:
    """What one project leaves out, ready to be asked."""

    settings: NoiseSettings
    message: tuple[Any, ...] = ()
    type: tuple[Any, ...] = ()
    page: tuple[Any, ...] = ()


DEFAULT = Rules(NoiseSettings())
Load = Callable[[], tuple[dict[int, NoiseSettings], dict[int, list[IgnorePattern]]]]


class NoiseFilter:
    """`load` brings the settings and patterns of all projects."""

    def __init__(self, load: Load, clock: Clock, *, refresh_s: float = REFRESH_S) -> None:
        self.load = load
        self.clock = clock
        self.refresh_s = refresh_s
        self.refreshed_at = float("-inf")
        self.rules: dict[int, Rules] = {}

    def __call__(self, arrival: Arrival, report: Report) -> str:
        """The reason to leave it out, or ""."""
        if "feedbackId" in report.tags:
            return ""
        self._refresh()
        return reason(self.rules.get(arrival.project_id, DEFAULT), arrival, report)

    def _refresh(self) -> None:
        now = self.clock.monotonic_s()
        if now - self.refreshed_at < self.refresh_s:
            return
        self.refreshed_at = now
        try:
            settings, patterns = self.load()
        except HoldfastError:
            return  # the state store is away: what was known goes on
        self.rules = {
            project: rules_of(settings.get(project, NoiseSettings()), patterns.get(project, []))
            for project in settings.keys() | patterns.keys()
        }


def rules_of(settings: NoiseSettings, patterns: list[IgnorePattern]) -> Rules:
    by_field: dict[str, list[Any]] = {"message": [], "type": [], "page": []}
    for item in patterns:
        by_field[item.field].append(compiled(item.pattern))
    return Rules(settings, **{field: tuple(found) for field, found in by_field.items()})


@lru_cache(maxsize=1_000)
def compiled(pattern: str) -> Any:
    """A glob as an expression that takes linear time whatever it and the text are."""
    parts = (".*" if sign == "*" else "." if sign == "?" else re2.escape(sign) for sign in pattern)
    return re2.compile("(?is)" + "".join(parts))


def reason(rules: Rules, arrival: Arrival, report: Report) -> str:
    on = rules.settings
    if on.crawlers and is_crawler((report.user_agent or arrival.agent)[:512]):
        return "crawler"
    if on.localhost and any(is_local(url) for url in urls(report)):
        return "localhost"
    if on.script_errors and is_script_error(report):
        return "script_error"
    if on.extensions and is_extension(report):
        return "browser_extension"
    return "ignored_pattern" if is_ignored(rules, report) else ""


@lru_cache(maxsize=10_000)
def is_crawler(agent: str) -> bool:
    return CRAWLER.search(agent) is not None


def is_script_error(report: Report) -> bool:
    """The browser says no more about a script of another origin: there is nothing to find out."""
    return SCRIPT_ERROR.fullmatch(report.message.strip()) is not None and next(places(report), None) is None


def is_extension(report: Report) -> bool:
    """Thrown in a script that the visitor's browser brought along."""
    if EXTENSION_MESSAGES.search(report.message[:MAX_TEXT_CHARS]):
        return True
    if not report.exceptions and not any(scheme in report.stack for scheme in EXTENSION_SCHEMES):
        return False  # reading a stack's text costs ten times as much as looking for a word in it
    return next(places(report), "").startswith(EXTENSION_SCHEMES)


def places(report: Report) -> Iterator[str]:
    """The files of the thrown error's frames, innermost first."""
    frames = report.exceptions[-1].get("frames") if report.exceptions else None
    if isinstance(frames, list) and frames:
        for frame in reversed(frames):
            if isinstance(frame, dict):
                place = next(
                    (frame[name] for name in ("abs_path", "filename", "file") if frame.get(name)), ""
                )
                if isinstance(place, str) and place not in ("", "<anonymous>"):
                    yield place
    elif report.stack:
        yield from (frame.filename for frame in reversed(parse_stack(report.stack)) if frame.filename)


def urls(report: Report) -> Iterator[str]:
    """Every place where protocols put the page's address."""
    request = report.context.get("request")
    found = (
        report.page,
        report.context.get("url"),
        request.get("url") if isinstance(request, dict) else None,
        report.tags.get("url"),
    )
    return (url[:MAX_TEXT_CHARS] for url in found if isinstance(url, str) and url)


def is_local(url: str) -> bool:
    found = HOST.search(url) if SCHEME.match(url) or url.startswith("//") else None
    if found is None or url.startswith("file:"):
        return url.startswith("file:")
    host = found.group(1).strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def is_ignored(rules: Rules, report: Report) -> bool:
    if rules.type and matches(rules.type, report.error_type):
        return True
    if rules.message and matches(rules.message, report.message, f"{report.error_type}: {report.message}"):
        return True
    page = report.page[:MAX_TEXT_CHARS]
    return bool(rules.page) and matches(rules.page, page, path_of(page))


def matches(patterns: tuple[Any, ...], *texts: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in patterns for text in texts)
