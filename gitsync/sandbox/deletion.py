"""Deleting: at once, after a pod's grace period, or when the last finalizer is gone."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.clock import SandboxClock
from gitsync.sandbox.errors import BadRequestError, InvalidError
from gitsync.sandbox.metadata import has_generation, subject_of
from gitsync.sandbox.registry import ResourceType
from gitsync.sandbox.store import Store
from gitsync.sandbox.writes import is_released, not_found, stale

ORPHAN: Final = "orphan"
FOREGROUND: Final = "foregroundDeletion"
DEFINITION_FINALIZER: Final = "customresourcecleanup.apiextensions.k8s.io"
_ORPHAN_BY_DEFAULT: Final = frozenset({("batch", "Job"), ("", "ReplicationController")})
_ANSWERS_OBJECT: Final = frozenset(
    {"Pod", "Service", "ServiceAccount", "PersistentVolumeClaim", "PersistentVolume", "ResourceQuota", "PodTemplate"}
)
_DEFAULT_GRACE_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """DeleteOptions of a request. An empty propagation is the kind's default."""

    propagation: str = ""
    grace_seconds: int | None = None
    uid: str | None = None
    resource_version: str | None = None
    dry_run: bool = False


class Deletion:
    """Marks and removes objects. What depends on them is the garbage collector's work."""

    def __init__(self, store: Store, clock: SandboxClock) -> None:
        self._store = store
        self._clock = clock

    def delete(self, type_: ResourceType, namespace: str, name: str, options: DeleteOptions) -> JsonObject:
        """The answer of the server: the object if it stays for now (or its kind answers so), else a Status."""
        found = self._store.get(type_.family, namespace, name)
        if found is None:
            raise not_found(type_, name)
        live = found.body
        _check_preconditions(type_, live, options)
        marked = self._marked(type_, live, options)
        if is_released(marked):
            if not options.dry_run:
                self.release(type_, marked)
            return _farewell(type_, live, marked)
        if marked == live or options.dry_run:
            return marked
        return self._store.put(type_.family, marked)

    def release(self, type_: ResourceType, body: JsonObject) -> None:
        """Removes an object that nothing holds back."""
        metadata = body["metadata"]
        self._store.remove(type_.family, metadata.get("namespace", ""), metadata["name"])

    def _marked(self, type_: ResourceType, live: JsonObject, options: DeleteOptions) -> JsonObject:
        """The live object with deletion timestamp, grace period and the finalizers that the propagation asks for."""
        grace = _grace_seconds(type_, live, options)
        metadata = dict(live["metadata"])
        finalizers = _finalizers(type_, live, options)
        if finalizers:
            metadata["finalizers"] = finalizers
        else:
            metadata.pop("finalizers", None)
        body = live | {"metadata": metadata}
        if not metadata.get("deletionTimestamp"):
            if has_generation(type_) and type_.kind != "CustomResourceDefinition":
                metadata["generation"] = metadata.get("generation", 0) + 1
            self._stamp(type_, metadata, grace)
        elif grace < metadata.get("deletionGracePeriodSeconds", 0):
            self._stamp(type_, metadata, grace)
        if (type_.group, type_.kind) == ("", "Namespace"):
            body["status"] = (body.get("status") or {}) | {"phase": "Terminating"}
        return body

    def _stamp(self, type_: ResourceType, metadata: JsonObject, grace_seconds: int) -> None:
        at = self._clock.now() + timedelta(seconds=grace_seconds)
        metadata["deletionTimestamp"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        if type_.kind not in ("Namespace", "CustomResourceDefinition"):
            metadata["deletionGracePeriodSeconds"] = grace_seconds


def _check_preconditions(type_: ResourceType, live: JsonObject, options: DeleteOptions) -> None:
    metadata = live["metadata"]
    for what, record, wanted in (
        ("UID", "uid", options.uid),
        ("ResourceVersion", "resourceVersion", options.resource_version),
    ):
        if wanted is not None and wanted != metadata[record]:
            why = (
                f"the {what} in the precondition ({wanted}) does not match the {what} in record ({metadata[record]})."
                " The object might have been " + ("deleted and then recreated" if what == "UID" else "modified")
            )
            raise stale(subject_of(type_, metadata["name"], by_kind=True), why)


def _grace_seconds(type_: ResourceType, live: JsonObject, options: DeleteOptions) -> int:
    if (type_.group, type_.kind) != ("", "Pod"):
        return 0
    spec, status = live.get("spec", {}), live.get("status", {})
    if not spec.get("nodeName") or status.get("phase") in ("Succeeded", "Failed"):
        return 0
    if options.grace_seconds is not None:
        return max(0, options.grace_seconds)
    seconds: int = spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE_SECONDS)
    return seconds


def _finalizers(type_: ResourceType, live: JsonObject, options: DeleteOptions) -> list[str]:
    given = live["metadata"].get("finalizers") or []
    propagation = options.propagation
    if not propagation:
        by_default = "Orphan" if (type_.group, type_.kind) in _ORPHAN_BY_DEFAULT else ""
        propagation = {ORPHAN: "Orphan", FOREGROUND: "Foreground"}.get(
            next((name for name in given if name in (ORPHAN, FOREGROUND)), ""), by_default
        )
    kept = [name for name in given if name not in (ORPHAN, FOREGROUND)]
    if propagation == "Orphan":
        kept.append(ORPHAN)
    elif propagation == "Foreground":
        kept.append(FOREGROUND)
    is_definition = (type_.group, type_.kind) == ("apiextensions.k8s.io", "CustomResourceDefinition")
    if is_definition and not live["metadata"].get("deletionTimestamp") and DEFINITION_FINALIZER not in kept:
        kept.append(DEFINITION_FINALIZER)
    return kept


def _farewell(type_: ResourceType, live: JsonObject, marked: JsonObject) -> JsonObject:
    if type_.kind in _ANSWERS_OBJECT and not type_.is_custom:
        return marked if type_.kind == "Pod" else live
    details = subject_of(type_, live["metadata"]["name"], uid=live["metadata"]["uid"]).to_json()
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def parse_options(body: JsonObject, query: dict[str, str]) -> DeleteOptions:
    """DeleteOptions from the body, completed by the query string."""
    preconditions = body.get("preconditions") or {}
    propagation = body.get("propagationPolicy") or query.get("propagationPolicy", "")
    if body.get("orphanDependents") is not None:
        propagation = "Orphan" if body["orphanDependents"] else "Background"
    if propagation not in ("", "Orphan", "Background", "Foreground"):
        raise InvalidError(
            f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "{propagation}"'
        )
    grace = body.get("gracePeriodSeconds")
    if grace is None and query.get("gracePeriodSeconds"):
        try:
            grace = int(query["gracePeriodSeconds"])
        except ValueError as error:
            raise BadRequestError(
                f'strconv.ParseInt: parsing "{query["gracePeriodSeconds"]}": invalid syntax'
            ) from error
    return DeleteOptions(
        propagation=propagation,
        grace_seconds=grace,
        uid=preconditions.get("uid"),
        resource_version=preconditions.get("resourceVersion"),
        dry_run=bool(body.get("dryRun")) or bool(query.get("dryRun")),
    )
