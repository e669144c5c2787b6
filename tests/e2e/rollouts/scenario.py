"""A namespace of its own on a shared real cluster: manifests in, sizes, events and router objects out."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind, ResourceKey
from tests.support.rollouts import rollout
from tests.support.yaml_text import read_yaml

ROLLOUT = GroupVersionKind("argoproj.io", "v1alpha1", "Rollout")
RUN = GroupVersionKind("argoproj.io", "v1alpha1", "AnalysisRun")
REPLICA_SET = GroupVersionKind("apps", "v1", "ReplicaSet")
INGRESS = GroupVersionKind("networking.k8s.io", "v1", "Ingress")
EVENT = GroupVersionKind("", "v1", "Event")
SERVICE = GroupVersionKind("", "v1", "Service")
HASH = "rollouts-pod-template-hash"
DEADLINE = "scale-down-deadline"
SECONDS = 60.0


class Scenario:
    """All Rollouts are called `web`; their container too."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self._told = 0

    async def apply(self, body: JsonObject | str) -> None:
        parsed: JsonObject = read_yaml(body) if isinstance(body, str) else body
        parsed["metadata"]["namespace"] = self.namespace
        await self.cluster.create(parsed)

    async def start(self, strategy: str, *services: str, **spec: Any) -> None:
        for name in services:
            ports = [{"port": 80}]
            body = {"selector": {"app": "web"}, "ports": ports}
            await self.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": body})
        await self.apply(rollout(strategy, **spec))
        await self.phase("Healthy")
        await self.until(self._at_rest, True)
        await self.news()

    async def get(self, gvk: GroupVersionKind, name: str) -> JsonObject:
        found = await self.cluster.get(gvk, self.namespace, name)
        assert found is not None, f"{gvk.kind} {name}"
        return found

    async def patch(self, patch: JsonObject, gvk: GroupVersionKind = ROLLOUT, name: str = "web") -> None:
        key = ResourceKey(gvk.group, gvk.kind, self.namespace, name)
        await self.cluster.patch(key, gvk.version, patch, subresource="status" if set(patch) == {"status"} else "")

    async def image(self, image: str) -> None:
        await self.patch({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": image}]}}}})

    async def resume(self) -> None:
        await self.patch({"status": {"pauseConditions": None}})

    async def until(self, read: Callable[[], Awaitable[Any]], wanted: Any) -> None:
        found: Any = None
        try:
            async with asyncio.timeout(SECONDS):
                while (found := await read()) != wanted:  # noqa: ASYNC110 - a cluster of others, asked as people ask it
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"wanted {wanted}, found {found}") from None

    async def phase(self, phase: str, message: str = "") -> JsonObject:
        """The status, as soon as the newest spec is in this phase."""
        status: JsonObject = {}
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    body = await self.get(ROLLOUT, "web")
                    status = body.get("status") or {}
                    observed = status.get("observedGeneration") == str(body["metadata"]["generation"])
                    resuming = status.get("controllerPause") and not status.get("pauseConditions")
                    told = status.get("message", "").startswith(message)
                    if observed and told and not resuming and status.get("phase") == phase:
                        return status
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{phase} {message} not reached; it is {status}") from None

    async def sizes(self) -> dict[int, int]:
        """Pods asked for, by revision."""
        sets = await self.cluster.list(REPLICA_SET, namespace=self.namespace, label_selector=HASH)
        found = {one["metadata"]["annotations"].get("rollout.argoproj.io/revision"): one for one in sets}
        return {int(revision): one["spec"]["replicas"] for revision, one in found.items() if revision}

    async def _at_rest(self) -> bool:
        """Nothing that the first version brings is still to be told of: Services and weights follow the promotion."""
        before = await self._reasons()
        await asyncio.sleep(0.5)
        return await self._reasons() == before

    async def has_deadline(self, revision: int) -> bool:
        for one in await self.cluster.list(REPLICA_SET, namespace=self.namespace):
            annotations = one["metadata"]["annotations"]
            if annotations.get("rollout.argoproj.io/revision") == str(revision):
                return bool(annotations.get(DEADLINE))
        return False

    async def selected(self, service: str) -> str:
        return str((await self.get(SERVICE, service))["spec"]["selector"].get(HASH, ""))

    async def weight(self) -> str:
        """Of the canary, as ingress-nginx is told."""
        ingress = await self.get(INGRESS, "web-stable-canary")
        return str(ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"])

    async def news(self, last: str = "") -> list[str]:
        """Reasons of events about the Rollout since it was asked last, once `last` is the newest: events are
        written after the status. Repeated ones are counted only.
        """

        async def is_there() -> bool:
            return not last or (await self._reasons())[self._told :][-1:] == [last]

        await self.until(is_there, True)
        reasons = (await self._reasons())[self._told :]
        self._told += len(reasons)
        return reasons

    async def _reasons(self) -> list[str]:
        events = await self.cluster.list(EVENT, namespace=self.namespace)
        mine = [one for one in events if one["involvedObject"]["kind"] == "Rollout"]
        mine.sort(key=lambda one: str(one["metadata"]["name"]))
        return [str(one["reason"]) for one in mine]

    async def run_phases(self) -> dict[str, str]:
        """Of AnalysisRuns, by what the name ends with."""
        runs = await self.cluster.list(RUN, namespace=self.namespace)
        return {
            one["metadata"]["name"].rpartition("-")[2]: str((one.get("status") or {}).get("phase", "")) for one in runs
        }


def nginx(more: str) -> str:
    return (
        "canary: {canaryService: canary, stableService: stable, trafficRouting: {nginx: {stableIngress: stable}}, "
        f"{more}}}"
    )


STABLE_INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: stable}
spec:
  rules:
  - host: web.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: stable, port: {number: 80}}}}]}
"""


def web_template(name: str, address: str, condition: str, more: str = "") -> str:
    return f"""
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {{name: {name}}}
spec:
  metrics:
  - name: web
    successCondition: {condition}
    {more}
    provider: {{web: {{url: "{address}", jsonPath: "{{$.value}}"}}}}
"""
