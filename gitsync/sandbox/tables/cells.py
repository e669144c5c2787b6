"""Cells by kind and column. What is not here shows its name, its age, or `<none>`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.selectors import selector_text
from gitsync.sandbox.tables import pods
from gitsync.sandbox.tables.text import NONE, UNKNOWN, age, pairs, spec_of, status_of

Cell = Callable[[JsonObject, str], Any]

_MODES: Final = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_SHOWN_PORTS: Final = 3


def _spec(name: str, default: Any = NONE) -> Cell:
    return lambda body, _now: spec_of(body).get(name, default)


def _status(name: str, default: Any = NONE) -> Cell:
    return lambda body, _now: status_of(body).get(name, default)


def _top(name: str, default: Any = NONE) -> Cell:
    return lambda body, _now: body.get(name, default)


def _count(*names: str) -> Cell:
    return lambda body, _now: sum(len(body.get(name) or ()) for name in names)


def _ready(body: JsonObject, _now: str) -> str:
    return f"{status_of(body).get('readyReplicas', 0)}/{spec_of(body).get('replicas', 0)}"


def _template_of(body: JsonObject) -> JsonObject:
    spec = spec_of(body)
    template: JsonObject = spec.get("template") or spec.get("jobTemplate", {}).get("spec", {}).get("template") or {}
    return template


def _containers(body: JsonObject, _now: str) -> str:
    return ",".join(item["name"] for item in _template_of(body).get("spec", {}).get("containers") or ()) or NONE


def _images(body: JsonObject, _now: str) -> str:
    return (
        ",".join(item.get("image", "") for item in _template_of(body).get("spec", {}).get("containers") or ()) or NONE
    )


def _selector(body: JsonObject, _now: str) -> str:
    return selector_text(spec_of(body).get("selector")) or NONE


_TEMPLATE: Final[dict[str, Cell]] = {"Containers": _containers, "Images": _images, "Selector": _selector}


def _job_status(body: JsonObject, _now: str) -> str:
    conditions = {item["type"]: item["status"] for item in status_of(body).get("conditions") or ()}
    for name, shown in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if conditions.get(name) == "True":
            return shown
    if body["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return "FailureTarget" if conditions.get("FailureTarget") == "True" else "Running"


def _job_completions(body: JsonObject, _now: str) -> str:
    spec, done = spec_of(body), status_of(body).get("succeeded", 0)
    if "completions" in spec:
        return f"{done}/{spec['completions']}"
    return f"{done}/1 of {spec['parallelism']}" if spec.get("parallelism", 0) > 1 else f"{done}/1"


def _job_duration(body: JsonObject, now: str) -> str:
    status = status_of(body)
    if not status.get("startTime"):
        return ""
    return age(status["startTime"], status.get("completionTime") or now)


def _last_schedule(body: JsonObject, now: str) -> str:
    last = status_of(body).get("lastScheduleTime")
    return age(last, now) if last else NONE


def _external_address(body: JsonObject, _now: str) -> str:
    spec = spec_of(body)
    addresses = list(spec.get("externalIPs") or ())
    if spec.get("type") == "LoadBalancer":
        addresses += _ingress_addresses(body)
        return ",".join(addresses) or "<pending>"
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", ""))
    return ",".join(addresses) or NONE


def _ingress_addresses(body: JsonObject) -> list[str]:
    entries = (status_of(body).get("loadBalancer") or {}).get("ingress") or ()
    return [entry.get("ip") or entry.get("hostname", "") for entry in entries]


def _service_ports(body: JsonObject, _now: str) -> str:
    ports = [
        f"{port['port']}:{port['nodePort']}/{port.get('protocol', 'TCP')}"
        if port.get("nodePort")
        else f"{port['port']}/{port.get('protocol', 'TCP')}"
        for port in spec_of(body).get("ports") or ()
    ]
    return ",".join(ports) or NONE


def _hosts(body: JsonObject, _now: str) -> str:
    hosts = [rule["host"] for rule in spec_of(body).get("rules") or () if rule.get("host")]
    if not hosts:
        return "*"
    more = len(hosts) - _SHOWN_PORTS
    return ",".join(hosts[:_SHOWN_PORTS]) + (f" + {more} more..." if more > 0 else "")


def _access_modes(body: JsonObject, _now: str) -> str:
    modes = (
        status_of(body).get("accessModes")
        if body["kind"] == "PersistentVolumeClaim"
        else spec_of(body).get("accessModes")
    )
    return ",".join(_MODES.get(mode, mode) for mode in modes or ())


def _claim_capacity(body: JsonObject, _now: str) -> str:
    return str((status_of(body).get("capacity") or {}).get("storage", ""))


def _claim_of_volume(body: JsonObject, _now: str) -> str:
    claim = spec_of(body).get("claimRef")
    return f"{claim.get('namespace')}/{claim.get('name')}" if claim else ""


def _terminating_or(name: str) -> Cell:
    def cell(body: JsonObject, _now: str) -> str:
        return "Terminating" if body["metadata"].get("deletionTimestamp") else str(status_of(body).get(name, ""))

    return cell


def _node_status(body: JsonObject, _now: str) -> str:
    conditions = {item["type"]: item["status"] for item in status_of(body).get("conditions") or ()}
    shown = {"True": "Ready", "False": "NotReady"}.get(conditions.get("Ready", ""), "Unknown")
    return shown + (",SchedulingDisabled" if spec_of(body).get("unschedulable") else "")


def _node_roles(body: JsonObject, _now: str) -> str:
    prefix = "node-role.kubernetes.io/"
    roles = [label.removeprefix(prefix) for label in body["metadata"].get("labels") or {} if label.startswith(prefix)]
    return ",".join(sorted(roles)) or NONE


def _node_info(name: str) -> Cell:
    return lambda body, _now: (status_of(body).get("nodeInfo") or {}).get(name, UNKNOWN)


def _node_address(kind: str) -> Cell:
    def cell(body: JsonObject, _now: str) -> str:
        found = [item["address"] for item in status_of(body).get("addresses") or () if item["type"] == kind]
        return found[0] if found else NONE

    return cell


def _scale_target(body: JsonObject, _now: str) -> str:
    target = spec_of(body).get("scaleTargetRef") or {}
    return f"{target.get('kind')}/{target.get('name')}"


def _scale_metrics(body: JsonObject, _now: str) -> str:
    shown = []
    for metric in spec_of(body).get("metrics") or ():
        resource = metric.get("resource") or {}
        if "averageUtilization" in resource.get("target", {}):
            shown.append(f"{resource['name']}: {UNKNOWN}/{resource['target']['averageUtilization']}%")
    return ", ".join(shown) or NONE


def _event_object(body: JsonObject, _now: str) -> str:
    target = body.get("involvedObject") or body.get("regarding") or {}
    return f"{target.get('kind', '').lower()}/{target.get('name', '')}"


def _event_last_seen(body: JsonObject, now: str) -> str:
    series = body.get("series") or {}
    return age(series.get("lastObservedTime") or body.get("lastTimestamp") or body.get("eventTime"), now)


def _event_source(body: JsonObject, _now: str) -> str:
    source = body.get("source") or {}
    component = body.get("reportingComponent") or source.get("component", "")
    host = source.get("host") or body.get("reportingInstance", "")
    return f"{component}, {host}" if host else component


def _event_first_seen(body: JsonObject, now: str) -> str:
    return age(body.get("firstTimestamp") or body.get("eventTime"), now)


def _role_of(body: JsonObject, _now: str) -> str:
    reference = body.get("roleRef") or {}
    return f"{reference.get('kind')}/{reference.get('name')}"


def _subjects(kind: str) -> Cell:
    def cell(body: JsonObject, _now: str) -> str:
        found = [item for item in body.get("subjects") or () if item.get("kind") == kind]
        names = [f"{item['namespace']}/{item['name']}" if item.get("namespace") else item["name"] for item in found]
        return ", ".join(names)

    return cell


def _endpoint_addresses(body: JsonObject, _now: str) -> str:
    shown = [
        f"{address['ip']}:{port['port']}"
        for subset in body.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    more = len(shown) - _SHOWN_PORTS
    return ",".join(shown[:_SHOWN_PORTS]) + (f" + {more} more..." if more > 0 else "") or NONE


def _slice_ports(body: JsonObject, _now: str) -> str:
    return ",".join(str(port.get("port", "*")) for port in body.get("ports") or ()) or "<unset>"


def _slice_addresses(body: JsonObject, _now: str) -> str:
    return (
        ",".join(address for item in body.get("endpoints") or () for address in item.get("addresses", ())) or "<unset>"
    )


CELLS: Final[Mapping[tuple[str, str], dict[str, Cell]]] = {
    ("", "Pod"): {
        "Ready": pods.pod_ready,
        "Status": pods.pod_status,
        "Restarts": pods.pod_restarts,
        "IP": _status("podIP"),
        "Node": _spec("nodeName"),
        "Nominated Node": _status("nominatedNodeName"),
        "Readiness Gates": pods.readiness_gates,
    },
    ("apps", "Deployment"): _TEMPLATE
    | {
        "Ready": _ready,
        "Up-to-date": _status("updatedReplicas", 0),
        "Available": _status("availableReplicas", 0),
    },
    ("apps", "ReplicaSet"): _TEMPLATE
    | {"Desired": _spec("replicas", 0), "Current": _status("replicas", 0), "Ready": _status("readyReplicas", 0)},
    ("", "ReplicationController"): _TEMPLATE
    | {"Desired": _spec("replicas", 0), "Current": _status("replicas", 0), "Ready": _status("readyReplicas", 0)},
    ("apps", "StatefulSet"): _TEMPLATE | {"Ready": _ready},
    ("apps", "DaemonSet"): _TEMPLATE
    | {
        "Desired": _status("desiredNumberScheduled", 0),
        "Current": _status("currentNumberScheduled", 0),
        "Ready": _status("numberReady", 0),
        "Up-to-date": _status("updatedNumberScheduled", 0),
        "Available": _status("numberAvailable", 0),
        "Node Selector": lambda body, _now: pairs(_template_of(body).get("spec", {}).get("nodeSelector")),
    },
    ("batch", "Job"): _TEMPLATE | {"Status": _job_status, "Completions": _job_completions, "Duration": _job_duration},
    ("batch", "CronJob"): _TEMPLATE
    | {
        "Schedule": _spec("schedule"),
        "Timezone": _spec("timeZone"),
        "Suspend": _spec("suspend", False),
        "Active": lambda body, _now: len(status_of(body).get("active") or ()),
        "Last Schedule": _last_schedule,
    },
    ("", "Service"): {
        "Type": _spec("type"),
        "Cluster-IP": _spec("clusterIP"),
        "External-IP": _external_address,
        "Port(s)": _service_ports,
        "Selector": lambda body, _now: pairs(spec_of(body).get("selector")),
    },
    ("networking.k8s.io", "Ingress"): {
        "Class": _spec("ingressClassName"),
        "Hosts": _hosts,
        "Address": lambda body, _now: ",".join(_ingress_addresses(body)),
        "Ports": lambda body, _now: "80, 443" if spec_of(body).get("tls") else "80",
    },
    ("networking.k8s.io", "NetworkPolicy"): {
        "Pod-Selector": lambda body, _now: selector_text(spec_of(body).get("podSelector")) or NONE
    },
    ("", "ConfigMap"): {"Data": _count("data", "binaryData")},
    ("", "Secret"): {"Type": _top("type"), "Data": _count("data")},
    ("", "Namespace"): {"Status": _status("phase")},
    ("", "Node"): {
        "Status": _node_status,
        "Roles": _node_roles,
        "Version": _node_info("kubeletVersion"),
        "Internal-IP": _node_address("InternalIP"),
        "External-IP": _node_address("ExternalIP"),
        "OS-Image": _node_info("osImage"),
        "Kernel-Version": _node_info("kernelVersion"),
        "Container-Runtime": _node_info("containerRuntimeVersion"),
    },
    ("", "PersistentVolumeClaim"): {
        "Status": _terminating_or("phase"),
        "Volume": _spec("volumeName", ""),
        "Capacity": _claim_capacity,
        "Access Modes": _access_modes,
        "StorageClass": _spec("storageClassName", ""),
        "VolumeAttributesClass": _spec("volumeAttributesClassName", "<unset>"),
        "VolumeMode": _spec("volumeMode", "<unset>"),
    },
    ("", "PersistentVolume"): {
        "Capacity": lambda body, _now: str((spec_of(body).get("capacity") or {}).get("storage", "")),
        "Access Modes": _access_modes,
        "Reclaim Policy": _spec("persistentVolumeReclaimPolicy", ""),
        "Status": _terminating_or("phase"),
        "Claim": _claim_of_volume,
        "StorageClass": _spec("storageClassName", ""),
        "VolumeAttributesClass": _spec("volumeAttributesClassName", "<unset>"),
        "Reason": _status("reason", ""),
        "VolumeMode": _spec("volumeMode", "<unset>"),
    },
    ("autoscaling", "HorizontalPodAutoscaler"): {
        "Reference": _scale_target,
        "Targets": _scale_metrics,
        "MinPods": lambda body, _now: str(spec_of(body).get("minReplicas", "<unset>")),
        "MaxPods": _spec("maxReplicas", 0),
        "Replicas": _status("currentReplicas", 0),
    },
    ("", "Event"): {
        "Last Seen": _event_last_seen,
        "Type": _top("type", ""),
        "Reason": _top("reason", ""),
        "Object": _event_object,
        "Subobject": lambda body, _now: (body.get("involvedObject") or {}).get("fieldPath", ""),
        "Source": _event_source,
        "Message": lambda body, _now: str(body.get("message", "")).strip(),
        "First Seen": _event_first_seen,
        "Count": _top("count", 1),
    },
    ("", "Endpoints"): {"Endpoints": _endpoint_addresses},
    ("discovery.k8s.io", "EndpointSlice"): {
        "AddressType": _top("addressType"),
        "Ports": _slice_ports,
        "Endpoints": _slice_addresses,
    },
    ("policy", "PodDisruptionBudget"): {
        "Min Available": lambda body, _now: str(spec_of(body).get("minAvailable", "N/A")),
        "Max Unavailable": lambda body, _now: str(spec_of(body).get("maxUnavailable", "N/A")),
        "Allowed Disruptions": _status("disruptionsAllowed", 0),
    },
    ("storage.k8s.io", "StorageClass"): {
        "Provisioner": _top("provisioner"),
        "ReclaimPolicy": _top("reclaimPolicy"),
        "VolumeBindingMode": _top("volumeBindingMode"),
        "AllowVolumeExpansion": lambda body, _now: str(bool(body.get("allowVolumeExpansion"))).lower(),
    },
    ("coordination.k8s.io", "Lease"): {"Holder": _spec("holderIdentity", "")},
    ("rbac.authorization.k8s.io", "RoleBinding"): {
        "Role": _role_of,
        "Users": _subjects("User"),
        "Groups": _subjects("Group"),
        "ServiceAccounts": _subjects("ServiceAccount"),
    },
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): {
        "Role": _role_of,
        "Users": _subjects("User"),
        "Groups": _subjects("Group"),
        "ServiceAccounts": _subjects("ServiceAccount"),
    },
    ("networking.k8s.io", "IngressClass"): {"Controller": _spec("controller")},
    ("scheduling.k8s.io", "PriorityClass"): {
        "Value": _top("value", 0),
        "Global-Default": _top("globalDefault", False),
        "PreemptionPolicy": _top("preemptionPolicy", ""),
    },
}
