"""ReplicaSets of a Rollout while one pass looks at them: counts, marks, and what the pass has already decided."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gitsync.manifest.object import JsonObject
from model.kinds.rollout import DESIRED_REPLICAS, HASH_LABEL, REVISION, REVISION_HISTORY, SCALE_DOWN_DEADLINE

EXPERIMENT_NAME = "experiment.argoproj.io/name"


@dataclass(slots=True, eq=False)
class ReplicaSet:
    """`body` is the object as the cluster has it; the other fields follow what the pass writes."""

    body: JsonObject
    name: str
    uid: str
    hash: str
    annotations: dict[str, str]
    created: datetime
    wanted: int
    replicas: int
    ready: int
    available: int
    deleting: bool = False
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        text = self.annotations.get(REVISION, "")
        return int(text) if text.isascii() and text.isdigit() else 0

    @property
    def born(self) -> tuple[datetime, int]:
        """Which came first: times are whole seconds, so the first revision decides among those of the same one."""
        first = self.annotations.get(REVISION_HISTORY, "").partition(",")[0]
        return self.created, int(first) if first.isascii() and first.isdigit() else self.revision

    @property
    def desired(self) -> int | None:
        """How many replicas the Rollout had when this was scaled last."""
        text = self.annotations.get(DESIRED_REPLICAS, "")
        return int(text) if text.isascii() and text.isdigit() else None

    @property
    def deadline(self) -> datetime | None:
        """When it may go; None: no deadline, or one that nobody can read."""
        return parse_time(self.annotations.get(SCALE_DOWN_DEADLINE, ""))

    @property
    def has_deadline(self) -> bool:
        return bool(self.annotations.get(SCALE_DOWN_DEADLINE))

    @property
    def template(self) -> JsonObject:
        template: JsonObject = self.body["spec"].get("template") or {}
        return template


def parse_time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def print_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_replica_set(body: JsonObject) -> ReplicaSet:
    metadata, spec, status = body["metadata"], body.get("spec") or {}, body.get("status") or {}
    labels = metadata.get("labels") or {}
    wanted = spec.get("replicas")
    return ReplicaSet(
        body=body,
        name=metadata["name"],
        uid=metadata.get("uid") or "",
        hash=labels.get(HASH_LABEL) or "",
        annotations=dict(metadata.get("annotations") or {}),
        created=parse_time(metadata.get("creationTimestamp") or "") or _EPOCH,
        wanted=1 if wanted is None else wanted,
        replicas=status.get("replicas") or 0,
        ready=status.get("readyReplicas") or 0,
        available=status.get("availableReplicas") or 0,
        deleting=bool(metadata.get("deletionTimestamp")),
        labels=dict(labels),
    )


def owned(bodies: Iterable[JsonObject], uid: str) -> list[JsonObject]:
    """Those that the object with this uid controls."""
    return [body for body in bodies if controller_uid(body) == uid]


def controller_uid(body: JsonObject) -> str:
    for reference in body["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            return str(reference.get("uid") or "")
    return ""


def selects(selector: JsonObject | None, labels: dict[str, str]) -> bool:
    """Whether a label selector fits; an empty one fits nothing here."""
    if not selector:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_fits(requirement, labels) for requirement in selector.get("matchExpressions") or ())


def _fits(requirement: JsonObject, labels: dict[str, str]) -> bool:
    key, values = requirement.get("key", ""), requirement.get("values") or []
    match requirement.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


def print_selector(selector: JsonObject | None) -> str:
    """As `kubectl` writes it: what the scale subresource hands to autoscalers."""
    if not selector:
        return ""
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for requirement in selector.get("matchExpressions") or ():
        key, values = requirement.get("key", ""), ",".join(sorted(requirement.get("values") or []))
        match requirement.get("operator"):
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(sorted(parts))


def with_hash(found: Iterable[ReplicaSet], hash_: str) -> ReplicaSet | None:
    return next((one for one in found if one.hash == hash_), None) if hash_ else None


def total_wanted(sets: Iterable[ReplicaSet | None]) -> int:
    return sum(one.wanted for one in sets if one)


def total_replicas(sets: Iterable[ReplicaSet | None]) -> int:
    return sum(one.replicas for one in sets if one)


def total_ready(sets: Iterable[ReplicaSet | None]) -> int:
    return sum(one.ready for one in sets if one)


def total_available(sets: Iterable[ReplicaSet | None]) -> int:
    return sum(one.available for one in sets if one)


def copied(body: JsonObject) -> JsonObject:
    return copy.deepcopy(body)
