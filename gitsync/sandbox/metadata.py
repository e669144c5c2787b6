"""Metadata of objects: names, generations, and what a client may not change."""

import secrets
from typing import Final

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.errors import Subject
from gitsync.sandbox.registry import ResourceType

_SUFFIX_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
_GENERATED_LENGTH: Final = 58
SYSTEM_FIELDS: Final = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")

WITH_GENERATION: Final = frozenset(
    {
        ("", "Pod"),
        ("", "ReplicationController"),
        ("", "PodTemplate"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("batch", "Job"),
        ("batch", "CronJob"),
        ("networking.k8s.io", "Ingress"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("policy", "PodDisruptionBudget"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    }
)


def has_generation(type_: ResourceType) -> bool:
    return type_.is_custom or (type_.group, type_.kind) in WITH_GENERATION


def generated_name(prefix: str) -> str:
    """A name from `generateName`: the prefix and five letters that spell nothing."""
    return prefix[:_GENERATED_LENGTH] + "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(5))


def subject_of(type_: ResourceType, name: str = "", *, by_kind: bool = False, uid: str = "") -> Subject:
    """What an error names: the plural, or the kind where the server does so."""
    return Subject(type_.group, type_.kind if by_kind else type_.plural, name, uid)


def spec_changed(live: JsonObject, new: JsonObject, type_: ResourceType) -> bool:
    """Whether the change counts for `metadata.generation`."""
    if type_.is_custom:
        skipped = {"metadata", "apiVersion", "kind"} | ({"status"} if type_.has_status else set())
        keys = (live.keys() | new.keys()) - skipped
        return any(live.get(key) != new.get(key) for key in keys)
    if "spec" in live or "spec" in new:
        return bool(live.get("spec") != new.get("spec"))
    keys = (live.keys() | new.keys()) - {"metadata", "apiVersion", "kind", "status"}
    return any(live.get(key) != new.get(key) for key in keys)
