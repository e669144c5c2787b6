"""The audit log.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_audit_entry_by_time": ["time_micros", "id", "place"],
    "ix_audit_entry_by_place": ["place", "time_micros", "id"],
    "ix_audit_entry_by_actor": ["actor", "time_micros", "id", "place"],
    "ix_audit_entry_by_action": ["action", "time_micros", "id", "place"],
    "ix_audit_entry_by_kind": ["entity_kind", "time_micros", "id", "place"],
    "ix_audit_entry_by_name": ["entity_name", "time_micros", "id", "place"],
    "ix_audit_entry_by_operation": ["operation_id"],
}


def upgrade() -> None:
    op.create_table(
        "audit_repository",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("runtime", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
    op.create_index(op.f("ix_audit_repository_runtime"), "audit_repository", ["runtime"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("time_micros", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("entity_kind", sa.String(), nullable=False),
        sa.Column("entity_name", sa.String(), nullable=False),
        sa.Column("runtime", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("operation_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "audit_entry", columns, unique=False)


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_index(op.f("ix_audit_repository_runtime"), table_name="audit_repository")
    op.drop_table("audit_repository")
