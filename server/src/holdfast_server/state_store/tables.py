"""Every table of the state store. A change here needs a migration beside it; a test compares the two.

Times are UTC epoch milliseconds. Text is bounded, so that no client can grow a row without limit.
"""

from typing import Any

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
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def only(condition: str) -> dict[str, Any]:
    """The arguments of an index on the rows that meet a condition."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


LISTED = only("merged_into IS NULL")

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
    Column("id", String(64), primary_key=True),  # the id of the fingerprint that it began with
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
    Column("latest_id", String(64), nullable=False),  # the fingerprint seen last: its sample is the issue's
    Column("merged_into", String(64)),  # set: its fingerprints are in another issue, and it is not listed
    Column("users", BigInteger, nullable=False),  # estimates, refreshed by a job
    Column("sessions", BigInteger, nullable=False),
    Column("people_due", Boolean, nullable=False),
    Column("people_at_ms", BigInteger, nullable=False),
    Column("assigned_to", Integer, ForeignKey("users.id")),
    Column("resolve_kind", String(16)),
    Column("resolved_in_release", String(200)),
    Column("ignore_kind", String(16)),
    Column("ignored_until_ms", BigInteger),
    Column("ignored_left", BigInteger),  # occurrences until it wakes
    # The orders of the list: the id makes each place unique for keyset pagination, and the filters are in the index
    # because among 50,000 resolved issues SQLite needed 93 ms to find the 30 open ones in the rows themselves.
    *(
        Index(
            f"ix_issues_by_{order}",
            "project_id",
            order,
            "id",
            "status",
            "severity_rank",
            "assigned_to",
            **LISTED,
        )
        for order in ("frequency", "last_seen_ms", "first_seen_ms", "users")
    ),
    Index(
        "ix_issues_by_severity_rank", "project_id", "severity_rank", "id", "status", "assigned_to", **LISTED
    ),
    Index("ix_issues_by_status", "project_id", "status", "severity_rank", **LISTED),
    Index(None, "people_at_ms", "id", **only("people_due")),
    Index(None, "ignored_until_ms", **only("ignored_until_ms IS NOT NULL")),
)

# Fingerprints are a forest: one without a parent is the root of an issue of the same id, and a merge hangs a root below
# another fingerprint. Cutting that edge again restores exactly what was before.
fingerprints = Table(
    "fingerprints",
    metadata,
    Column("n", Integer, primary_key=True, autoincrement=True),  # the row's number in the text index
    Column("id", String(64), nullable=False, unique=True),
    Column("project_id", Integer, ForeignKey("projects.id"), nullable=False),
    Column("issue_id", String(64), nullable=False, index=True),  # the root of its tree
    Column("parent_id", String(64), index=True),
    Column("rule_id", Integer, ForeignKey("grouping_rules.id"), index=True),  # the rule that chose the parent
    Column("group_id", String(64), nullable=False, index=True),
    Column("fingerprint_version", SmallInteger, nullable=False),
    Column("error_type", String(200), nullable=False),
    Column("message", String(2000), nullable=False),
    Column("culprit", String(400), nullable=False),
    Column("severity_rank", SmallInteger, nullable=False),
    Column("frequency", BigInteger, nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("first_release", String(200), nullable=False),
    Column("last_release", String(200), nullable=False),
    Column("environment", String(100), nullable=False),
    Column("search_text", String(2000), nullable=False),  # in lower case; SQLite has a trigram index on it
    Column("text_at_ms", BigInteger, nullable=False),
    Index(None, "project_id", "n"),
    sqlite_autoincrement=True,
)

samples = Table(
    "samples",
    metadata,
    Column("fingerprint_id", String(64), primary_key=True),
    Column("sample", Text, nullable=False),  # the latest occurrence, bounded by fingerprints.SAMPLE_LIMIT
)

seen_in = Table(
    "seen_in",
    metadata,
    Column("fingerprint_n", Integer, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),  # model.issue.SEEN_IN
    Column("value", String(200), primary_key=True),
    Column("project_id", Integer, nullable=False),
    Index(None, "project_id", "kind", "value", "fingerprint_n"),
    sqlite_with_rowid=False,
)

releases = Table(
    "releases",
    metadata,
    Column("project_id", Integer, ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("version", String(200), primary_key=True),
    Column("first_seen_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Index(None, "project_id", "first_seen_ms"),
)

grouping_rules = Table(
    "grouping_rules",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("project_id", Integer, ForeignKey("projects.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("field", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("pattern", String(500), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("fingerprint_id", String(64)),  # what the others hang below: the first that matched
    Column("created_by", String(254), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

issue_activity = Table(
    "issue_activity",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("project_id", Integer, ForeignKey("projects.id"), nullable=False),
    Column("issue_id", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(254), nullable=False),
    Column("action", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "issue_id", "id"),
    sqlite_autoincrement=True,
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("id", String(64), primary_key=True),  # made from what it is: the same upload again is the same row
    Column("project_id", Integer, ForeignKey("projects.id"), nullable=False),
    Column("release", String(200), nullable=False),  # "" when it is found by its debug id alone
    Column("dist", String(64), nullable=False),
    Column("debug_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),  # insight.source_maps.bundle.Kind
    Column("path", String(500), nullable=False),
    Column("path_hash", String(32), nullable=False),  # what an index can hold of the path
    Column("reference", String(500), nullable=False),  # the map that a script names
    Column("sha256", String(64), nullable=False),  # the content, in the folder of files
    Column("size", BigInteger, nullable=False),
    Column("uploaded_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger, nullable=False),  # the last day on which it mapped a frame
    Index(None, "project_id", "release", "path_hash"),
    Index(None, "project_id", "debug_id"),
)

artifact_bundles = Table(
    "artifact_bundles",
    metadata,
    Column("project_id", Integer, ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("checksum", String(40), primary_key=True),  # SHA-1, as sentry-cli names it
    Column("release", String(200), nullable=False),
    Column("dist", String(64), nullable=False),
    Column("uploaded_at_ms", BigInteger, nullable=False),
)

artifact_chunks = Table(
    "artifact_chunks",
    metadata,
    Column("project_id", Integer, ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("sha1", String(40), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("put_at_ms", BigInteger, nullable=False, index=True),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project_id", Integer, ForeignKey("projects.id"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("status", String(8), nullable=False),
    Column("message", Text, nullable=False),
    Column("contact", String(254), nullable=False),  # apart from all else: people below admin don't see it
    Column("screenshot", String(64)),  # the content, in the folder of files
    Column("screenshot_type", String(32), nullable=False),
    Column("screenshot_width", Integer, nullable=False),
    Column("screenshot_height", Integer, nullable=False),
    Column("screenshot_bytes", Integer, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("page", String(2048), nullable=False),
    Column("url", String(2048), nullable=False),
    Column("user_agent", String(2048), nullable=False),
    Column("session_id", String(200), nullable=False),
    Column("user_id", String(200), nullable=False),
    Column("anonymous_id", String(200), nullable=False),
    Column("release", String(200), nullable=False),
    Column("environment", String(200), nullable=False),
    Column(
        "error_id", String(64), nullable=False
    ),  # a fingerprint's: the one named, or of the entry made for it
    Column("event_id", String(32), nullable=False),
    Column("names_error", Boolean, nullable=False),
    Column("source", String(16), nullable=False),
    Column("changed_by", String(254), nullable=False),
    Column("changed_at_ms", BigInteger),
    Index(None, "project_id", "at_ms", "id"),
    Index(None, "project_id", "status", "at_ms", "id"),
    Index(None, "project_id", "error_id", "at_ms"),
    Index(None, "project_id", "event_id", **only("event_id <> ''")),
    Index(None, "screenshot", **only("screenshot IS NOT NULL")),
)

noise_settings = Table(
    "noise_settings",
    metadata,
    Column("project_id", Integer, ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("crawlers", Boolean, nullable=False),
    Column("extensions", Boolean, nullable=False),
    Column("localhost", Boolean, nullable=False),
    Column("script_errors", Boolean, nullable=False),
)

ignore_patterns = Table(
    "ignore_patterns",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("project_id", Integer, ForeignKey("projects.id"), nullable=False, index=True),
    Column("field", String(16), nullable=False),
    Column("pattern", String(500), nullable=False),
    Column("created_by", String(254), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    sqlite_autoincrement=True,
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
