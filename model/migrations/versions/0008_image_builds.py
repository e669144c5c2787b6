"""Builds of images that CI reported.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "image_build",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("reporter", sa.String(), nullable=False),
        sa.Column("reported_micros", sa.BigInteger(), nullable=False),
        sa.Column("rulers", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_image_build_by_image", "image_build", ["image", "reported_micros"])
    op.create_index("ix_image_build_by_age", "image_build", ["reporter", "reported_micros"])


def downgrade() -> None:
    op.drop_table("image_build")
