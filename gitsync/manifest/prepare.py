"""From parsed documents to desired objects of one application: namespaces and marks filled in, duplicates settled."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitsync.manifest.canonical import digest
from gitsync.manifest.object import DesiredObject, JsonObject, Origin
from gitsync.manifest.parse import ParsedDocument
from gitsync.manifest.tracking import DEFAULT_TRACKING, TrackingSettings, with_tracking
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.kinds.application import ApplicationCondition

_MAX_DOUBTFUL = 20
_MAX_PLACES = 5  # of a repeated object that are named
IsNamespaced = Callable[[GroupVersionKind], bool | None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Objects in the order of their documents; conditions say what a person should know about them."""

    objects: tuple[DesiredObject, ...]
    conditions: tuple[ApplicationCondition, ...]


def prepare(
    documents: Iterable[ParsedDocument],
    *,
    app: ApplicationKey,
    control_namespace: str,
    default_namespace: str,
    is_namespaced: IsNamespaced,
    tracking: TrackingSettings = DEFAULT_TRACKING,
) -> Prepared:
    """`is_namespaced` answers None for a kind that the cluster does not know; such an object is taken to have a
    namespace, unless a definition among the documents says which scope it has."""
    documents = tuple(documents)
    scopes = _scopes_defined_here(documents)
    objects: dict[ResourceKey, DesiredObject] = {}
    origins: dict[ResourceKey, list[Origin]] = {}
    generated: Counter[ResourceKey] = Counter()
    doubtful: list[ApplicationCondition] = []
    homeless: dict[ResourceKey, None] = {}
    for document in documents:
        gvk = GroupVersionKind.parse(document.body["apiVersion"], document.body["kind"])
        known = is_namespaced(gvk)
        if known is None:
            known = scopes.get((gvk.group, gvk.kind))
        namespaced = known is not False
        placed = _placed(document.body, namespaced, default_namespace)
        key = _key_of(gvk, placed, generated)
        doubtful += _doubtful(document, key)
        body = with_tracking(
            placed, app, control_namespace, key, destination_namespace=default_namespace, settings=tracking
        )
        objects.pop(key, None)  # the later one wins, with its place in the order
        objects[key] = DesiredObject(key, gvk.version, body, digest(body), document.origin)
        origins.setdefault(key, []).append(document.origin)
        if known and not key.namespace:
            homeless[key] = None
    conditions = (*_repeated(origins), *doubtful[:_MAX_DOUBTFUL], *_homeless(homeless, objects))
    return Prepared(tuple(objects.values()), conditions)


def _repeated(origins: Mapping[ResourceKey, list[Origin]]) -> Iterator[ApplicationCondition]:
    for key, places in origins.items():
        if len(places) > 1:
            address = f"{key.group}/{key.kind}/{key.namespace}/{key.name}"
            message = (
                f"Resource {address} appeared {len(places)} times among application resources; the last one is used."
                f" Keep one of {', '.join(map(str, places[-_MAX_PLACES:]))}."
            )
            yield ApplicationCondition("RepeatedResourceWarning", message)


def _doubtful(document: ParsedDocument, key: ResourceKey) -> Iterator[ApplicationCondition]:
    for doubt in document.doubts:
        message = f"{document.origin}: in {key}, {doubt}. Remove one of the two."
        yield ApplicationCondition("RepeatedKeyWarning", message)


def _homeless(
    keys: Iterable[ResourceKey], objects: Mapping[ResourceKey, DesiredObject]
) -> Iterator[ApplicationCondition]:
    for key in keys:
        message = (
            f"Namespace for {key.name} {key.kind} is missing ({objects[key].origin}). "
            "Set metadata.namespace, or the destination namespace of the application."
        )
        yield ApplicationCondition("InvalidSpecError", message)


def _scopes_defined_here(documents: tuple[ParsedDocument, ...]) -> dict[tuple[str, str], bool]:
    scopes = {}
    for document in documents:
        if document.body["kind"] == "CustomResourceDefinition":
            spec = document.body.get("spec") or {}
            kind = (spec.get("names") or {}).get("kind", "")
            scopes[(spec.get("group", ""), kind)] = spec.get("scope") == "Namespaced"
    return scopes


def _placed(body: JsonObject, namespaced: bool, default_namespace: str) -> JsonObject:
    metadata = body["metadata"]
    if not namespaced and "namespace" in metadata:
        return {**body, "metadata": {name: value for name, value in metadata.items() if name != "namespace"}}
    if namespaced and not metadata.get("namespace") and default_namespace:
        return {**body, "metadata": {**metadata, "namespace": default_namespace}}
    return body


def _key_of(gvk: GroupVersionKind, body: JsonObject, generated: Counter[ResourceKey]) -> ResourceKey:
    """Objects whose names are generated are never the same one, however often a name begins alike."""
    metadata = body["metadata"]
    namespace = metadata.get("namespace") or ""
    if name := metadata.get("name"):
        return ResourceKey(gvk.group, gvk.kind, namespace, name)
    key = ResourceKey(gvk.group, gvk.kind, namespace, metadata["generateName"])
    generated[key] += 1
    return key if generated[key] == 1 else ResourceKey(gvk.group, gvk.kind, namespace, f"{key.name}#{generated[key]}")
