"""Issues apart from fingerprints: merging, rules, releases, who works on what, activity, and the text index of SQLite."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE issues_before AS SELECT * FROM issues")
    op.drop_table("issues")
    _rules()
    _issues()
    _fingerprints()
    _seen()
    _activity()
    _move()
    if op.get_bind().dialect.name == "sqlite":
        _text_index()
    op.drop_table("issues_before")


def _only(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _rules() -> None:
    op.create_table(
        "grouping_rules",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("pattern", sa.String(500), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("fingerprint_id", sa.String(64)),
        sa.Column("created_by", sa.String(254), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grouping_rules"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_grouping_rules_project_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_grouping_rules_project_id", "grouping_rules", ["project_id"])


def _issues() -> None:
    op.create_table(
        "issues",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint_version", sa.SmallInteger(), nullable=False),
        sa.Column("error_type", sa.String(200), nullable=False),
        sa.Column("message", sa.String(2000), nullable=False),
        sa.Column("culprit", sa.String(400), nullable=False),
        sa.Column("severity_rank", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("resolved", sa.Boolean(), nullable=False),
        sa.Column("resolved_at_ms", sa.BigInteger()),
        sa.Column("frequency", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("first_release", sa.String(200), nullable=False),
        sa.Column("last_release", sa.String(200), nullable=False),
        sa.Column("environment", sa.String(100), nullable=False),
        sa.Column("latest_id", sa.String(64), nullable=False),
        sa.Column("merged_into", sa.String(64)),
        sa.Column("users", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.Column("people_due", sa.Boolean(), nullable=False),
        sa.Column("people_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("assigned_to", sa.Integer()),
        sa.Column("resolve_kind", sa.String(16)),
        sa.Column("resolved_in_release", sa.String(200)),
        sa.Column("ignore_kind", sa.String(16)),
        sa.Column("ignored_until_ms", sa.BigInteger()),
        sa.Column("ignored_left", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_issues"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_issues_project_id"),
        sa.ForeignKeyConstraint(["assigned_to"], ["users.id"], name="fk_issues_assigned_to"),
    )
    listed = _only("merged_into IS NULL")
    for order in ("frequency", "last_seen_ms", "first_seen_ms", "users"):
        columns = ["project_id", order, "id", "status", "severity_rank", "assigned_to"]
        op.create_index(f"ix_issues_by_{order}", "issues", columns, **listed)
    columns = ["project_id", "severity_rank", "id", "status", "assigned_to"]
    op.create_index("ix_issues_by_severity_rank", "issues", columns, **listed)
    op.create_index("ix_issues_by_status", "issues", ["project_id", "status", "severity_rank"], **listed)
    op.create_index("ix_issues_people_at_ms_id", "issues", ["people_at_ms", "id"], **_only("people_due"))
    until = _only("ignored_until_ms IS NOT NULL")
    op.create_index("ix_issues_ignored_until_ms", "issues", ["ignored_until_ms"], **until)


def _fingerprints() -> None:
    op.create_table(
        "fingerprints",
        sa.Column("n", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.String(64), nullable=False),
        sa.Column("parent_id", sa.String(64)),
        sa.Column("rule_id", sa.Integer()),
        sa.Column("group_id", sa.String(64), nullable=False),
        sa.Column("fingerprint_version", sa.SmallInteger(), nullable=False),
        sa.Column("error_type", sa.String(200), nullable=False),
        sa.Column("message", sa.String(2000), nullable=False),
        sa.Column("culprit", sa.String(400), nullable=False),
        sa.Column("severity_rank", sa.SmallInteger(), nullable=False),
        sa.Column("frequency", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("first_release", sa.String(200), nullable=False),
        sa.Column("last_release", sa.String(200), nullable=False),
        sa.Column("environment", sa.String(100), nullable=False),
        sa.Column("search_text", sa.String(2000), nullable=False),
        sa.Column("text_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_fingerprints"),
        sa.UniqueConstraint("id", name="uq_fingerprints_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_fingerprints_project_id"),
        sa.ForeignKeyConstraint(["rule_id"], ["grouping_rules.id"], name="fk_fingerprints_rule_id"),
        sqlite_autoincrement=True,
    )
    for columns in (["issue_id"], ["parent_id"], ["rule_id"], ["group_id"], ["project_id", "n"]):
        op.create_index("ix_fingerprints_" + "_".join(columns), "fingerprints", columns)
    op.create_table(
        "samples",
        sa.Column("fingerprint_id", sa.String(64), nullable=False),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint_id", name="pk_samples"),
    )


def _seen() -> None:
    op.create_table(
        "seen_in",
        sa.Column("fingerprint_n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint_n", "kind", "value", name="pk_seen_in"),
        sqlite_with_rowid=False,
    )
    columns = ["project_id", "kind", "value", "fingerprint_n"]
    op.create_index("ix_seen_in_" + "_".join(columns), "seen_in", columns)
    op.create_table(
        "releases",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("first_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "version", name="pk_releases"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_releases_project_id"),
    )
    op.create_index("ix_releases_project_id_first_seen_ms", "releases", ["project_id", "first_seen_ms"])


def _activity() -> None:
    op.create_table(
        "issue_activity",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(254), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_issue_activity"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_issue_activity_project_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_issue_activity_issue_id_id", "issue_activity", ["issue_id", "id"])


def _text_index() -> None:
    """Any piece of three letters or more is found without reading 100,000 texts. Kept by `text_index.py`: triggers on a
    virtual table are refused under trusted_schema=OFF."""
    op.execute(
        "CREATE VIRTUAL TABLE fingerprint_text USING fts5("
        "search_text, content='fingerprints', content_rowid='n', tokenize='trigram')"
    )
    op.execute("INSERT INTO fingerprint_text (rowid, search_text) SELECT n, search_text FROM fingerprints")


_MOVES = (
    """INSERT INTO issues (id, project_id, fingerprint_version, error_type, message, culprit, severity_rank, status,
  resolved, resolved_at_ms, frequency, first_seen_ms, last_seen_ms, first_release, last_release, environment,
  latest_id, users, sessions, people_due, people_at_ms, resolve_kind)
