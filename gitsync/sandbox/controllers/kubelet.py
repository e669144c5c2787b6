"""The kubelets of all simulated nodes: each bound pod gets a run, each run ends with its pod."""

from collections import defaultdict

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import is_deleting, status_of, uid_of
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.node import node_address
from gitsync.sandbox.controllers.pod import is_finished
from gitsync.sandbox.controllers.pod_run import Place, PodRun
from model.identity import ResourceKey

_POD_NETWORK = "10.244.{node}.{host}"
_HOSTS = 65_000


class Kubelets:
    """Runs what is bound to any node."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._runs: dict[ResourceKey, tuple[str, PodRun]] = {}
        self._pulled: dict[str, set[str]] = defaultdict(set)
        self._addresses = 0

    def reconcile(self, key: ResourceKey) -> None:
        pod = self._cluster.objects.get(key)
        run = self._current_run(key, pod)
        if pod is None:
            return
        if run is not None:
            run.look_again(pod)
        elif is_deleting(pod) and (is_finished(pod) or not pod["spec"].get("nodeName")):
            self._cluster.delete(pod, grace_seconds=0)
        elif pod["spec"].get("nodeName") and not is_finished(pod):
            run = PodRun(self._cluster, pod, self._place(pod))
            self._runs[key] = (uid_of(pod), run)
            run.start(pod)
            if is_deleting(pod):
                run.look_again(pod)

    def stop(self) -> None:
        for _, run in self._runs.values():
            run.end()
        self._runs.clear()

    def _current_run(self, key: ResourceKey, pod: JsonObject | None) -> PodRun | None:
        """The run of this very pod; one that was left by a namesake, or whose pod is gone, is ended."""
        uid, run = self._runs.get(key, ("", None))
        if run is None or (pod is not None and uid_of(pod) == uid):
            return run
        run.end()
        del self._runs[key]
        return None

    def _place(self, pod: JsonObject) -> Place:
        node = pod["spec"]["nodeName"]
        host_ip = node_address(self._cluster.objects, node)
        self._addresses = self._addresses % _HOSTS + 1
        subnet, host = divmod(self._addresses, 250)
        pod_ip = status_of(pod).get("podIP") or _POD_NETWORK.format(node=subnet, host=host + 2)
        if pod["spec"].get("hostNetwork"):
            pod_ip = host_ip
        return Place(node, host_ip, pod_ip, self._pulled[node])
