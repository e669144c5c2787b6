"""Of which project the applications have to be that an application brings. Pure."""

from typing import Any

import pytest

from gitsync.manifest.object import DesiredObject
from gitsync.manifest.parse import parse_manifests
from gitsync.manifest.prepare import prepare
from gitsync.manifest.tracking import TrackingSettings
from gitsync.manifest.yaml_text import yaml_text
from gitsync.project.children import CHILD_PROJECT_ANNOTATION, child_refusals
from model.identity import ApplicationKey

PROJECT = {"metadata": {"name": "team", "annotations": {CHILD_PROJECT_ANNOTATION: "team-restricted"}}}


def desired(kind: str, spec: dict[str, Any]) -> DesiredObject:
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    prepared = prepare(
        parse_manifests(yaml_text(body).encode(), file="x.yaml"),
        app=ApplicationKey("argosy", "team"),
        control_namespace="argosy",
        default_namespace="argosy",
        is_namespaced=lambda gvk: True,
        tracking=TrackingSettings(),
    )
    return prepared.objects[0]


def of(project: str, **more: Any) -> dict[str, Any]:
    return {"template": {"spec": {"project": project}}, **more}


@pytest.mark.parametrize(
    ("kind", "spec", "allowed"),
    [
        ("Application", {"project": "team-restricted"}, True),
        ("Application", {"project": "default"}, False),
        ("Application", {}, False),
        ("ApplicationSet", of("team-restricted"), True),
        ("ApplicationSet", of("{{project}}"), False),
        ("ApplicationSet", of("team-restricted", templatePatch="spec: {project: default}"), True),
        ("ApplicationSet", of("team-restricted", generators=[{"list": of("default")}]), False),
        ("ApplicationSet", of("team-restricted", generators=[{"matrix": {"generators": [{"git": of("x")}]}}]), False),
        ("ApplicationSet", of("team-restricted", generators=[{"list": of("team-restricted")}]), True),
        ("AppProject", {}, False),
    ],
)
def test_applications_cannot_leave_the_project_they_are_restricted_to(
    kind: str, spec: dict[str, Any], allowed: bool
) -> None:
    assert (not child_refusals(PROJECT, [desired(kind, spec)])) is allowed


def test_projects_that_say_nothing_restrict_nothing() -> None:
    assert child_refusals({"metadata": {"name": "team"}}, [desired("Application", {"project": "any"})]) == {}
