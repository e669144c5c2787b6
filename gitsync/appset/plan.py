"""What to create, change and delete for an ApplicationSet, each with its reason. Nothing here does any of it."""

import copy
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gitsync.appset.errors import GeneratorInvalid
from gitsync.appset.generate import Generation
from gitsync.diff.ignore import IgnoreRules, places_of, without_expressions, without_pointers
from gitsync.manifest.object import JsonObject
from model.identity import ApplicationKey
from model.kinds.application import APPLICATION_SET, GROUP

_ALWAYS_PRESERVED = ("notified.notifications.argoproj.io", "argocd.argoproj.io/refresh", "argocd.argoproj.io/hydrate")
_PRESERVED_FINALIZERS = ("pre-delete-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io")


class Policy(StrEnum):
    SYNC = "sync"
    CREATE_ONLY = "create-only"
    CREATE_UPDATE = "create-update"
    CREATE_DELETE = "create-delete"

    @property
    def updates(self) -> bool:
        return self in (Policy.SYNC, Policy.CREATE_UPDATE)

    @property
    def deletes(self) -> bool:
        return self in (Policy.SYNC, Policy.CREATE_DELETE)


def policy_of(application_set: JsonObject) -> Policy:
    """What the set may do. Raises GeneratorInvalid."""
    written = ((application_set.get("spec") or {}).get("syncPolicy") or {}).get("applicationsSync") or Policy.SYNC
    try:
        return Policy(written)
    except ValueError as error:
        raise GeneratorInvalid(
            f"applicationsSync {written!r:.100} is none of {', '.join(Policy)}", suggestion="Correct the syncPolicy."
        ) from error


def governed(
    application_set: JsonObject, policy: str, *, override: bool, labels: Sequence[str], annotations: Sequence[str]
) -> JsonObject:
    """The set with what an installation says for all sets: the policy, which a set may only override if that is
    allowed, and labels and annotations of Applications that are never taken away."""
    spec = application_set.get("spec") or {}
    sync, preserved = spec.get("syncPolicy") or {}, spec.get("preservedFields") or {}
    if not override or not sync.get("applicationsSync"):
        sync = {**sync, "applicationsSync": policy or Policy.SYNC}
    for field, keys in (("labels", labels), ("annotations", annotations)):
        if keys:
            preserved = {**preserved, field: [*(preserved.get(field) or ()), *keys]}
    return {**application_set, "spec": {**spec, "syncPolicy": sync, "preservedFields": preserved}}


class Verb(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class ApplicationChange:
    """`body` is what is to be written; of a deletion, what is to go. `keeps_resources`: the finalizer goes first."""

    verb: Verb
    body: JsonObject
    reason: str
    keeps_resources: bool = False

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])


@dataclass(frozen=True, slots=True)
class ApplicationPlan:
    """`withheld` tells what was left undone, and why."""

    changes: tuple[ApplicationChange, ...]
    withheld: tuple[str, ...] = ()


def plan_applications(
    application_set: JsonObject, generation: Generation, live: Sequence[JsonObject], policy: Policy
) -> ApplicationPlan:
    """`live`: the Applications of the namespace. One that another controller owns is neither changed nor deleted.

    A generation that is not complete changes and deletes nothing: what it lacks may only be unknown.
    """
    if not generation.complete:
        return ApplicationPlan((), ("nothing is changed, because not everything could be generated",))
    existing = {_name(body): body for body in live}
    uid = str(application_set["metadata"].get("uid") or "")
    changes: list[ApplicationChange] = []
    withheld: list[str] = []
    for wanted in generation.applications:
        found = existing.get(_name(wanted))
        if found is None:
            body = _owned(wanted, application_set)
            changes.append(ApplicationChange(Verb.CREATE, body, "generated, and does not exist"))
        elif not is_owned(found, uid):
            withheld.append(f"{_name(wanted)} exists and is not this ApplicationSet's")
        else:
            target = _target(_owned(wanted, application_set), found, application_set["spec"])
            if _comparable(target) != _comparable(found):
                _add(changes, withheld, policy.updates, Verb.UPDATE, target, "differs from what is generated", policy)
    withheld += [f"{name} is not written: {why}" for name, why in generation.rejected.items()]
    names = {*(_name(wanted) for wanted in generation.applications), *generation.rejected}
    keeps = bool((application_set["spec"].get("syncPolicy") or {}).get("preserveResourcesOnDeletion"))
    for name in sorted(existing.keys() - names):
        if is_owned(existing[name], uid) and not existing[name]["metadata"].get("deletionTimestamp"):
            why = "no longer generated"
            _add(changes, withheld, policy.deletes, Verb.DELETE, existing[name], why, policy, keeps_resources=keeps)
    return ApplicationPlan(tuple(changes), tuple(withheld))


