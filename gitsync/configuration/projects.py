"""The projects of the home namespace as they count: followed together with what is scoped to them and inherited."""

from collections.abc import Callable

from gitsync.access.secret import RepositorySecret, secret_data
from gitsync.manifest.object import JsonObject
from gitsync.project.effective import GlobalProject, ScopedCluster, ScopedRepository, Surroundings, effective_projects


class Projects:
    """`permitting` is what everybody asks: one and the same dict, always up to date. `changed` hears names."""

    def __init__(self) -> None:
        self.permitting: dict[str, JsonObject] = {}
        self._written: dict[str, JsonObject] = {}
        self._repositories: dict[str, ScopedRepository] = {}
        self._clusters: dict[str, ScopedCluster] = {}
        self._inherits: tuple[GlobalProject, ...] = ()
        self.changed: Callable[[str], None] = lambda name: None

    def put(self, name: str, body: JsonObject | None) -> None:
        """An AppProject appeared, changed or went. It is told even if nothing of it counts."""
        if body is None:
            self._written.pop(name, None)
        else:
            self._written[name] = body
        self._settle(besides=name)
        self.changed(name)

    def put_repository(self, secret_name: str, secret: RepositorySecret | None) -> None:
        """Only a Secret of one project can change what projects permit, or one of everybody beside it."""
        before = self._repositories.pop(secret_name, None)
        if secret is not None and not secret.template:
            known = bool(secret.credential or secret.ssh_private_key)
            self._repositories[secret_name] = ScopedRepository(secret.url, secret.project, known)
        if (
            before != self._repositories.get(secret_name) and any(one.project for one in self._repositories.values())
        ) or (before is not None and before.project):
            self._settle()

    def put_cluster(self, secret_name: str, body: JsonObject | None) -> None:
        before = self._clusters.pop(secret_name, None)
        if body is not None and (cluster := scoped_cluster(body)).project:
            self._clusters[secret_name] = cluster
        if before != self._clusters.get(secret_name):
            self._settle()

    def inherit(self, inherits: tuple[GlobalProject, ...]) -> None:
        if inherits != self._inherits:
            self._inherits = inherits
            self._settle()

    def _settle(self, *, besides: str = "") -> None:
        around = Surroundings(tuple(self._repositories.values()), tuple(self._clusters.values()), self._inherits)
        before = dict(self.permitting)
        self.permitting.clear()
        self.permitting.update(effective_projects(self._written, around))
        for name, body in self.permitting.items():
            if name != besides and before.get(name) != body:
                self.changed(name)


def scoped_cluster(body: JsonObject) -> ScopedCluster:
    data = secret_data(body)
    namespaces = tuple(one.strip() for one in data.get("namespaces", "").split(",") if one.strip())
    return ScopedCluster(data.get("name", ""), data.get("server", "").rstrip("/"), data.get("project", ""), namespaces)
