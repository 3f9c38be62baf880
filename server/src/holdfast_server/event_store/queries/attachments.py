"""Which files the kept occurrences name."""

from ..connect import EventStore


def referenced(store: EventStore) -> set[str]:
    """The SHA-256 of every attachment of every occurrence that is still kept, of all projects."""
    sql = (
        "SELECT DISTINCT JSONExtractString(file, 'sha256') AS sha256 FROM "
        "(SELECT arrayJoin(JSONExtractArrayRaw(files)) AS file FROM errors WHERE files != '')"
    )
    return {str(row["sha256"]) for row in store.rows(sql)}
