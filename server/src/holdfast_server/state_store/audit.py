"""The audit log: who did what to what. Entries are only ever added."""

from sqlalchemy import insert, select

from holdfast_server.model.project import AuditEntry
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.tables import audit_log
from holdfast_server.state_store.text import storable

LIMITS = {"actor": 254, "action": 64, "subject": 254, "detail": 10_000}


def record(
    store: StateStore, *, at_ms: int, actor: str, action: str, subject: str, detail: str = "{}"
) -> AuditEntry:
    """`detail` is JSON text; `action` is a short stable word (`key.revoke`, `user.create`)."""
    values = {"actor": actor, "action": action, "subject": subject, "detail": detail}
    bounded = {name: storable(value, LIMITS[name]) for name, value in values.items()}
    statement = insert(audit_log).values(at_ms=at_ms, **bounded).returning(*audit_log.c)
    with store.begin() as connection:
        return AuditEntry(**connection.execute(statement).mappings().one())


def list_entries(store: StateStore, *, limit: int = 50, before_id: int | None = None) -> list[AuditEntry]:
    """The latest entries first; `before_id` is the last one of the page before."""
    statement = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(audit_log.c.id < before_id)
    with store.read() as connection:
        return [AuditEntry(**row) for row in connection.execute(statement).mappings()]
