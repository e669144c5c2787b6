"""Why an application is not well, in one sentence: the object that blocks it, and what its pods say.

An object's own message ("1 of 3 updated replicas are available") rarely tells the cause; the pods below it do. So the
worst object is followed down its owners to pods, and what most of the failing ones say is the explanation.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from gitsync.health.aggregate import ResourceHealth
from gitsync.manifest.object import LiveObject
from model.health import Health
from model.identity import ResourceKey

_IMAGE_REASONS = frozenset({"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ImageInspectError"})
_FINE_REASONS = frozenset({"Running", "Completed", "Succeeded", ""})
_DEEPEST = 10  # owners of owners; a cycle of owner references must not hang us

_QUOTED_IMAGE = re.compile(r'image "([^"]+)"')
_IMAGE_CAUSES = (
    (re.compile(r"not found|NotFound|manifest unknown|does not exist", re.IGNORECASE), "not found"),
    (re.compile(r"unauthori[sz]ed|denied|authentication|forbidden|credential", re.IGNORECASE), "access denied"),
    (re.compile(r"timeout|timed out|no such host|connection refused|i/o", re.IGNORECASE), "registry not reachable"),
    (re.compile(r"too ?many ?requests|rate ?limit", re.IGNORECASE), "rate limit of the registry"),
)
_LONGEST = 300


def explain(resources: Sequence[ResourceHealth], objects: Sequence[LiveObject]) -> str | None:
    """One sentence about the worst managed object; None when all are well.

    `objects` is the application's live tree: managed objects and everything below them.
    """
    worst = _worst(resources)
    if worst is None:
        return None
    if not worst.live:
        return f"{worst.key} does not exist in the cluster"
    pods = _pods_below(worst.key, objects)
    told = _explain_pods(pods)
    if told:
        return told if _only_workload(worst.key, resources) else f"{worst.key.kind} {worst.key.name}: {told}"
    assert worst.health is not None
    return f"{worst.key}: {_short(worst.health.message or worst.health.status)}"


def _worst(resources: Sequence[ResourceHealth]) -> ResourceHealth | None:
    """The lowest key among the worst, so that the sentence does not jump about; what exists comes first."""
    bad = [
        resource
        for resource in resources
        if resource.counts and (not resource.live or (resource.health and resource.health.status is not Health.HEALTHY))
    ]
    return min(bad, key=lambda resource: (-_severity(resource), resource.key), default=None)


def _severity(resource: ResourceHealth) -> int:
    if not resource.live:
        return 0
    return resource.health.status.severity if resource.health else 0


def _only_workload(key: ResourceKey, resources: Sequence[ResourceHealth]) -> bool:
    """Whether there is no other workload that the pods could belong to, so that its name may be left out."""
    workloads = [resource for resource in resources if resource.key.group in ("apps", "batch", "argoproj.io")]
    return len(workloads) == 1 and workloads[0].key == key


def _pods_below(root: ResourceKey, objects: Sequence[LiveObject]) -> list[LiveObject]:
    children: dict[str, list[LiveObject]] = {}
    for live in objects:
        for owner in live.owners:
            children.setdefault(owner.uid, []).append(live)
    level = [live for live in objects if live.key == root]
    pods: dict[str, LiveObject] = {}
    for _ in range(_DEEPEST):
        pods.update((live.uid, live) for live in level if (live.key.group, live.key.kind) == ("", "Pod"))
        level = [child for live in level for child in children.get(live.uid, ())]
        if not level:
            break
    return list(pods.values())


def _explain_pods(pods: Sequence[LiveObject]) -> str | None:
    """`1 of 3 pods: ImagePullBackOff registry/checkout:1.9.1 (not found)`. Pods on their way out do not speak."""
    pods = [pod for pod in pods if pod.deleting is None]
    said = Counter(sentence for pod in pods if (sentence := _explain_pod(pod)))
    if not said:
        return None
    sentence, concerned = min(said.items(), key=lambda entry: (-entry[1], entry[0]))
    return f"{concerned} of {len(pods)} pods: {sentence}"


def _explain_pod(pod: LiveObject) -> str:
    health = pod.facts.health
    if health is None or health.status is Health.HEALTHY:
        return ""
    badges: Mapping[str, str] = dict(pod.facts.info)
    reason, message = badges.get("Status", ""), health.message
    if reason.removeprefix("Init:") in _IMAGE_REASONS:
        return f"{reason} {_image(message, pod.facts.images)}{_image_cause(message)}"
    if reason in _FINE_REASONS or reason == "Pending":
        return _short(message) if message else ("not ready" if reason == "Running" else reason)
    return f"{reason} ({_short(message)})" if message and reason not in message else _short(message) or reason


def _image(message: str, images: Sequence[str]) -> str:
    quoted = _QUOTED_IMAGE.search(message)
    if quoted:
        return quoted[1]
    return " or ".join(images) or "of a container"


def _image_cause(message: str) -> str:
    for pattern, cause in _IMAGE_CAUSES:
        if pattern.search(message):
            return f" ({cause})"
    return ""


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
