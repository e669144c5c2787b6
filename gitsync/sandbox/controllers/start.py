"""Starts every controller over one store: which change leads to which work."""

from collections.abc import Callable, Mapping

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import controller_key, group_of, key_of
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.deployment import Deployments
from gitsync.sandbox.controllers.event import EventRecorder
from gitsync.sandbox.controllers.kubelet import Kubelets
from gitsync.sandbox.controllers.log import PodLogs
from gitsync.sandbox.controllers.namespace import Namespaces
from gitsync.sandbox.controllers.node import Nodes
from gitsync.sandbox.controllers.replicaset import ReplicaSets
from gitsync.sandbox.controllers.scheduler import Scheduler
from gitsync.sandbox.controllers.work import Clock, Reconcile, WorkQueue
from gitsync.sandbox.objects import EventType, LogSource, Objects, StoreEvent

Note = Callable[[StoreEvent], None]
Kind = tuple[str, str]


def start_controllers(
    objects: Objects, clock: Clock, *, nodes: int = 3, ca_certificate: str = ""
) -> "RunningControllers":
    """Takes over what is in the store, makes the nodes, and from then on follows every change until `stop`."""
    return RunningControllers(objects, clock, nodes=nodes, ca_certificate=ca_certificate)


class RunningControllers:
    """All controllers and simulated nodes of one sandbox."""

    def __init__(self, objects: Objects, clock: Clock, *, nodes: int, ca_certificate: str) -> None:
        queue = WorkQueue(clock)
        events = EventRecorder(objects, clock)
        self._cluster = Cluster(objects, clock, queue, events)
        self._logs = PodLogs(objects, clock)
        self._kubelets = Kubelets(self._cluster)
        self._routes = self._routed(ca_certificate)
        self._unsubscribe = objects.listen(self._note)
        for group, kind in self._routes:
            for body in objects.list(group, kind):
                self._note(StoreEvent(EventType.ADDED, body, None))
        Nodes(self._cluster, count=nodes).start()

    @property
    def logs(self) -> LogSource:
        return self._logs

    def stop(self) -> None:
        self._unsubscribe()
        self._cluster.queue.stop()
        self._cluster.events.stop()
        self._kubelets.stop()
        self._logs.stop()

    def _note(self, event: StoreEvent) -> None:
        body = event.object
        for note in self._routes.get((group_of(body), body["kind"]), ()):
            note(event)

    def _routed(self, ca_certificate: str) -> Mapping[Kind, tuple[Note, ...]]:
        cluster = self._cluster
        queue, orphans = cluster.queue, cluster.orphans
        scheduler = Scheduler(cluster)
        controllers: dict[Kind, Reconcile] = {
            ("apps", "Deployment"): Deployments(cluster).reconcile,
            ("apps", "ReplicaSet"): ReplicaSets(cluster).reconcile,
            ("", "Namespace"): Namespaces(cluster, ca_certificate=ca_certificate).reconcile,
        }

        def itself(event: StoreEvent) -> None:
            queue.add(controllers[group_of(event.object), event.object["kind"]], key_of(event.object))

        def owner(event: StoreEvent) -> None:
            for body in (event.object, event.old):
                _note_owner(body)

        def _note_owner(body: JsonObject | None) -> None:
            key = controller_key(body) if body else None
            if key is not None and (reconcile := controllers.get((key.group, key.kind))) is not None:
                queue.add(reconcile, key)

        def pod(event: StoreEvent) -> None:
            key = key_of(event.object)
            if not event.object["spec"].get("nodeName"):
                queue.add(scheduler.reconcile, key)
            queue.add(self._kubelets.reconcile, key)

        def node(event: StoreEvent) -> None:
            scheduler.nodes_changed()

        routes: dict[Kind, tuple[Note, ...]] = {kind: (itself,) for kind in controllers}
        routes["apps", "ReplicaSet"] = (orphans.note, itself, owner)
        routes["", "Pod"] = (orphans.note, pod, owner)
        routes["", "Node"] = (node,)
        return routes
