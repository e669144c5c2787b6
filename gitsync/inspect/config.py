"""What of Argo CD's configuration (the ConfigMap argocd-cm) changes the engine's mind about single objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import yaml

from gitsync.diff.normalize import DEFAULT_SETTINGS, DiffSettings
from gitsync.inspect.files import InspectError, read_single
from gitsync.manifest.object import JsonObject
from model.kinds.application import IgnoreDifference

_CUSTOMIZATIONS = "resource.customizations"
_IGNORE = f"{_CUSTOMIZATIONS}.ignoreDifferences."


@dataclass(frozen=True, slots=True)
class Configuration:
    """`data` is the ConfigMap's, for whoever reads scripts from it."""

    ignore: tuple[IgnoreDifference, ...] = ()
    settings: DiffSettings = DEFAULT_SETTINGS
    data: Mapping[str, Any] = field(default_factory=dict)


EMPTY = Configuration()


def read_configuration(file: str | None) -> Configuration:
    """Reads argocd-cm from a file; without one, everything is at its default."""
    if file is None:
        return EMPTY
    data = read_single(file).get("data") or {}
    if not isinstance(data, dict):
        raise InspectError(f"{file}: data is no map", suggestion="Give the ConfigMap argocd-cm.")
    customizations = _load(data.get(_CUSTOMIZATIONS), file)
    compare = _load(data.get("resource.compareoptions"), file)
    masked = str(data.get("resource.sensitive.mask.annotations") or "")
    return Configuration(
        ignore=(*_ignored(data, file), *_ignored_together(customizations, file)),
        settings=DiffSettings(
            ignore_aggregated_roles=compare.get("ignoreAggregatedRoles") is True,
            ignore_status=_status(compare.get("ignoreResourceStatusField")),
            secret_annotations=tuple(name.strip() for name in masked.split(",") if name.strip()),
        ),
        data=data,
    )


def _ignored(data: JsonObject, file: str) -> Iterator[IgnoreDifference]:
    """`resource.customizations.ignoreDifferences.<group>_<kind>`, or `.all`."""
    for name, value in data.items():
        if name.startswith(_IGNORE):
            where = name.removeprefix(_IGNORE)
            group, _, kind = where.rpartition("_")
            yield _rule("*" if where == "all" else group, "*" if where == "all" else kind, _load(value, file), file)


def _ignored_together(customizations: JsonObject, file: str) -> Iterator[IgnoreDifference]:
    """The older form: one document for all kinds, keyed by `group/kind`."""
    for where, custom in customizations.items():
        if isinstance(custom, dict) and "ignoreDifferences" in custom:
            group, _, kind = where.rpartition("/")
            yield _rule(group, kind, _load(custom["ignoreDifferences"], file), file)


def _rule(group: str, kind: str, fields: JsonObject, file: str) -> IgnoreDifference:
    try:
        return msgspec.convert({**fields, "group": group, "kind": kind}, IgnoreDifference)
    except msgspec.ValidationError as error:
        message = f"{file}: ignoreDifferences of {group}/{kind}: {error}"
        raise InspectError(message, suggestion="Correct the rule.") from error


def _status(value: Any) -> str:
    """YAML reads a bare `off` as false; both words mean that nothing is ignored."""
    if value in ("none", "off") or value is False:
        return "none"
    return value if value in ("all", "crd") else "all"


def _load(value: Any, file: str) -> JsonObject:
    try:
        loaded = yaml.safe_load(value) if isinstance(value, str) else value
    except yaml.YAMLError as error:
        raise InspectError(f"{file}: {error}", suggestion="Correct the YAML inside the ConfigMap.") from error
    return loaded if isinstance(loaded, dict) else {}
