"""What the parts of progressive delivery hand each other: steps to apply, requests for routes and for analysis."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from gitsync.errors import Failed
from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.rollout import RolloutAnalysis, WeightDestination

EventType = Literal["Normal", "Warning"]


class InvalidSpec(Failed):
    """The object, or one that it refers to, says something that cannot be done; shown as its condition InvalidSpec."""


class RoutingFailed(Failed):
    """A router's object is missing or not as the Rollout says; nothing is scaled down until it is."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A write to one object. `json` bodies are lists of operations; the others are partial objects."""

    target: ResourceKey
    version: str
    body: JsonObject | tuple[JsonObject, ...]
    kind: Literal["merge", "json", "strategic"] = "merge"
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Delete:
    """`evict` asks through the Eviction API, so that disruption budgets count. Only the object with this `uid` goes."""

    target: ResourceKey
    version: str
    uid: str = ""
    evict: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A core/v1 Event about `about`; None: about the object that was stepped."""

    reason: str
    message: str
    type: EventType = "Normal"
    about: ResourceKey | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one look at an object yields: applied in the order creates, patches, deletes, events.

    `requeue_seconds` is when time alone changes the answer; None: only a changed object does.
    """

    creates: tuple[JsonObject, ...] = ()
    patches: tuple[Patch, ...] = ()
    deletes: tuple[Delete, ...] = ()
    events: tuple[Event, ...] = ()
    requeue_seconds: float | None = None

    @property
    def writes(self) -> bool:
        return bool(self.creates or self.patches or self.deletes)


LiveObjects = Mapping[ResourceKey, JsonObject]


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """`resource` is the tag that names Ingress, service and port; `weight` is None where no rule forwards to it."""

    name: str
    arn: str
    resource: str
    weight: int | None


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """What AWS knows about the load balancer of one Ingress."""

    ingress: str
    name: str
    arn: str
    target_groups: tuple[TargetGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetRegistration:
    """How many of a Service's addresses a target group of AWS has. `problem`: why nobody can tell."""

    arn: str
    expected: int
    registered: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Children:
    """Everything around one Rollout, as the cluster has it. Lists may hold more than what the Rollout owns.

    `balancers`: what AWS said about weights, `targets` about the pods of a Service that has turned to others; None
    where it was not asked.
    """

    replica_sets: tuple[JsonObject, ...] = ()
    pods: tuple[JsonObject, ...] = ()
    services: Mapping[str, JsonObject] = field(default_factory=dict)
    analysis_runs: tuple[JsonObject, ...] = ()
    experiments: tuple[JsonObject, ...] = ()
    templates: Mapping[str, JsonObject] = field(default_factory=dict)
    cluster_templates: Mapping[str, JsonObject] = field(default_factory=dict)
    workload: JsonObject | None = None
    routed: LiveObjects = field(default_factory=dict)
    balancers: tuple[LoadBalancer, ...] | None = None
    verifies_targets: bool = False
    targets: tuple[TargetRegistration, ...] | None = None


# ---- routing: the core says which share of traffic goes where, `gitsync.rollout.routing` says how objects express it


@dataclass(frozen=True, slots=True)
class RoutingRequest:
    """What should be true of traffic now, for all routers of a Rollout.

    `desired_weight` None leaves weights alone. `header_route` and `mirror_route` are the step's own bodies: without a
    match they remove that route. `remove_managed` takes all managed routes away. `additional` are experiments' shares.
    `balancers` are to have the weights by now; None: nobody looks.
    """

    rollout: JsonObject
    canary_hash: str
    stable_hash: str
    canary_service: str
    stable_service: str
    desired_weight: int | None
    max_weight: int = 100
    additional: tuple[WeightDestination, ...] = ()
    header_route: JsonObject | None = None
    mirror_route: JsonObject | None = None
    remove_managed: bool = False
    balancers: tuple[LoadBalancer, ...] | None = None


@dataclass(frozen=True, slots=True)
class Routed:
    """`verified` None: the router has no way to tell, which counts as done. `status` merges into the Rollout's."""

    creates: tuple[JsonObject, ...] = ()
    patches: tuple[Patch, ...] = ()
    deletes: tuple[Delete, ...] = ()
    events: tuple[Event, ...] = ()
    verified: bool | None = None
    status: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Needed:
    """Objects that a decision needs to see: by name, or by label selector when `name` is ""."""

    gvk: GroupVersionKind
    namespace: str
    name: str = ""
    selector: str = ""


class Router(Protocol):
    """`gitsync.rollout.routing.route`. Raises RoutingFailed."""

    def __call__(self, request: RoutingRequest, live: LiveObjects) -> Routed: ...


# ---- analysis: the core says which run should exist, `gitsync.rollout.analysis` says what is in it


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One AnalysisRun that should exist. Hashes resolve podTemplateHashValue, the rollout resolves fieldRef."""

    rollout: JsonObject
    analysis: RolloutAnalysis
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    owner: JsonObject
    stable_hash: str
    latest_hash: str
    now: datetime


class RunMaker(Protocol):
    """`gitsync.rollout.analysis.make_run`: the whole AnalysisRun to create. Raises InvalidSpec.

    Both mappings are by name and hold every template that may be referred to.
    """

    def __call__(
        self, request: RunRequest, templates: Mapping[str, JsonObject], cluster_templates: Mapping[str, JsonObject]
    ) -> JsonObject: ...


class RouterCheck(Protocol):
    """`gitsync.rollout.routing.missing`: what a Rollout names for its routers and is not there, as a sentence; ""."""

    def __call__(self, rollout: JsonObject, live: LiveObjects) -> str: ...


def _nothing_missing(rollout: JsonObject, live: LiveObjects) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that the core calls; `routing.needed` and `analysis` name what must be among the children."""

    route: Router
    make_run: RunMaker
    missing: RouterCheck = _nothing_missing
