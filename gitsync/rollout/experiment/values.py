"""One pass over one Experiment: what it sees, and what it has decided so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import Delete, Event, EventType, Patch, Step
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.rollout import (
    API_VERSION,
    GROUP,
    VERSION,
    Experiment,
    ExperimentAnalysisStatus,
    ExperimentStatus,
    ExperimentTemplateStatus,
)

EXPERIMENT_NAME = "experiment.argoproj.io/name"
TEMPLATE_NAME = "experiment.argoproj.io/template-name"
DEFAULT_SCALE_DOWN_DELAY_SECONDS = 30
DEFAULT_PROGRESS_DEADLINE_SECONDS = 600
COMPLETED = ("Successful", "Failed", "Error", "Inconclusive")
BAD = ("Failed", "Error", "Inconclusive")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the cluster has around one Experiment. Lists may hold more than what it owns; templates are by name."""

    replica_sets: tuple[JsonObject, ...] = ()
    services: tuple[JsonObject, ...] = ()
    runs: Mapping[str, JsonObject] = field(default_factory=dict)
    templates: Mapping[str, JsonObject] = field(default_factory=dict)
    cluster_templates: Mapping[str, JsonObject] = field(default_factory=dict)


@dataclass(slots=True)
class ExperimentPass:
    """`before` is the status as read; `templates` and `analyses` are what it becomes, by name."""

    body: JsonObject
    experiment: Experiment
    around: Surroundings
    now: datetime
    templates: dict[str, ExperimentTemplateStatus] = field(default_factory=dict)
    analyses: dict[str, ExperimentAnalysisStatus] = field(default_factory=dict)
    creates: list[JsonObject] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    deletes: list[Delete] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def before(self) -> ExperimentStatus:
        return self.experiment.status

    @property
    def name(self) -> str:
        return self.experiment.metadata.name

    @property
    def namespace(self) -> str:
        return self.experiment.metadata.namespace

    @property
    def stamp(self) -> datetime:
        """Now, as objects write it: whole seconds."""
        return self.now.replace(microsecond=0)

    @property
    def deadline_seconds(self) -> int:
        own = self.experiment.spec.progress_deadline_seconds
        return DEFAULT_PROGRESS_DEADLINE_SECONDS if own is None else own

    @property
    def ending(self) -> bool:
        """Because somebody said so, it is over, or a part of it went bad."""
        status = self.before
        return (
            self.experiment.spec.terminate
            or status.phase in COMPLETED
            or any(one.status in BAD for one in status.template_statuses)
            or any(one.phase in BAD for one in status.analysis_runs)
        )

    def owner_reference(self) -> JsonObject:
        return {
            "apiVersion": API_VERSION,
            "kind": "Experiment",
            "name": self.name,
            "uid": self.experiment.metadata.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }

    def owns(self, body: JsonObject) -> bool:
        owners = body["metadata"].get("ownerReferences") or ()
        return any(one.get("controller") and one.get("uid") == self.experiment.metadata.uid for one in owners)

    def tell(self, reason: str, message: str, type_: EventType = "Normal", about: ResourceKey | None = None) -> None:
        self.events.append(Event(reason, message, type_, about))

    def patch(self, gvk: GroupVersionKind, name: str, body: JsonObject, subresource: str = "") -> None:
        key = ResourceKey(gvk.group, gvk.kind, self.namespace, name)
        self.patches.append(Patch(key, gvk.version, body, subresource=subresource))

    def wait_until(self, moment: datetime) -> None:
        self.waits.append(max(0.0, (moment - self.now).total_seconds()))

    def step(self) -> Step:
        return Step(
            tuple(self.creates),
            tuple(self.patches),
            tuple(self.deletes),
            tuple(self.events),
            min(self.waits) if self.waits else None,
        )


def read_experiment(body: JsonObject) -> Experiment:
    """Raises msgspec.ValidationError when the object is no Experiment."""
    return msgspec.convert(body, Experiment, strict=False)


EXPERIMENT = GroupVersionKind(GROUP, VERSION, "Experiment")
