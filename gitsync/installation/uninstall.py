"""Takes a runtime out of its cluster, in an order in which nothing that it deployed is touched.

    1. the engine, and the wait until its pods are gone: from then on nobody reconciles what follows
    2. Git Sources and the applications that read the shared configuration; with `applications` also ApplicationSets,
       Applications and projects. Their finalizers go first, so that their deletion means them alone
    3. registrations of clusters that Argosy made, and people's Git tokens
    4. the link's token, network policy, rights and account

What applications deployed stays, and so do definitions, the namespace, and Secrets of repositories.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gitsync.access.secret import PERSON_LABEL
from gitsync.changes.cluster import OURS, TYPE_LABEL
from gitsync.changes.shared_configuration import BOOTSTRAP, HOME
from gitsync.errors import Failed
from gitsync.fleet.watch_only import who_is_in_charge
from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.client import Cluster, Propagation
from gitsync.kube.errors import NotFound, UnknownKind
from gitsync.kube.transport import TimeLimits
from gitsync.manifest.object import JsonObject
from gitsync.serving.git_tokens import KEY_SECRET
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.application import GIT_SOURCE_LABEL, GROUP, VERSION

NAME = "argosy-runtime"
TOKEN_SECRET = "argosy-runtime-token"  # noqa: S105 - the name of a Secret
_INSTANCE = "app.kubernetes.io/instance"
_HELM = "meta.helm.sh/release-name"
_RBAC = "rbac.authorization.k8s.io"
_DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
_POD = GroupVersionKind("", "v1", "Pod")
_SECRET = GroupVersionKind("", "v1", "Secret")
_SEALED = GroupVersionKind("bitnami.com", "v1alpha1", "SealedSecret")
_APPLICATION = GroupVersionKind(GROUP, VERSION, "Application")
_OUR_CLUSTERS = ",".join(f"{key}={value}" for key, value in {TYPE_LABEL: "cluster", **OURS}.items())
_PODS_SECONDS = 90.0
_LOOK_SECONDS = 0.5


class AnotherRuntime(Failed):
    """The namespace holds another runtime than the one that is meant."""


class NotOurs(Failed):
    """Another controller reconciles what was to be removed."""


class StillRunning(Failed):
    """The engine's pods do not go."""


