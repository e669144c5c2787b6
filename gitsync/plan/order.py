"""The order of actions: a table of kinds for what Kubernetes needs first, and the lift of what others depend on.

Order within a phase and wave is by kind (unknown ones last), then name. Group, namespace and phase only break the ties
that are left, so that the order is total and never depends on the order of the input.
"""

from collections.abc import Sequence
from dataclasses import replace

from gitsync.plan.values import Task, TaskKind
from model.operation import SyncPhase

_KINDS = (
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
)
_RANKS = {kind: rank for rank, kind in enumerate(_KINDS)}
_PHASES = {phase: position for position, phase in enumerate(SyncPhase)}

OrderKey = tuple[int, int, bool, int, str, str, str, str]


def rank(kind: str) -> int:
    """The place of a kind in the table."""
    return _RANKS.get(kind, len(_KINDS))


def order_key(task: Task) -> OrderKey:
    """What tasks are sorted by. Prunes of a wave run before its applies."""
    key = task.key
    applies = task.kind is TaskKind.APPLY
    return (_PHASES[task.phase], task.wave, applies, task.rank, key.name, key.kind, key.group, key.namespace)


def in_order(tasks: Sequence[Task]) -> list[Task]:
    """Sorted, dependencies lifted, and numbered."""
    ordered = _lift(sorted(tasks, key=order_key))
    return [replace(task, order=position) for position, task in enumerate(ordered)]


def _lift(ordered: list[Task]) -> list[Task]:
    """Namespaces and definitions moved before the first apply that needs them, into its phase and wave.

    Sorting again after the move keeps the table of kinds within that wave; the moved ones come first in it anyway,
    since both kinds stand before all that can need them.
    """
    lifted = [_lifted(task, ordered) if _is_dependency(task) else task for task in ordered]
    return sorted(lifted, key=order_key)


def _is_dependency(task: Task) -> bool:
    return task.kind is TaskKind.APPLY and task.key.kind in ("Namespace", "CustomResourceDefinition")


def _lifted(dependency: Task, ordered: Sequence[Task]) -> Task:
    first = next((task for task in ordered if task.kind is TaskKind.APPLY and _needs(task, dependency)), dependency)
    if (_PHASES[first.phase], first.wave) >= (_PHASES[dependency.phase], dependency.wave):
        return dependency
    reason = f"{dependency.reason}; moved to wave {first.wave} of {first.phase} because {first.key} needs it"
    return replace(dependency, phase=first.phase, wave=first.wave, reason=reason)


def _needs(task: Task, dependency: Task) -> bool:
    if (dependency.key.group, dependency.key.kind) == ("", "Namespace"):
        return task.key.namespace == dependency.key.name
    spec = dependency.desired.body.get("spec") if dependency.desired else None
    if not isinstance(spec, dict) or not isinstance(spec.get("names"), dict):
        return False
    return (task.key.group, task.key.kind) == (spec.get("group"), spec["names"].get("kind"))
