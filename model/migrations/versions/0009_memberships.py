"""Groups and products of applications, read once from the annotations of those that are known.

Revision: 0009, after 0008
"""

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

GROUPS, PRODUCT = "codefresh.io/app-group", "codefresh.io/product"


def upgrade() -> None:
    table = op.create_table(
        "application_membership",
        sa.Column("application_id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
    )
    op.create_index("ix_application_membership_by_name", "application_membership", ["kind", "name", "application_id"])
    connection = op.get_bind()
    known = connection.execute(sa.text("SELECT id, payload FROM application WHERE kind <> 'APPLICATION_SET'"))
    rows = [row for application_id, payload in known.all() for row in _memberships(application_id, payload)]
    if rows:
        connection.execute(table.insert(), rows)


def downgrade() -> None:
    op.drop_index("ix_application_membership_by_name", table_name="application_membership")
    op.drop_table("application_membership")


def _memberships(application_id: str, payload: bytes) -> list[dict[str, str]]:
    annotations = msgspec.msgpack.decode(payload).get("annotations", {})
    groups = dict.fromkeys(name.strip()[:200] for name in annotations.get(GROUPS, "").split(","))
    named = [("group", name) for name in groups if name][:50]
    product = annotations.get(PRODUCT, "").strip()[:200]
    named += [("product", product)] if product else []
    return [{"application_id": application_id, "kind": kind, "name": name} for kind, name in named]