@dataclass(frozen=True, slots=True)
class Uninstalling:
    """`told` hears of each object as it goes; with `dry_run` of each that would."""

    cluster: Cluster
    namespace: str
    runtime: str
    told: Callable[[str], None]
    applications: bool = False
    dry_run: bool = False

    async def run(self) -> str:
        """Name of the Helm release that brought the runtime, or "". Running it again goes on where it ended.

        Raises ClusterError, AnotherRuntime, StillRunning and NotOurs.
        """
        if self.applications and (other := await who_is_in_charge(self.cluster, self.namespace, now=_now)):
            raise NotOurs(f"applications are not ours to remove: {other}", suggestion="Leave out --applications.")
        release = await self._stop_engine()
        await self._remove_applications()
        for gvk, selector in (
            (_SEALED, _OUR_CLUSTERS),
            (_SECRET, _OUR_CLUSTERS),
            (_SECRET, f"{PERSON_LABEL}=true"),
        ):
            async for body in self._listed(gvk, selector):
                await self._delete(gvk, body["metadata"]["name"])
        await self._delete(_SECRET, KEY_SECRET)
        await self._delete(_SECRET, TOKEN_SECRET)
        await self._delete(GroupVersionKind("networking.k8s.io", "v1", "NetworkPolicy"), NAME)
        for kind in ("ClusterRoleBinding", "ClusterRole"):
            await self._delete(GroupVersionKind(_RBAC, "v1", kind), f"{NAME}-{self.namespace}", namespace="")
        await self._delete(GroupVersionKind("", "v1", "ServiceAccount"), NAME)
        return release

    async def _stop_engine(self) -> str:
        deployment = await self.cluster.get(_DEPLOYMENT, self.namespace, NAME)
        if deployment is None:
            return ""
        metadata = deployment["metadata"]
        instance = (metadata.get("labels") or {}).get(_INSTANCE, "")
        if instance != self.runtime:
            raise AnotherRuntime(
                f"namespace {self.namespace} holds runtime {instance or 'without a name'}, not {self.runtime}",
                suggestion="Name the namespace of the runtime with --namespace.",
            )
        await self._delete(_DEPLOYMENT, NAME)
        if not self.dry_run:
            await self._until_pods_are_gone()
        return str((metadata.get("annotations") or {}).get(_HELM, ""))

    async def _until_pods_are_gone(self) -> None:
        selector = f"app.kubernetes.io/name={NAME}"
        try:
            async with asyncio.timeout(_PODS_SECONDS):
                while await self.cluster.list(  # noqa: ASYNC110 - a command may look twice a second
                    _POD, namespace=self.namespace, label_selector=selector
                ):
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError as error:
            raise StillRunning(
                f"pods of {NAME} are still there after {_PODS_SECONDS:.0f} s; nothing else was removed",
                suggestion="Look why they do not end, and run this again.",
            ) from error

    async def _remove_applications(self) -> None:
        own = [body["metadata"]["name"] async for body in self._listed(_APPLICATION, f"{GIT_SOURCE_LABEL}=git-source")]
        everything = [body async for body in self._listed(_APPLICATION)] if self.applications else []
        names = {*own, BOOTSTRAP, HOME, *(body["metadata"]["name"] for body in everything)}
        there = {name for name in names if await self._let_go(_APPLICATION, name)}
        if self.applications:
            # Sets go before what they generated, and without it: the collector of garbage would not ask us.
            await self._remove_all("ApplicationSet")
        await self._remove(_APPLICATION, sorted(there))
        if self.applications:
            await self._remove_all("AppProject")

    async def _remove_all(self, kind: str) -> None:
        gvk = GroupVersionKind(GROUP, VERSION, kind)
        names = [body["metadata"]["name"] async for body in self._listed(gvk)]
        await self._remove(gvk, [name for name in names if await self._let_go(gvk, name)])

    async def _remove(self, gvk: GroupVersionKind, names: Collection[str]) -> None:
        for name in names:
            await self._delete(gvk, name)

    async def _let_go(self, gvk: GroupVersionKind, name: str) -> bool:
        """Takes the finalizers off, which would delete what the object manages. False: there is no such object."""
        try:
            found = await self.cluster.get(gvk, self.namespace, name)
        except UnknownKind:
            return False
        if found is None:
            return False
        if found["metadata"].get("finalizers") and not self.dry_run:
            key = ResourceKey(gvk.group, gvk.kind, self.namespace, name)
            try:
                await self.cluster.patch(key, gvk.version, {"metadata": {"finalizers": None}}, manager="argosy")
            except NotFound:
                return False
        return True

    async def _listed(self, gvk: GroupVersionKind, selector: str = "") -> AsyncIterator[JsonObject]:
        try:
            for body in await self.cluster.list(gvk, namespace=self.namespace, label_selector=selector):
                yield body
        except UnknownKind:
            return

    async def _delete(self, gvk: GroupVersionKind, name: str, *, namespace: str | None = None) -> None:
        place = self.namespace if namespace is None else namespace
        propagation: Propagation = "Orphan" if gvk.group == GROUP else "Background"
        try:
            if self.dry_run:
                gone = await self.cluster.get(gvk, place, name) is not None
            else:
                gone = await self.cluster.delete(gvk, place, name, propagation=propagation)
        except UnknownKind:
            return
        if gone:
            self.told(f"{gvk.kind} {name}")


async def uninstall(
    kubeconfig: Path,
    context: str,
    namespace: str,
    runtime: str,
    told: Callable[[str], None],
    *,
    applications: bool,
    dry_run: bool,
) -> str:
    """See `Uninstalling.run`."""
    access = access_from_kubeconfig(kubeconfig, context=context)
    cluster = await Cluster.connect(access, times=TimeLimits(connect_seconds=5.0, first_byte_seconds=15.0))
    try:
        work = Uninstalling(cluster, namespace, runtime, told, applications=applications, dry_run=dry_run)
        return await work.run()
    finally:
        await cluster.close()


def _now() -> datetime:
    return datetime.now(UTC)
