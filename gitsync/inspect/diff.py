"""`argosy inspect diff`: one desired object against its live one."""

from collections.abc import Mapping

import msgspec

from gitsync.configuration.engine_config import EngineConfig
from gitsync.diff.compute import compute_diff
from gitsync.diff.ignore import rules_for
from gitsync.inspect.files import InspectError, key_of, read_single, read_single_or_none
from gitsync.manifest.canonical import digest
from gitsync.manifest.object import DesiredObject, JsonObject, Origin
from gitsync.manifest.tracking import ANNOTATION, INSTALLATION_ANNOTATION, TrackingSettings
from gitsync.plan.options import Options, is_applied_by_client, managers_taken_over, object_options, parse_options
from model.change import FieldChange
from model.identity import GroupVersionKind
from model.kinds.application import TRACKING_ANNOTATION, ApplicationSpec


def diff_of_files(desired: str, live: str, *, spec: ApplicationSpec, configuration: EngineConfig) -> JsonObject:
    """The object of one file against that of another."""
    return inspect_diff(read_single(desired), read_single_or_none(live), spec=spec, configuration=configuration)


def inspect_diff(
    desired: JsonObject, live: JsonObject | None, *, spec: ApplicationSpec, configuration: EngineConfig
) -> JsonObject:
    """The comparison that the engine would make, as JSON. Raises InspectError for two different objects."""
    if live is not None and not _same_object(desired, live):
        message = f"{key_of(desired)} and {key_of(live)} are different objects"
        raise InspectError(message, suggestion="Give the desired and the live state of one object.")
    wanted = _tracked(desired, live, configuration.tracking)
    gvk = GroupVersionKind.parse(wanted["apiVersion"], wanted["kind"])
    key = key_of(live or desired)
    rules = rules_for(key, [*configuration.ignore, *spec.ignore_differences])
    diff = compute_diff(
        DesiredObject(key, gvk.version, wanted, digest(wanted), Origin("")),
        live,
        ignore=rules,
        settings=configuration.settings,
        client_side=is_applied_by_client(wanted, object_options(_annotations(wanted)), _options(spec)),
        takes_over=managers_taken_over(_annotations(wanted), _options(spec)),
    )
    return {
        "modified": diff.modified,
        "arbiterNeeded": diff.arbiter_needed,
        "changes": [_shown(change) for change in diff.changes],
        "normalizedLive": diff.normalized_live,
        "predictedLive": diff.predicted_live,
    }


def _options(spec: ApplicationSpec) -> Options:
    return parse_options(spec.sync_policy.sync_options if spec.sync_policy else ())


def _annotations(body: JsonObject) -> Mapping[str, str]:
    return body["metadata"].get("annotations") or {}


def _same_object(desired: JsonObject, live: JsonObject) -> bool:
    """A manifest may leave its namespace to the application."""
    wanted, found = key_of(desired), key_of(live)
    same = (wanted.group, wanted.kind, wanted.name) == (found.group, found.kind, found.name)
    return same and wanted.namespace in ("", found.namespace)


def _tracked(desired: JsonObject, live: JsonObject | None, tracking: TrackingSettings) -> JsonObject:
    """A manifest as it stands in Git has no tracking mark yet; the engine would give it the one that live has."""
    found = (live or {}).get("metadata") or {}
    metadata = dict(desired["metadata"])
    marks: dict[str, tuple[str, ...]] = {"annotations": (TRACKING_ANNOTATION, INSTALLATION_ANNOTATION), "labels": ()}
    if tracking.method != ANNOTATION:
        marks["labels"] = (tracking.label_key,)
    for section, names in marks.items():
        written = metadata.get(section) or {}
        has = found.get(section) or {}
        if missing := {name: has[name] for name in names if name in has and name not in written}:
            metadata[section] = {**written, **missing}
    return {**desired, "metadata": metadata} if metadata != desired["metadata"] else desired


def _shown(change: FieldChange) -> JsonObject:
    return {
        "path": change.path,
        "live": change.live,
        "desired": change.desired,
        "manager": change.manager,
        "changedAt": msgspec.to_builtins(change.changed_at),
        "reason": change.reason,
    }
