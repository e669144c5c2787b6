"""Replicas of the control plane, and which of them a runtime is linked to.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replica",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("started_micros", sa.BigInteger(), nullable=False),
        sa.Column("seen_micros", sa.BigInteger(), nullable=False),
    )
    op.add_column("report_position", sa.Column("holder", sa.String(), nullable=False, server_default=""))
    op.add_column("report_position", sa.Column("hold", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("report_position", "hold")
    op.drop_column("report_position", "holder")
    op.drop_table("replica")
