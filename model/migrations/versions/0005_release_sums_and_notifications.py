"""Releases by numbers of their rulers, times in whole microseconds, and sums by day; notifications.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SUMS = (
    *("successful", "failed", "rollbacks", "releases", "lead_micros", "lead_commits", "lead_releases"),
    *("pull_requests", "restore_micros", "restores"),
)
_BIG = {"lead_micros", "restore_micros"}
_OLD_INDEXES = ("ix_release_by_time", "ix_release_by_application", "ix_release_counted")
_INDEXES = {
    "ix_release_by_time": ["started_micros", "application_id", "number"],
    "ix_release_by_application": ["application_id", "started_micros", "number", "ruler", "cluster"],
    "ix_release_by_name": ["name", "started_micros"],
    "ix_release_by_lead": ["lead_mean_micros", "started_micros", "ruler", "cluster"],
    "ix_release_by_restore": ["restore_micros", "started_micros", "ruler", "cluster"],
    "ix_release_counted": [
        *("started_micros", "ruler", "cluster", "application_id", "successful", "failed", "rollback"),
        *("lead_micros", "lead_commits", "lead_mean_micros", "pull_requests", "restore_micros"),
    ],
}
_KEPT = (
    *("application_id", "uid", "number", "namespace", "name", "cluster", "started_micros", "health", "health_rank"),
    *("revision", "successful", "failed", "rollback", "unrestored", "lead_commits", "pull_requests"),
    *("committers", "pull_request_keys", "issue_keys", "payload"),
)
_RULER = sa.table("ruler", sa.column("id"), sa.column("runtime"), sa.column("access_repo"))
_OLD = sa.table(
    "release_before",
    *(sa.column(name) for name in (*_KEPT, "runtime", "access_repo")),
    sa.column("lead_seconds", sa.Float),
    sa.column("restore_seconds", sa.Float),
)
_NEW = sa.table(
    "release",
    *(
        sa.column(name, sa.BigInteger)
        for name in (*_KEPT, "ruler", "lead_micros", "lead_mean_micros", "restore_micros")
    ),
)


def upgrade() -> None:
    op.create_table(
        "ruler",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("runtime", sa.String(), nullable=False),
        sa.Column("access_repo", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("runtime", "access_repo"),
    )
    op.execute("INSERT INTO ruler (runtime, access_repo) SELECT DISTINCT runtime, access_repo FROM release")
    for name in _OLD_INDEXES:
        op.drop_index(name, table_name="release")
    op.rename_table("release", "release_before")
    _create_release()
    _carry_over()
    op.drop_table("release_before")
    for name, columns in _INDEXES.items():
        op.create_index(name, "release", columns, unique=False)
    _create_sums("release_day", [])
    _create_sums("release_cluster_day", ["cluster"])
    _create_notifications()


def _create_notifications() -> None:
    op.create_table(
        "notification",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("ruler", sa.Integer(), nullable=False),
        sa.Column("time_micros", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_notification_by_time", "notification", ["time_micros", "key", "ruler", "kind"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("runtimes report releases again: begin with an empty database instead")


def _carry_over() -> None:
    same = sa.and_(_RULER.c.runtime == _OLD.c.runtime, _RULER.c.access_repo == _OLD.c.access_repo)
    lead = _micros(_OLD.c.lead_seconds)
    values = {
        **{name: _OLD.c[name] for name in _KEPT},
        "ruler": sa.select(_RULER.c.id).where(same).scalar_subquery(),
        "lead_micros": lead,
        "lead_mean_micros": sa.case((_OLD.c.lead_commits > 0, lead // _OLD.c.lead_commits)),
        "restore_micros": _micros(_OLD.c.restore_seconds),
    }
    op.execute(sa.insert(_NEW).from_select(list(values), sa.select(*values.values())))


def _micros(seconds: sa.ColumnElement[float]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.round(seconds * 1_000_000), sa.BigInteger)


def _create_release() -> None:
    op.create_table(
        "release",
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ruler", sa.Integer(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("started_micros", sa.BigInteger(), nullable=False),
        sa.Column("health", sa.String(), nullable=False),
        sa.Column("health_rank", sa.Integer(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("successful", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("rollback", sa.Integer(), nullable=False),
        sa.Column("unrestored", sa.Integer(), nullable=False),
        sa.Column("lead_micros", sa.BigInteger(), nullable=False),
        sa.Column("lead_commits", sa.Integer(), nullable=False),
        sa.Column("lead_mean_micros", sa.BigInteger(), nullable=True),
        sa.Column("pull_requests", sa.Integer(), nullable=False),
        sa.Column("restore_micros", sa.BigInteger(), nullable=True),
        sa.Column("committers", sa.String(), nullable=False),
        sa.Column("pull_request_keys", sa.String(), nullable=False),
        sa.Column("issue_keys", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("application_id", "uid", "number", name="release_by_number"),
    )


def _create_sums(table: str, dimensions: list[str]) -> None:
    op.create_table(
        table,
        *(sa.Column(name, sa.String(), nullable=False) for name in dimensions),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ruler", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.BigInteger() if name in _BIG else sa.Integer(), nullable=False) for name in _SUMS),
        sa.PrimaryKeyConstraint(*dimensions, "day", "ruler"),
    )
    release = _NEW.c
    sums = {
        "successful": sa.func.sum(release.successful),
        "failed": sa.func.sum(release.failed),
        "rollbacks": sa.func.sum(release.rollback),
        "releases": sa.func.count(),
        "lead_micros": sa.func.sum(release.lead_micros),
        "lead_commits": sa.func.sum(release.lead_commits),
        "lead_releases": sa.func.sum(sa.case((release.lead_commits > 0, 1), else_=0)),
        "pull_requests": sa.func.sum(release.pull_requests),
        "restore_micros": sa.func.coalesce(sa.func.sum(release.restore_micros), 0),
        "restores": sa.func.count(release.restore_micros),
    }
    day = release.started_micros // sa.literal_column("86400000000")
    places = {**{name: release[name] for name in dimensions}, "day": day, "ruler": release.ruler}
    columns = {**places, **sums}
    into = sa.table(table, *(sa.column(name) for name in columns))
    op.execute(sa.insert(into).from_select(list(columns), sa.select(*columns.values()).group_by(*places.values())))
