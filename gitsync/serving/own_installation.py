"""The runtime takes its own installation into the shared configuration, in the name of whoever asks for it."""

from gitsync.changes.errors import BadInput
from gitsync.changes.git_source import place_of
from gitsync.changes.own_installation import as_installed, own_installation, why_not_in_git
from gitsync.errors import GitsyncError
from gitsync.git.change import together
from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from gitsync.serving.committing import Committing, Intent, problem_of
from gitsync.serving.git_sources import GitSources
from gitsync.settings import RuntimeSettings
from model.identity import GroupVersionKind
from model.link_change import ChangeAnswer, CommitWords, ManageRuntime

NAME = "argosy-runtime"  # as the command and the chart call it
_RBAC = "rbac.authorization.k8s.io"
_DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")


class OwnInstallation:
    """`home` is the cluster that the runtime lives in."""

    def __init__(
        self, settings: RuntimeSettings, home: Cluster, committing: Committing, git_sources: GitSources
    ) -> None:
        self._settings = settings
        self._home = home
        self._committing = committing
        self._git_sources = git_sources

    async def manage(self, body: ManageRuntime) -> ChangeAnswer:
        """Commits the installation as it is, and the Application that keeps it so."""
        settings = self._settings
        try:
            if not settings.config_repo:
                raise BadInput(
                    f"runtime {settings.name} has no shared configuration repository",
                    field="runtime",
                    suggestion="Start the runtime with --config-repo; its installation is committed there.",
                )
            objects = await self._objects()
        except GitsyncError as failure:
            return ChangeAnswer(body.operation_id, problems=(problem_of(failure),))
        configuration = self._git_sources.configuration()
        edit = together([own_installation(objects, configuration), configuration.laid_out()])
        words = CommitWords(f"Let runtime {settings.name} manage itself")
        intent = Intent("CREATE", f"Runtime {settings.name}", body.operation_id, words, edit)
        place = place_of(settings.name, settings.config_repo)
        answer = await self._committing.commit(place, body.author, intent)
        if not answer.problems:
            await self._git_sources.require_bootstrap(configuration)
        return answer

    async def _objects(self) -> list[JsonObject]:
        """In the order in which they are applied. Raises BadInput, ClusterError."""
        namespace = self._settings.namespace
        of_cluster = f"{NAME}-{namespace}"
        deployment = await self._home.get(_DEPLOYMENT, namespace, NAME)
        if self._settings.hosted or deployment is None:
            raise BadInput(
                f"there is no Deployment {namespace}/{NAME}: this runtime was not installed in its cluster",
                field="runtime",
                suggestion="Install it with `argosy runtime manifests` or the chart; a hosted one needs nothing.",
            )
        if why := why_not_in_git(deployment):
            raise BadInput(
                f"{why} of Deployment {namespace}/{NAME} holds a secret, which must not stand in Git",
                field="runtime",
                suggestion="Take the value from a Secret (--token-file, valueFrom) and try again.",
            )
        places = (
            (GroupVersionKind("", "v1", "ServiceAccount"), namespace, NAME),
            (GroupVersionKind(_RBAC, "v1", "ClusterRole"), "", of_cluster),
            (GroupVersionKind(_RBAC, "v1", "ClusterRoleBinding"), "", of_cluster),
            (GroupVersionKind("networking.k8s.io", "v1", "NetworkPolicy"), namespace, NAME),
        )
        found = [(kind, await self._home.get(kind, where, name)) for kind, where, name in places]
        parts = [*((kind, live) for kind, live in found if live is not None), (_DEPLOYMENT, deployment)]
        return [as_installed({"apiVersion": kind.api_version, "kind": kind.kind, **live}) for kind, live in parts]
