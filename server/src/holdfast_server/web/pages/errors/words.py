"""What a person reads about an issue's state and what happened to it: one sentence each."""

from ....model.issue import HOLDFAST, Activity, Issue
from ...components.format import exact_count

STATE_ICON = {
    "new": "degraded", "regressed": "alert", "ongoing": "degraded", "resolved": "healthy", "ignored": "no_data",
}  # fmt: skip


def times_of(count: int) -> str:
    return f"{exact_count(count)} {'time' if count == 1 else 'times'}"


def state_words(issue: Issue) -> str:
    """How it stands with the issue, without a moment: the page adds those with their zone."""
    if issue.status == "resolved":
        if issue.resolve_kind == "now" or not issue.resolved_in_release:
            return "Resolved: seen again, it counts as regressed."
        return f"Resolved in {issue.resolved_in_release}: seen in a later release, it counts as regressed."
    if issue.status == "ignored":
        if issue.ignore_kind == "count":
            return f"Ignored until it happens {times_of(issue.ignored_left or 0)} more."
        return "Ignored for good." if issue.ignore_kind == "forever" else "Ignored for a time."
    if issue.status == "regressed":
        was = f" in {issue.resolved_in_release}" if issue.resolved_in_release else ""
        return f"Back again: it was resolved{was} and happened since."
    return (
        "New: first seen within a week." if issue.status == "new" else "Ongoing: open for more than a week."
    )


def activity_words(item: Activity, names: dict[int, str]) -> str:
    """What somebody did, after their name."""
    detail = item.detail
    match item.action:
        case "resolve":
            return f"resolved it{resolved_how(detail)}"
        case "reopen":
            return "opened it again"
        case "ignore":
            return f"ignored it{ignored_how(detail)}"
        case "assign":
            user = detail.get("user")
            who = names.get(user, "somebody who is gone") if isinstance(user, int) else ""
            return f"assigned it to {who}" if who else "took the assignment away"
        case "merge":
            return f"merged {plural(detail.get('issues'), 'error')} into it"
        case "merged":
            return "merged it into another error"
        case "unmerge":
            return f"took {plural(detail.get('issues'), 'error')} out of it"
        case "unmerged":
            return "made it an error of its own again"
        case "regressed":
            release = detail.get("release")
            return f"saw it again{f' in {release}' if release else ''}: regressed"
        case "woken":
            return "stopped ignoring it"
        case "rule":
            return "grouped it by a rule"
        case _:
            return item.action


def actor_words(item: Activity) -> str:
    return "Holdfast" if item.actor == HOLDFAST else item.actor


def resolved_how(detail: dict[str, object]) -> str:
    release, kind = detail.get("release"), detail.get("kind")
    if kind == "next_release":
        return f" in the release after {release}" if release else " in the next release"
    return f" in {release}" if kind == "release" and release else ""


def ignored_how(detail: dict[str, object]) -> str:
    kind, count = detail.get("kind"), detail.get("count")
    if kind == "count" and isinstance(count, int):
        return f" until it happens {times_of(count)} more"
    return " for a time" if kind == "time" else " for good"


def plural(found: object, word: str) -> str:
    count = len(found) if isinstance(found, list) else 1
    return f"{exact_count(count)} {word}{'' if count == 1 else 's'}"
