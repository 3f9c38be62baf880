"""Feedback and its inbox; which noise a project leaves out."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _feedback()
    _noise()


def _only(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("contact", sa.String(254), nullable=False),
        sa.Column("screenshot", sa.String(64)),
        sa.Column("screenshot_type", sa.String(32), nullable=False),
        sa.Column("screenshot_width", sa.Integer(), nullable=False),
        sa.Column("screenshot_height", sa.Integer(), nullable=False),
        sa.Column("screenshot_bytes", sa.Integer(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("page", sa.String(2048), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("user_agent", sa.String(2048), nullable=False),
        sa.Column("session_id", sa.String(200), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("anonymous_id", sa.String(200), nullable=False),
        sa.Column("release", sa.String(200), nullable=False),
        sa.Column("environment", sa.String(200), nullable=False),
        sa.Column("error_id", sa.String(64), nullable=False),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("names_error", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("changed_by", sa.String(254), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_feedback_project_id"),
    )
    for columns, condition in (
        (["project_id", "at_ms", "id"], ""),
        (["project_id", "status", "at_ms", "id"], ""),
        (["project_id", "error_id", "at_ms"], ""),
        (["project_id", "event_id"], "event_id <> ''"),
        (["screenshot"], "screenshot IS NOT NULL"),
    ):
        op.create_index(
            "ix_feedback_" + "_".join(columns), "feedback", columns, **(_only(condition) if condition else {})
        )


def _noise() -> None:
    op.create_table(
        "noise_settings",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("crawlers", sa.Boolean(), nullable=False),
        sa.Column("extensions", sa.Boolean(), nullable=False),
        sa.Column("localhost", sa.Boolean(), nullable=False),
        sa.Column("script_errors", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name="pk_noise_settings"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_noise_settings_project_id"),
    )
    op.create_table(
        "ignore_patterns",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("pattern", sa.String(500), nullable=False),
        sa.Column("created_by", sa.String(254), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ignore_patterns"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_ignore_patterns_project_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ignore_patterns_project_id", "ignore_patterns", ["project_id"])
