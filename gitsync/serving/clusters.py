"""Destination clusters: added and taken away as a person wants, through Git where secrets can stand there; and given
the controller of Rollouts, always through Git.

Where the cluster's Secret can stand encrypted in the shared configuration repository (`cluster_secrets`), it is
committed. Otherwise it is written to the home cluster directly, and the answer says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from gitsync.access.probe import AccessProbe
from gitsync.changes.application import Holder, Manifest, creation, removal
from gitsync.changes.check import INVALID, UNAVAILABLE, WHEN_IT_IS_BACK
from gitsync.changes.cluster import cluster_secret, shape_problems
from gitsync.changes.errors import BadInput
from gitsync.changes.git_source import leaving_room, place_of
from gitsync.changes.rollouts_controller import RolloutsController, controller_installation
from gitsync.changes.sealed_secret import GROUP, KIND
from gitsync.errors import GitsyncError
from gitsync.fleet.members import ROLLOUT, Fleet, Member
from gitsync.git.change import together
from gitsync.kube.access import IN_CLUSTER_SERVER, access_from_secret
from gitsync.kube.client import Cluster
from gitsync.kube.errors import AlreadyExists, ClusterError, ClusterUnreachable, Forbidden, Unauthorized
from gitsync.kube.transport import TimeLimits
from gitsync.manifest.object import JsonObject
from gitsync.manifest.yaml_text import yaml_text
from gitsync.serving.cluster_secrets import ClusterSecrets, WhyNot
from gitsync.serving.committing import Committing, Intent, problem_of
from gitsync.serving.git_sources import GitSources
from gitsync.serving.own_installation import NAME as OWN_NAME
from gitsync.settings import RuntimeSettings
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.application import Destination
from model.link_change import Author, CommitWords, Problem
from model.link_cluster import AddCluster, ClusterAnswer, InstallRollouts, RemoveCluster

_MANAGER = "argosy"
_SECRET = GroupVersionKind("", "v1", "Secret")
_NAMESPACE = GroupVersionKind("", "v1", "Namespace")
_DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
_PATIENCE = TimeLimits(connect_seconds=5.0, first_byte_seconds=8.0)
FOLDER = "clusters"


@dataclass(frozen=True, slots=True)
class ClusterParts:
    """What `Clusters` works with; `home` is the runtime's own cluster."""

    settings: RuntimeSettings
    home: Cluster
    fleet: Callable[[], Fleet]
    committing: Committing
    git_sources: GitSources
    probe: AccessProbe
    secrets: ClusterSecrets


