"""Workflow objects and executions, for tests and for the scripted runtime."""

from datetime import UTC, datetime, timedelta
from typing import Any

from model.workflow import ExecutionPhase, TriggerEvent, WorkflowExecution

SERVER = "https://kubernetes.default.svc"
END = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SHA = "3f2a91c0" * 5
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "workflows.argoproj.io"},
    "spec": {
        "group": "argoproj.io",
        "scope": "Namespaced",
        "names": {"kind": "Workflow", "listKind": "WorkflowList", "plural": "workflows", "singular": "workflow"},
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


def workflow(name: str = "build-x7k2p", *, phase: str = "Succeeded", **parts: Any) -> dict[str, Any]:
    """`parts` go into metadata, spec or status, by their first level."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name, "namespace": "ci", "uid": f"uid-{name}"} | parts.get("metadata", {}),
        "spec": parts.get("spec", {}),
        "status": {"phase": phase, "startedAt": "2026-03-02T11:58:00Z", "finishedAt": "2026-03-02T12:00:00Z"}
        | parts.get("status", {}),
    }


def parameters(**values: Any) -> dict[str, Any]:
    return {"arguments": {"parameters": [{"name": name, "value": value} for name, value in values.items()]}}


def execution(
    uid: str, pipeline: str = "build", *, phase: ExecutionPhase = ExecutionPhase.SUCCEEDED, **fields: Any
) -> WorkflowExecution:
    """`seconds` is how long it took until `finished`."""
    finished, seconds = fields.pop("finished", END), fields.pop("seconds", 60)
    known: dict[str, Any] = {
        "cluster": SERVER,
        "cluster_name": "sandbox",
        "namespace": "ci",
        "name": f"{pipeline}-{uid}",
        "event": TriggerEvent.GIT,
    }
    return WorkflowExecution(
        uid=uid,
        pipeline=pipeline,
        phase=phase,
        started=finished - timedelta(seconds=seconds),
        finished=finished,
        **(known | fields),
    )


def executions(ruler: str, repository: str, *, now: datetime) -> list[WorkflowExecution]:
    """Of some pipelines, over the last days and those before."""
    pipelines = {"github/build": 7, "nightly": 24, "release": 50, "docs": 12}  # every so many hours
    people = ("Mira Kovac", "Jonas Berg")
    return [
        execution(
            f"{name}-{number}",
            name,
            phase=ExecutionPhase.FAILED if number % 5 == 3 else ExecutionPhase.SUCCEEDED,
            finished=now - timedelta(hours=hours * number + 1),
            seconds=90 + 20 * hours + number,
            event=TriggerEvent.CALENDAR if name == "nightly" else TriggerEvent.GIT,
            repository="" if name == "nightly" else repository,
            branch="" if name == "nightly" else "release" if name == "release" else "main",
            initiator="" if name == "nightly" else people[number % 2],
            access_repo_urls=(ruler,),
        )
        for name, hours in pipelines.items()
        for number in range(24 * 13 // hours)
        if name != "docs" or number > 12  # by now it runs less often than it did
    ]
