"""Which kinds the API serves: the built-in ones from the schema file, and those of CustomResourceDefinitions."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.schema import Node, builtin_types, custom_node, schema_facts


class Family(NamedTuple):
    """Objects that are stored together: all versions of a kind, and kinds that are views of one another."""

    group: str
    kind: str


@dataclass(frozen=True, slots=True)
class Subresource:
    """`status`, `scale`, ... with the kind that it answers."""

    name: str
    group: str
    version: str
    kind: str
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ResourceType:
    """One kind in one version."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    list_kind: str
    namespaced: bool
    verbs: tuple[str, ...]
    family: Family
    load_node: Callable[[], Node]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: dict[str, Subresource] = field(default_factory=dict)
    definition: JsonObject | None = None  # version entry of the CustomResourceDefinition

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def node(self) -> Node:
        return self.load_node()

    @property
    def is_custom(self) -> bool:
        return self.definition is not None

    @property
    def has_status(self) -> bool:
        return "status" in self.subresources

    @property
    def selectable_fields(self) -> tuple[str, ...]:
        fields = (self.definition or {}).get("selectableFields", ())
        return tuple(item["jsonPath"].removeprefix(".") for item in fields)


_EVENTS = Family("", "Event")


def _once(make: Callable[[], Node]) -> Callable[[], Node]:
    made: list[Node] = []

    def load() -> Node:
        if not made:
            made.append(make())
        return made[0]

    return load


class Registry:
    """Looks kinds up by what a URL or an object says."""

    def __init__(self) -> None:
        self._by_plural: dict[tuple[str, str, str], ResourceType] = {}
        self._by_kind: dict[tuple[str, str, str], ResourceType] = {}
        self._preferred: dict[tuple[str, str], ResourceType] = {}
        self._versions: dict[str, list[str]] = {}
        self.revision = 0
        for type_ in _builtin():
            self._put(type_)

    def _put(self, type_: ResourceType) -> None:
        self._by_plural[type_.group, type_.version, type_.plural] = type_
        self._by_kind[type_.group, type_.version, type_.kind] = type_
        self._preferred.setdefault((type_.group, type_.kind), type_)
        versions = self._versions.setdefault(type_.group, [])
        if type_.version not in versions:
            versions.append(type_.version)
            versions.sort(key=version_order)

    def by_plural(self, group: str, version: str, plural: str) -> ResourceType | None:
        return self._by_plural.get((group, version, plural))

    def by_gvk(self, group: str, version: str, kind: str) -> ResourceType | None:
        return self._by_kind.get((group, version, kind))

    def by_kind(self, group: str, kind: str) -> ResourceType | None:
        """The kind in the version that the server prefers."""
        return self._preferred.get((group, kind))

    def groups(self) -> dict[str, list[str]]:
        """Versions of each group, most stable first."""
        return self._versions

    def all(self) -> Iterable[ResourceType]:
        return self._by_plural.values()

    def of_version(self, group: str, version: str) -> list[ResourceType]:
        return sorted((t for t in self.all() if (t.group, t.version) == (group, version)), key=lambda t: t.plural)

    def put_custom(self, definition: JsonObject) -> None:
        """Serves what a CustomResourceDefinition says, instead of what it said before."""
        self.remove_custom(definition)
        for type_ in _custom(definition):
            self._put(type_)
        self.revision += 1

    def remove_custom(self, definition: JsonObject) -> None:
        spec = definition["spec"]
        gone = [t for t in self.all() if t.group == spec["group"] and t.kind == spec["names"]["kind"] and t.is_custom]
        for type_ in gone:
            del self._by_plural[type_.group, type_.version, type_.plural]
            del self._by_kind[type_.group, type_.version, type_.kind]
            self._preferred.pop((type_.group, type_.kind), None)
        left = {t.version for t in self.all() if t.group == spec["group"]}
        versions = [version for version in self._versions.get(spec["group"], ()) if version in left]
        if versions:
            self._versions[spec["group"]] = versions
        else:
            self._versions.pop(spec["group"], None)
        self.revision += 1