class Clusters:
    """Those of one runtime."""

    def __init__(self, parts: ClusterParts) -> None:
        self._parts = parts

    async def add(self, body: AddCluster) -> ClusterAnswer:
        problems = shape_problems(body) or self._duplicates(body) or await self._rights(body.author)
        if problems:
            return ClusterAnswer(body.operation_id, problems=tuple(problems))
        secret = cluster_secret(body, self._parts.settings.namespace)
        found = await self._reach(secret)
        if isinstance(found, Problem):
            return ClusterAnswer(body.operation_id, problems=(found,))
        try:
            manifest = await self._parts.secrets.for_git(secret, self._path(secret["metadata"]["name"]))
            if isinstance(manifest, WhyNot):
                return await self._create(secret, body, found, manifest)
            return await self._commit(manifest, body, found)
        except GitsyncError as failure:
            return ClusterAnswer(body.operation_id, problems=(problem_of(failure),))

    async def remove(self, body: RemoveCluster) -> ClusterAnswer:
        member = self._parts.fleet().get(body.server.rstrip("/"))
        if member is None:
            problem = Problem("NOT_FOUND_ERROR", f"there is no cluster {body.server:.200}", "server")
            return ClusterAnswer(body.operation_id, problems=(problem,))
        if member.server == IN_CLUSTER_SERVER:
            message = "that is the cluster that the runtime lives in"
            suggestion = "Uninstall the runtime instead."
            return ClusterAnswer(
                body.operation_id, problems=(Problem(INVALID, message, "server", suggestion=suggestion),)
            )
        if problems := await self._rights(body.author):
            return ClusterAnswer(body.operation_id, problems=tuple(problems))
        namespace = self._parts.settings.namespace
        try:
            held = await self._parts.secrets.in_git(self._path(member.secret))
            if held is None and _sealed(await self._parts.home.get(_SECRET, namespace, member.secret)):
                held = ResourceKey(GROUP, KIND, namespace, member.secret)
            if held is not None:
                return await self._commit_removal(held, member.name, body)
            await self._parts.home.delete(_SECRET, namespace, member.secret)
        except GitsyncError as failure:
            return ClusterAnswer(body.operation_id, problems=(problem_of(failure),))
        return ClusterAnswer(body.operation_id, notice="Its Secret was not in Git, so no commit tells of this.")

    async def install_rollouts(self, body: InstallRollouts) -> ClusterAnswer:
        """Commits what the cluster needs to know and run Rollouts; the runtime applies it like anything else in Git."""
        try:
            member = self._wants_rollouts(body.cluster)
            wanted = RolloutsController(
                member.name, member.server, body.image or await self._own_image(), version("argosy")
            )
            settings, configuration = self._parts.settings, self._parts.git_sources.configuration()
            edit = together([controller_installation(wanted, configuration), configuration.laid_out()])
            words = CommitWords(f"Install the controller of Rollouts in {member.name}")
            intent = Intent("CREATE", self._entity(member.name), body.operation_id, words, edit)
            place = place_of(settings.name, settings.config_repo)
            answer = await self._parts.committing.commit(place, body.author, intent)
            if not answer.problems:
                await self._parts.git_sources.require_bootstrap(configuration)
        except GitsyncError as failure:
            return ClusterAnswer(body.operation_id, problems=(problem_of(failure),))
        return ClusterAnswer(body.operation_id, answer.commit, problems=answer.problems)

    # ---- checks

    def _wants_rollouts(self, name: str) -> Member:
        """The cluster of this name, which can be given the controller. Raises BadInput, ClusterUnreachable and such."""
        if not self._parts.settings.config_repo:
            raise BadInput(
                f"runtime {self._parts.settings.name} has no shared configuration repository",
                field="cluster",
                suggestion="Start the runtime with --config-repo; what a cluster is given is committed there.",
            )
        member = self._parts.fleet().find(Destination(name=name))
        if member.server == IN_CLUSTER_SERVER:
            raise BadInput(
                f"{name} is the cluster that the runtime lives in, and the runtime runs Rollouts there itself",
                field="cluster",
                suggestion="Start the runtime with rollouts among its --controllers, if it was started without.",
            )
        member.require()
        if member.serves(ROLLOUT):
            raise BadInput(
                f"{name} knows Rollouts already",
                field="cluster",
                suggestion="Look there for the controller that was installed with the kind.",
            )
        return member

    async def _own_image(self) -> str:
        """The image that the runtime itself runs as, which that cluster can most likely pull too."""
        deployment = await self._parts.home.get(_DEPLOYMENT, self._parts.settings.namespace, OWN_NAME)
        template = (((deployment or {}).get("spec") or {}).get("template") or {}).get("spec") or {}
        images = [str(container["image"]) for container in template.get("containers") or () if container.get("image")]
        return images[0] if images else f"argosy:{version('argosy')}"

    def _duplicates(self, body: AddCluster) -> list[Problem]:
        server = body.server.rstrip("/")
        for member in self._parts.fleet():
            if member.server == server:
                message = f"{server} is there already, as cluster {member.name}"
                return [Problem(INVALID, message, "server", suggestion="Remove it first to add it anew.")]
            if member.name == body.name:
                message = f"there is a cluster {body.name} already: {member.server}"
                return [Problem(INVALID, message, "name", suggestion="Choose another name with --name.")]
        return []

    async def _rights(self, author: Author) -> list[Problem]:
        """Whoever may push to the shared configuration may; without one, whom the control plane lets."""
        repository = self._parts.settings.config_repo
        if not author.name or not repository:
            return []
        verdict = await self._parts.probe.verdict(author.name, repository)
        if verdict.write:
            return []
        if verdict.unknown:
            return [Problem(UNAVAILABLE, verdict.reason, suggestion=WHEN_IT_IS_BACK)]
        message = f"{author.name} may not change clusters: {verdict.reason or 'no right to push'}"
        return [Problem("FORBIDDEN_ERROR", message)]

    async def _reach(self, secret: JsonObject) -> str | Problem:
        """The version of the cluster, asked as the runtime will ask: from here, with that credential."""
        access = access_from_secret(secret)
        try:
            cluster = await Cluster.connect(access, times=_PATIENCE)
        except Unauthorized as failure:
            return Problem(INVALID, f"{access.server} does not accept the token: {failure.message}", "token")
        except ClusterUnreachable as failure:
            return Problem(
                INVALID,
                f"the runtime cannot reach {access.server}: {failure.message}",
                "server",
                suggestion="Give the address that the runtime's cluster can reach with --server-url.",
            )
        except ClusterError as failure:
            return Problem(INVALID, f"{access.server} cannot be used: {failure.message}", "server")
        try:
            async for _ in cluster.list_pages(_NAMESPACE, limit=1):
                break
        except (Unauthorized, Forbidden) as failure:
            return Problem(INVALID, f"the token may not even list namespaces: {failure.message}", "token")
        except ClusterError as failure:
            return Problem(INVALID, f"{access.server} cannot be used: {failure.message}", "server")
        finally:
            await cluster.close()
        return cluster.discovery.server_version

    # ---- writing

    async def _create(self, secret: JsonObject, body: AddCluster, found: str, why_not: str) -> ClusterAnswer:
        try:
            await self._parts.home.create(secret, manager=_MANAGER)
        except AlreadyExists:
            message = f"there is a Secret {secret['metadata']['name']} already, which names another cluster"
            return ClusterAnswer(body.operation_id, problems=(Problem(INVALID, message, "server"),))
        notice = f"Its Secret was written to the runtime's cluster and not to Git: {why_not}."
        return ClusterAnswer(body.operation_id, notice=notice, server_version=found)

    async def _commit(self, manifest: JsonObject, body: AddCluster, found: str) -> ClusterAnswer:
        settings = self._parts.settings
        place = place_of(settings.name, settings.config_repo)
        file_name = f"{FOLDER}/{manifest['metadata']['name']}.yaml"
        configuration = self._parts.git_sources.configuration()
        edit = together([creation(place, Manifest(yaml_text(manifest), manifest), file_name), configuration.laid_out()])
        words = CommitWords(f"Add cluster {body.name}")
        intent = Intent("CREATE", self._entity(body.name), body.operation_id, words, edit)
        answer = await self._parts.committing.commit(place, body.author, intent)
        if not answer.problems:
            await self._parts.git_sources.require_bootstrap(configuration)
        return ClusterAnswer(body.operation_id, answer.commit, server_version=found, problems=answer.problems)

    async def _commit_removal(self, held: ResourceKey, name: str, body: RemoveCluster) -> ClusterAnswer:
        settings = self._parts.settings
        place = place_of(settings.name, settings.config_repo)
        holder = Holder(place, held, self._path(held.name))
        edit = leaving_room(place.path, removal(holder))
        words = CommitWords(f"Remove cluster {name}")
        intent = Intent("DELETE", self._entity(name), body.operation_id, words, edit)
        answer = await self._parts.committing.commit(place, body.author, intent)
        return ClusterAnswer(body.operation_id, answer.commit, problems=answer.problems)

    def _path(self, secret: str) -> str:
        """Where the Secret of this name stands in the repository, if it does."""
        place = self._parts.secrets.place
        return f"{place.path}/{FOLDER}/{secret}.yaml" if place is not None else ""

    def _entity(self, name: str) -> str:
        return f"Cluster {self._parts.settings.name}/{name}"


def _sealed(secret: JsonObject | None) -> bool:
    owners = ((secret or {}).get("metadata") or {}).get("ownerReferences") or ()
    return any(owner.get("kind") == KIND for owner in owners)