SELECT id, project_id, fingerprint_version, error_type, message, culprit, severity_rank, status,
  resolved, resolved_at_ms, frequency, first_seen_ms, last_seen_ms, first_release, last_release, environment,
  id, 0, 0, true, 0, CASE WHEN resolved THEN 'now' END
FROM issues_before""",
    """INSERT INTO fingerprints (id, project_id, issue_id, group_id, fingerprint_version, error_type, message, culprit,
  severity_rank, frequency, first_seen_ms, last_seen_ms, first_release, last_release, environment, search_text, text_at_ms)
SELECT id, project_id, id, id, fingerprint_version, error_type, message, culprit,
  severity_rank, frequency, first_seen_ms, last_seen_ms, first_release, last_release, environment,
  lower(substr(error_type || ' ' || culprit || ' ' || message, 1, 1000)), last_seen_ms
FROM issues_before""",
    "INSERT INTO samples (fingerprint_id, sample) SELECT id, sample FROM issues_before",
    """INSERT INTO releases (project_id, version, first_seen_ms, last_seen_ms)
SELECT project_id, version, min(at_ms), max(at_ms) FROM (
  SELECT project_id, first_release AS version, first_seen_ms AS at_ms FROM issues_before
  UNION ALL SELECT project_id, last_release, last_seen_ms FROM issues_before
) AS seen WHERE version <> '' GROUP BY project_id, version""",
    """INSERT INTO seen_in (fingerprint_n, kind, value, project_id)
SELECT n, 0, first_release, project_id FROM fingerprints WHERE first_release <> ''
UNION SELECT n, 0, last_release, project_id FROM fingerprints WHERE last_release <> ''
UNION SELECT n, 1, environment, project_id FROM fingerprints WHERE environment <> ''""",
)


def _move() -> None:
    """Each issue of before is one fingerprint now."""
    for statement in _MOVES:
        op.execute(statement)
