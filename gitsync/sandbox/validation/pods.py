"""Rules of pod specs, and of the kinds that hold a template."""

import re
from collections.abc import Iterator
from typing import Final

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.quantity import canonical, number
from gitsync.sandbox.selectors import from_label_selector
from gitsync.sandbox.validation.names import label_problems, metadata_problems
from gitsync.sandbox.validation.problem import Problem, duplicate, forbidden, invalid, required, shown, unsupported

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_TEXT: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_MUTABLE_POD_FIELDS: Final = (
    "spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
    "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
    "previously negative)"
)


def pod_spec_problems(spec: JsonObject, path: str, *, claims: frozenset[str] = frozenset()) -> Iterator[Problem]:
    """`claims` are the volumes that the owner brings: the volumeClaimTemplates of a StatefulSet."""
    containers = spec.get("containers") or []
    if not containers:
        yield required(f"{path}.containers")
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()} | claims
    names: set[str] = set()
    for field, items in (("containers", containers), ("initContainers", spec.get("initContainers") or [])):
        for at, container in enumerate(items):
            yield from _container_problems(container, f"{path}.{field}[{at}]", volumes)
            name = container.get("name", "")
            if name and name in names:
                yield duplicate(f"{path}.{field}[{at}].name", name)
            names.add(name)
    if spec.get("restartPolicy") not in ("Always", "OnFailure", "Never"):
        yield unsupported(f"{path}.restartPolicy", spec.get("restartPolicy"), ["Always", "OnFailure", "Never"])


def _container_problems(container: JsonObject, path: str, volumes: set[str]) -> Iterator[Problem]:
    name = container.get("name", "")
    if not name:
        yield required(f"{path}.name")
    elif len(name) > 63 or not _LABEL.fullmatch(name):
        yield invalid(f"{path}.name", name, _LABEL_TEXT)
    if not container.get("image"):
        yield required(f"{path}.image")
    for at, port in enumerate(container.get("ports") or ()):
        if not 0 < port.get("containerPort", 0) < 65536:
            text = "must be between 1 and 65535, inclusive"
            yield invalid(f"{path}.ports[{at}].containerPort", port.get("containerPort", 0), text)
    for at, variable in enumerate(container.get("env") or ()):
        if not variable.get("name"):
            yield required(f"{path}.env[{at}].name")
    for at, mount in enumerate(container.get("volumeMounts") or ()):
        if not mount.get("mountPath"):
            yield required(f"{path}.volumeMounts[{at}].mountPath")
        if mount.get("name") not in volumes:
            yield Problem(
                f"{path}.volumeMounts[{at}].name", "FieldValueNotFound", f"Not found: {shown(mount.get('name'))}"
            )
    yield from _resource_problems(container.get("resources") or {}, f"{path}.resources")


def _resource_problems(resources: JsonObject, path: str) -> Iterator[Problem]:
    limits = resources.get("limits") or {}
    for name, request in (resources.get("requests") or {}).items():
        if name in limits and number(request) > number(limits[name]):
            detail = f"must be less than or equal to {name} limit of {canonical(limits[name])}"
            yield invalid(f"{path}.requests", request, detail)


def pod_problems(body: JsonObject) -> Iterator[Problem]:
    yield from pod_spec_problems(body.get("spec") or {}, "spec")


def pod_update_problems(live: JsonObject, new: JsonObject) -> Iterator[Problem]:
    if _frozen_part(live["spec"]) != _frozen_part(new["spec"]):
        yield forbidden("spec", f"pod updates may not change fields other than `{_MUTABLE_POD_FIELDS}")


def _frozen_part(spec: JsonObject) -> JsonObject:
    free = (
        "activeDeadlineSeconds",
        "tolerations",
        "terminationGracePeriodSeconds",
        "schedulingGates",
        "ephemeralContainers",
    )
    part = {key: value for key, value in spec.items() if key not in free}
    for name in ("containers", "initContainers"):
        if name in part:
            part[name] = [{key: value for key, value in item.items() if key != "image"} for item in part[name]]
    return part


