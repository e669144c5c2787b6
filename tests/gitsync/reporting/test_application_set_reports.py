"""What is reported of an ApplicationSet, from its conditions and its template."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gitsync.manifest.object import JsonObject
from gitsync.reporting.set_report import summarize_set
from model.identity import ApplicationKey
from model.report import HealthState, SyncState

NOW = datetime(2026, 3, 1, tzinfo=UTC)
APPS = "https://git.example.test/apps.git"


def condition(type_: str, status: str, message: str = "") -> JsonObject:
    return {"type": type_, "status": status, "message": message, "lastTransitionTime": "2026-02-01T10:00:00Z"}


def conditions(error: str = "False", generated: str = "True", up_to_date: str = "True") -> list[JsonObject]:
    named = {"ErrorOccurred": error, "ParametersGenerated": generated, "ResourcesUpToDate": up_to_date}
    return [condition(type_, status, f"{type_} is {status}") for type_, status in named.items()]


def application_set(status: JsonObject | None = None, **template: Any) -> JsonObject:
    source = {"repoURL": APPS, "path": "{{.path.path}}", "targetRevision": "main"}
    spec = {"project": "shop", "source": source, "destination": {"server": "{{.server}}"}, **template}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "regions", "namespace": "argosy", "uid": "u", "resourceVersion": "7"},
        "spec": {"generators": [], "template": {"metadata": {"name": "{{.name}}"}, "spec": spec}},
        "status": status or {},
    }


@pytest.mark.parametrize(
    ("found", "sync", "health"),
    [
        ([], SyncState.UNKNOWN, HealthState.PROGRESSING),
        (conditions(), SyncState.SYNCED, HealthState.HEALTHY),
        (conditions(error="True", up_to_date="False"), SyncState.OUT_OF_SYNC, HealthState.DEGRADED),
        (conditions(error="True", generated="False", up_to_date="False"), SyncState.UNKNOWN, HealthState.DEGRADED),
        ([*conditions(), condition("RolloutProgressing", "True")], SyncState.SYNCING, HealthState.PROGRESSING),
        ([*conditions(), condition("RolloutProgressing", "False")], SyncState.SYNCED, HealthState.HEALTHY),
        ("garbled", SyncState.UNKNOWN, HealthState.UNKNOWN),
    ],
)
def test_sync_and_health_of_a_set_are_what_its_conditions_say(found: Any, sync: SyncState, health: HealthState) -> None:
    summary = summarize_set(application_set({"conditions": found}), None, None, now=NOW)
    assert (summary.sync, summary.health) == (sync, health)


def test_what_went_wrong_is_a_problem_and_the_explanation() -> None:
    failed = application_set({"conditions": conditions(error="True", up_to_date="False")})
    summary = summarize_set(failed, None, None, now=NOW)
    assert [(one.type, one.message) for one in summary.conditions] == [("ApplicationSetError", "ErrorOccurred is True")]
    assert summary.explanation == "ErrorOccurred is True"
    well = summarize_set(application_set({"conditions": conditions()}), None, None, now=NOW)
    assert (well.conditions, well.explanation) == ((), None)


def test_a_set_counts_what_it_generated_and_what_of_it_is_out_of_sync() -> None:
    resources = [{"name": "a", "status": "Synced"}, {"name": "b", "status": "OutOfSync"}]
    summary = summarize_set(application_set({"resources": resources, "resourcesCount": 9}), None, None, now=NOW)
    assert (summary.resources_total, summary.resources_out_of_sync) == (9, 1)


def test_a_set_without_a_git_source_follows_the_repository_of_its_template() -> None:
    assert summarize_set(application_set(), None, None, now=NOW).access_repo_url == APPS


def test_a_set_whose_template_has_a_repository_for_each_application_follows_none() -> None:
    summary = summarize_set(application_set(source={"repoURL": "{{.url}}", "path": "."}), None, None, now=NOW)
    assert (summary.access_repo_url, summary.sources) == ("", ())


def test_a_set_has_an_address_of_its_own_and_no_operation() -> None:
    summary = summarize_set(application_set(project="{{.team}}"), None, None, now=NOW)
    assert summary.key == ApplicationKey("argosy", "regions", is_set=True) != ApplicationKey("argosy", "regions")
    assert (summary.project, summary.operation, summary.history, summary.automated) == ("", None, (), None)
    assert summary.manifest is not None
    assert summary.manifest["metadata"] == {"name": "regions", "namespace": "argosy"}
