"""Objects that list an entry twice, such as a variable of a container.

Kubernetes takes them, but server-side apply does not: it tells entries apart by keys. Only lists are looked at that the
API server lets through with a key twice.
"""

from collections.abc import Iterator
from typing import Any

from gitsync.manifest.object import JsonObject

_POD_TEMPLATES: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): ("spec",),
    ("", "ReplicationController"): ("spec", "template", "spec"),
    ("apps", "DaemonSet"): ("spec", "template", "spec"),
    ("apps", "Deployment"): ("spec", "template", "spec"),
    ("apps", "ReplicaSet"): ("spec", "template", "spec"),
    ("apps", "StatefulSet"): ("spec", "template", "spec"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template", "spec"),
    ("batch", "Job"): ("spec", "template", "spec"),
}
_PER_POD = (("imagePullSecrets", ("name",)), ("topologySpreadConstraints", ("topologyKey", "whenUnsatisfiable")))
_PER_CONTAINER = (("env", ("name",)), ("ports", ("containerPort", "protocol")))
_DEFAULTS = {"protocol": "TCP"}


def lists_an_entry_twice(body: JsonObject) -> bool:
    """Whether a list of the object's pods has two entries of one key."""
    group = str(body.get("apiVersion") or "").rpartition("/")[0]
    place = _POD_TEMPLATES.get((group, str(body.get("kind") or "")))
    if place is None:
        return False
    pod: Any = body
    for step in place:
        pod = pod.get(step) if isinstance(pod, dict) else None
    return isinstance(pod, dict) and any(_has_twice(entries, keys) for entries, keys in _lists(pod))


def _lists(pod: JsonObject) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for name, keys in _PER_POD:
        yield pod.get(name), keys
    for field in ("containers", "initContainers"):
        containers = pod.get(field)
        for container in containers if isinstance(containers, list) else ():
            for name, keys in _PER_CONTAINER if isinstance(container, dict) else ():
                yield container.get(name), keys


def _has_twice(entries: Any, keys: tuple[str, ...]) -> bool:
    if not isinstance(entries, list) or len(entries) < 2:
        return False
    found = [
        tuple([str(entry.get(key, _DEFAULTS.get(key))) for key in keys]) for entry in entries if isinstance(entry, dict)
    ]
    return len(set(found)) < len(found)
