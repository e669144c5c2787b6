"""What is known of Kubernetes' own kinds without their schema: list keys, defaults, and what the server leaves out.

Only consulted where managedFields say nothing (an object that was never applied server-side, a field nobody owns yet)
and inside atomic lists, whose defaults nobody owns. Custom resources have no such facts: the API server stores what it
was given.
"""

from typing import Any

from gitsync.manifest.object import JsonObject

# Groups whose kinds are Go types of Kubernetes itself, so that quantities are rewritten and empty values left out.
_BUILT_IN_GROUPS = frozenset(
    {
        "",
        "apps",
        "autoscaling",
        "batch",
        "extensions",
        "policy",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)
# A Rollout is a custom resource whose pod template its controller reads and writes as the Go type.
_AS_IF_BUILT_IN = frozenset({("argoproj.io", "Rollout")})


def is_kind_of_kubernetes(group: str) -> bool:
    """Whether the kinds of a group are Kubernetes' own, so that nothing that is installed changes their schema."""
    return group in _BUILT_IN_GROUPS


def is_built_in(group: str, kind: str) -> bool:
    return group in _BUILT_IN_GROUPS or (group, kind) in _AS_IF_BUILT_IN


LIST_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "resourceClaims": ("name",),
    "claims": ("name",),
    "schedulingGates": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "secrets": ("name",),
    "webhooks": ("name",),
    "matchConditions": ("name",),
    "conditions": ("type",),
    "ownerReferences": ("uid",),
}
_CONTAINER_PORT = ("containerPort", "protocol")
_SERVICE_PORT = ("port", "protocol")
SET_LISTS = frozenset({"finalizers"})

# The one key field that manifests leave to its default.
KEY_DEFAULTS = {"protocol": "TCP"}

# Defaults inside atomic lists and atomic maps, where nobody owns them field by field.
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "protocol": ("TCP",),
    "apiVersion": ("v1",),
    "kind": ("PersistentVolumeClaim",),
    "divisor": ("0",),
    "scope": ("*",),
    "expirationSeconds": (3600,),
    "volumeMode": ("Filesystem",),
    "apiGroup": ("rbac.authorization.k8s.io",),
    "defaultMode": (420,),
    "pathType": ("ImplementationSpecific",),
}
# The same for kinds of which one field would mean something else elsewhere.
_DEFAULTS_OF_POLICIES: dict[str, tuple[Any, ...]] = {
    "matchPolicy": ("Equivalent",),
    "namespaceSelector": ({},),
    "objectSelector": ({},),
}
_DEFAULTS_OF_SLICES: dict[str, tuple[Any, ...]] = {"name": ("",), "conditions": ({},)}
_POLICIES = ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")
_HOLDS_OBJECTS = "StatefulSet"  # claims, with a metadata and a status of their own

# Fields of a Go type that is left out when it is zero (`omitempty` on a plain value). Pointers are not here: their
# zero means something, and stays.
_DROPPED_WHEN_ZERO = frozenset(
    {
        "hostNetwork",
        "hostPID",
        "hostIPC",
        "readOnly",
        "stdin",
        "stdinOnce",
        "tty",
        "paused",
        "publishNotReadyAddresses",
        "minReadySeconds",
        "initialDelaySeconds",
        "hostPort",
        "nodePort",
        "healthCheckNodePort",
        "unschedulable",
        "globalDefault",
        "observedGeneration",
        "preserveUnknownFields",
        "priority",
    }
)
_KEPT_WHEN_EMPTY_STRING = frozenset(
    {"storageClassName", "ingressClassName", "loadBalancerClass", "runtimeClassName", "volumeAttributesClassName"}
)
_STRING_MAPS = frozenset(
    {
        "labels",
        "annotations",
        "matchLabels",
        "nodeSelector",
        "selector",
        "data",
        "binaryData",
        "stringData",
        "parameters",
        "volumeAttributes",
    }
)
_MAPS_DROPPED_WHEN_EMPTY = _STRING_MAPS | {
    "limits",
    "requests",
    "hard",
    "resources",
    "strategy",
    "updateStrategy",
    "overhead",
}
# Zero here means "assign one", and the server did.
_ASSIGNED_BY_SERVER = frozenset({"clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort", "volumeName"})

# Maps that have one owner as a whole even while they are empty, which managedFields cannot show.
_ATOMIC_MAPS = frozenset(
    {
        "configMapKeyRef",
        "fieldRef",
        "labelSelector",
        "matchConstraints",
        "matchResources",
        "namespaceSelector",
        "nodeSelector",
        "objectSelector",
        "podSelector",
        "resourceFieldRef",
        "scopeSelector",
        "secretKeyRef",
        "selector",
    }
)

