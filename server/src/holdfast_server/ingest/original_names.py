"""The drainer's step that maps minified frames back to what their author wrote, before the error is grouped.

An error that was grouped when it was taken in keeps the id of its answer; the group of its mapped form is then its twin's
(`group_id`), and the state store puts both into one issue.
"""

from .decode.errors import Report, chain_in
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
