"""Which kinds have a namespace, told without a cluster: by what is known of Kubernetes, then by the files at hand."""

from collections.abc import Callable, Iterable

from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind

_CLUSTER_SCOPED = frozenset(
    {
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("networking.k8s.io", "IPAddress"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "ServiceCIDR"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("resource.k8s.io", "DeviceClass"),
        ("resource.k8s.io", "ResourceSlice"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("storage.k8s.io", "VolumeAttributesClass"),
    }
)


def scopes(live: Iterable[JsonObject], definitions: Iterable[JsonObject]) -> Callable[[GroupVersionKind], bool | None]:
    """For `prepare`. A custom resource that no definition and no live object tells of is taken to have a namespace."""
    seen = {_type(body): bool(body["metadata"].get("namespace")) for body in live}
    defined: dict[tuple[str, str], bool] = {
        (body["spec"].get("group", ""), body["spec"]["names"].get("kind", "")): body["spec"].get("scope") != "Cluster"
        for body in definitions
        if _is_definition(body)
    }

    def is_namespaced(gvk: GroupVersionKind) -> bool:
        type_ = (gvk.group, gvk.kind)
        if type_ in _CLUSTER_SCOPED:
            return False
        return defined.get(type_, seen.get(type_, True))

    return is_namespaced


def _type(body: JsonObject) -> tuple[str, str]:
    gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
    return gvk.group, gvk.kind


def _is_definition(body: JsonObject) -> bool:
    spec = body.get("spec")
    return body["kind"] == "CustomResourceDefinition" and isinstance(spec, dict) and isinstance(spec.get("names"), dict)
