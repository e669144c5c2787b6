"""Starts every controller over one store: which change leads to which work."""

from collections.abc import Callable, Mapping

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.address import Addresses
from gitsync.sandbox.controllers.autoscaler import Autoscalers
from gitsync.sandbox.controllers.body import controller_key, group_of, key_of
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.cronjob import CronJobs
from gitsync.sandbox.controllers.daemonset import DaemonSets
from gitsync.sandbox.controllers.deployment import Deployments
from gitsync.sandbox.controllers.disruption import Budgets
from gitsync.sandbox.controllers.event import EventRecorder
from gitsync.sandbox.controllers.job import Jobs
from gitsync.sandbox.controllers.kubelet import Kubelets
from gitsync.sandbox.controllers.log import PodLogs
from gitsync.sandbox.controllers.node import Nodes
from gitsync.sandbox.controllers.replicaset import ReplicaSets
from gitsync.sandbox.controllers.scheduler import Scheduler
from gitsync.sandbox.controllers.service import Services
from gitsync.sandbox.controllers.statefulset import StatefulSets
from gitsync.sandbox.controllers.volume import Claims
from gitsync.sandbox.controllers.work import Clock, Reconcile, WorkQueue
from gitsync.sandbox.objects import EventType, LogSource, Objects, StoreEvent

Note = Callable[[StoreEvent], None]
Kind = tuple[str, str]


def start_controllers(objects: Objects, clock: Clock, *, nodes: int = 3) -> "RunningControllers":
    """Takes over what is in the store, makes the nodes, and from then on follows every change until `stop`."""
    return RunningControllers(objects, clock, nodes=nodes)


class RunningControllers:
    """All controllers and simulated nodes of one sandbox."""

    def __init__(self, objects: Objects, clock: Clock, *, nodes: int) -> None:
        events = EventRecorder(objects, clock)
        self._cluster = Cluster(objects, clock, WorkQueue(clock), events)
        self._logs = PodLogs(objects, clock)
        self._kubelets = Kubelets(self._cluster)
        self._scheduler = Scheduler(self._cluster)
        self._services = Services(self._cluster)
        self._addresses = Addresses(self._cluster)
        self._claims = Claims(self._cluster)
        self._autoscalers = Autoscalers(self._cluster)
        self._budgets = Budgets(self._cluster)
        self._daemon_sets = DaemonSets(self._cluster)
        self._owners: dict[Kind, Reconcile] = {
            ("apps", "DaemonSet"): self._daemon_sets.reconcile,
            ("apps", "Deployment"): Deployments(self._cluster).reconcile,
            ("apps", "ReplicaSet"): ReplicaSets(self._cluster).reconcile,
            ("apps", "StatefulSet"): StatefulSets(self._cluster).reconcile,
            ("batch", "CronJob"): CronJobs(self._cluster).reconcile,
            ("batch", "Job"): Jobs(self._cluster).reconcile,
        }
        self._routes = self._routed()
        self._unsubscribe = objects.listen(self._note)
        for group, kind in self._routes:
            for body in objects.list(group, kind):
                self._note(StoreEvent(EventType.ADDED, body, None))
        self._claims.start()
        Nodes(self._cluster, count=nodes).start()

    @property
    def logs(self) -> LogSource:
        return self._logs

    def stop(self) -> None:
        """Cancels every timer and stops listening."""
        self._unsubscribe()
        self._cluster.queue.stop()
        self._cluster.events.stop()
        self._kubelets.stop()
        self._logs.stop()

    def _note(self, event: StoreEvent) -> None:
        """Runs inside every write of the store: looks up who cares, and no more."""
        body = event.object
        for note in self._routes.get((group_of(body), body["kind"]), ()):
            note(event)
        self._autoscalers.note_any(event)

    def _routed(self) -> Mapping[Kind, tuple[Note, ...]]:
        routes: dict[Kind, tuple[Note, ...]] = {kind: (self._itself,) for kind in self._owners}
        routes["apps", "ReplicaSet"] = (self._cluster.orphans.note, self._itself, self._owner)
        routes["batch", "Job"] = (self._itself, self._owner)
        routes["", "Pod"] = (
            self._cluster.orphans.note,
            self._pod,
            self._owner,
            self._services.note_pod,
            self._budgets.note_pod,
        )
        routes["", "Node"] = (self._node,)
        routes["", "Service"] = (self._services.note_service, self._address)
        routes["networking.k8s.io", "Ingress"] = (self._address,)
        routes["", "PersistentVolumeClaim"] = (self._claims.note,)
        routes["autoscaling", "HorizontalPodAutoscaler"] = (self._autoscalers.note,)
        routes["policy", "PodDisruptionBudget"] = (self._budgets.note,)
        return routes

    def _itself(self, event: StoreEvent) -> None:
        body = event.object
        self._cluster.queue.add(self._owners[group_of(body), body["kind"]], key_of(body))

    def _owner(self, event: StoreEvent) -> None:
        """Whoever controls the object, or did until now."""
        for body in (event.object, event.old):
            self._note_owner(body)

    def _note_owner(self, body: JsonObject | None) -> None:
        key = controller_key(body) if body else None
        reconcile = self._owners.get((key.group, key.kind)) if key else None
        if key is not None and reconcile is not None:
            self._cluster.queue.add(reconcile, key)

    def _pod(self, event: StoreEvent) -> None:
        key = key_of(event.object)
        if not event.object["spec"].get("nodeName"):
            self._cluster.queue.add(self._scheduler.reconcile, key)
        self._cluster.queue.add(self._kubelets.reconcile, key)

    def _node(self, event: StoreEvent) -> None:
        """Pods that fitted nowhere may fit now, and daemons may be missing."""
        if event.old is not None and event.old["spec"] == event.object["spec"]:
            return
        self._scheduler.nodes_changed()
        for body in self._cluster.objects.list("apps", "DaemonSet"):
            self._cluster.queue.add(self._daemon_sets.reconcile, key_of(body))

    def _address(self, event: StoreEvent) -> None:
        if event.type is not EventType.DELETED:
            self._cluster.queue.add(self._addresses.reconcile, key_of(event.object))
