"""Actions of objects as people see and run them: what `gitsync.actions` says, carried to the cluster.

An action may patch the object it is asked of, its status included, and make new objects; those only where the project
permits them. What an action yields is decided before anything is written.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from gitsync.actions.values import AvailableAction, Impact, Operation
from gitsync.configuration.rules import EngineRules
from gitsync.kube.client import Cluster
from gitsync.kube.errors import NotFound
from gitsync.kube.limits import Budget
from gitsync.lua.errors import ScriptError
from gitsync.manifest.object import JsonObject, LiveObject
from model.identity import GroupVersionKind, ResourceKey
from model.link import ActionInfo

ActionsOf = Callable[[ResourceKey, LiveObject | None], tuple[ActionInfo, ...]]

_MANAGER = "argosy"
_REMEMBERED = 4096


class ObjectActions:
    """The actions of objects, remembered as long as an object stays as it is."""

    def __init__(self, rules: EngineRules, *, now: Callable[[], datetime]) -> None:
        self._rules = rules
        self._now = now
        self._known: OrderedDict[tuple[str, str], tuple[ActionInfo, ...]] = OrderedDict()

    def forget(self) -> None:
        """argocd-cm may say something else now."""
        self._known.clear()

    def of(self, key: ResourceKey, live: LiveObject | None) -> tuple[ActionInfo, ...]:
        if live is None or live.deleting is not None or not self._rules.actions.has_actions(key.group, key.kind):
            return ()
        address = (live.uid, live.resource_version)
        known = self._known.get(address)
        if known is None:
            known = self._known[address] = self._find(key, live)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return known

    def _find(self, key: ResourceKey, live: LiveObject) -> tuple[ActionInfo, ...]:
        rules = self._rules.actions
        if live.raw is None:
            # Only metadata is kept of what we do not manage; what its spec would forbid is found when the action runs.
            owners = [msgspec.to_builtins(owner) for owner in live.owners]
            body: JsonObject = {
                "apiVersion": live.gvk.api_version,
                "kind": key.kind,
                "metadata": {"name": key.name, "annotations": live.annotations, "ownerReferences": owners},
            }
            return tuple(_shown(action) for action in rules.named(body))
        try:
            return tuple(_shown(action) for action in rules.available(live.body(), now=self._now()))
        except ScriptError as error:
            return tuple(
                ActionInfo(name=name, display_name=name, disabled=True, reason=error.message)
                for name in rules.names(key.group, key.kind)
            )

    def run(self, body: JsonObject, name: str, parameters: Mapping[str, Any]) -> tuple[Impact, ...]:
        """What the action yields. Raises ActionImpossible and ScriptError."""
        return self._rules.actions.run(body, name, parameters, now=self._now())


def placed(cluster: Cluster, impacts: Sequence[Impact], namespace: str) -> tuple[Impact, ...]:
    """New objects of namespaced kinds that name no namespace go where the object is that the action is run on."""
    return tuple(
        replace(impact, body=_placed(cluster, impact.body, namespace))
        if impact.operation is Operation.CREATE
        else impact
        for impact in impacts
    )


def created_keys(impacts: Sequence[Impact]) -> tuple[ResourceKey, ...]:
    """The objects that would be made."""
    return tuple(_key_of(impact.body) for impact in impacts if impact.operation is Operation.CREATE)


async def carry_out(cluster: Cluster, key: ResourceKey, version: str, impacts: Sequence[Impact]) -> None:
    """Write what the action yields. Raises a ClusterError."""
    for impact in impacts:
        if impact.operation is Operation.CREATE:
            await cluster.create(impact.body, manager=_MANAGER, budget=Budget.PEOPLE)
            continue
        if impact.spec_patch:
            await _patch(cluster, key, version, impact.spec_patch)
        if impact.status_patch:
            try:
                await _patch(cluster, key, version, impact.status_patch, subresource="status")
            except NotFound:
                await _patch(cluster, key, version, impact.status_patch)  # the kind has no status of its own


async def _patch(cluster: Cluster, key: ResourceKey, version: str, patch: JsonObject, *, subresource: str = "") -> None:
    await cluster.patch(key, version, patch, subresource=subresource, manager=_MANAGER, budget=Budget.PEOPLE)


def _placed(cluster: Cluster, body: JsonObject, namespace: str) -> JsonObject:
    gvk = GroupVersionKind.parse(str(body["apiVersion"]), str(body["kind"]))
    metadata = {name: value for name, value in body["metadata"].items() if name != "namespace"}
    if cluster.discovery.is_namespaced(gvk) is not False:
        metadata["namespace"] = body["metadata"].get("namespace") or namespace
    return {**body, "metadata": metadata}


def _key_of(body: JsonObject) -> ResourceKey:
    gvk = GroupVersionKind.parse(str(body["apiVersion"]), str(body["kind"]))
    metadata = body["metadata"]
    name = str(metadata.get("name") or metadata.get("generateName") or "")
    return ResourceKey(gvk.group, gvk.kind, str(metadata.get("namespace") or ""), name)


def _shown(action: AvailableAction) -> ActionInfo:
    return ActionInfo(
        name=action.name,
        display_name=action.display_name,
        disabled=action.disabled,
        reason=action.reason,
        parameters=action.parameters,
    )
