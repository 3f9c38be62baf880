"""/admin/errors: the list to triage, one error with its occurrences, its downloads, and the rules that group."""

from . import downloads, issue, rules, triage

ROUTES = [*triage.ROUTES, *rules.ROUTES, *issue.ROUTES, *downloads.ROUTES]