def template_problems(spec: JsonObject, kind: str, *, policies: tuple[str, ...] = ("Always",)) -> Iterator[Problem]:
    """Selector and template of a kind that makes pods."""
    selector = spec.get("selector")
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if selector is None:
        yield required("spec.selector")
    elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid("spec.selector", {}, f"empty selector is invalid for {kind}")
    elif not from_label_selector(selector)(labels):
        yield invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    yield from metadata_problems(template.get("metadata") or {}, "spec.template.metadata")
    pod_spec = template.get("spec") or {}
    claims = frozenset(claim["metadata"].get("name", "") for claim in spec.get("volumeClaimTemplates") or ())
    yield from pod_spec_problems(pod_spec, "spec.template.spec", claims=claims)
    policy = pod_spec.get("restartPolicy")
    if policy in ("Always", "OnFailure", "Never") and policy not in policies:
        yield unsupported("spec.template.spec.restartPolicy", policy, list(policies))


def deployment_problems(body: JsonObject) -> Iterator[Problem]:
    spec = body["spec"]
    yield from replica_problems(spec)
    yield from template_problems(spec, "deployment")
    strategy = spec.get("strategy") or {}
    if strategy.get("type") not in ("Recreate", "RollingUpdate"):
        yield unsupported("spec.strategy.type", strategy.get("type"), ["Recreate", "RollingUpdate"])
    elif strategy["type"] == "Recreate" and strategy.get("rollingUpdate") is not None:
        yield forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")


def replica_problems(spec: JsonObject) -> Iterator[Problem]:
    if spec.get("replicas", 0) < 0:
        yield invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0")


def replica_set_problems(body: JsonObject) -> Iterator[Problem]:
    yield from replica_problems(body["spec"])
    yield from template_problems(body["spec"], "deployment")


def stateful_set_problems(body: JsonObject) -> Iterator[Problem]:
    yield from replica_problems(body["spec"])
    yield from template_problems(body["spec"], "statefulset")


def daemon_set_problems(body: JsonObject) -> Iterator[Problem]:
    yield from template_problems(body["spec"], "daemonset")


def job_problems(body: JsonObject) -> Iterator[Problem]:
    yield from job_spec_problems(body["spec"], "spec")


def job_spec_problems(spec: JsonObject, path: str) -> Iterator[Problem]:
    template = spec.get("template") or {}
    pod_spec = template.get("spec") or {}
    yield from label_problems((template.get("metadata") or {}).get("labels") or {}, f"{path}.template.metadata.labels")
    yield from pod_spec_problems(pod_spec, f"{path}.template.spec")
    if pod_spec.get("restartPolicy") == "Always":
        yield required(f"{path}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')


def cron_job_problems(body: JsonObject) -> Iterator[Problem]:
    spec = body["spec"]
    schedule = spec.get("schedule", "")
    if not schedule:
        yield required("spec.schedule")
    elif not schedule.startswith("@") and len(schedule.split()) != 5:
        detail = f"expected exactly 5 fields, found {len(schedule.split())}: {shown(schedule.split())}"
        yield invalid("spec.schedule", schedule, detail)
    yield from job_spec_problems(spec.get("jobTemplate", {}).get("spec") or {}, "spec.jobTemplate.spec")


def selector_is_fixed(live: JsonObject, new: JsonObject) -> Iterator[Problem]:
    if live["spec"].get("selector") != new["spec"].get("selector"):
        yield invalid("spec.selector", new["spec"].get("selector"), "field is immutable")


def stateful_set_update_problems(live: JsonObject, new: JsonObject) -> Iterator[Problem]:
    free = {
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    }
    before, after = live["spec"], new["spec"]
    if any(before.get(key) != after.get(key) for key in (before.keys() | after.keys()) - free):
        yield forbidden(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
            "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        )


def job_update_problems(live: JsonObject, new: JsonObject) -> Iterator[Problem]:
    for key in ("completions", "selector", "template", "completionMode", "podFailurePolicy", "backoffLimitPerIndex"):
        suspended = key == "template" and live["spec"].get("suspend") and not live.get("status", {}).get("startTime")
        if live["spec"].get(key) != new["spec"].get(key) and not suspended:
            yield invalid(f"spec.{key}", new["spec"].get(key), "field is immutable")
