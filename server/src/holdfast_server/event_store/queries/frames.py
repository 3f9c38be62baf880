"""The frames of one occurrence, by the id that its client gave it or by its row's: for asking why they are not mapped."""

from ..connect import EventStore, Row

COLUMNS = "toString(id) AS row_id, event_id, issue_id, toUnixTimestamp64Milli(at) AS at_ms, error_type, message, release, stack, exceptions, context"


def by_event(store: EventStore, project_id: int, event: str) -> Row | None:
    by_row = event.isascii() and event.isdigit() and len(event) <= 20
    condition = "id = {row:UInt64}" if by_row else "event_id = {event:String}"
    given = {"row": min(int(event), 2**64 - 1) if by_row else 0, "event": event.replace("-", "").lower()}
    found = store.rows(
        f"SELECT {COLUMNS} FROM errors WHERE project_id = {{project:UInt32}} AND {condition} ORDER BY at DESC LIMIT 1",
        {"project": project_id, **given},
    )
    return found[0] if found else None
