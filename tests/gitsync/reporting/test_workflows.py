"""What a Workflow object says of an execution that ended, and which objects it comes from."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gitsync.reporting.workflow import Ended, read_ended
from model.workflow import ExecutionPhase, TriggerEvent
from tests.support.workflows import END, SERVER, SHA, parameters, workflow

SENSOR = {"events.argoproj.io/sensor": "github", "events.argoproj.io/trigger": "build"}
CRON = {"workflows.argoproj.io/cron-workflow": "nightly"}


def read(body: dict[str, Any]) -> Ended | None:
    return read_ended(msgspec.json.encode(body), cluster=SERVER, cluster_name="sandbox")


def ended(**parts: Any) -> Ended:
    found = read(workflow(**parts))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("phase", "expected"),
    [("Succeeded", ExecutionPhase.SUCCEEDED), ("Failed", ExecutionPhase.FAILED), ("Error", ExecutionPhase.ERROR)],
)
def test_an_execution_has_its_end_and_its_duration(phase: str, expected: ExecutionPhase) -> None:
    found = ended(phase=phase).execution
    assert (found.phase, found.finished, found.duration) == (expected, END, timedelta(minutes=2))
    assert (found.uid, found.cluster, found.cluster_name, found.namespace) == (
        *("uid-build-x7k2p", SERVER, "sandbox"),
        "ci",
    )


@pytest.mark.parametrize(
    "body",
    [
        workflow(phase="Running", status={"finishedAt": None}),
        workflow(phase="Pending"),
        workflow(phase=""),
        workflow(status={"finishedAt": None}),
        workflow(metadata={"uid": ""}),
        {**workflow(), "status": None},
        {**workflow(), "metadata": {"name": 3}},
        workflow(status={"startedAt": "soon"}),
    ],
)
def test_what_did_not_end_or_cannot_be_read_is_no_execution(body: dict[str, Any]) -> None:
    assert read(body) is None


REFERENCE = {"workflowTemplateRef": {"name": "ci-template"}}


@pytest.mark.parametrize(
    ("metadata", "spec", "expected"),
    [
        ({"labels": SENSOR | CRON}, REFERENCE, "github/build"),
        ({"labels": CRON}, REFERENCE, "nightly"),
        ({"ownerReferences": [{"kind": "CronWorkflow", "name": "weekly"}]}, REFERENCE, "weekly"),
        ({"generateName": "build-"}, REFERENCE, "ci-template"),
        ({"labels": {"workflows.argoproj.io/workflow-template": "labelled"}}, {}, "labelled"),
        ({"labels": {"workflows.argoproj.io/cluster-workflow-template": "for-all"}}, {}, "for-all"),
        ({"generateName": "build-"}, {}, "build"),
        ({}, {}, "build-x7k2p"),
    ],
)
def test_a_pipeline_is_who_starts_it(metadata: dict[str, Any], spec: dict[str, Any], expected: str) -> None:
    assert ended(metadata=metadata, spec=spec).execution.pipeline == expected


def test_parameters_say_what_triggered_it() -> None:
    spec = parameters(
        **{"repo-url": "https://bot:secret@git.example/shop/web.git", "branch": "refs/heads/feature/x"},
        **{"COMMIT_SHA": SHA.upper(), "Commit_Author": "Mira Kovac"},
    )
    found = ended(spec=spec).execution
    assert found.repository == "https://git.example/shop/web.git"
    assert (found.branch, found.commit, found.initiator) == ("feature/x", SHA, "Mira Kovac")
    assert found.event is TriggerEvent.GIT


def test_annotations_come_before_parameters_and_these_before_the_templates() -> None:
    stored = parameters(branch="main", repo="https://git.example/a")
    found = ended(
        metadata={"annotations": {"argosy.io/initiator": "dana"}},
        spec=parameters(branch="release", commit_author="Mira"),
        status={"storedWorkflowTemplateSpec": stored},
    ).execution
    assert (found.initiator, found.branch, found.repository) == ("dana", "release", "https://git.example/a")


@pytest.mark.parametrize(
    "spec",
    [
        parameters(ref="refs/tags/v1", revision="main"),
        parameters(branch="{{workflow.parameters.x}}", commit="HEAD"),
        parameters(branch=3, commit=None),
        {"arguments": {"parameters": None}},
    ],
)
def test_what_is_no_branch_and_no_commit_is_left_out(spec: dict[str, Any]) -> None:
    found = ended(spec=spec).execution
    assert (found.branch, found.commit, found.event) == ("", "", TriggerEvent.OTHER)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"labels": CRON}, TriggerEvent.CALENDAR),
        ({"annotations": {"argosy.io/event": "calendar"}}, TriggerEvent.CALENDAR),
        ({"annotations": {"argosy.io/event": "Git"}, "labels": CRON}, TriggerEvent.GIT),
        ({"annotations": {"argosy.io/event": "moon"}}, TriggerEvent.GIT),
    ],
)
def test_the_clock_or_git_started_it(metadata: dict[str, Any], expected: TriggerEvent) -> None:
    assert ended(metadata=metadata, spec=parameters(branch="main")).execution.event is expected


def test_it_comes_from_itself_then_sensor_cron_and_template() -> None:
    kinds = [(one.kind, one.namespace, one.name) for one in ended(metadata={"labels": SENSOR | CRON}).sources]
    assert kinds == [
        ("Workflow", "ci", "build-x7k2p"),
        ("Sensor", "ci", "github"),
        ("CronWorkflow", "ci", "nightly"),
    ]
    of_cluster = ended(spec={"workflowTemplateRef": {"name": "for-all", "clusterScope": True}}).sources
    assert [(one.kind, one.namespace) for one in of_cluster[1:]] == [("ClusterWorkflowTemplate", "")]
