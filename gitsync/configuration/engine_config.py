"""Argo CD's ConfigMap argocd-cm as values: what an installation says about comparing, health, actions and following.

Pure. A key that cannot be read never stops the others: it is named in `problems`, and what it would have said keeps its
default. Keys that only renderers understand are handed on as they are written (`rendering`).
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import yaml

from gitsync.configuration.deep_links import LINK_KEYS, NO_LINKS, ConfiguredLinks, read_links
from gitsync.diff.known_types import KnownField
from gitsync.diff.normalize import DEFAULT_SETTINGS, DiffSettings
from gitsync.duration import parse_duration
from gitsync.kube.exclusion import Exclusions, KindFilter, exclusions_of
from gitsync.lua.customization import Customization, find_customizations
from gitsync.manifest.tracking import ANNOTATION, BOTH, DEFAULT_TRACKING, LABEL, TrackingSettings
from gitsync.project.effective import GlobalProject
from model.kinds.application import ApplicationCondition, IgnoreDifference

CONFIG_MAP = "argocd-cm"

_CUSTOMIZATIONS = "resource.customizations"
_IGNORE = f"{_CUSTOMIZATIONS}.ignoreDifferences."
_IGNORE_UPDATES = f"{_CUSTOMIZATIONS}.ignoreResourceUpdates."
_KNOWN_TYPES = f"{_CUSTOMIZATIONS}.knownTypeFields."
_COMPARE = "resource.compareoptions"
_EXCLUSIONS, _INCLUSIONS = "resource.exclusions", "resource.inclusions"
_TRACKING = "application.resourceTrackingMethod"
_BUILD_OPTIONS, _SCHEMES = "kustomize.buildOptions", "helm.valuesFileSchemes"
_POLL = "timeout.reconciliation"
_HARD = "timeout.hard.reconciliation"
_GLOBAL_PROJECTS = "globalProjects"
_HOME_CLUSTER = "cluster.inClusterEnabled"
_IMPERSONATION = "application.sync.impersonation.enabled"

TRACKING_METHODS = (ANNOTATION, BOTH, LABEL)
_TOOLS = ("helm", "kustomize", "jsonnet")
_MAX_PROBLEMS_SHOWN = 5
_RENDERING = ("kustomize.", "helm.", "jsonnet.")
# While one of these cannot be read, nobody knows what a difference is: better unknown than healed away.
_DECIDE_DIFFERENCES = (_CUSTOMIZATIONS, _COMPARE, _TRACKING)


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """A key that cannot be used. `blocks_comparison`: without it nobody can tell what differs."""

    key: str
    message: str

    @property
    def blocks_comparison(self) -> bool:
        return self.key.startswith(_DECIDE_DIFFERENCES) and not self.key.startswith(
            (f"{_CUSTOMIZATIONS}.health.", f"{_CUSTOMIZATIONS}.actions.", _IGNORE_UPDATES)
        )


@dataclass(frozen=True, slots=True)
class RenderingKeys:
    """What renderers are told. `keys` are all of theirs as written, versions of kustomize included."""

    build_options: tuple[str, ...] = ()
    enabled: frozenset[str] = frozenset(_TOOLS)
    value_schemes: frozenset[str] = frozenset({"http", "https"})
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """One argocd-cm. `reconciliation_seconds` is None where it says nothing, and 0 where nobody should poll;
    `impersonation` is None where it says nothing.

    `ignore` are the differences that nobody cares about, `ignore_updates` the changes that are no reason to look.
    """

    ignore: tuple[IgnoreDifference, ...] = ()
    ignore_updates: tuple[IgnoreDifference, ...] = ()
    ignore_updates_enabled: bool = True
    settings: DiffSettings = DEFAULT_SETTINGS
    customizations: tuple[Customization, ...] = ()
    excluded: tuple[KindFilter, ...] | None = None
    included: tuple[KindFilter, ...] | None = None
    tracking: TrackingSettings = DEFAULT_TRACKING
    rendering: RenderingKeys = RenderingKeys()
    reconciliation_seconds: float | None = None
    hard_reconciliation_seconds: float = 0.0  # how often everything is rendered anew; 0: never
    impersonation: bool | None = None
    global_projects: tuple[GlobalProject, ...] = ()
    links: ConfiguredLinks = NO_LINKS
    home_is_destination: bool = True  # whether applications may be deployed to the cluster that the runtime lives in
    problems: tuple[ConfigProblem, ...] = ()

    def exclusions(self, server: str) -> Exclusions:
        """The kinds that are not followed on one cluster."""
        return exclusions_of(server, self.excluded, self.included)


DEFAULT_CONFIG = EngineConfig()


def read_engine_config(data: Mapping[str, Any]) -> EngineConfig:
    """`data` is the ConfigMap's. Never raises."""
    return _Reader(data).read()


