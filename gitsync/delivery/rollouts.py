"""The controller of Rollouts: gathers what one Rollout needs to see and asks `gitsync.rollout.step`."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from gitsync.delivery.balancers import BalancerQuestions
from gitsync.delivery.controller import Followed
from gitsync.delivery.store import Store, key_of
from gitsync.delivery.targets import TargetQuestions
from gitsync.manifest.object import JsonObject
from gitsync.rollout.routing.route import needed
from gitsync.rollout.service_switch import managed_by, released
from gitsync.rollout.step import replica_set_refused, step
from gitsync.rollout.values import Children, Event, Needed, Parts, Step
from gitsync.rollout.working import ROLLOUT
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.rollout import GROUP, HASH_LABEL, VERSION

_TEMPLATES = ("AnalysisTemplate", "ClusterAnalysisTemplate")


class RolloutController:
    """`now` is the time of the cluster's people; nothing else is read but the store."""

    kind = ROLLOUT
    component = "rollouts-controller"
    followed: tuple[Followed, ...] = (
        Followed(GroupVersionKind("apps", "v1", "ReplicaSet"), HASH_LABEL),
        Followed(GroupVersionKind("", "v1", "Pod"), HASH_LABEL),
        Followed(GroupVersionKind("", "v1", "Service")),
        Followed(GroupVersionKind(GROUP, VERSION, "AnalysisRun")),
        Followed(GroupVersionKind(GROUP, VERSION, "AnalysisTemplate")),
        Followed(GroupVersionKind(GROUP, VERSION, "ClusterAnalysisTemplate")),
        Followed(GroupVersionKind(GROUP, VERSION, "Experiment")),
    )

    def __init__(
        self,
        parts: Parts,
        *,
        now: Callable[[], datetime],
        balancers: BalancerQuestions | None = None,
        targets: TargetQuestions | None = None,
    ) -> None:
        """`balancers`: weights of AWS load balancers are verified, and with `targets` which pods they send to."""
        self._balancers = balancers
        self._targets = targets
        self._parts = parts
        self._now = now
        self._mentions: dict[ResourceKey, frozenset[tuple[str, str, str, str]]] = {}
        self._mentioned: dict[tuple[str, str, str, str], set[ResourceKey]] = {}

    def needs(self, body: JsonObject) -> tuple[Needed, ...]:
        wanted = tuple(self._needed(body))
        self._index(body, wanted)
        return wanted

    def concerned(self, changed: JsonObject, store: Store) -> Iterable[ResourceKey]:
        key = key_of(changed)
        found = self._mentioned.get((key.group, key.kind, key.namespace, key.name), ())
        return (*found, *self._mentioned.get((key.group, key.kind, key.namespace, ""), ()))

    async def look(self, body: JsonObject, store: Store) -> Step:
        children = self._children(body, store)
        if self._balancers is not None:
            known = await self._balancers.about(body, list(children.routed.values()))
            children = replace(children, balancers=known)
        if self._targets is not None:
            children = replace(children, verifies_targets=True, targets=await self._targets.about(body, children))
        result = step(body, children, self._now(), self._parts)
        if (body.get("status") or {}).get("observedGeneration"):
            return result
        return _with_first_event(body, result)

    def refused(self, body: JsonObject, created: JsonObject, problem: str) -> Step:
        if created["kind"] != "ReplicaSet":
            return Step()
        return replica_set_refused(body, created["metadata"]["name"], problem, self._now())

    def gone(self, body: JsonObject, store: Store) -> Step:
        metadata = body["metadata"]
        services = store.in_namespace("", "Service", metadata.get("namespace") or "")
        return Step(patches=released(metadata["name"], services, ()))

    def left_over(self, store: Store) -> Iterator[tuple[JsonObject, Step]]:
        """Rollouts that Services still name as their own, and that are not there."""
        named = {
            (service["metadata"].get("namespace") or "", managed_by(service))
            for service in store.of_kind("", "Service")
        }
        for namespace, name in sorted(named):
            if name and store.get(ResourceKey(GROUP, ROLLOUT.kind, namespace, name)) is None:
                body: JsonObject = {"metadata": {"namespace": namespace, "name": name}}
                yield body, self.gone(body, store)

    # ---- what belongs to a Rollout

    def _children(self, body: JsonObject, store: Store) -> Children:
        metadata = body["metadata"]
        namespace, uid = metadata.get("namespace") or "", str(metadata.get("uid") or "")
        replica_sets = list(store.in_namespace("apps", "ReplicaSet", namespace).values())
        prefix = f"{metadata['name']}-"  # a name that somebody else took is to be seen as well
        mine = [one for one in replica_sets if _may_be_of(one, uid) or one["metadata"]["name"].startswith(prefix)]
        pods = [pod for one in mine for pod in store.owned_by(str(one["metadata"].get("uid")), "Pod")]
        return Children(
            replica_sets=tuple(mine),
            pods=tuple(pods),
            services=store.in_namespace("", "Service", namespace),
            analysis_runs=tuple(store.owned_by(uid, "AnalysisRun")),
            experiments=tuple(store.owned_by(uid, "Experiment")),
            templates=store.in_namespace(GROUP, "AnalysisTemplate", namespace),
            cluster_templates=store.in_namespace(GROUP, "ClusterAnalysisTemplate", ""),
            workload=_workload(body, store),
            routed=self._routed(body, store),
        )

    def _routed(self, body: JsonObject, store: Store) -> dict[ResourceKey, JsonObject]:
        found: dict[ResourceKey, JsonObject] = {}
        for need in self._needed(body):
            group, kind = need.gvk.group, need.gvk.kind
            if need.name:
                one = store.get(ResourceKey(group, kind, need.namespace, need.name))
                if one is not None:
                    found[key_of(one)] = one
            else:
                found.update({key_of(one): one for one in store.in_namespace(group, kind, need.namespace).values()})
        return found

    def _needed(self, body: JsonObject) -> Iterator[Needed]:
        namespace = body["metadata"].get("namespace") or ""
        yield from needed(body)
        reference = (body.get("spec") or {}).get("workloadRef")
        if isinstance(reference, dict) and reference.get("name"):
            gvk = GroupVersionKind.parse(str(reference.get("apiVersion") or ""), str(reference.get("kind") or ""))
            yield Needed(gvk, namespace, str(reference["name"]))

    # ---- who mentions whom

    def _index(self, body: JsonObject, wanted: tuple[Needed, ...]) -> None:
        key = key_of(body)
        after = frozenset(
            {(one.gvk.group, one.gvk.kind, one.namespace, one.name) for one in wanted}
            | {("", "Service", key.namespace, name) for name in _services(body)}
            | {(GROUP, kind, scope, name) for kind, scope, name in _templates(body, key.namespace)}
        )
        before = self._mentions.get(key, frozenset())
        if after == before:
            return
        for mention in before - after:
            self._mentioned[mention].discard(key)
        for mention in after - before:
            self._mentioned.setdefault(mention, set()).add(key)
        self._mentions[key] = after


