"""Applications that an application brings: of which project they have to be. Pure.

A project that carries `argosy.io/applications-project: NAME` lets its applications bring Applications and
ApplicationSets of project NAME only. So whoever may commit to a restricted Git Source cannot leave what it is
restricted to by naming another project. Argo CD gets the same from a namespace for each team (`sourceNamespaces`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gitsync.manifest.object import DesiredObject, JsonObject
from model.identity import ResourceKey
from model.kinds.application import GROUP

CHILD_PROJECT_ANNOTATION = "argosy.io/applications-project"
_DEFAULT = "default"


def child_project(project: JsonObject) -> str:
    """The only project that applications may be of which applications of this project bring; "" for any."""
    annotations = (project.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(CHILD_PROJECT_ANNOTATION) or "")


def child_refusals(project: JsonObject, objects: Iterable[DesiredObject]) -> Mapping[ResourceKey, str]:
    """Why each of these objects may not be brought; those that may are not in the answer."""
    wanted = child_project(project)
    if not wanted:
        return {}
    name = (project.get("metadata") or {}).get("name") or ""
    return {
        one.key: f'{one.key}: applications that project "{name}" brings are of project "{wanted}"; {why}'
        for one in objects
        if one.key.group == GROUP and (why := _why_not(one.body, wanted))
    }


def _why_not(body: JsonObject, wanted: str) -> str:
    spec = body.get("spec") or {}
    if body.get("kind") == "Application":
        return "" if _project(spec) == wanted else f"set spec.project to {wanted}"
    if body.get("kind") != "ApplicationSet":
        return f"a {body.get('kind')} is not brought this way"
    # A templatePatch needs no look: the project stays the template's, whatever it says.
    others = [project for project in _template_projects(spec) if project != wanted]
    return f"set spec.template.spec.project to {wanted}, and nothing else in any template" if others else ""


def _template_projects(spec: JsonObject) -> Iterator[str]:
    """That of the template, and those with which generators override it, at any depth."""
    yield _project((spec.get("template") or {}).get("spec") or {})
    yield from _overrides(spec.get("generators"))


def _overrides(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _overrides(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "template" and isinstance(inner, dict):
                overriding = inner.get("spec") or {}
                if isinstance(overriding, dict) and overriding.get("project"):
                    yield str(overriding["project"])
            else:
                yield from _overrides(inner)


def _project(spec: Any) -> str:
    return str(spec.get("project") or _DEFAULT) if isinstance(spec, dict) else _DEFAULT
