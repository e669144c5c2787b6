"""ReplicaSets and Services of an Experiment's templates: made empty, filled, emptied after a delay."""

from datetime import datetime, timedelta

from gitsync.duration import parse_duration
from gitsync.manifest.object import JsonObject
from gitsync.rollout.experiment.values import (
    COMPLETED,
    DEFAULT_SCALE_DOWN_DELAY_SECONDS,
    EXPERIMENT_NAME,
    TEMPLATE_NAME,
    ExperimentPass,
)
from gitsync.rollout.hashing import template_hash
from gitsync.rollout.template import same_template
from gitsync.rollout.times import read_time, written_time
from gitsync.rollout.values import Delete
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.rollout import HASH_LABEL, SCALE_DOWN_DEADLINE, ExperimentTemplate, ExperimentTemplateStatus

REPLICA_SET = GroupVersionKind("apps", "v1", "ReplicaSet")
SERVICE = GroupVersionKind("", "v1", "Service")
_WARNINGS = ("Failed", "Error")


def reconcile_template(work: ExperimentPass, template: ExperimentTemplate) -> None:
    """One template: its pods, its Service, and what its status becomes."""
    known = next((one for one in work.before.template_statuses if one.name == template.name), None)
    before = known or ExperimentTemplateStatus(template.name)
    draft = _Draft(before)
    live = replica_set_of(work, template.name)
    wanted = wanted_replicas(work, template)
    if live is None:
        _create_replica_set(work, template, draft)
    else:
        _reconcile_service(work, template, live, wanted, draft)
        _scale(work, template, live, wanted, draft)
    draft.count(live, work.stamp)
    if draft.status not in COMPLETED:
        _judge(work, template, wanted, draft)
    if draft.status != before.status:
        _tell(work, template, before.status, draft)
    work.templates[template.name] = draft.done()


class _Draft:
    """The status of one template while it is worked out."""

    def __init__(self, before: ExperimentTemplateStatus) -> None:
        self._before = before
        self.name = before.name
        self.status, self.message = before.status, before.message
        self.since = before.last_transition_time
        self.counts = (before.replicas, before.updated_replicas, before.ready_replicas, before.available_replicas)
        self.collisions = before.collision_count
        self.service, self.hash = before.service_name, before.pod_template_hash

    @property
    def available(self) -> int:
        return self.counts[3]

    def count(self, live: JsonObject | None, now: datetime) -> None:
        status = (live or {}).get("status") or {}
        replicas = int(status.get("replicas") or 0)
        counts = (replicas, replicas, int(status.get("readyReplicas") or 0), int(status.get("availableReplicas") or 0))
        if counts != self.counts:
            self.counts, self.since = counts, now

    def done(self) -> ExperimentTemplateStatus:
        replicas, updated, ready, available = self.counts
        return ExperimentTemplateStatus(
            name=self.name,
            replicas=replicas,
            updated_replicas=updated,
            ready_replicas=ready,
            available_replicas=available,
            collision_count=self.collisions,
            status=self.status,
            message=self.message,
            last_transition_time=self.since,
            service_name=self.service,
            pod_template_hash=self.hash,
        )


def replica_set_of(work: ExperimentPass, template: str) -> JsonObject | None:
    return _of_template(work, work.around.replica_sets, template)


def _of_template(work: ExperimentPass, bodies: tuple[JsonObject, ...], template: str) -> JsonObject | None:
    for body in bodies:
        annotations = body["metadata"].get("annotations") or {}
        mine = annotations.get(EXPERIMENT_NAME) == work.name and annotations.get(TEMPLATE_NAME) == template
        if mine and work.owns(body):
            return body
    return None


def wanted_replicas(work: ExperimentPass, template: ExperimentTemplate) -> int:
    """None of them any more once the template, or the whole Experiment, has had its time."""
    known = next((one for one in work.before.template_statuses if one.name == template.name), None)
    if work.ending or (known is not None and known.status in COMPLETED) or has_had_its_time(work):
        return 0
    return 1 if template.replicas is None else template.replicas


def has_had_its_time(work: ExperimentPass) -> bool:
    end = end_of(work, work.before.available_at)
    return end is not None and end <= work.now


def end_of(work: ExperimentPass, available_at: datetime | None) -> datetime | None:
    """When the duration is over. It begins when all templates are available; without one there is no end."""
    seconds = parse_duration(work.experiment.spec.duration) if work.experiment.spec.duration else None
    return available_at + timedelta(seconds=seconds) if available_at and seconds is not None else None


def _create_replica_set(work: ExperimentPass, template: ExperimentTemplate, draft: _Draft) -> None:
    """Empty at first: nothing runs before the Experiment knows of it. A name that is taken is left for another one."""
    name = f"{work.name}-{template.name}"
    body = _replica_set(work, template, name, draft.collisions)
    taken = next((one for one in work.around.replica_sets if one["metadata"]["name"] == name), None)
    if taken is not None and not (work.owns(taken) and same_template(taken["spec"]["template"], template.template)):
        draft.collisions = (draft.collisions or 0) + 1
        name = f"{name}-{draft.collisions}"
        body = _replica_set(work, template, name, draft.collisions)
    work.creates.append(body)
    draft.since = work.stamp


