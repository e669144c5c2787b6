"""Executions of Argo Workflows that came to an end.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COUNTED = [
    *("finished_micros", "ruler", "second_ruler", "runtime", "cluster", "namespace", "pipeline"),
    *("succeeded", "duration_micros", "event", "initiator", "phase", "repository", "branch", "cluster_name"),
]


def upgrade() -> None:
    op.create_table(
        "workflow_execution",
        sa.Column("runtime", sa.String(), primary_key=True),
        sa.Column("uid", sa.String(), primary_key=True),
        sa.Column("ruler", sa.Integer(), nullable=False),
        sa.Column("second_ruler", sa.Integer(), nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("cluster_name", sa.String(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("succeeded", sa.Integer(), nullable=False),
        sa.Column("finished_micros", sa.BigInteger(), nullable=False),
        sa.Column("duration_micros", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("commit", sa.String(), nullable=False),
        sa.Column("initiator", sa.String(), nullable=False),
    )
    op.create_index("ix_workflow_execution_counted", "workflow_execution", COUNTED)


def downgrade() -> None:
    op.drop_table("workflow_execution")