# What a field becomes when nobody sets it. Only for names that mean the same in all built-in kinds.
_FIELD_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "backoffLimit": (6,),
    "completionMode": ("NonIndexed",),
    "completions": (1,),
    "concurrencyPolicy": ("Allow",),
    "defaultMode": (420,),
    "dnsPolicy": ("ClusterFirst",),
    "externalTrafficPolicy": ("Cluster",),
    "failedJobsHistoryLimit": (1,),
    "failureThreshold": (3,),
    "imagePullPolicy": ("IfNotPresent",),
    "internalTrafficPolicy": ("Cluster",),
    "maxSurge": ("25%", 0),
    "maxUnavailable": ("25%", 1),
    "minReplicas": (1,),
    "parallelism": (1,),
    "partition": (0,),
    "periodSeconds": (10,),
    "persistentVolumeReclaimPolicy": ("Retain",),
    "podManagementPolicy": ("OrderedReady",),
    "preemptionPolicy": ("PreemptLowerPriority",),
    "progressDeadlineSeconds": (600,),
    "protocol": ("TCP",),
    "reclaimPolicy": ("Delete",),
    "replicas": (1,),
    "restartPolicy": ("Always",),
    "revisionHistoryLimit": (10,),
    "schedulerName": ("default-scheduler",),
    "scheme": ("HTTP",),
    "sessionAffinity": ("None",),
    "strategy": ("None",),
    "successThreshold": (1,),
    "successfulJobsHistoryLimit": (3,),
    "suspend": (False,),
    "targetCPUUtilizationPercentage": (80,),
    "terminationGracePeriodSeconds": (30,),
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "timeoutSeconds": (1,),
    "volumeBindingMode": ("Immediate",),
    "volumeMode": ("Filesystem",),
}
# Empty maps that the server puts back, and below which field.
_EMPTY_DEFAULTS = {
    "podSelector": ("spec",),
    "resources": ("containers", "initContainers", "spec"),
    "securityContext": ("spec",),
}
_TYPE_DEFAULTS = {
    "": "Opaque",
    "hostPath": "",
    "spec": "ClusterIP",
    "strategy": "RollingUpdate",
    "updateStrategy": "RollingUpdate",
}

_QUANTITY_MAPS = frozenset({"limits", "requests", "capacity", "hard", "podFixed", "overhead"})
_LIMIT_RANGE_MAPS = frozenset({"min", "max", "default", "defaultRequest", "maxLimitRequestRatio"})
_QUANTITY_FIELDS = frozenset({"sizeLimit", "divisor", "averageValue", "targetAverageValue", "targetValue"})


def fallback_keys(name: str, items: list[Any], kind: str) -> tuple[str, ...] | None:
    """The key fields of a list field of a built-in kind; None for an atomic list."""
    if name == "ports":
        keys = _SERVICE_PORT if kind == "Service" else _CONTAINER_PORT
        return keys if all(isinstance(item, dict) and keys[0] in item for item in items) else None
    return LIST_KEYS.get(name)


def is_default(name: str, value: Any, kind: str) -> bool:
    """Whether the server may have added this to an item of an atomic list of a built-in kind."""
    if value is None or value in _DEFAULTS.get(name, ()) or is_written_by_server(name, kind):
        return True
    if kind.startswith(_POLICIES) and value in _DEFAULTS_OF_POLICIES.get(name, ()):
        return True
    if kind == "EndpointSlice" and value in _DEFAULTS_OF_SLICES.get(name, ()):
        return True
    if isinstance(value, dict):
        return not any(value.values()) and (name in _MAPS_DROPPED_WHEN_EMPTY or name == "metadata")
    return isinstance(value, list) and not value


def is_written_by_server(name: str, kind: str) -> bool:
    """Whether a field inside an atomic value of a built-in kind is the server's, whatever a manifest says."""
    return kind == _HOLDS_OBJECTS and name in ("creationTimestamp", "status")


def is_atomic_map(name: str) -> bool:
    """Whether a map of a built-in kind has one owner as a whole."""
    return name in _ATOMIC_MAPS


def comes_back(name: str, value: Any, parent: str, beside: JsonObject) -> bool:
    """Whether removing this from a built-in kind leaves it as it is, because it is the default. `beside` is the map
    that it is in."""
    if parent in _STRING_MAPS:
        return False
    if name == "type":
        # Who chooses the strategy itself also fills in how it goes.
        filled = parent != "updateStrategy" or "rollingUpdate" in beside
        return filled and value is not None and value == _TYPE_DEFAULTS.get(parent)
    if isinstance(value, dict):
        if not value:
            return parent in _EMPTY_DEFAULTS.get(name, ())
        return all(comes_back(field, child, name, value) for field, child in value.items())
    if name == "restartPolicy" and parent in ("containers", "initContainers"):
        return False
    return value in _FIELD_DEFAULTS.get(name, ()) or (parent == "httpGet" and (name, value) == ("path", "/"))


def is_left_out(name: str, value: Any, parent: str) -> bool:
    """Whether the server does not store this value of a built-in kind, because it is the zero of its type.

    In maps of strings (`parent` is labels, data ...) the empty string is as good a value as any.
    """
    if isinstance(value, str):
        return not value and parent not in _STRING_MAPS and name not in _KEPT_WHEN_EMPTY_STRING
    if isinstance(value, list):
        return not value
    if isinstance(value, dict):
        return not value and name in _MAPS_DROPPED_WHEN_EMPTY
    return not value and name in _DROPPED_WHEN_ZERO


def is_filled_in(name: str, wanted: Any, have: Any, parent: str) -> bool:
    """Whether an empty value asks the server to choose, or leaves the field to its default."""
    return not wanted and (name in _ASSIGNED_BY_SERVER or (wanted == "" and comes_back(name, have, parent, {})))


def is_quantity(name: str, parent: str, kind: str) -> bool:
    """Whether a field of a built-in kind holds a quantity."""
    return (
        parent in _QUANTITY_MAPS
        or name in _QUANTITY_FIELDS
        or (kind == "LimitRange" and parent in _LIMIT_RANGE_MAPS)
        or (kind == "HorizontalPodAutoscaler" and name == "value")
    )


def group_and_kind(body: JsonObject) -> tuple[str, str]:
    return str(body.get("apiVersion") or "").rpartition("/")[0], str(body.get("kind") or "")
