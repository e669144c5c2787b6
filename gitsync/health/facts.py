"""What the tree shows of an object: health, badges, images, node. Made once per event and kept instead of the body."""

from collections.abc import Callable

from gitsync.health.assess import assess_health
from gitsync.health.fields import MalformedField, count, flag, items, optional_count, section, text
from gitsync.health.pod_status import pod_status
from gitsync.health.traffic import LEADING, traffic_of
from gitsync.manifest.object import Facts, JsonObject
from model.health import HealthReport

Badges = tuple[tuple[str, str], ...]

_DEPLOYMENT_REVISION = "deployment.kubernetes.io/revision"
_ROLLOUT_REVISION = "rollout.argoproj.io/revision"


def facts_of(body: JsonObject, assess: Callable[[JsonObject], HealthReport | None] = assess_health) -> Facts:
    """Never raises: an object that is not what its kind says has no badges.

    `assess` is that of `HealthRules` where argocd-cm has a say.
    """
    health = assess(body)
    kind = str(body.get("kind") or "")
    group = str(body.get("apiVersion") or "").rpartition("/")[0]
    badges = _BADGES.get((group, kind))
    leads = (group, kind) in LEADING
    if badges is None and not leads:
        return Facts(health=health) if health is not None else _NOTHING
    try:
        if (group, kind) == ("", "Pod"):
            spec = section(body, "spec")
            return Facts(health, _pod(body), _images(spec), text(spec, "nodeName"))
        traffic = traffic_of(body, group, kind) if leads else None
        claims = _claim_templates(body) if (group, kind) == ("apps", "StatefulSet") else ()
        return Facts(health, badges(body) if badges else (), traffic=traffic, claims=claims)
    except MalformedField:
        return Facts(health)


def _images(pod_spec: JsonObject) -> tuple[str, ...]:
    containers = [*items(pod_spec, "initContainers"), *items(pod_spec, "containers")]
    return tuple(dict.fromkeys(image for container in containers if (image := text(container, "image"))))


def _pod(body: JsonObject) -> Badges:
    status = pod_status(body)
    badges = [("Ready", f"{status.ready}/{status.total}")]
    if status.reason:
        badges.append(("Status", status.reason))
    if status.restarts:
        badges.append(("Restarts", str(status.restarts)))
    return tuple(badges)


def _workload(body: JsonObject) -> Badges:
    annotations = section(section(body, "metadata"), "annotations")
    revision = annotations.get(_DEPLOYMENT_REVISION) or annotations.get(_ROLLOUT_REVISION)
    badges = [("Rev", str(revision))] if revision else []
    replicas = optional_count(section(body, "spec"), "replicas")
    if replicas is not None:
        badges.append(("Ready", f"{count(section(body, 'status'), 'readyReplicas')}/{replicas}"))
    return tuple(badges)


def _claim_templates(body: JsonObject) -> tuple[str, ...]:
    templates = items(section(body, "spec"), "volumeClaimTemplates")
    return tuple(name for one in templates if (name := text(section(one, "metadata"), "name")))


def _daemon_set(body: JsonObject) -> Badges:
    status = section(body, "status")
    return (("Ready", f"{count(status, 'numberReady')}/{count(status, 'desiredNumberScheduled')}"),)


def _job(body: JsonObject) -> Badges:
    done, wanted = count(section(body, "status"), "succeeded"), optional_count(section(body, "spec"), "completions")
    return (("Completions", f"{done}/{wanted if wanted is not None else 1}"),)


def _cron_job(body: JsonObject) -> Badges:
    spec = section(body, "spec")
    badges = [("Schedule", text(spec, "schedule"))]
    if flag(spec, "suspend"):
        badges.append(("Status", "Suspended"))
    return tuple(badges)


def _service(body: JsonObject) -> Badges:
    badges = [("Type", text(section(body, "spec"), "type") or "ClusterIP")]
    return (*badges, *_addresses(body))


def _addresses(body: JsonObject) -> Badges:
    ingress = items(section(section(body, "status"), "loadBalancer"), "ingress")
    addresses = [text(entry, "hostname") or text(entry, "ip") for entry in ingress]
    return (("Address", ", ".join(addresses)),) if addresses else ()


def _claim(body: JsonObject) -> Badges:
    status = section(body, "status")
    badges = [("Status", text(status, "phase"))]
    if capacity := text(section(status, "capacity"), "storage"):
        badges.append(("Capacity", capacity))
    return tuple(badges)


def _autoscaler(body: JsonObject) -> Badges:
    spec = section(body, "spec")
    lowest = optional_count(spec, "minReplicas")
    bounds = f"{1 if lowest is None else lowest}-{count(spec, 'maxReplicas')}"
    return (("Replicas", f"{count(section(body, 'status'), 'currentReplicas')} ({bounds})"),)


_NOTHING = Facts()

_BADGES: dict[tuple[str, str], Callable[[JsonObject], Badges]] = {
    ("", "Pod"): _pod,
    ("", "Service"): _service,
    ("", "PersistentVolumeClaim"): _claim,
    ("apps", "Deployment"): _workload,
    ("apps", "ReplicaSet"): _workload,
    ("apps", "StatefulSet"): _workload,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("networking.k8s.io", "Ingress"): _addresses,
    ("argoproj.io", "Rollout"): _workload,
}