@dataclass(slots=True)
class _Reader:
    data: Mapping[str, Any]
    problems: list[ConfigProblem] = field(default_factory=list)

    def read(self) -> EngineConfig:
        customizations, unreadable = find_customizations(self.data)
        self.problems += [ConfigProblem(one.key, one.message) for one in unreadable]
        together = {} if any(one.key == _CUSTOMIZATIONS for one in unreadable) else self._map(_CUSTOMIZATIONS)
        compare = self._map(_COMPARE)
        updates = (
            *self._rules(_IGNORE_UPDATES),
            *self._rules_together(together, "ignoreResourceUpdates"),
        )
        ignore = (*self._rules(_IGNORE), *self._rules_together(together, "ignoreDifferences"))
        also_updates = compare.get("ignoreDifferencesOnResourceUpdates") is not False
        return EngineConfig(
            ignore=ignore,
            ignore_updates=(*updates, *(ignore if also_updates else ())),
            ignore_updates_enabled=self._flag("resource.ignoreResourceUpdatesEnabled"),
            settings=DiffSettings(
                ignore_aggregated_roles=compare.get("ignoreAggregatedRoles") is True,
                ignore_status=self._status(compare.get("ignoreResourceStatusField")),
                known_fields=(*self._known_fields(), *self._known_fields_together(together)),
                secret_annotations=tuple(_words(self._text("resource.sensitive.mask.annotations"))),
            ),
            customizations=customizations,
            excluded=self._filters(_EXCLUSIONS),
            included=self._filters(_INCLUSIONS),
            tracking=TrackingSettings(
                method=self._method(),
                label_key=self._text("application.instanceLabelKey") or DEFAULT_TRACKING.label_key,
                installation=self._text("installationID"),
            ),
            rendering=self._rendering(),
            reconciliation_seconds=self._seconds(_POLL),
            hard_reconciliation_seconds=self._seconds(_HARD) or 0.0,
            impersonation=self._flag(_IMPERSONATION) if self._text(_IMPERSONATION) else None,
            global_projects=self._global_projects(),
            links=self._links(),
            home_is_destination=self._flag(_HOME_CLUSTER),
            problems=tuple(self.problems),
        )

    # ---- single keys

    def _text(self, key: str) -> str:
        value = self.data.get(key)
        return "" if value is None else str(value).strip()

    def _flag(self, key: str) -> bool:
        """True unless it says no."""
        text = self._text(key).lower()
        if text not in ("", "true", "false"):
            self._problem(key, f"is {text[:40]!r}, and should be true or false")
        return text != "false"

    def _seconds(self, key: str) -> float | None:
        text = self._text(key)
        seconds = parse_duration(text) if text else None
        if text and seconds is None:
            self._problem(key, f"is {text[:40]!r}, which is no duration; write it as 120s")
        return seconds

    def _method(self) -> str:
        method = self._text(_TRACKING) or ANNOTATION
        if method in TRACKING_METHODS:
            return method
        self._problem(_TRACKING, f"is {method[:40]!r}, and should be one of {', '.join(TRACKING_METHODS)}")
        return ANNOTATION

    def _status(self, value: Any) -> str:
        """YAML reads a bare `off` as false; both words mean that nothing is ignored."""
        if value in ("none", "off") or value is False:
            return "none"
        if value not in (None, "all", "crd"):
            self._problem(_COMPARE, f"ignoreResourceStatusField is {str(value)[:40]!r}; it can be all, crd or none")
        return value if value in ("all", "crd") else "all"

    def _rendering(self) -> RenderingKeys:
        text = self._text(_BUILD_OPTIONS)
        try:
            options = tuple(shlex.split(text))
        except ValueError as error:
            options = ()
            self._problem(_BUILD_OPTIONS, f"cannot be split into flags: {error}")
        schemes = _words(self._text(_SCHEMES))
        keys = ((str(key), str(value)) for key, value in self.data.items() if str(key).startswith(_RENDERING))
        return RenderingKeys(
            build_options=options,
            enabled=frozenset(tool for tool in _TOOLS if self._flag(f"{tool}.enable")),
            value_schemes=frozenset(schemes) if _SCHEMES in self.data else RenderingKeys().value_schemes,
            keys=tuple(sorted(keys)),
        )

    # ---- YAML inside

    def _global_projects(self) -> tuple[GlobalProject, ...]:
        listed = self._yaml(_GLOBAL_PROJECTS) or []
        if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
            self._problem(_GLOBAL_PROJECTS, "should be a list of entries with projectName and labelSelector")
            return ()
        return tuple(
            GlobalProject(str(entry.get("projectName") or ""), entry.get("labelSelector") or {}) for entry in listed
        )

    def _links(self) -> ConfiguredLinks:
        found = {key: read_links(key, self._yaml(key) or None, self._problem) for key in LINK_KEYS if self._text(key)}
        return ConfiguredLinks(*(found.get(key, ()) for key in LINK_KEYS)) if found else NO_LINKS

    def _filters(self, key: str) -> tuple[KindFilter, ...] | None:
        if not self._text(key):
            return None
        listed = self._yaml(key)
        if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
            self._problem(key, "should be a list of entries with apiGroups, kinds and clusters")
            return None
        return tuple(
            KindFilter(_texts(entry.get("apiGroups")), _texts(entry.get("kinds")), _texts(entry.get("clusters")))
            for entry in listed
        )

    def _rules(self, prefix: str) -> Iterator[IgnoreDifference]:
        """`<prefix><group>_<kind>`, or `<prefix>all`."""
        for key in self.data:
            if key.startswith(prefix):
                where = key.removeprefix(prefix)
                group, _, kind = where.rpartition("_")
                everything = where == "all"
                yield from self._rule(key, "*" if everything else group, "*" if everything else kind, self._map(key))

    def _rules_together(self, together: Mapping[str, Any], name: str) -> Iterator[IgnoreDifference]:
        """The older form: one document for all kinds, keyed by `group/kind`, the rule again a document in it."""
        for where, custom in together.items():
            if isinstance(custom, dict) and name in custom:
                group, _, kind = str(where).rpartition("/")
                yield from self._rule(_CUSTOMIZATIONS, group, kind, self._loaded(_CUSTOMIZATIONS, custom[name]))

    def _known_fields(self) -> Iterator[KnownField]:
        for key in self.data:
            if key.startswith(_KNOWN_TYPES):
                group, _, kind = key.removeprefix(_KNOWN_TYPES).rpartition("_")
                yield from self._known(key, group, kind, self._yaml(key))

    def _known_fields_together(self, together: Mapping[str, Any]) -> Iterator[KnownField]:
        for where, custom in together.items():
            if isinstance(custom, dict) and "knownTypeFields" in custom:
                group, _, kind = str(where).rpartition("/")
                loaded = self._loaded(_CUSTOMIZATIONS, custom["knownTypeFields"])
                yield from self._known(_CUSTOMIZATIONS, group, kind, loaded)

    def _known(self, key: str, group: str, kind: str, listed: Any) -> Iterator[KnownField]:
        entries = listed if isinstance(listed, list) else [None]
        for entry in entries:
            path, type_ = (entry.get("field"), entry.get("type")) if isinstance(entry, dict) else (None, None)
            if not isinstance(path, str) or not isinstance(type_, str) or not path or not type_:
                self._problem(key, f"{name_of(group, kind)}: knownTypeFields should be a list of field and type")
                return
            yield KnownField(group, kind, path, type_)

    def _rule(self, key: str, group: str, kind: str, fields: Any) -> Iterator[IgnoreDifference]:
        if not isinstance(fields, dict):
            self._problem(key, f"{name_of(group, kind)}: should be a map with jsonPointers or jqPathExpressions")
            return
        try:
            written = {name: value for name, value in fields.items() if value is not None}
            yield msgspec.convert({**written, "group": group, "kind": kind}, IgnoreDifference)
        except msgspec.ValidationError as error:
            self._problem(key, f"{name_of(group, kind)}: {error}")

    def _map(self, key: str) -> dict[str, Any]:
        loaded = self._yaml(key)
        if loaded is not None and not isinstance(loaded, dict):
            self._problem(key, "should be a map")
        return loaded if isinstance(loaded, dict) else {}

    def _yaml(self, key: str) -> Any:
        return self._loaded(key, self.data.get(key))

    def _loaded(self, key: str, value: Any) -> Any:
        try:
            return yaml.load(value, Loader=yaml.CSafeLoader) if isinstance(value, str) else value
        except yaml.YAMLError as error:
            self._problem(key, " ".join(str(error).split()))
            return {}

    def _problem(self, key: str, message: str) -> None:
        problem = ConfigProblem(key, message)
        if problem not in self.problems:
            self.problems.append(problem)


def configuration_conditions(config: EngineConfig) -> tuple[ApplicationCondition, ...]:
    """What every application says while argocd-cm cannot be read completely."""
    return tuple(
        ApplicationCondition(
            type="ComparisonError" if problem.blocks_comparison else "ConfigurationWarning",
            message=f"{problem.key} of {CONFIG_MAP} cannot be used: {problem.message}. Correct that key.",
        )
        for problem in config.problems[:_MAX_PROBLEMS_SHOWN]
    )


def name_of(group: str, kind: str) -> str:
    """How the kind is called in argocd-cm."""
    return f"{group}/{kind}" if group else kind


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(entry) for entry in value) if isinstance(value, list) else ()
