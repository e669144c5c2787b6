"""The JSON of a pod template as a typed Go client writes it: fields in declared order, empty ones left out.

The hash of a template is taken over those bytes, so two controllers agree on the name of a ReplicaSet only if they
write the same bytes. Types whose order is not listed keep the order of their keys sorted by name: their templates are
recognised by comparison instead.
"""

from typing import Any

from gitsync.manifest.object import JsonObject

_METADATA = "name generateName namespace uid resourceVersion generation labels annotations ownerReferences finalizers"
_POD_SPEC = (
    "volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds "
    "activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName serviceAccount automountServiceAccountToken "
    "nodeName hostNetwork hostPID hostIPC shareProcessNamespace securityContext imagePullSecrets hostname subdomain "
    "affinity schedulerName tolerations hostAliases priorityClassName priority dnsConfig readinessGates "
    "runtimeClassName enableServiceLinks preemptionPolicy overhead topologySpreadConstraints setHostnameAsFQDN os "
    "hostUsers schedulingGates resourceClaims resources hostnameOverride"
)
_CONTAINER = (
    "name image command args workingDir ports envFrom env resources resizePolicy restartPolicy restartPolicyRules "
    "volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath "
    "terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty"
)
_PROBE = (
    "exec httpGet tcpSocket grpc initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold "
    "terminationGracePeriodSeconds"
)
_SECURITY = (
    "capabilities privileged seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot readOnlyRootFilesystem "
    "allowPrivilegeEscalation procMount seccompProfile appArmorProfile"
)
_POD_SECURITY = (
    "seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot supplementalGroups supplementalGroupsPolicy "
    "fsGroup sysctls fsGroupChangePolicy seccompProfile appArmorProfile seLinuxChangePolicy"
)
_VOLUME = (
    "name hostPath emptyDir gcePersistentDisk awsElasticBlockStore gitRepo secret nfs iscsi glusterfs "
    "persistentVolumeClaim rbd flexVolume cinder cephfs flocker downwardAPI fc azureFile configMap vsphereVolume "
    "quobyte azureDisk photonPersistentDisk projected portworxVolume scaleIO storageos csi ephemeral image"
)

# Field -> (declared order of the type that it holds, fields that are written even when empty).
_TYPES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    field: (tuple(order.split()), tuple(always.split()))
    for fields, order, always in (
        ("metadata", _METADATA, ""),
        ("spec", _POD_SPEC, "containers"),
        ("containers initContainers ephemeralContainers", _CONTAINER, "name resources"),
        ("livenessProbe readinessProbe startupProbe", _PROBE, ""),
        ("volumes", _VOLUME, "name"),
        ("ports", "name hostPort containerPort protocol hostIP", "containerPort"),
        ("env", "name value valueFrom", "name"),
        ("envFrom", "prefix configMapRef secretRef", ""),
        ("valueFrom", "fieldRef resourceFieldRef configMapKeyRef secretKeyRef fileKeyRef", ""),
        ("fieldRef", "apiVersion fieldPath", "fieldPath"),
        ("configMapKeyRef secretKeyRef", "name key optional", "key"),
        ("configMapRef secretRef imagePullSecrets", "name optional", ""),
        ("resources", "limits requests claims", ""),
        (
            "volumeMounts",
            "name readOnly recursiveReadOnly mountPath subPath mountPropagation subPathExpr",
            "name mountPath",
        ),
        ("httpGet", "path port host scheme httpHeaders", "port"),
        ("httpHeaders", "name value", "name value"),
        ("tcpSocket", "port host", "port"),
        ("grpc", "port service", "port service"),
        ("lifecycle", "postStart preStop stopSignal", ""),
        ("postStart preStop", "exec httpGet tcpSocket sleep", ""),
        ("securityContext", " ".join(dict.fromkeys(f"{_SECURITY} {_POD_SECURITY}".split())), ""),
        ("tolerations", "key operator value effect tolerationSeconds", ""),
        ("affinity", "nodeAffinity podAffinity podAntiAffinity", ""),
        (
            "nodeAffinity podAffinity podAntiAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution",
            "",
        ),
        ("labelSelector", "matchLabels matchExpressions", ""),
        ("matchExpressions", "key operator values", "key operator"),
        ("readinessGates", "conditionType", "conditionType"),
        (
            "topologySpreadConstraints",
            "maxSkew topologyKey whenUnsatisfiable labelSelector minDomains nodeAffinityPolicy nodeTaintsPolicy",
            "maxSkew topologyKey whenUnsatisfiable",
        ),
        ("hostPath", "path type", "path"),
        ("emptyDir", "medium sizeLimit", ""),
        ("secret", "secretName items defaultMode optional", ""),
        ("configMap", "name items defaultMode optional", ""),
        ("items", "key path mode", "key path"),
        ("persistentVolumeClaim", "claimName readOnly", "claimName"),
    )
    for field in fields.split()
}
_EMPTY: tuple[Any, ...] = (None, "", 0, False, [], {})
# Pointers: a zero that is there was meant, so it is written.
_POINTER_NAMES = (
    "terminationGracePeriodSeconds activeDeadlineSeconds automountServiceAccountToken "
    "shareProcessNamespace priority enableServiceLinks setHostnameAsFQDN hostUsers securityContext "
    "runAsUser runAsGroup runAsNonRoot fsGroup privileged readOnlyRootFilesystem allowPrivilegeEscalation "
    "defaultMode mode optional tolerationSeconds emptyDir sizeLimit seccompProfile lifecycle exec httpGet "
    "tcpSocket grpc affinity port"
)
_POINTERS = frozenset(_POINTER_NAMES.split())
_MAPS = frozenset({"labels", "annotations", "nodeSelector", "limits", "requests", "matchLabels", "overhead"})


def ordered_template(template: JsonObject, *, null_timestamp: bool = True) -> JsonObject:
    """The template with its keys in Go's order; serialised without spaces it is what Go's encoder writes.

    Clients before Kubernetes 1.34 also write the timestamp that a template never has.
    """
    metadata = {"creationTimestamp": None} if null_timestamp else {}
    metadata.update(_ordered({**(template.get("metadata") or {}), "creationTimestamp": None}, "metadata"))
    result: JsonObject = {"metadata": metadata}
    result["spec"] = _ordered(template.get("spec") or {}, "spec")
    return result


def _ordered(value: Any, field: str) -> Any:
    if isinstance(value, list):
        return [_ordered(one, field) for one in value]
    if not isinstance(value, dict):
        return value
    if field in _MAPS:
        return dict(sorted(value.items()))
    order, always = _TYPES.get(field, ((), ()))
    known = [name for name in order if name in value or name in always]
    rest = sorted(name for name in value if name not in order)
    result: JsonObject = {}
    for name in (*known, *rest):
        inner = _ordered(value[name], name) if name in value else {}
        if name in always or name in _POINTERS or inner not in _EMPTY:
            result[name] = inner if inner is not None or name not in always else {}
    return result
