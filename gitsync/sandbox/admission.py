"""What happens to a write between reading and validation: the namespace must live, addresses are given out."""

from collections.abc import Callable
from typing import Final

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.addresses import Addresses
from gitsync.sandbox.defaults.pods import admit_pod
from gitsync.sandbox.defaults.workloads import TEMPLATE_GENERATION, admit_job
from gitsync.sandbox.errors import Cause, ForbiddenError, NotFoundError, Subject
from gitsync.sandbox.metadata import subject_of
from gitsync.sandbox.registry import Family, ResourceType
from gitsync.sandbox.store import Store

NAMESPACE: Final = Family("", "Namespace")
_DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"


class Admission:
    """Looks at the rest of the cluster before a write goes through."""

    def __init__(self, store: Store, addresses: Addresses) -> None:
        self._store = store
        self._addresses = addresses
        self._on_create: dict[tuple[str, str], Callable[[JsonObject], None]] = {
            ("", "Namespace"): _admit_namespace,
            ("", "Pod"): self._admit_pod,
            ("", "PersistentVolumeClaim"): self._admit_claim,
            ("", "PersistentVolume"): _pending,
            ("batch", "Job"): admit_job,
            ("apiextensions.k8s.io", "CustomResourceDefinition"): _admit_definition,
        }

    def admit_create(self, type_: ResourceType, body: JsonObject, *, dry_run: bool) -> None:
        if type_.namespaced:
            self._require_namespace(type_, body)
        admit = self._on_create.get((type_.group, type_.kind))
        if admit:
            admit(body)
        if (type_.group, type_.kind) == ("", "Service"):
            self._addresses.assign(body, None, keep=not dry_run)

    def admit_update(self, type_: ResourceType, live: JsonObject, new: JsonObject) -> None:
        if (type_.group, type_.kind) == ("", "Service"):
            self._addresses.assign(new, live, keep=True)
        elif (type_.group, type_.kind) == ("apps", "DaemonSet"):
            _count_template(live, new)
        elif (type_.group, type_.kind) == ("", "Namespace") and "spec" not in new and "spec" in live:
            new["spec"] = live["spec"]

    def _require_namespace(self, type_: ResourceType, body: JsonObject) -> None:
        name = body["metadata"]["namespace"]
        namespace = self._store.get(NAMESPACE, "", name)
        if namespace is None:
            raise NotFoundError(f'namespaces "{name}" not found', subject=Subject("", "namespaces", name))
        if namespace.body["metadata"].get("deletionTimestamp"):
            subject = subject_of(type_, body["metadata"]["name"])
            why = f"unable to create new content in namespace {name} because it is being terminated"
            cause = Cause("NamespaceTerminating", f"namespace {name} is being terminated", "metadata.namespace")
            raise ForbiddenError(
                f'{subject.resource} "{subject.name}" is forbidden: {why}', subject=subject, causes=(cause,)
            )

    def _admit_pod(self, body: JsonObject) -> None:
        admit_pod(body)

    def _admit_claim(self, body: JsonObject) -> None:
        body["status"] = {"phase": "Pending"}
        if "storageClassName" in body["spec"]:
            return
        for version in self._store.shelf(Family("storage.k8s.io", "StorageClass")).versions():
            metadata = version.body["metadata"]
            if (metadata.get("annotations") or {}).get(_DEFAULT_CLASS) == "true":
                body["spec"]["storageClassName"] = metadata["name"]


def _admit_namespace(body: JsonObject) -> None:
    labels = body["metadata"].get("labels") or {}
    body["metadata"]["labels"] = labels | {"kubernetes.io/metadata.name": body["metadata"]["name"]}
    body.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    body["status"] = {"phase": "Active"}


def _count_template(live: JsonObject, new: JsonObject) -> None:
    """An annotation that counts the templates of a DaemonSet: old, but still there."""
    count = int((live["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "1"))
    count += live["spec"].get("template") != new["spec"].get("template")
    annotations = new["metadata"].get("annotations") or {}
    new["metadata"]["annotations"] = annotations | {TEMPLATE_GENERATION: str(count)}


def _pending(body: JsonObject) -> None:
    body["status"] = {"phase": "Pending"}


def _admit_definition(body: JsonObject) -> None:
    stored = [version["name"] for version in body["spec"].get("versions", ()) if version.get("storage")]
    body["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored}
