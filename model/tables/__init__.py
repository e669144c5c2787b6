"""The control plane's read model, one table per file. All of it except people, tokens, favourites,
builds of images and executions of workflows can be thrown away: runtimes report it again.

Never holds a secret in clear (tokens and passwords are hashes) and never runs a statement: that is `model.store`.
Importing this package registers every table in `SQLModel.metadata`, which the migrations compare with.
"""

from model.tables.account import AccountRow
from model.tables.api_token import ApiTokenRow
from model.tables.application import ApplicationLabelRow, ApplicationMembershipRow, ApplicationRow
from model.tables.audit import AuditEntryRow, AuditRepositoryRow
from model.tables.cluster import ClusterRow
from model.tables.execution import ExecutionRow
from model.tables.favorite import FavoriteRow
from model.tables.identity import IdentityRow
from model.tables.image_build import ImageBuildRow
from model.tables.login_attempt import LoginAttemptRow
from model.tables.notification import NotificationRow
from model.tables.person import PersonRow
from model.tables.release import ReleaseClusterDayRow, ReleaseDayRow, ReleaseRow, RulerRow
from model.tables.replica import ReplicaRow
from model.tables.report_position import ReportPositionRow
from model.tables.repository import RepositoryRow
from model.tables.runtime import RuntimeRow
from model.tables.session import SessionRow

__all__ = [
    "AccountRow",
    "ApiTokenRow",
    "ApplicationLabelRow",
    "ApplicationMembershipRow",
    "ApplicationRow",
    "AuditEntryRow",
    "AuditRepositoryRow",
    "ClusterRow",
    "ExecutionRow",
    "FavoriteRow",
    "IdentityRow",
    "ImageBuildRow",
    "LoginAttemptRow",
    "NotificationRow",
    "PersonRow",
    "ReleaseClusterDayRow",
    "ReleaseDayRow",
    "ReleaseRow",
    "ReplicaRow",
    "ReportPositionRow",
    "RepositoryRow",
    "RulerRow",
    "RuntimeRow",
    "SessionRow",
]
