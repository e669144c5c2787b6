"""What the control plane is told about one ApplicationSet: a row above the Applications that it generates. Pure."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from gitsync.application.record import Record, read_application
from gitsync.appset.conditions import ERROR, GENERATED, ROLLOUT, UP_TO_DATE
from gitsync.appset.plan import set_key
from gitsync.health.assess import assess_health
from gitsync.manifest.object import JsonObject
from gitsync.reporting.report import access_repo_url, is_git_source
from model.health import Health
from model.kinds.application import APPLICATION_SET, GROUP, VERSION, ApplicationCondition, ApplicationSpec
from model.report import ApplicationKind, ApplicationSummary, HealthState, ManifestLocation, SyncState


class _Condition(msgspec.Struct, frozen=True, rename="camel"):
    type: str
    status: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


def summarize_set(
    body: JsonObject, owner: Record | None, location: ManifestLocation | None, *, now: datetime
) -> ApplicationSummary:
    """`owner` is the application, usually a Git Source, that holds the manifest of the set."""
    metadata, status = read_application({"metadata": body["metadata"]}).metadata, body.get("status") or {}
    spec, conditions = _template(body), _conditions(status)
    health = assess_health(body)
    resources = [one for one in status.get("resources") or () if isinstance(one, dict)]
    wrong = conditions.get(ERROR)
    failed = wrong is not None and wrong.status == "True"
    message = health.message if health is not None and health.status is not Health.HEALTHY else ""
    return ApplicationSummary(
        key=set_key(body),
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        kind=ApplicationKind.APPLICATION_SET,
        project=_plain(spec.project),
        sources=tuple(source for source in spec.all_sources if _plain(source.repo_url)),
        destination=spec.destination,
        cluster="",
        sync=_sync(conditions),
        health=HealthState[(health.status if health is not None else Health.UNKNOWN).name],
        created=metadata.creation_timestamp or now,
        updated_at=_updated(conditions) or metadata.creation_timestamp or now,
        access_repo_url=set_access_repo_url(body, owner),
        labels=metadata.labels or {},
        annotations=metadata.annotations or {},
        health_message=message,
        explanation=wrong.message if wrong is not None and failed else message or None,
        conditions=(_as_problem(wrong),) if wrong is not None and failed else (),
        resources_total=_count(status, resources),
        resources_out_of_sync=sum(one.get("status") == "OutOfSync" for one in resources),
        git_source=owner.name if owner is not None and is_git_source(owner) else None,
        manifest_location=location,
        parent=owner.key if owner is not None else None,
        manifest=_manifest(body),
    )


def set_access_repo_url(body: JsonObject, owner: Record | None) -> str:
    """The repository whose permissions rule a set and what it generates: that of its manifest, else that of its
    template's first source, else none."""
    if owner is not None:
        return access_repo_url(owner, None)
    return next((url for source in _template(body).all_sources if (url := _plain(source.repo_url))), "")


def _template(body: JsonObject) -> ApplicationSpec:
    template = (body.get("spec") or {}).get("template")
    spec = template.get("spec") if isinstance(template, dict) else None
    return read_application({"metadata": body["metadata"], "spec": spec or {}}).spec


def _plain(text: str) -> str:
    """What the template says for all Applications; "" where each has its own."""
    return "" if "{{" in text else text


def _conditions(status: JsonObject) -> dict[str, _Condition]:
    try:
        found = msgspec.convert(status.get("conditions") or [], list[_Condition])
    except msgspec.ValidationError:
        return {}
    return {one.type: one for one in found}


def _sync(conditions: Mapping[str, _Condition]) -> SyncState:
    """Whether the Applications are what the set generates. What cannot be generated is unknown, not out of date."""

    def says(type_: str, status: str) -> bool:
        return type_ in conditions and conditions[type_].status == status

    if says(GENERATED, "False") or UP_TO_DATE not in conditions:
        return SyncState.UNKNOWN
    if says(ROLLOUT, "True"):
        return SyncState.SYNCING
    return SyncState.SYNCED if says(UP_TO_DATE, "True") else SyncState.OUT_OF_SYNC


def _updated(conditions: Mapping[str, _Condition]) -> datetime | None:
    return max((one.last_transition_time for one in conditions.values() if one.last_transition_time), default=None)


def _as_problem(condition: _Condition) -> ApplicationCondition:
    """Named as problems of Applications are, by an end that says how bad it is."""
    return ApplicationCondition("ApplicationSetError", condition.message, condition.last_transition_time)


def _count(status: JsonObject, resources: list[JsonObject]) -> int:
    count = status.get("resourcesCount")
    return count if isinstance(count, int) else len(resources)


def _manifest(body: JsonObject) -> dict[str, object]:
    metadata = body["metadata"]
    kept = {name: metadata[name] for name in ("name", "namespace", "labels", "annotations") if metadata.get(name)}
    return {
        "apiVersion": body.get("apiVersion", f"{GROUP}/{VERSION}"),
        "kind": APPLICATION_SET,
        "metadata": kept,
        "spec": body.get("spec") or {},
    }
