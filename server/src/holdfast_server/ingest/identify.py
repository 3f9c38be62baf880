"""Which issue an error report belongs to: its frames (parsed by the client, or from its stack text) and its fingerprint."""

from typing import Any

from ..insight.grouping import FINGERPRINT_VERSION, Frame, culprit, fingerprint, issue_id, parse_stack
from .decode.errors import Report


def group(report: Report, project_id: int) -> None:
    """Put the report into its issue: fingerprint, id and culprit (DESIGN, decision 7)."""
    frames = frames_of(report)
    report.fingerprint_version = FINGERPRINT_VERSION
    report.issue_id = issue_id(
        project_id, fingerprint(report.error_type, report.message, frames, report.client_fingerprint or None)
    )
    report.culprit = culprit(frames, report.page)[:200]


def frames_of(report: Report) -> list[Frame]:
    sent = report.frames or (report.exceptions[-1].get("frames") if report.exceptions else None)
    if sent:
        return [_frame(item) for item in sent if isinstance(item, dict)]
    return parse_stack(report.stack) if report.stack else []


def _frame(item: dict[str, Any]) -> Frame:
    return Frame(
        function=_text(item, "function"),
        module=_text(item, "module"),
        filename=_text(item, "filename", "file", "abs_path"),
        lineno=_number(item, "lineno", "line"),
        colno=_number(item, "colno", "column"),
        in_app=item.get("inApp", item.get("in_app")) is not False,
    )


def _text(item: dict[str, Any], *names: str) -> str:
    return next((str(item[name])[:500] for name in names if item.get(name)), "")


def _number(item: dict[str, Any], *names: str) -> int:
    return next((item[name] for name in names if isinstance(item.get(name), int)), 0)