def _add(
    changes: list[ApplicationChange],
    withheld: list[str],
    allowed: bool,
    verb: Verb,
    body: JsonObject,
    reason: str,
    policy: Policy,
    *,
    keeps_resources: bool = False,
) -> None:
    if allowed:
        changes.append(ApplicationChange(verb, body, reason, keeps_resources))
    else:
        withheld.append(f"{_name(body)} {reason}; the policy {policy} forbids to {verb} it")


def _name(body: JsonObject) -> str:
    return str(body["metadata"]["name"])


def is_owned(body: JsonObject, uid: str) -> bool:
    """Whether the ApplicationSet with this uid is the Application's controller."""
    owners: Iterable[JsonObject] = body["metadata"].get("ownerReferences") or ()
    return any(owner.get("controller") and owner.get("uid") == uid for owner in owners)


def set_key(body: JsonObject) -> ApplicationKey:
    """The address of an ApplicationSet."""
    metadata = body["metadata"]
    return ApplicationKey(metadata.get("namespace") or "", metadata["name"], is_set=True)


def owning_set(body: JsonObject) -> ApplicationKey | None:
    """The ApplicationSet that controls this Application; it is in the same namespace."""
    metadata = body["metadata"]
    for owner in metadata.get("ownerReferences") or ():
        named = owner.get("kind") == APPLICATION_SET and str(owner.get("apiVersion")).startswith(GROUP)
        if owner.get("controller") and named and owner.get("name"):
            return ApplicationKey(metadata.get("namespace") or "", str(owner["name"]), is_set=True)
    return None


def _owned(body: JsonObject, application_set: JsonObject) -> JsonObject:
    metadata = application_set["metadata"]
    owner = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": APPLICATION_SET,
        "name": metadata["name"],
        "uid": str(metadata.get("uid") or ""),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    placed = {"namespace": metadata.get("namespace") or body["metadata"].get("namespace"), "ownerReferences": [owner]}
    return {**body, "metadata": {**body["metadata"], **placed}}


def _target(wanted: JsonObject, found: JsonObject, spec: JsonObject) -> JsonObject:
    """The live object with what is generated, but for what the set preserves or ignores."""
    preserved = spec.get("preservedFields") or {}
    metadata = {**found["metadata"], "ownerReferences": wanted["metadata"]["ownerReferences"]}
    for field, always in (("labels", ()), ("annotations", _ALWAYS_PRESERVED)):
        mine: Mapping[str, Any] = found["metadata"].get(field) or {}
        keep = {*(preserved.get(field) or ()), *always}
        kept = {key: value for key, value in mine.items() if key in keep or key.startswith(_ALWAYS_PRESERVED[0])}
        metadata[field] = {**kept, **(wanted["metadata"].get(field) or {})}
    theirs = [one for one in found["metadata"].get("finalizers") or () if one.startswith(_PRESERVED_FINALIZERS)]
    metadata["finalizers"] = [*(wanted["metadata"].get("finalizers") or ()), *theirs]
    target = {**found, "metadata": metadata, "spec": wanted["spec"]}
    for rule in spec.get("ignoreApplicationDifferences") or ():
        if rule.get("name") in (None, "", _name(wanted)):
            for pointer in rule.get("jsonPointers") or ():
                target = _as_found(target, found, pointer)
            target = _as_named(target, found, tuple(rule.get("jqPathExpressions") or ()))
    return target


def _as_named(target: JsonObject, found: JsonObject, expressions: tuple[str, ...]) -> JsonObject:
    """The target with the live values of what jq expressions name, and without what they name of it alone."""
    if not expressions:
        return target
    target = without_expressions(target, expressions)
    for place in places_of(found, IgnoreRules(jq_path_expressions=expressions)):
        names = itertools.takewhile(lambda step: isinstance(step, str), place)
        target = _as_found(target, found, "/" + "/".join(_escaped(str(step)) for step in names))
    return target


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _as_found(target: JsonObject, found: JsonObject, pointer: str) -> JsonObject:
    """The target with the live value at a pointer. A pointer into a list keeps the whole list."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    value: Any = found
    for position, step in enumerate(steps):
        if isinstance(value, list):
            steps = steps[:position]
            break
        if not isinstance(value, dict) or step not in value:
            return without_pointers(target, [pointer])
        value = value[step]
    result = copy.deepcopy(target)
    place: Any = result
    for step in steps[:-1]:
        place = place.setdefault(step, {})
        if not isinstance(place, dict):
            return result
    if steps:
        live: Any = found
        for step in steps:
            live = live[step]
        place[steps[-1]] = copy.deepcopy(live)
    return result


def _comparable(body: JsonObject) -> JsonObject:
    metadata = body["metadata"]
    fields = ("labels", "annotations", "finalizers", "ownerReferences")
    return {"metadata": {field: metadata.get(field) or None for field in fields}, "spec": body.get("spec")}