def version_order(version: str) -> tuple[int, int, int]:
    """Sort key: v2, v1, v2beta1, v1beta1, v1alpha1."""
    for rank, mark in enumerate(("beta", "alpha"), start=1):
        if mark in version:
            major, _, minor = version.removeprefix("v").partition(mark)
            return rank, -int(major or 0), -int(minor or 0)
    return 0, -int(version.removeprefix("v") or 0) if version.removeprefix("v").isdigit() else 0, 0


def _builtin() -> Iterator[ResourceType]:
    facts = schema_facts()
    names = {name: schema.get("x-kubernetes-group-version-kind", ()) for name, schema in facts["types"].items()}
    by_gvk = {(g["group"], g["version"], g["kind"]): name for name, gvks in names.items() for g in gvks}
    for item in facts["discovery"]:
        group = item["metadata"].get("name", "")
        for version in item["versions"]:
            for entry in version["resources"]:
                gvk = (group, version["version"], entry["responseKind"]["kind"])
                if gvk in by_gvk:
                    yield _builtin_type(group, version["version"], entry, by_gvk[gvk])


def _builtin_type(group: str, version: str, entry: JsonObject, type_name: str) -> ResourceType:
    kind = entry["responseKind"]["kind"]
    return ResourceType(
        group=group,
        version=version,
        kind=kind,
        plural=entry["resource"],
        singular=entry["singularResource"],
        list_kind=f"{kind}List",
        namespaced=entry["scope"] == "Namespaced",
        verbs=tuple(entry["verbs"]),
        family=_EVENTS if kind == "Event" else Family(group, kind),
        load_node=_once(lambda: builtin_types().named(type_name)),
        short_names=tuple(entry.get("shortNames", ())),
        categories=tuple(entry.get("categories", ())),
        subresources={
            item["subresource"]: _subresource(group, version, item) for item in entry.get("subresources", ())
        },
    )


def _subresource(group: str, version: str, item: JsonObject) -> Subresource:
    answer: JsonObject = item.get("responseKind") or {}
    name = item["subresource"]
    given = (answer.get("group") or group, answer.get("version") or version, answer.get("kind", ""))
    return Subresource(name, *given, tuple(item["verbs"]))


_CUSTOM_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


def _custom(definition: JsonObject) -> Iterator[ResourceType]:
    spec = definition["spec"]
    names = spec["names"]
    for entry in spec["versions"]:
        if not entry.get("served", True):
            continue
        schema: JsonObject = entry.get("schema", {}).get("openAPIV3Schema") or {
            "x-kubernetes-preserve-unknown-fields": True
        }
        yield ResourceType(
            group=spec["group"],
            version=entry["name"],
            kind=names["kind"],
            plural=names["plural"],
            singular=names.get("singular", names["kind"].lower()),
            list_kind=names.get("listKind", f"{names['kind']}List"),
            namespaced=spec["scope"] == "Namespaced",
            verbs=_CUSTOM_VERBS,
            family=Family(spec["group"], names["kind"]),
            load_node=_once(partial(custom_node, schema)),
            short_names=tuple(names.get("shortNames", ())),
            categories=tuple(names.get("categories", ())),
            subresources=_custom_subresources(spec["group"], entry, names["kind"]),
            definition=entry,
        )


def _custom_subresources(group: str, entry: JsonObject, kind: str) -> dict[str, Subresource]:
    wanted: dict[str, Any] = entry.get("subresources") or {}
    verbs = ("get", "patch", "update")
    found = {}
    if "status" in wanted:
        found["status"] = Subresource("status", group, entry["name"], kind, verbs)
    if "scale" in wanted:
        found["scale"] = Subresource("scale", "autoscaling", "v1", "Scale", verbs)
    return found