def _may_be_of(replica_set: JsonObject, uid: str) -> bool:
    owners = replica_set["metadata"].get("ownerReferences") or ()
    controllers = [one for one in owners if one.get("controller")]
    return not controllers or any(one.get("uid") == uid for one in controllers)


def _workload(body: JsonObject, store: Store) -> JsonObject | None:
    reference = (body.get("spec") or {}).get("workloadRef")
    if not isinstance(reference, dict):
        return None
    gvk = GroupVersionKind.parse(str(reference.get("apiVersion") or ""), str(reference.get("kind") or ""))
    namespace = body["metadata"].get("namespace") or ""
    return store.get(ResourceKey(gvk.group, gvk.kind, namespace, str(reference.get("name") or "")))


def _strategy(body: JsonObject) -> JsonObject:
    strategy = (body.get("spec") or {}).get("strategy")
    return strategy if isinstance(strategy, dict) else {}


def _services(body: JsonObject) -> Iterator[str]:
    for part in (_strategy(body).get("canary"), _strategy(body).get("blueGreen")):
        if not isinstance(part, dict):
            continue
        for holder in (part, part.get("pingPong")):
            if isinstance(holder, dict):
                for field in ("stableService", "canaryService", "activeService", "previewService"):
                    if holder.get(field):
                        yield str(holder[field])
                for field in ("pingService", "pongService"):
                    if holder.get(field):
                        yield str(holder[field])


def _templates(value: object, namespace: str) -> Iterator[tuple[str, str, str]]:
    """Every reference to a template, wherever in the strategy it stands."""
    if isinstance(value, dict):
        name = value.get("templateName")
        if isinstance(name, str):
            scoped = bool(value.get("clusterScope"))
            yield _TEMPLATES[scoped], "" if scoped else namespace, name
        for inner in value.values():
            yield from _templates(inner, namespace)
    elif isinstance(value, list):
        for inner in value:
            yield from _templates(inner, namespace)


def _with_first_event(body: JsonObject, result: Step) -> Step:
    """The first event of a Rollout's life: somebody looks after it. Told with the first pass that does more than
    fill in `replicas`, so that it is told once.
    """
    if (body.get("status") or {}).get("conditions") or (body.get("spec") or {}).get("replicas") is None:
        return result
    metadata = body["metadata"]
    message = f"Rollout resource added to informer: {metadata.get('namespace', '')}/{metadata['name']}"
    first = Event("RolloutAddedToInformer", message)
    return Step(result.creates, result.patches, result.deletes, (first, *result.events), result.requeue_seconds)
