"""/admin/errors: the list to triage, one error with its occurrences, its downloads, and the rules that group."""

from . import downloads, issue, triage

ROUTES = [*triage.ROUTES, *issue.ROUTES, *downloads.ROUTES]
