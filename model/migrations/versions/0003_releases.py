"""Releases.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COUNTED = (
    *("started_micros", "runtime", "access_repo", "application_id", "cluster", "successful", "failed", "rollback"),
    *("lead_seconds", "lead_commits", "pull_requests", "restore_seconds"),
)
_INDEXES = {
    "ix_release_by_time": ["started_micros", "application_id", "number"],
    "ix_release_by_application": ["application_id", "started_micros", "number"],
    "ix_release_counted": list(_COUNTED),
}


def upgrade() -> None:
    op.create_table(
        "release",
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("runtime", sa.String(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("access_repo", sa.String(), nullable=False),
        sa.Column("started_micros", sa.BigInteger(), nullable=False),
        sa.Column("health", sa.String(), nullable=False),
        sa.Column("health_rank", sa.Integer(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("successful", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("rollback", sa.Integer(), nullable=False),
        sa.Column("unrestored", sa.Integer(), nullable=False),
        sa.Column("lead_seconds", sa.Float(), nullable=False),
        sa.Column("lead_commits", sa.Integer(), nullable=False),
        sa.Column("pull_requests", sa.Integer(), nullable=False),
        sa.Column("restore_seconds", sa.Float(), nullable=True),
        sa.Column("committers", sa.String(), nullable=False),
        sa.Column("pull_request_keys", sa.String(), nullable=False),
        sa.Column("issue_keys", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("application_id", "uid", "number"),
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "release", columns, unique=False)


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, table_name="release")
    op.drop_table("release")
