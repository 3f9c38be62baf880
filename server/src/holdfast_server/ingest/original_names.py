"""The drainer's step that maps minified frames back to what their author wrote, before the error is grouped.

An error that was grouped when it was taken in keeps the id of its answer; the group of its mapped form is then its twin's
(`group_id`), and the state store puts both into one issue.
"""

from ..insight.grouping import parse_chain
from .decode.errors import Report
from .enrich import Arrival
from .identify import group
from .symbolicate import Symbolicator


class OriginalNames:
    """A step of Occurrences; it keeps every report. Raises StoreAway when the state store does not answer."""

    def __init__(self, symbolicator: Symbolicator) -> None:
        self.symbolicator = symbolicator

    def __call__(self, arrival: Arrival, report: Report) -> str:
        if not self.symbolicator.resolver.has_files(arrival.project_id):
            return ""
        mapped = self.symbolicator.symbolicate(
            report.exceptions or chain_in(report.stack),
            project_id=arrival.project_id,
            release=report.release,
            dist=report.dist,
            debug_images=report.debug_images,
        )
        if mapped is not None:
            report.exceptions = mapped
            if report.issue_id:
                given = report.issue_id
                group(report, arrival.project_id)
                report.group_id, report.issue_id = report.issue_id, given
        return ""


def chain_in(stack: str) -> list[dict[str, object]]:
    """A stack that came as text, in the form that clients send parsed ones in."""
    return [
        {
            "type": found.type,
            "value": found.value,
            "frames": [
                {
                    "function": frame.function,
                    "filename": frame.filename,
                    "abs_path": frame.filename,
                    "lineno": frame.lineno,
                    "colno": frame.colno,
                    "in_app": frame.in_app,
                }
                for frame in found.frames
            ],
        }
        for found in (parse_chain(stack) if stack else ())
    ]
