"""Deployments: one ReplicaSet per template, and the way from the old ones to the new one."""

from collections.abc import Sequence

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import (
    annotations_of,
    is_deleting,
    status_of,
    uid_of,
    with_annotations,
    with_spec,
)
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.condition import find
from gitsync.sandbox.controllers.deployment_status import (
    is_complete,
    next_status,
    pause_conditions,
    seconds_to_deadline,
    with_progress,
)
from gitsync.sandbox.controllers.pod import is_finished
from gitsync.sandbox.controllers.revision import (
    DESIRED,
    REVISION,
    find_new,
    group_of,
    new_replica_set,
    revision_annotations,
    revision_of,
    size_annotations,
)
from gitsync.sandbox.controllers.rollout import limits_of, new_size, old_sizes, proportional_sizes
from gitsync.sandbox.errors import AlreadyExistsError, ApiError, ConflictError
from model.identity import ResourceKey

_BY = "deployment-controller"


class Deployments:
    """Brings the ReplicaSets of each Deployment one step closer; every event of theirs is the next step."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, key: ResourceKey) -> None:
        deployment = self._cluster.objects.get(key)
        if deployment is None:
            return
        replica_sets = self._cluster.children(deployment, "ReplicaSet")
        run = _Run(self._cluster, deployment, replica_sets, pause_conditions(deployment, self._cluster.now))
        if not is_deleting(deployment):
            run.advance()
        status = run.write_status()
        wait_seconds = seconds_to_deadline(run.deployment, status, self._cluster.now)
        if wait_seconds is not None:
            self._cluster.queue.add_after(wait_seconds, self.reconcile, key)


class _Run:
    """One look at one Deployment. `replica_sets` are kept up to date with what the run itself writes."""

    def __init__(
        self,
        cluster: Cluster,
        deployment: JsonObject,
        replica_sets: Sequence[JsonObject],
        conditions: Sequence[JsonObject],
    ) -> None:
        self._cluster = cluster
        self.deployment = deployment
        self._sets = {replica_set["metadata"]["name"]: replica_set for replica_set in replica_sets}
        self._conditions = conditions
        new = find_new(deployment, replica_sets)
        self._new_name = new["metadata"]["name"] if new else ""

    @property
    def _new(self) -> JsonObject | None:
        return self._sets.get(self._new_name)

    @property
    def _old(self) -> list[JsonObject]:
        return [replica_set for name, replica_set in self._sets.items() if name != self._new_name]

    def advance(self) -> None:
        spec = self.deployment["spec"]
        if self._is_scaled():
            self._scale()
        elif spec.get("paused"):
            self._scale()
            self._clean_up()
        elif (spec.get("strategy") or {}).get("type") == "Recreate":
            self._recreate()
        else:
            self._roll()

    def write_status(self) -> JsonObject:
        status = next_status(
            self.deployment,
            self._new,
            list(self._sets.values()),
            conditions=self._conditions,
            now=self._cluster.now,
        )
        self._cluster.write_status(self.deployment, status)
        return status

    def _is_scaled(self) -> bool:
        """Whether the size of the Deployment has changed since its ReplicaSets were last sized."""
        wanted = str(self.deployment["spec"].get("replicas", 1))
        active = [replica_set for replica_set in self._sets.values() if replica_set["spec"].get("replicas", 1)]
        return any(annotations_of(replica_set).get(DESIRED, wanted) != wanted for replica_set in active)

    def _scale(self) -> None:
        limits = limits_of(self.deployment)
        active = [replica_set for replica_set in self._sets.values() if replica_set["spec"].get("replicas", 1)]
        new = self._new
        if len(active) <= 1:
            only = active[0] if active else new or (self._old[-1] if self._old else None)
            if only is not None:
                self._resize(only, limits.replicas)
        elif new is not None and self._is_saturated(new):
            for replica_set in self._old:
                self._resize(replica_set, 0)
        elif (self.deployment["spec"].get("strategy") or {}).get("type") != "Recreate":
            newest_first = sorted(active, key=revision_of, reverse=True)
            for name, size in proportional_sizes(
                limits, [group_of(replica_set) for replica_set in newest_first]
            ).items():
                self._resize(self._sets[name], size)

    def _is_saturated(self, new: JsonObject) -> bool:
        wanted = self.deployment["spec"].get("replicas", 1)
        return (
            new["spec"].get("replicas", 1) == wanted
            and annotations_of(new).get(DESIRED) == str(wanted)
            and status_of(new).get("availableReplicas", 0) == wanted
        )

    def _roll(self) -> None:
        if not self._have_new():
            return
        new, limits = self._new, limits_of(self.deployment)
        assert new is not None
        old = [group_of(replica_set) for replica_set in self._old]
        if self._resize(new, new_size(limits, group_of(new), old)):
            return
        sizes = old_sizes(limits, group_of(new), old)
        for name, size in sizes.items():
            self._resize(self._sets[name], size)
        if not sizes:
            self._clean_up()

    def _recreate(self) -> None:
        scaled = [self._resize(replica_set, 0) for replica_set in self._old]
        if any(scaled) or self._old_pods_live() or not self._have_new():
            return
        new = self._new
        assert new is not None
        if not self._resize(new, self.deployment["spec"].get("replicas", 1)):
            self._clean_up()

    def _old_pods_live(self) -> bool:
        return any(
            not is_finished(pod)
            for replica_set in self._old
            for pod in self._cluster.objects.owned_by(uid_of(replica_set))
            if pod["kind"] == "Pod"
        )

    def _have_new(self) -> bool:
        """Makes the ReplicaSet of the present template, or gives an older one the newest number. False: not this
        time.
        """
        revision = max((revision_of(replica_set) for replica_set in self._old), default=0) + 1
        new = self._new
        if new is None:
            return self._create_new(revision)
        if revision_of(new) < revision:
            annotations = {**revision_annotations(new, revision), **size_annotations(self.deployment)}
            self._sets[self._new_name] = self._cluster.objects.update(with_annotations(new, annotations))
        self._follow_min_ready_seconds()
        if find(self._conditions, "Progressing") is None:
            message = f'Found new replica set "{self._new_name}"'
            self._progress("True", "FoundNewReplicaSet", message)
        self._number(revision_of(self._sets[self._new_name]))
        return True

    def _follow_min_ready_seconds(self) -> None:
        """The one field of a ReplicaSet that follows the Deployment without a new revision."""
        new, seconds = self._sets[self._new_name], self.deployment["spec"].get("minReadySeconds", 0)
        if new["spec"].get("minReadySeconds", 0) != seconds:
            self._sets[self._new_name] = self._cluster.objects.update(with_spec(new, minReadySeconds=seconds))

    def _create_new(self, revision: int) -> bool:
        blank = new_replica_set(self.deployment, replicas=0, revision=revision)
        old = [group_of(replica_set) for replica_set in self._old]
        size = new_size(limits_of(self.deployment), group_of(blank), old)
        name = blank["metadata"]["name"]
        try:
            created = self._cluster.objects.create(with_spec(blank, replicas=size))
        except AlreadyExistsError:
            self._collide(name)
            return False
        except ApiError as error:
            self._progress("False", "ReplicaSetCreateError", str(error))
            raise
        self._sets[name], self._new_name = created, name
        if size:
            self._scaling_event("up", name, 0, size)
        self._progress("True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
        self._number(revision)
        return True

    def _collide(self, name: str) -> None:
        """The name is somebody else's: count the collision, so that the next one differs, and look again."""
        count = (status_of(self.deployment).get("collisionCount") or 0) + 1
        status = {**status_of(self.deployment), "collisionCount": count}
        self._cluster.objects.update_status({**self.deployment, "status": status})
        raise ConflictError(f"the name {name} is taken")

    def _number(self, revision: int) -> None:
        if revision and annotations_of(self.deployment).get(REVISION) != str(revision):
            self.deployment = self._cluster.objects.update(with_annotations(self.deployment, {REVISION: str(revision)}))

    def _resize(self, replica_set: JsonObject, size: int) -> bool:
        """True when the size changed. Annotations follow silently."""
        name, before = replica_set["metadata"]["name"], replica_set["spec"].get("replicas", 1)
        annotations = size_annotations(self.deployment)
        stale = any(annotations_of(replica_set).get(key) != value for key, value in annotations.items())
        if size == before and not (stale and before):
            return False
        sized = with_annotations(with_spec(replica_set, replicas=size), annotations)
        self._sets[name] = self._cluster.objects.update(sized)
        if size != before:
            self._scaling_event("up" if size > before else "down", name, before, size)
        return bool(size != before)

    def _clean_up(self) -> None:
        """Drops revisions beyond the history limit, once the rollout is complete."""
        limit = self.deployment["spec"].get("revisionHistoryLimit", 10)
        if not self.deployment["spec"].get("paused") and not is_complete(self.deployment, status_of(self.deployment)):
            return
        idle = [replica_set for replica_set in self._old if not is_deleting(replica_set)]
        for replica_set in sorted(idle, key=revision_of)[: max(0, len(idle) - limit)]:
            status = status_of(replica_set)
            settled = status.get("observedGeneration", 0) >= replica_set["metadata"].get("generation", 0)
            if not replica_set["spec"].get("replicas", 1) and not status.get("replicas", 0) and settled:
                self._cluster.delete(replica_set)
                del self._sets[replica_set["metadata"]["name"]]

    def _progress(self, status: str, reason: str, message: str) -> None:
        self._conditions = with_progress(self._conditions, status, reason, message, self._cluster.now)

    def _scaling_event(self, direction: str, name: str, before: int, after: int) -> None:
        message = f"Scaled {direction} replica set {name} from {before} to {after}"
        self._cluster.events.normal(self.deployment, "ScalingReplicaSet", message, by=_BY)
