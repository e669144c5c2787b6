"""First tables.

Revision: 0001, after nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_people()
    _create_runtimes()
    _create_applications()


def _create_people() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("shared_config_repo", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "api_token",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("credential_version", sa.Integer(), nullable=False),
        sa.Column("created_micros", sa.BigInteger(), nullable=False),
        sa.Column("expires_micros", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(op.f("ix_api_token_person"), "api_token", ["person"], unique=False)
    op.create_table(
        "favorite",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("person", "kind", "entity"),
    )
    op.create_table(
        "login_attempt",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_ends_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index(op.f("ix_login_attempt_window_ends_micros"), "login_attempt", ["window_ends_micros"], unique=False)
    op.create_table(
        "person",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("credential_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("credential_version", sa.Integer(), nullable=False),
        sa.Column("created_micros", sa.BigInteger(), nullable=False),
        sa.Column("expires_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index(op.f("ix_session_expires_micros"), "session", ["expires_micros"], unique=False)
    op.create_index(op.f("ix_session_person"), "session", ["person"], unique=False)


def _create_runtimes() -> None:
    op.create_table(
        "cluster",
        sa.Column("runtime", sa.String(), nullable=False),
        sa.Column("server", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("runtime", "server"),
    )
    op.create_table(
        "report_position",
        sa.Column("runtime", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("in_snapshot", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("runtime"),
    )
    op.create_table(
        "repository",
        sa.Column("runtime", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("runtime", "url"),
    )
    op.create_table(
        "runtime",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("hosted", sa.Boolean(), nullable=False),
        sa.Column("created_micros", sa.BigInteger(), nullable=False),
        sa.Column("seen_micros", sa.BigInteger(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("token_hash"),
    )


def _create_applications() -> None:
    op.create_table(
        "application",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("runtime", sa.String(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("destination_namespace", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("sync", sa.String(), nullable=False),
        sa.Column("health", sa.String(), nullable=False),
        sa.Column("sync_rank", sa.Integer(), nullable=False),
        sa.Column("health_rank", sa.Integer(), nullable=False),
        sa.Column("updated_micros", sa.BigInteger(), nullable=False),
        sa.Column("access_repo", sa.String(), nullable=False),
        sa.Column("repositories", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _index_applications()
    op.create_table(
        "application_label",
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("application_id", "key"),
    )
    op.create_index(
        "ix_application_label_by_value", "application_label", ["key", "value", "application_id"], unique=False
    )


def _index_applications() -> None:
    op.create_index("ix_application_by_cluster", "application", ["cluster", "id"], unique=False)
    op.create_index("ix_application_by_generation", "application", ["runtime", "generation"], unique=False)
    op.create_index("ix_application_by_health", "application", ["health_rank", "id"], unique=False)
    op.create_index("ix_application_by_kind", "application", ["kind", "runtime", "name"], unique=False)
    op.create_index("ix_application_by_name", "application", ["name", "id"], unique=False)
    op.create_index("ix_application_by_parent", "application", ["parent", "id"], unique=False)
    op.create_index("ix_application_by_runtime", "application", ["runtime", "id"], unique=False)
    op.create_index("ix_application_by_sync", "application", ["sync_rank", "id"], unique=False)
    op.create_index("ix_application_by_update", "application", ["updated_micros", "id"], unique=False)
    op.create_index(
        "ix_application_facets",
        "application",
        [
            "runtime",
            "access_repo",
            "health",
            "sync",
            "cluster",
            "namespace",
            "project",
            "name",
            "id",
            "destination_namespace",
            "kind",
            "policy",
            "updated_micros",
            "problems",
        ],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_session_person"), table_name="session")
    op.drop_index(op.f("ix_session_expires_micros"), table_name="session")
    op.drop_table("session")
    op.drop_table("runtime")
    op.drop_table("repository")
    op.drop_table("report_position")
    op.drop_table("person")
    op.drop_index(op.f("ix_login_attempt_window_ends_micros"), table_name="login_attempt")
    op.drop_table("login_attempt")
    op.drop_table("favorite")
    op.drop_table("cluster")
    op.drop_index("ix_application_label_by_value", table_name="application_label")
    op.drop_table("application_label")
    op.drop_index("ix_application_facets", table_name="application")
    op.drop_index("ix_application_by_update", table_name="application")
    op.drop_index("ix_application_by_sync", table_name="application")
    op.drop_index("ix_application_by_runtime", table_name="application")
    op.drop_index("ix_application_by_parent", table_name="application")
    op.drop_index("ix_application_by_name", table_name="application")
    op.drop_index("ix_application_by_kind", table_name="application")
    op.drop_index("ix_application_by_health", table_name="application")
    op.drop_index("ix_application_by_generation", table_name="application")
    op.drop_index("ix_application_by_cluster", table_name="application")
    op.drop_table("application")
    op.drop_index(op.f("ix_api_token_person"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_table("account")