def _replica_set(work: ExperimentPass, template: ExperimentTemplate, name: str, collisions: int | None) -> JsonObject:
    pod = dict(template.template)
    metadata = dict(pod.get("metadata") or {})
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH_LABEL}
    bare = {**pod, "metadata": {**metadata, "labels": labels} if labels else metadata}
    pod_hash = template_hash(bare, collisions)
    selector = dict(template.selector or {})
    selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH_LABEL: pod_hash}
    spec: JsonObject = {
        "replicas": 0,
        "selector": selector,
        "template": {**pod, "metadata": {**metadata, "labels": {**labels, HASH_LABEL: pod_hash}}},
    }
    if template.min_ready_seconds:
        spec["minReadySeconds"] = template.min_ready_seconds
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": work.namespace,
            "labels": {**labels, HASH_LABEL: pod_hash},
            "annotations": {EXPERIMENT_NAME: work.name, TEMPLATE_NAME: template.name},
            "ownerReferences": [work.owner_reference()],
        },
        "spec": spec,
    }


def _reconcile_service(
    work: ExperimentPass, template: ExperimentTemplate, live: JsonObject, wanted: int, draft: _Draft
) -> None:
    """A Service lives as long as pods serve behind it; it has the ports of the containers."""
    service = _of_template(work, work.around.services, template.name)
    available = int((live.get("status") or {}).get("availableReplicas") or 0)
    if service is not None and (template.service is None or (wanted == 0 and available == 0)):
        metadata = service["metadata"]
        key = ResourceKey("", "Service", work.namespace, metadata["name"])
        work.deletes.append(Delete(key, "v1", str(metadata.get("uid") or "")))
        draft.service = draft.hash = ""
    if template.service is None or wanted == 0 or service is not None:
        return
    ports = [port for container in _containers(live) for port in _service_ports(container)]
    if not ports:
        return
    name = str(template.service.get("name") or live["metadata"]["name"])
    labels = live["metadata"].get("labels") or {}
    work.creates.append(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": name,
                "namespace": work.namespace,
                "annotations": {EXPERIMENT_NAME: work.name, TEMPLATE_NAME: template.name},
                "ownerReferences": [work.owner_reference()],
            },
            "spec": {"selector": dict(labels), "ports": ports},
        }
    )
    draft.service, draft.hash = name, str(labels.get(HASH_LABEL) or "")


def _containers(live: JsonObject) -> list[JsonObject]:
    return list((live["spec"]["template"].get("spec") or {}).get("containers") or ())


def _service_ports(container: JsonObject) -> list[JsonObject]:
    found = []
    for port in container.get("ports") or ():
        one = {
            "protocol": port.get("protocol") or "TCP",
            "port": port["containerPort"],
            "targetPort": port["containerPort"],
        }
        found.append({**one, "name": port["name"]} if port.get("name") else one)
    return found


def _scale(work: ExperimentPass, template: ExperimentTemplate, live: JsonObject, wanted: int, draft: _Draft) -> None:
    """Up at once, down after the delay that stands on the ReplicaSet."""
    now_wanted = int(live["spec"].get("replicas") or 0)
    if now_wanted == wanted:
        return
    if wanted == 0 and (deadline := _scale_down_deadline(work, live)) is not None and deadline > work.now:
        work.wait_until(deadline)
        return
    name = live["metadata"]["name"]
    direction = "up" if wanted > now_wanted else "down"
    work.patch(REPLICA_SET, name, {"spec": {"replicas": wanted}})
    work.tell("ScalingReplicaSet", f"Scaled {direction} ReplicaSet {name} from {now_wanted} to {wanted}")
    draft.since = work.stamp


def _scale_down_deadline(work: ExperimentPass, live: JsonObject) -> datetime | None:
    """Written on the ReplicaSet when it is first known to go; None: it may go now."""
    own = work.experiment.spec.scale_down_delay_seconds
    delay = DEFAULT_SCALE_DOWN_DELAY_SECONDS if own is None else own
    name = live["metadata"]["name"]
    written = (live["metadata"].get("annotations") or {}).get(SCALE_DOWN_DEADLINE)
    if delay <= 0:
        if written is not None:
            work.patch(REPLICA_SET, name, {"metadata": {"annotations": {SCALE_DOWN_DEADLINE: None}}})
        return None
    if written is not None:
        return read_time(written)
    deadline = work.stamp + timedelta(seconds=delay)
    work.patch(REPLICA_SET, name, {"metadata": {"annotations": {SCALE_DOWN_DEADLINE: written_time(deadline)}}})
    return deadline


def _judge(work: ExperimentPass, template: ExperimentTemplate, wanted: int, draft: _Draft) -> None:
    """Over means successful: whatever went wrong was said before."""
    if has_had_its_time(work) or work.ending:
        draft.status = "Successful"
        return
    if draft.available == wanted:
        draft.status = "Running"
        return
    deadline = (draft.since or work.stamp) + timedelta(seconds=work.deadline_seconds)
    if work.now > deadline:
        draft.status = "Failed"
        draft.message = f"Template '{template.name}' exceeded its progressDeadlineSeconds ({work.deadline_seconds})"
        return
    draft.status = "Progressing"
    work.wait_until(deadline + timedelta(seconds=1))


def _tell(work: ExperimentPass, template: ExperimentTemplate, before: str, draft: _Draft) -> None:
    message = f"Template '{template.name}' transitioned from {before} -> {draft.status}"
    if draft.message:
        message += f": {draft.message}"
    work.tell(f"Template{draft.status}", message, "Warning" if draft.status in _WARNINGS else "Normal")
