"""Reports that browsers send by themselves (CSP, Expect-CT, Expect-Staple, HPKP, network errors) as Sentry events.

One issue for what was blocked and by which rule, whatever page it happened on. Both forms are read: the one report of
`report-uri`, and the list of the Reporting API.
"""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from ...errors import BadInput
from .sentry_shapes import Json, text_of
from .sentry_values import dict_at, json_of, text_at

MAX_REPORTS = 100
CSP = "CSP violation"
NAMED = {
    "csp-report": CSP,
    "expect-ct-report": "Expect-CT failed",
    "expect-staple-report": "Expect-Staple failed",
    "known-pins": "Public key pinning failed",
}
OF_REPORTING_API = {"csp-violation": CSP, "network-error": "Network error"}
FROM_CAMEL = {
    "documentURL": "document-uri", "blockedURL": "blocked-uri", "effectiveDirective": "effective-directive", "originalPolicy": "original-policy",
    "statusCode": "status-code", "sourceFile": "source-file", "lineNumber": "line-number", "columnNumber": "column-number", "sample": "script-sample",
}  # fmt: skip


def events_of_security(payload: bytes, *, release: str = "", environment: str = "") -> list[Json]:
    """Sentry events, one for each report. Raises BadInput for what is no report."""
    value = json_of(payload)
    if isinstance(value, list):
        found = [_of_reporting_api(item) for item in value[:MAX_REPORTS] if isinstance(item, dict)]
    elif isinstance(value, dict):
        found = [_of_one(value)]
    else:
        found = []
    events = [event for event in found if event]
    if not events:
        raise BadInput("this is no security report")
    about = {"release": release, "environment": environment}
    return [event | {name: text for name, text in about.items() if text} for event in events]


def _of_one(value: Json) -> Json:
    for key, title in NAMED.items():
        if key in value:
            report = dict_at(value, key) if key.endswith("report") else value
            return _event(title, report) if report else {}
    return {}


def _of_reporting_api(value: Json) -> Json:
    kind = text_at(value, "type")
    body = dict_at(value, "body")
    if not body:
        return {}
    report = {FROM_CAMEL.get(name, name): item for name, item in body.items()}
    report.setdefault("document-uri", text_at(value, "url", 2048))
    event = _event(OF_REPORTING_API.get(kind, kind or "Report"), report)
    agent = text_at(value, "user_agent", 512)
    if agent:
        event["request"] = event["request"] | {"headers": {"User-Agent": agent}}
    return event


def _event(title: str, report: Json) -> Json:
    page = text_at(report, "document-uri", 2048) or text_at(report, "hostname")
    rule = text_at(report, "effective-directive") or text_at(report, "violated-directive").partition(" ")[0]
    blocked = what(text_at(report, "blocked-uri", 2048))
    message = f"{title}: {rule} blocked {blocked or 'inline code'}" if title == CSP else f"{title} at {page}"
    tags = {
        "effective-directive": rule,
        "blocked-uri": text_at(report, "blocked-uri"),
        "disposition": text_at(report, "disposition"),
    }
    return {
        "event_id": uuid4().hex,
        "type": "csp" if title == CSP else "security",
        "logger": "csp" if title == CSP else "security",
        "level": "warning",
        "platform": "javascript",
        "exception": [{"type": title, "value": message}],
        "fingerprint": [title, rule or page, blocked],
        "request": {"url": page},
        "tags": {name: text for name, text in tags.items() if text},
        "extra": {name: _plain(item) for name, item in report.items()},
    }


def what(uri: str) -> str:
    """The host that was blocked, or the word that stands for one: inline, eval, data."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    return parts.netloc.rpartition("@")[2] or parts.scheme or parts.path.strip("/'")


def _plain(item: Any) -> Any:
    return (
        item if isinstance(item, dict | list | int | float | bool) or item is None else text_of(item)[:4096]
    )
