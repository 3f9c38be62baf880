"""Every table of the state store. A change here needs a migration beside it; a test compares the two.

Times are UTC epoch milliseconds. Text is bounded, so that no client can grow a row without limit.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

projects = Table(
    "projects",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    sqlite_autoincrement=True,  # an id in a DSN must never come to mean another project
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("project_id", Integer, ForeignKey("projects.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),  # SHA-256 of the whole key, hex
    Column("public_key", String(64)),  # public keys are no secret: pages show them and the DSN
    Column("hint", String(32), nullable=False),
    Column("label", String(100), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("revoked_at_ms", BigInteger),
    Column("last_used_at_ms", BigInteger),
    sqlite_autoincrement=True,
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "email", String(254), nullable=False, unique=True
    ),  # stored in lower case: unique whatever the case
    Column("name", String(200), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
    sqlite_autoincrement=True,
)

login_sessions = Table(
    "login_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("last_seen_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False, index=True),
    Column("user_agent", String(400), nullable=False),
)

issues = Table(
    "issues",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("project_id", Integer, ForeignKey("projects.id"), nullable=False),
    Column("fingerprint_version", SmallInteger, nullable=False),
    Column("error_type", String(200), nullable=False),
    Column("message", String(2000), nullable=False),
    Column("culprit", String(400), nullable=False),
    Column("severity_rank", SmallInteger, nullable=False),  # place in model.issue.SEVERITIES: 0 is the worst
    Column("status", String(16), nullable=False),
    Column("resolved", Boolean, nullable=False),
    Column("resolved_at_ms", BigInteger),
    Column("frequency", BigInteger, nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("first_release", String(200), nullable=False),
    Column("last_release", String(200), nullable=False),
    Column("environment", String(100), nullable=False),
    Column("sample", Text, nullable=False),  # bounded by issues.SAMPLE_LIMIT
    # The orders of the list: the id makes each place unique for keyset pagination, and the filters are in the index
    # because among 50,000 resolved issues SQLite needed 93 ms to find the 30 open ones in the rows themselves.
    Index(None, "project_id", "frequency", "id", "resolved", "severity_rank"),
    Index(None, "project_id", "last_seen_ms", "id", "resolved", "severity_rank"),
    Index(None, "project_id", "first_seen_ms", "id", "resolved", "severity_rank"),
    Index(None, "project_id", "severity_rank", "id", "resolved"),
)

drained = Table(
    "drained",
    metadata,
    Column("spool_id", String(64), primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
)

settings_kv = Table(
    "settings_kv",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", String(4000), nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("actor", String(254), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(254), nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)
