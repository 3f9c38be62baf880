"""Source maps: uploaded files by release and debug id, and the bundles and chunks that bring them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _artifacts()
    _uploads()


def _artifacts() -> None:
    op.create_table(
        "artifacts",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("release", sa.String(200), nullable=False),
        sa.Column("dist", sa.String(64), nullable=False),
        sa.Column("debug_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("path", sa.String(500), nullable=False),
        sa.Column("path_hash", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(500), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_artifacts"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_artifacts_project_id"),
    )
    for columns in (["project_id", "release", "path_hash"], ["project_id", "debug_id"]):
        op.create_index("ix_artifacts_" + "_".join(columns), "artifacts", columns)


def _uploads() -> None:
    op.create_table(
        "artifact_bundles",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("checksum", sa.String(40), nullable=False),
        sa.Column("release", sa.String(200), nullable=False),
        sa.Column("dist", sa.String(64), nullable=False),
        sa.Column("uploaded_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "checksum", name="pk_artifact_bundles"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_artifact_bundles_project_id"),
    )
    op.create_table(
        "artifact_chunks",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha1", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("put_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "sha1", name="pk_artifact_chunks"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_artifact_chunks_project_id"),
    )
    op.create_index("ix_artifact_chunks_put_at_ms", "artifact_chunks", ["put_at_ms"])
