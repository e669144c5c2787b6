"""How runtimes are hosted that people set up themselves.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runtime", sa.Column("hosting", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("runtime", "hosting")
