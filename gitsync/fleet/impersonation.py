"""As whom the runtime acts in a cluster for an application: as the ServiceAccount that its project names.

Argo CD's switch in argocd-cm decides (`application.sync.impersonation.enabled`). Where it says nothing, a project that
names ServiceAccounts means it: the runtime's own rights are never used behind its back. Reading and watching is the
runtime's own; applying, deleting and asking for predictions is the ServiceAccount's.
"""

from gitsync.application.record import Record
from gitsync.fleet.home import Home
from gitsync.fleet.members import Member
from gitsync.fleet.permission import destination_of
from gitsync.kube.client import Cluster
from gitsync.project.service_accounts import NoServiceAccount, acting_user, names_service_accounts


class Acting:
    """Finds the account of an application, and the way into its cluster as that account."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def account(self, record: Record, member: Member, *, required: bool = True) -> str:
        """The user to act as, "" for the runtime itself. Raises NoServiceAccount where one is required and missing."""
        project = self._home.projects.get(record.application.spec.project or "default") or {}
        enabled = self._home.config.impersonation
        if not (names_service_accounts(project) if enabled is None else enabled):
            return ""
        try:
            return acting_user(project, record.application, destination_of(record.application, member))
        except NoServiceAccount:
            if required:
                raise
            return ""

    def cluster(self, record: Record, member: Member) -> Cluster:
        """The way in to change something. Raises NoServiceAccount."""
        return member.cluster.acting_as(self.account(record, member))
